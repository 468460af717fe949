//! Facts about the tree that the architecture asks to hold.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod packages;
mod pages;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a source file without its unit tests; most lines of a file of tests or
/// benchmarks, and of a source file with its unit tests.
const MOST_LINES: [usize; 2] = [300, 450];

/// Source files that may be longer: path, limit, reason.
const LONG_FILES: [(&str, usize, &str); 3] = [
    (
        "crates/tensor/src/kernels/program/winograd.rs",
        360,
        "one algorithm: its transforms make sense only together with the passes between them",
    ),
    (
        "crates/tensor/src/kernels/program/layout.rs",
        320,
        "packing and unpacking are inverses of each other and have to be read side by side",
    ),
    (
        "crates/facenet/src/weights.rs",
        330,
        "all ways to make a `Weights` share the checks that make it complete by construction",
    ),
];

/// Every Rust file of the repository, relative to its root, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["crates", "weights", "assets", "xtask", "tests", "fuzz"] {
        collect(&e2e::root().join(folder), &["rs"], &mut files);
    }
    assert!(files.len() > 50, "the sources were not found");
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(e2e::root()).unwrap().to_path_buf(), text)
    };
    files.into_iter().map(text).collect()
}

/// Adds the files below a folder whose names have one of these endings.
fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, endings, files);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one)) {
            files.push(path);
        }
    }
}

/// Fails with all paths for which `fault` returns a message.
fn expect_none(fault: impl Fn(&Path, &str) -> Option<String>) {
    let faults: Vec<_> = sources()
        .iter()
        .filter_map(|(path, text)| Some(format!("{}: {}", path.display(), fault(path, text)?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether the file belongs to a program or library, not to tests or benchmarks.
fn is_source(path: &Path) -> bool {
    let is_part = |name: &str| path.components().any(|part| part.as_os_str() == name);
    !path.starts_with("tests") && !is_part("tests") && !is_part("benches")
}

/// Lines of a file without the unit tests at its end.
fn lines_without_tests(text: &str) -> usize {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap().lines().count()
}

#[test]
fn files_are_short() {
    let [most, most_with_tests] = MOST_LINES;
    expect_none(|path, text| {
        let long = LONG_FILES.iter().find(|(long, ..)| path == Path::new(long));
        let most = long.map_or(most, |(_, limit, _)| *limit);
        let (lines, all) = (lines_without_tests(text), text.lines().count());
        if is_source(path) && lines > most {
            return Some(format!("{lines} lines without unit tests, at most {most}"));
        }
        (all > most_with_tests).then(|| format!("{all} lines, at most {most_with_tests}"))
    });
}

#[test]
fn long_files_need_their_limit() {
    for (path, limit, _) in LONG_FILES {
        let text = fs::read_to_string(e2e::root().join(path)).unwrap();
        let lines = lines_without_tests(&text);
        assert!(lines > MOST_LINES[0], "{path} has {lines} lines: remove it from the list");
        assert!(lines + 20 > limit, "{path} has {lines} lines: lower its limit of {limit}");
    }
}

#[test]
fn every_module_says_what_it_is() {
    expect_none(|_, text| (!text.starts_with("//!")).then(|| "does not begin with //!".into()));
}

#[test]
fn names_say_something() {
    expect_none(|path, _| {
        let stem = path.file_stem()?.to_str()?;
        let empty = ["util", "utils", "misc", "common", "helper", "helpers"].contains(&stem);
        empty.then(|| "the name says nothing".into())
    });
}

#[test]
fn only_the_program_prints() {
    let macros = [concat!("print", "ln!("), concat!("eprint", "ln!("), concat!("db", "g!(")];
    expect_none(|path, text| {
        let library = path.starts_with("crates") && !path.starts_with("crates/app")
            || path.starts_with("weights")
            || path.starts_with("assets");
        let library = library && path.components().any(|part| part.as_os_str() == "src");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let prints = code.into_iter().any(|line| macros.iter().any(|m| line.contains(m)));
        (library && prints).then(|| "a library prints".into())
    });
}

#[test]
fn every_operator_has_its_reference_and_its_test() {
    let tensor = e2e::root().join("crates/tensor");
    // The text of a file and of the folder with the same name.
    let text = |path: &Path| {
        let mut files = vec![path.to_owned()];
        if path.with_extension("").is_dir() {
            collect(&path.with_extension(""), &["rs"], &mut files);
        }
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect::<String>()
    };
    let into = fs::read_to_string(tensor.join("tests/into.rs")).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(tensor.join("src/ops")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap();
        let [reference, tests] = ["src/reference", "tests"].map(|mirror| {
            let file = tensor.join(mirror).join(name);
            assert!(file.is_file(), "{} is missing", file.display());
            text(&file)
        });
        let operators = text(&path);
        for operator in operators.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let operator = operator.split(['<', '(']).next().unwrap();
            let is_tested = [&tests, &into].iter().any(|tests| tests.contains(operator));
            assert!(is_tested, "{operator} is not tested in tests/{}", name.display());
            // Its own, or that of the operator whose name it extends, such as `_into`.
            let has_reference = reference
                .lines()
                .filter_map(|line| line.strip_prefix("pub fn ")?.split(['<', '(']).next())
                .any(|function| operator.starts_with(function));
            assert!(has_reference, "{operator} has no reference in {}", name.display());
            count += 1;
        }
    }
    assert!(count > 25, "only {count} operators were found");
}
