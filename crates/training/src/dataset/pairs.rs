//! Lists of image pairs for verification tests, with the answer to each.
//!
//! Which of two forms a file has is seen from its first line:
//!
//! | first line | form |
//! | --- | --- |
//! | one or two whole numbers | LFW's, `pairs/lfw.rs` |
//! | anything else | plain, a row a pair, `pairs/plain.rs` |
//!
//! Fields are separated by tabs; in rows without a tab by commas (plain form
//! only); in rows without either by spaces. Blank rows, a byte-order mark and
//! Windows line ends do no harm.

mod lfw;
mod plain;

use std::path::Path;

use super::error::abridged;
use super::{DatasetError, text_file};

/// Longest list in bytes: LFW's has 155,335.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// Two images and whether they show one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// File name of one image, `Person_Name_0001.jpg` in LFW.
    pub a: String,
    /// File name of the other.
    pub b: String,
    /// Whether both show the same person.
    pub same: bool,
    /// The part of a cross-validation it belongs to, from 0.
    pub fold: usize,
}

/// A list of pairs: LFW's `pairs.txt`, ordered by fold, or a plain list of rows
/// `fileA fileB 1` or `fileA,fileB,0`, all in one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Number of folds; every pair's `fold` is below it.
    pub folds: usize,
    /// The pairs.
    pub pairs: Vec<Pair>,
}

impl Pairs {
    /// Reads a list in either form, which is seen from the first row: one or two
    /// whole numbers are LFW's header. Fields are separated by tabs, or else by
    /// commas (plain form only), or else by spaces.
    ///
    /// # Errors
    /// With file, line and the text found, when a row is malformed; when there
    /// are fewer or more rows than the header promises, or none.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        Self::parse(&text_file::read(path, SIZE_LIMIT)?, path)
    }

    /// Parses `text`; `path` is for messages only.
    ///
    /// ```
    /// use training::dataset::Pairs;
    ///
    /// let text = "1\t1\nAda_Lovelace\t1\t3\nAda_Lovelace\t2\tAlan_Turing\t1\n";
    /// let Pairs { folds, pairs } = Pairs::parse(text, "pairs.txt".as_ref())?;
    /// assert_eq!((folds, pairs.len()), (1, 2));
    /// assert_eq!(pairs[0].b, "Ada_Lovelace_0003.jpg");
    /// assert!(pairs[0].same && !pairs[1].same);
    /// # Ok::<(), training::dataset::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, DatasetError> {
        let mut rows = Row::all(text, path).peekable();
        let Some(&first) = rows.peek() else {
            return Err(DatasetError::NoPairs { path: path.to_path_buf() });
        };
        match lfw::Header::of(first)? {
            Some(header) => {
                rows.next();
                header.parse(rows)
            }
            None => plain::parse(rows),
        }
    }

    /// The pairs of the first `folds` folds.
    ///
    /// # Errors
    /// When there are fewer folds, or 0 are asked for.
    pub fn first_folds(&self, folds: usize) -> Result<Self, DatasetError> {
        if folds == 0 || folds > self.folds {
            return Err(DatasetError::Folds { asked: folds, found: self.folds });
        }
        let pairs = self.pairs.iter().filter(|pair| pair.fold < folds).cloned().collect();
        Ok(Self { folds, pairs })
    }

    /// Splits all pairs into `folds` folds, in turn and each kind by itself,
    /// so that folds have as many of a kind as can be, give or take one. For
    /// plain lists, which say nothing of folds. People may come in several
    /// folds, other than in LFW's own.
    ///
    /// # Errors
    /// When there are fewer pairs of a kind than folds, or 0 folds are asked for.
    pub fn split_into_folds(mut self, folds: usize) -> Result<Self, DatasetError> {
        let same = self.pairs.iter().filter(|pair| pair.same).count();
        let most = same.min(self.pairs.len() - same);
        if folds == 0 || folds > most {
            return Err(DatasetError::Folds { asked: folds, found: most });
        }
        let mut placed = [0; 2];
        for pair in &mut self.pairs {
            let turn = &mut placed[usize::from(pair.same)];
            pair.fold = *turn % folds;
            *turn += 1;
        }
        Ok(Self { folds, ..self })
    }
}

/// A row that is not blank.
#[derive(Clone, Copy)]
struct Row<'a> {
    path: &'a Path,
    line: usize,
    text: &'a str,
}

impl<'a> Row<'a> {
    fn all(text: &'a str, path: &'a Path) -> impl Iterator<Item = Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rows = text.lines().enumerate();
        rows.map(move |(i, text)| Self { path, line: i + 1, text })
            .filter(|row| !row.text.trim().is_empty())
    }

    /// The fields between tabs, or else between spaces.
    fn fields(self) -> Vec<&'a str> {
        if self.text.contains('\t') {
            self.text.trim_end().split('\t').map(str::trim).collect()
        } else {
            self.text.split_whitespace().collect()
        }
    }

    fn fault(self, expected: impl Into<String>) -> DatasetError {
        DatasetError::PairsLine {
            path: self.path.to_path_buf(),
            line: self.line,
            expected: expected.into(),
            found: abridged(self.text),
        }
    }
}
