//! Facts about the tree that the architecture asks to hold.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file.
const MOST_LINES: usize = 800;

/// Every Rust file of the repository, relative to its root, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["crates", "weights", "assets", "xtask", "tests"] {
        collect(&e2e::root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the sources were not found");
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(e2e::root()).unwrap().to_path_buf(), text)
    };
    files.into_iter().map(text).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Fails with every path for which `wrong` has something to say.
fn none(wrong: impl Fn(&Path, &str) -> Option<String>) {
    let faults: Vec<_> = sources()
        .iter()
        .filter_map(|(path, text)| Some(format!("{}: {}", path.display(), wrong(path, text)?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_are_short() {
    none(|_, text| {
        let lines = text.lines().count();
        (lines > MOST_LINES).then(|| format!("{lines} lines, at most {MOST_LINES}"))
    });
}

#[test]
fn every_module_says_what_it_is() {
    none(|_, text| (!text.starts_with("//!")).then(|| "does not begin with //!".into()));
}

#[test]
fn names_say_something() {
    none(|path, _| {
        let stem = path.file_stem()?.to_str()?;
        let empty = ["util", "utils", "misc", "common", "helper", "helpers"].contains(&stem);
        empty.then(|| "the name says nothing".into())
    });
}

#[test]
fn unsafe_code_is_in_kernel_files_only() {
    let allowances = [concat!("allow(", "unsafe_code"), concat!("expect(", "unsafe_code")];
    none(|path, text| {
        let kernel = path.starts_with("crates/tensor/src/kernels");
        (allowances.iter().any(|allowance| text.contains(allowance)) && !kernel)
            .then(|| "allows unsafe code".into())
    });
    for root in [
        "weights/src/lib.rs",
        "assets/src/lib.rs",
        "crates/autograd/src/lib.rs",
        "crates/facenet/src/lib.rs",
        "crates/faces/src/lib.rs",
        "crates/biometrics/src/lib.rs",
        "crates/training/src/lib.rs",
        "crates/store/src/lib.rs",
        "crates/store-conformance/src/lib.rs",
        "crates/store-postgres/src/lib.rs",
        "crates/app/src/main.rs",
        "xtask/src/main.rs",
    ] {
        let text = fs::read_to_string(e2e::root().join(root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root} does not forbid unsafe code");
    }
}

/// What each package may use of ours, besides in tests: lower never knows upper.
const USES: [(&str, &[&str]); 13] = [
    ("weights", &[]),
    ("assets", &[]),
    ("crates/tensor", &[]),
    ("crates/autograd", &["tensor"]),
    ("crates/facenet", &["weights", "tensor", "autograd"]),
    ("crates/faces", &["facenet"]),
    ("crates/biometrics", &["weights", "tensor", "facenet"]),
    ("crates/training", &["tensor", "autograd", "facenet", "faces", "biometrics"]),
    ("crates/store", &["facenet"]),
    ("crates/store-conformance", &["facenet", "store"]),
    ("crates/store-postgres", &["facenet", "store"]),
    (
        "crates/app",
        &[
            "assets",
            "tensor",
            "facenet",
            "faces",
            "biometrics",
            "training",
            "store",
            "store-postgres",
        ],
    ),
    ("xtask", &["tensor", "autograd", "facenet", "faces", "training"]),
];

#[test]
fn lower_crates_do_not_know_upper_ones() {
    let ours = || USES.iter().map(|(package, _)| package.rsplit('/').next().unwrap());
    for folder in fs::read_dir(e2e::root().join("crates")).unwrap() {
        let name = folder.unwrap().file_name();
        assert!(ours().any(|ours| *ours == *name), "{name:?} is not in the list of packages");
    }
    for (package, uses) in USES {
        let path = e2e::root().join(package).join("Cargo.toml");
        let manifest = fs::read_to_string(path).unwrap();
        let (_, rest) = manifest.split_once("[dependencies]").unwrap_or_default();
        let dependencies = rest.split("\n[").next().unwrap();
        for name in ours().filter(|name| !uses.contains(name)) {
            let is_named = |line: &str| {
                line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            };
            assert!(!dependencies.lines().any(is_named), "{package} depends on {name}");
        }
    }
}

#[test]
fn only_the_program_prints() {
    let macros = [concat!("print", "ln!("), concat!("eprint", "ln!("), concat!("db", "g!(")];
    none(|path, text| {
        let library = path.starts_with("crates") && !path.starts_with("crates/app")
            || path.starts_with("weights");
        let library = library && path.components().any(|part| part.as_os_str() == "src");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let prints = code.into_iter().any(|line| macros.iter().any(|m| line.contains(m)));
        (library && prints).then(|| "a library prints".into())
    });
}

/// No network ever but what `serve` listens on, and the database of who builds with
/// `postgres`: nothing else in the sources knows sockets, and nothing that is linked can
/// fetch a page.
#[test]
fn only_the_server_opens_sockets() {
    let words = [concat!("std::", "net"), concat!("tokio::", "net"), concat!("Tcp", "Stream")];
    none(|path, text| {
        let program =
            path.starts_with("crates") && path.components().any(|part| part.as_os_str() == "src");
        let server = path.starts_with("crates/app/src/server")
            || path.starts_with("crates/store-postgres/src")
            || ["crates/app/src/server.rs", "crates/app/src/arguments/serve.rs"]
                .iter()
                .any(|own| path == Path::new(own));
        let found = words.iter().find(|word| text.contains(*word))?;
        (program && !server).then(|| format!("knows {found}"))
    });
    let locked = fs::read_to_string(e2e::root().join("Cargo.lock")).unwrap();
    for client in ["reqwest", "ureq", "curl", "isahc", "attohttpc", "hyper-tls", "hyper-rustls"] {
        assert!(!locked.contains(&format!("name = \"{client}\"")), "{client} is linked");
    }
}

#[test]
fn every_operator_has_its_reference_and_its_test() {
    let tensor = e2e::root().join("crates/tensor");
    // The text of a file and of the folder of the same name.
    let text = |path: &Path| {
        let mut files = vec![path.to_owned()];
        if path.with_extension("").is_dir() {
            collect(&path.with_extension(""), &mut files);
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
