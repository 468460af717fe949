//! Every operator has a gradient test, in the file of the same name.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of operators, and the methods of each.
fn operators() -> Vec<(String, Vec<String>)> {
    let folder = root().join("src/ops");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("src/ops is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let operators: Vec<_> = files
        .iter()
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
            let text = fs::read_to_string(path).expect("readable");
            (name.to_owned(), text.lines().filter_map(method).map(str::to_owned).collect())
        })
        .collect();
    let count: usize = operators.iter().map(|(_, methods): &(_, Vec<_>)| methods.len()).sum();
    assert!(count > 40, "only {count} operators in src/ops");
    operators
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The operator that a line defines: by a public method, or by the macro `unary!`.
fn method(line: &str) -> Option<&str> {
    let by_macro = line.contains(") = |x|").then(|| line.trim_start());
    let definition = line.strip_prefix("    pub fn ").or(by_macro)?;
    definition.split('(').next()
}

#[test]
fn every_operator_has_a_gradient_test() {
    for (file, methods) in operators() {
        assert!(!methods.is_empty(), "{file} defines no operator");
        let path = root().join("tests/gradcheck").join(&file);
        let tests = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{file} has no tests"));
        for method in methods {
            let used = [format!(".{method}("), format!("Var::{method}")];
            let is_used = used.iter().any(|call| tests.contains(call));
            assert!(is_used, "tests/gradcheck/{file} does not call {method}");
        }
    }
}
