//! The plain form: a row a pair, `fileA fileB 1` or `fileA,fileB,0`.
//!
//! The third field is `1` or `true` for one person, `0` or `false` for two. A
//! first row `a,b,same` may name the columns. All pairs are in one fold;
//! [`Pairs::split_into_folds`] makes more.

use super::{DatasetError, Pair, Pairs, Row};

const EXPECTED: &str = "two file names and 1 (same) or 0 (different)";

/// Parses all rows.
pub(super) fn parse<'a>(rows: impl Iterator<Item = Row<'a>>) -> Result<Pairs, DatasetError> {
    let mut pairs = Vec::new();
    let mut last = None;
    for (place, row) in rows.enumerate() {
        last = Some(row);
        let fields = fields(row);
        if place == 0 && fields == ["a", "b", "same"] {
            continue;
        }
        let [a, b, same] = fields[..] else { return Err(row.fault(EXPECTED)) };
        let same = match same {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(row.fault(EXPECTED)),
        };
        // Quotation marks would be taken for a part of the name.
        let is_name = |name: &str| !name.is_empty() && !name.contains(['"', '\0']);
        if !is_name(a) || !is_name(b) {
            return Err(row.fault(EXPECTED));
        }
        pairs.push(Pair { a: a.to_owned(), b: b.to_owned(), same, fold: 0 });
    }
    match last {
        Some(row) if pairs.is_empty() => {
            Err(DatasetError::NoPairs { path: row.path.to_path_buf() })
        }
        _ => Ok(Pairs { folds: 1, pairs }),
    }
}

fn fields(row: Row<'_>) -> Vec<&str> {
    if row.text.contains(',') && !row.text.contains('\t') {
        row.text.split(',').map(str::trim).collect()
    } else {
        row.fields()
    }
}
