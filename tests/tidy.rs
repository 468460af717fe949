//! Facts about the tree that the architecture asks to hold.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

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

/// Private words of earlier versions that say nothing to a new reader.
const BANNED_WORDS: [&str; 11] = [
    concat!("Ho", "use"),
    concat!("Si", "ght"),
    concat!("Kee", "per"),
    concat!("She", "lf"),
    concat!("Kit", "chen"),
    concat!("to", "ld"),
    concat!("an", "ew"),
    concat!("nobo", "dys"),
    concat!("Pla", "ce"),
    concat!("Te", "am"),
    concat!("le", "an"),
];

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

/// The first banned word of a text, as a whole word in exactly this case.
fn banned_word(text: &str) -> Option<&str> {
    let text = text.split(concat!("Happy Ho", "use"));
    let mut words = text.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.find(|word| BANNED_WORDS.contains(word))
}

#[test]
fn no_file_uses_a_banned_word() {
    expect_none(|_, text| {
        let (number, word) = text
            .lines()
            .enumerate()
            .find_map(|(number, line)| Some((number + 1, banned_word(line)?)))?;
        Some(format!("line {number} says {word:?}"))
    });
}

#[test]
fn banned_words_are_whole_words_and_the_projects_name_is_allowed() {
    for word in BANNED_WORDS {
        assert_eq!(banned_word(&format!("the {word}.")), Some(word));
        assert_eq!(banned_word(&format!("a_{word} {word}s")), None);
    }
    let name = concat!("Happy Ho", "use FaceNet, HappyHo", "use");
    assert_eq!(banned_word(name), None);
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
fn unsafe_code_is_in_kernel_files_only() {
    let allowances = [concat!("allow(", "unsafe_code"), concat!("expect(", "unsafe_code")];
    expect_none(|path, text| {
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
        "crates/report/src/lib.rs",
        "crates/server/src/lib.rs",
        "crates/app/src/main.rs",
        "xtask/src/main.rs",
    ] {
        let text = fs::read_to_string(e2e::root().join(root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root} does not forbid unsafe code");
    }
}

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

/// The examples that each crate's users are promised; cargo compiles them with the tests.
const EXAMPLES: [(&str, &[&str]); 3] = [
    ("autograd", &["two_moons", "shapes", "gradcheck"]),
    ("faces", &["verify", "identify", "detect"]),
    ("training", &["train_step"]),
];

#[test]
fn promised_examples_exist() {
    for (package, examples) in EXAMPLES {
        for example in examples {
            let path = format!("crates/{package}/examples/{example}.rs");
            let text = fs::read_to_string(e2e::root().join(&path));
            let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(text.contains("\nfn main()"), "{path} is not a program");
        }
    }
}

/// What the links and images of a page lead to, outside of blocks of code.
fn links(page: &str) -> Vec<&str> {
    let prose = || page.split("```").step_by(2);
    let up_to = |text: &str, end: char| text.find(end).unwrap_or(text.len());
    let in_markdown = prose().flat_map(|text| text.split("](").skip(1));
    let in_markdown = in_markdown.map(|rest| &rest[..up_to(rest, ')')]);
    let in_html = prose().flat_map(|text| text.split("src=\"").skip(1));
    in_markdown.chain(in_html.map(|rest| &rest[..up_to(rest, '"')])).collect()
}

#[test]
fn all_links_of_a_page_are_found() {
    let page = "[a](a.md) and [b\n](../b.md#part) ![c](c.svg)\n```rust\nx[0](1)\n```\n\
                <img src=\"d.jpg\"> [e](https://example.org)";
    assert_eq!(links(page), ["a.md", "../b.md#part", "c.svg", "https://example.org", "d.jpg"]);
}

#[test]
fn every_link_leads_to_a_file() {
    let mut pages: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "weights/README.md"]
            .map(|page| e2e::root().join(page))
            .into();
    let docs = fs::read_dir(e2e::root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    let mut faults = Vec::new();
    let mut count = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            // Before the # stands the file, and nothing if it is the page itself.
            let file = link.split('#').next().unwrap();
            count += 1;
            if !page.parent().unwrap().join(file).exists() {
                faults.push(format!("{}: {link} leads nowhere", page.display()));
            }
        }
    }
    assert!(count > 20, "only {count} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_program_prints() {
    let macros = [concat!("print", "ln!("), concat!("eprint", "ln!("), concat!("db", "g!(")];
    expect_none(|path, text| {
        let library = path.starts_with("crates") && !path.starts_with("crates/app")
            || path.starts_with("weights");
        let library = library && path.components().any(|part| part.as_os_str() == "src");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let prints = code.into_iter().any(|line| macros.iter().any(|m| line.contains(m)));
        (library && prints).then(|| "a library prints".into())
    });
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

#[test]
fn every_operator_has_its_reference_and_its_test() {
    let tensor = e2e::root().join("crates/tensor");
    // The text of a file and of the folder with the same name.
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
