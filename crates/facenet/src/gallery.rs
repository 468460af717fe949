//! Enrolled people, and the search for a face among them.
//!
//! A person is enrolled with several photos. Each photo gives a template (its
//! encoding); what is searched is the **mean** of a person's templates, brought back
//! to unit length ([`mean_template`]). On LFW, where one comparison with
//! a stranger in a thousand may pass, one photo misses 39 % of the person's further photos,
//! the nearest of five 20 %, and the mean of five 12 % (`docs/calibration.md`).
//!
//! [`Gallery`] holds one row a person in one contiguous matrix and compares a probe
//! with all of them, which is exact and, at the speed of memory, fast enough for a
//! million. Where people are *kept* is another matter, and another crate's: this
//! module knows no file.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `name.rs` | which texts are names of people |
//! | `template.rs` | the mean of a person's templates, and the version of the crops |
//! | `search.rs` | the scan, for one probe and for many |
//! | `shortlist.rs` | the nearest so far, with room for the scan's rounding |
//! | `array.rs` | encodings as a NumPy array |
//! | `cluster.rs` | photos of unknown people, grouped by person |
//!
//! # Example
//! ```
//! use facenet::gallery::{Gallery, PersonName};
//! use facenet::matching::{Encoding, Threshold};
//!
//! let axis = |i| Encoding::new((0..128).map(|j| if i == j { 1.0 } else { 0.0 }));
//! let mut gallery = Gallery::new();
//! gallery.insert(PersonName::new("kian")?, &[axis(0)?])?;
//! gallery.insert(PersonName::new("younes")?, &[axis(1)?])?;
//!
//! let answer = gallery.recognize(&axis(1)?, Threshold::DEFAULT, 2);
//! assert_eq!(answer.person().unwrap().name, "younes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod array;
mod cluster;
mod name;
mod search;
mod shortlist;
mod template;

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::matching::{Candidate, Encoding, Recognition, Threshold};
use crate::network::ENCODING_LENGTH;

pub use array::{EncodingsError, encodings_from_npy};
pub use cluster::{cluster, cluster_in_photos};
pub use name::{NameError, PersonName};
pub use template::{CROP_VERSION, TemplateError, mean_template};

/// Most people of whom [`Gallery::near_pairs`] compares all pairs: half a second's work.
const MOST_COMPARED: usize = 2_000;

/// People and their mean templates, in the order of names.
///
/// Memory is 512 bytes a person for the numbers and about 60 for the name.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    /// In order, each once.
    names: Vec<PersonName>,
    /// One row of 128 a name.
    rows: Vec<f32>,
    /// How many templates are behind each row.
    counts: Vec<u32>,
    /// Their sum.
    faces: usize,
}

impl Gallery {
    /// An empty gallery.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty gallery with room for `people`.
    pub fn with_capacity(people: usize) -> Self {
        Self {
            names: Vec::with_capacity(people),
            rows: Vec::with_capacity(people * ENCODING_LENGTH),
            counts: Vec::with_capacity(people),
            faces: 0,
        }
    }

    /// How many people there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many templates there are of everybody together: what a gallery's threshold
    /// depends on (`Calibration::for_gallery`). A stranger is as likely
    /// to be near to the mean of five photos as to one of the five.
    pub fn faces(&self) -> usize {
        self.faces
    }

    /// How many templates the person's mean is of.
    pub fn faces_of(&self, name: &PersonName) -> Option<usize> {
        self.names.binary_search(name).ok().map(|row| self.counts[row] as usize)
    }

    /// The names, in order.
    pub fn names(&self) -> &[PersonName] {
        &self.names
    }

    /// Whether somebody has this name.
    pub fn contains(&self, name: &PersonName) -> bool {
        self.names.binary_search(name).is_ok()
    }

    /// Inserts a person, and replaces one of the same name.
    ///
    /// Quick for names that come in order; otherwise the rows behind it move.
    ///
    /// # Errors
    /// When the templates have no mean: there are none, or they cancel out.
    pub fn insert(
        &mut self,
        name: PersonName,
        templates: &[Encoding],
    ) -> Result<(), TemplateError> {
        let mean = mean_template(templates)?;
        let found = match self.names.last() {
            Some(last) if *last < name => Err(self.names.len()),
            _ => self.names.binary_search(&name),
        };
        let count = u32::try_from(templates.len()).unwrap_or(u32::MAX);
        self.faces += count as usize;
        match found {
            Ok(row) => {
                self.row_mut(row).copy_from_slice(mean.values());
                self.faces -= std::mem::replace(&mut self.counts[row], count) as usize;
            }
            Err(row) => {
                self.make_room();
                self.names.insert(row, name);
                self.counts.insert(row, count);
                let at = row * ENCODING_LENGTH;
                self.rows.splice(at..at, mean.values().iter().copied());
            }
        }
        Ok(())
    }

    /// Takes a person out; says whether there was one.
    pub fn remove(&mut self, name: &PersonName) -> bool {
        let Ok(row) = self.names.binary_search(name) else { return false };
        self.names.remove(row);
        self.faces -= self.counts.remove(row) as usize;
        let at = row * ENCODING_LENGTH;
        self.rows.drain(at..at + ENCODING_LENGTH);
        true
    }

    /// The person's mean template.
    pub fn template(&self, name: &PersonName) -> Option<&[f32]> {
        self.names.binary_search(name).ok().map(|row| self.row(row))
    }

    /// The `top` people nearest to the probe, nearest first; equal distances by name.
    ///
    /// Exact: the answer is that of comparing with everybody, one by one, and the same
    /// in any order of enrollment.
    pub fn search(&self, probe: &Encoding, top: usize) -> Vec<Candidate> {
        search::one(self, probe, top)
    }

    /// [`search`](Self::search) for many probes at once, which reads the matrix once
    /// for all of them. The answers are the same.
    pub fn search_batch(&self, probes: &[Encoding], top: usize) -> Vec<Vec<Candidate>> {
        search::many(self, probes, top)
    }

    /// Who this is: the nearest people, and the threshold that the first is held
    /// against.
    pub fn recognize(&self, probe: &Encoding, threshold: Threshold, top: usize) -> Recognition {
        Recognition { candidates: self.search(probe, top), threshold }
    }

    /// How many pairs of two people are nearer than the threshold, and how many there are. Of
    /// more than 2,000 people so many are compared, spread over all.
    pub fn near_pairs(&self, threshold: Threshold) -> [usize; 2] {
        let people = self.len().min(MOST_COMPARED);
        let row = |number: usize| self.row(number * self.len() / people);
        // |a - b|² = 2 - 2 a·b of unit vectors.
        let least = 1.0 - threshold.distance().powi(2) / 2.0;
        let near_to = |a: usize| {
            let product = |b: usize| row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum::<f32>();
            (0..a).filter(|&b| product(b) > least).count()
        };
        let near = (0..people).into_par_iter().map(near_to).sum();
        [near, people * people.saturating_sub(1) / 2]
    }

    /// Bytes that the gallery occupies, the allocator's own left out.
    pub fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|name| name.as_str().len()).sum();
        self.rows.capacity() * size_of::<f32>()
            + self.names.capacity() * size_of::<PersonName>()
            + self.counts.capacity() * size_of::<u32>()
            + names
    }

    /// Grows by an eighth, not by doubling: the numbers may be half of the memory.
    fn make_room(&mut self) {
        if self.names.len() == self.names.capacity() {
            let more = (self.names.len() / 8).max(16);
            self.names.reserve_exact(more);
            self.rows.reserve_exact(more * ENCODING_LENGTH);
            self.counts.reserve_exact(more);
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * ENCODING_LENGTH..][..ENCODING_LENGTH]
    }

    fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.rows[row * ENCODING_LENGTH..][..ENCODING_LENGTH]
    }

    /// Rows one after another, as a matrix.
    fn matrix(rows: &[f32]) -> ArrayView2<'_, f32> {
        let shape = (rows.len() / ENCODING_LENGTH, ENCODING_LENGTH);
        match ArrayView2::from_shape(shape, rows) {
            Ok(matrix) => matrix,
            Err(error) => unreachable!("rows have {ENCODING_LENGTH} numbers: {error}"),
        }
    }
}
