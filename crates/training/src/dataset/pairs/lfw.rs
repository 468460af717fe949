//! The form of Labeled Faces in the Wild: `pairs.txt` of view 2 and
//! `pairsDevTrain.txt`, `pairsDevTest.txt` of view 1.
//!
//! A header `folds  n` (view 1: `n`, one fold), then for each fold n rows
//! `Name  a  b` of pictures a and b of one person and n rows
//! `Name  a  Other_Name  b` of two. Source: Huang et al., "Labeled Faces in the
//! Wild" (2007), and the `README` beside its lists.

use super::{DatasetError, Pair, Pairs, Row};

/// Highest number of a picture: four digits are the form, more is tolerated.
const NUMBER_LIMIT: u32 = 999_999;

/// The first row.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    row: Row<'a>,
    folds: usize,
    /// Rows of each kind in a fold.
    per_kind: usize,
    /// Rows in all.
    rows: usize,
}

impl<'a> Header<'a> {
    /// The header in `row`, or `None` if the row is none.
    pub(super) fn of(row: Row<'a>) -> Result<Option<Self>, DatasetError> {
        let fields = row.fields();
        if fields.len() > 2 || !fields.iter().all(|field| is_number(field)) {
            return Ok(None);
        }
        let numbers: Vec<usize> = fields.iter().filter_map(|field| field.parse().ok()).collect();
        let (folds, per_kind) = match numbers[..] {
            [folds, per_kind] => (folds, per_kind),
            [per_kind] if fields.len() == 1 => (1, per_kind),
            _ => (0, 0),
        };
        match folds.checked_mul(per_kind).and_then(|half| half.checked_mul(2)) {
            Some(rows) if rows > 0 => Ok(Some(Self { row, folds, per_kind, rows })),
            _ => Err(row.fault("a number of folds and of pairs a fold, both at least 1")),
        }
    }

    /// Parses the rows after the header.
    pub(super) fn parse(self, rows: impl Iterator<Item = Row<'a>>) -> Result<Pairs, DatasetError> {
        let Self { folds, per_kind, .. } = self;
        let mut pairs = Vec::new();
        for row in rows {
            let place = pairs.len();
            if place == self.rows {
                return Err(row.fault(format!("the end after {place} rows")));
            }
            let fold = place / (2 * per_kind);
            let same = place % (2 * per_kind) < per_kind;
            pairs.push(pair(row, same, fold)?);
        }
        if pairs.len() != self.rows {
            return Err(DatasetError::PairsCount {
                path: self.row.path.to_path_buf(),
                expected: self.rows,
                found: pairs.len(),
            });
        }
        Ok(Pairs { folds, pairs })
    }
}

fn pair(row: Row<'_>, same: bool, fold: usize) -> Result<Pair, DatasetError> {
    let fields = row.fields();
    let names = match (&fields[..], same) {
        ([name, a, b], true) => picture(name, a).zip(picture(name, b)),
        ([name, a, other, b], false) => picture(name, a).zip(picture(other, b)),
        _ => None,
    };
    match names {
        Some((a, b)) => Ok(Pair { a, b, same, fold }),
        None if same => Err(row.fault(format!("`Name a b`, a same pair of fold {}", fold + 1))),
        None => {
            Err(row.fault(format!("`Name a Other_Name b`, a different pair of fold {}", fold + 1)))
        }
    }
}

/// The file name of a person's picture.
fn picture(name: &str, number: &str) -> Option<String> {
    let number = Some(number).filter(|text| is_number(text))?.parse::<u32>().ok()?;
    let plain = !name.is_empty() && !name.chars().any(|c| c.is_control() || "/\\".contains(c));
    let valid = plain && (1..=NUMBER_LIMIT).contains(&number);
    valid.then(|| format!("{name}_{number:04}.jpg"))
}

/// Digits only: `parse` would take a sign as well.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
