//! Every operator has a gradient test, in the file of the same name, and a row in
//! `docs/operators.md`.

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

#[test]
fn the_table_lists_every_operator() {
    let table = root().join("../../docs/operators.md");
    let table = fs::read_to_string(table).expect("docs/operators.md is there");
    // The first cell of a row names operators, or a kind in bold.
    let mut listed: Vec<(String, Vec<String>)> = Vec::new();
    for row in table.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cell = row.split(" |").next().expect("a cell");
        if let Some(kind) = cell.strip_prefix("**") {
            listed.push((format!("{}.rs", kind.trim_end_matches('*')), Vec::new()));
        } else if let (true, Some((_, methods))) = (cell.starts_with('`'), listed.last_mut()) {
            methods.extend(cell.split(", ").map(|name| name.trim_matches('`').to_owned()));
        }
    }
    let sorted = |mut operators: Vec<(String, Vec<String>)>| {
        operators.sort();
        operators.iter_mut().for_each(|(_, methods)| methods.sort());
        operators
    };
    assert_eq!(sorted(listed), sorted(operators()));
}
