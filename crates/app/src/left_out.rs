//! Files of a folder that are no photos: named to the user, and rows for JSON.

use anyhow::anyhow;
use training::dataset::LeftOut;

use crate::output::{escaped, note};
use report::ErrorRow;

/// How many are named one by one.
const NAMED: usize = 20;

/// Says which files are left out, and why; returns a row for each.
pub(crate) fn note_left_out(files: Vec<LeftOut>) -> Vec<ErrorRow> {
    for LeftOut { path, found } in files.iter().take(NAMED) {
        let path = escaped(&path.display().to_string());
        note(format_args!("left out: {path}: no photo but {found}"));
    }
    if files.len() > NAMED {
        note(format_args!("left out: {} files more that are no photos", files.len() - NAMED));
    }
    let row = |LeftOut { path, found }: LeftOut| {
        ErrorRow::of_file(&path, &anyhow!("no photo but {found}"))
    };
    files.into_iter().map(row).collect()
}
