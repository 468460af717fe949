//! Packages: which depends on which, which may use `unsafe` and sockets.

use std::fs;
use std::path::PathBuf;

use crate::expect_none;

/// Our packages, lower before upper, with those of ours that each may depend on, tests apart.
const USES: [(&str, &[&str]); 15] = [
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
    ("crates/report", &["facenet", "faces", "biometrics", "store"]),
    ("crates/server", &["facenet", "faces", "biometrics", "store", "report"]),
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
            "report",
            "server",
        ],
    ),
    ("xtask", &["tensor", "autograd", "facenet", "faces", "training"]),
];

#[test]
fn no_package_depends_on_an_upper_one() {
    let ours = || USES.iter().map(|(package, _)| package.rsplit('/').next().unwrap());
    for (position, (package, uses)) in USES.iter().enumerate() {
        let lower: Vec<_> = ours().take(position).collect();
        assert!(uses.iter().all(|used| lower.contains(used)), "{package} uses an upper package");
    }
    for folder in fs::read_dir(e2e::root().join("crates")).unwrap() {
        let name = folder.unwrap().file_name();
        assert!(ours().any(|ours| *ours == *name), "{name:?} is not in the list of packages");
    }
    for (package, uses) in USES {
        let path = e2e::root().join(package).join("Cargo.toml");
        let dependencies = dependencies(&fs::read_to_string(path).unwrap());
        for name in ours().filter(|name| !uses.contains(name)) {
            assert!(!dependencies.iter().any(|used| used == name), "{package} depends on {name}");
        }
    }
}

/// The names in all sections of dependencies of a manifest, but those of tests.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_listed = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            let of = |kind: &str| section == kind || section.ends_with(&format!(".{kind}"));
            is_listed = of("dependencies") || of("build-dependencies");
            let table = section.split_once("dependencies.");
            names.extend(
                table
                    .filter(|(before, _)| !before.ends_with("dev-"))
                    .map(|(_, name)| name.to_owned()),
            );
        } else if is_listed && !line.starts_with('#') {
            names.extend(line.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    names
}

#[test]
fn all_sections_of_dependencies_are_found() {
    let manifest = "[dependencies]\na.workspace = true\nb = { path = \"b\" }\n\
                    [dev-dependencies]\nc = \"1\"\n[dependencies.d]\npath = \"d\"\n\
                    [target.'cfg(unix)'.dependencies]\ne = \"1\"\n\
                    [build-dependencies]\nf = \"1\"\n[dev-dependencies.g]\n[lints]\nh = 1\n";
    let names: Vec<_> = dependencies(manifest).into_iter().filter(|n| !n.is_empty()).collect();
    assert_eq!(names, ["a", "b", "d", "e", "f"]);
}

/// The root of a package's library, or of its program.
fn root_file(package: &str) -> PathBuf {
    let sources = e2e::root().join(package).join("src");
    let library = sources.join("lib.rs");
    if library.is_file() { library } else { sources.join("main.rs") }
}

#[test]
fn unsafe_code_is_in_kernel_files_only() {
    let allowances = [concat!("allow(", "unsafe_code"), concat!("expect(", "unsafe_code")];
    expect_none(|path, text| {
        let kernel = path.starts_with("crates/tensor/src/kernels");
        (allowances.iter().any(|allowance| text.contains(allowance)) && !kernel)
            .then(|| "allows unsafe code".into())
    });
    let packages = USES.iter().map(|(package, _)| *package).chain(["tests", "tests/support"]);
    for package in packages.filter(|package| *package != "crates/tensor") {
        let (root, text) = (root_file(package), fs::read_to_string(root_file(package)).unwrap());
        let forbids = text.contains("#![forbid(unsafe_code)]");
        assert!(forbids, "{} does not forbid unsafe code", root.display());
    }
}

/// What opens sockets, and whose it is: a package's own dependencies show that no other does.
const SOCKETS: [(&str, &[&str]); 2] = [
    ("crates/server", &["axum", "hyper", "hyper-util", "tokio", "tower", "tower-http"]),
    ("crates/store-postgres", &["postgres", "tokio-postgres"]),
];

/// Only the server and the optional client of PostgreSQL use sockets, and no HTTP client is
/// linked.
#[test]
fn only_the_server_opens_sockets() {
    for (package, _) in USES {
        let path = e2e::root().join(package).join("Cargo.toml");
        let dependencies = dependencies(&fs::read_to_string(path).unwrap());
        for (owner, libraries) in SOCKETS.iter().filter(|(owner, _)| *owner != package) {
            let found = libraries.iter().find(|library| dependencies.iter().any(|d| d == *library));
            assert!(found.is_none(), "{package} depends on {found:?}, which is {owner}'s");
        }
    }
    // What needs no dependency. An address alone opens nothing.
    let words = ["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener"];
    expect_none(|path, text| {
        let program =
            path.starts_with("crates") && path.components().any(|part| part.as_os_str() == "src");
        let owned = SOCKETS.iter().any(|(owner, _)| path.starts_with(owner));
        let found = words.iter().find(|word| text.contains(*word))?;
        (program && !owned).then(|| format!("knows {found}"))
    });
    let locked = fs::read_to_string(e2e::root().join("Cargo.lock")).unwrap();
    for client in ["reqwest", "ureq", "curl", "isahc", "attohttpc", "hyper-tls", "hyper-rustls"] {
        assert!(!locked.contains(&format!("name = \"{client}\"")), "{client} is linked");
    }
}
