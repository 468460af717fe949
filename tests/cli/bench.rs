//! `facenet bench`, and FACENET_KERNEL for every command.

use e2e::{facenet, portrait, run};
use serde_json::Value;

/// A short benchmark: the tests check that figures are consistent, not that they are good.
fn bench(options: &[&str]) -> std::process::Command {
    let mut command = facenet();
    command.args(["bench", "--seconds", "0.02"]).args(options);
    command
}

#[test]
fn json_holds_the_figures_of_one_measurement() {
    let options = ["--batch", "2", "--threads", "1", "--json"];
    let ended = run(bench(&options).env("FACENET_KERNEL", "portable")).with_code(0);
    let rows = ended.json();
    assert_eq!(rows.len(), 1, "{ended}");
    let number = |name: &str| rows[0][name].as_f64().unwrap_or_else(|| panic!("{name}: {ended}"));
    assert_eq!((number("batch"), number("threads")), (2.0, 1.0));
    assert_eq!(rows[0]["kernel"], "portable");
    assert_eq!(rows[0]["variant"], "happyhouse");
    assert!(number("passes") >= 5.0);
    assert!(0.0 < number("min_ms") && number("min_ms") <= number("median_ms"), "{ended}");
    assert!(number("median_ms") <= number("p90_ms"), "{ended}");
    let rate = 2.0 / number("median_ms") * 1e3;
    assert!((number("images_per_second") / rate - 1.0).abs() < 1e-6, "{ended}");
    assert!(ended.stderr.is_empty(), "{ended}");
}

#[test]
fn the_default_is_a_table_over_batches() {
    let ended = run(&mut bench(&["--threads", "2"])).with_code(0);
    let rows = ended.stdout.lines().filter_map(|line| {
        let mut cells = line.split_whitespace();
        Some((cells.next()?.parse::<u32>().ok()?, cells.next()?.parse::<u32>().ok()?))
    });
    assert_eq!(rows.collect::<Vec<_>>(), [(1, 2), (8, 2), (32, 2)], "{ended}");
}

#[test]
fn a_profile_has_a_line_per_convolution() {
    let options = ["--batch", "1", "--threads", "1"];
    for (variable, is_wanted) in [("1", true), ("0", false)] {
        let ended = run(bench(&options).env("FACENET_PROFILE", variable)).with_code(0);
        let lines = ended.stderr.lines().filter(|line| line.contains('%')).count();
        assert_eq!(lines >= 37, is_wanted, "{ended}");
        for word in ["conv1", "inception_5b", "total", "GFLOP/s", "of peak"] {
            assert_eq!(ended.stderr.contains(word), is_wanted, "{word}: {ended}");
        }
        assert!(!ended.stdout.contains("conv1"), "{ended}");
    }
}

#[test]
fn impossible_measurements_are_refused() {
    for (options, words) in [
        (["--batch", "0"], "from 1 to 4096"),
        (["--batch", "5000"], "from 1 to 4096"),
        (["--batch", "-1"], "from 1 to 4096"),
        (["--batch", "many"], "from 1 to 4096"),
        (["--seconds", "0"], "above 0"),
        (["--seconds", "-1"], "above 0"),
        (["--seconds", "nan"], "above 0"),
        (["--seconds", "inf"], "above 0"),
        (["--threads", "0"], "--threads"),
        (["--weights", "nowhere"], "nowhere"),
    ] {
        let ended = run(facenet().arg("bench").args(options)).with_code(2);
        ended.clone().with_error(&[]);
        assert!(ended.stderr.contains(words), "{options:?}: {ended}");
        assert!(ended.stdout.is_empty(), "{ended}");
    }
}

#[test]
fn an_unknown_kernel_is_refused_by_every_command() {
    let photo = portrait("biden-portrait.jpg");
    let photo = photo.to_str().unwrap();
    for words in [&["verify"][..], &["encode", photo], &["model"], &["bench"]] {
        let ended = run(facenet().args(words).env("FACENET_KERNEL", "sse")).with_code(2);
        let ended = ended.with_error(&["FACENET_KERNEL", "portable, avx2, avx512", "\"sse\""]);
        assert_eq!(ended.stdout.is_empty(), words[0] != "encode", "{ended}");
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

#[test]
fn every_kernel_gives_the_same_answer() {
    let encode = |kernel: &str| {
        let mut command = facenet();
        command.args(["encode", "--aligned"]).arg(portrait("obama-portrait.jpg"));
        let row = run(command.env("FACENET_KERNEL", kernel)).with_code(0).json().remove(0);
        let numbers = row["encoding"].as_array().unwrap().clone();
        numbers.iter().filter_map(Value::as_f64).collect::<Vec<_>>()
    };
    let portable = encode("portable");
    assert_eq!(portable.len(), 128);
    for (kernel, is_available) in [("avx2", has_avx2()), ("avx512", has_avx512())] {
        if !is_available {
            let ended = run(facenet().arg("model").env("FACENET_KERNEL", kernel)).with_code(2);
            let lacks = format!("this machine does not have {kernel}, only portable");
            ended.with_error(&["FACENET_KERNEL", &lacks]);
            continue;
        }
        let differences = encode(kernel).into_iter().zip(&portable).map(|(a, b)| (a - b).abs());
        let most = differences.fold(0.0, f64::max);
        assert!(most < 1e-4, "{kernel}: {most}");
    }
}
