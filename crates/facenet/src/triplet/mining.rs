//! Which triplets of a batch to learn from.
//!
//! A batch of P people with K pictures each holds P K (K - 1) (P - 1) K valid
//! triplets: two pictures of one person, anchor and positive, and one of somebody
//! else, the negative. Most of them are learnt after a short while; the miners
//! choose (Schroff et al., "FaceNet", 2015, section 3.2). All take the batch's
//! squared distances and who is on each picture, and compute nothing else, so they
//! are plain functions.
//!
//! Degenerate batches give fewer triplets or none, never a wrong one: one person,
//! one picture of each, equal encodings. A distance that is NaN is never chosen.
//! Ties go to the picture that comes first.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tensor::Element;

/// Numbers of three pictures of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Triplet {
    /// A picture of somebody.
    pub anchor: usize,
    /// Another picture of the same person.
    pub positive: usize,
    /// A picture of somebody else.
    pub negative: usize,
}

/// How triplets are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mining {
    /// Every valid triplet.
    All,
    /// For each anchor the farthest positive and the nearest negative: hard, and at
    /// the mercy of wrong labels.
    Hardest,
    /// For each anchor and positive the nearest negative that is farther than the
    /// positive, but by less than the margin; none where there is no such negative.
    #[default]
    SemiHard,
}

/// Squared Euclidean distances of all rows, exactly symmetric, zero on the
/// diagonal and between equal rows.
///
/// # Shapes
/// `(n, d)` to `(n, n)`.
pub fn squared_distances<T: Element>(encodings: ArrayView2<'_, T>) -> Array2<T> {
    let n = encodings.nrows();
    let mut distances = Array2::zeros((n, n));
    // Both halves are computed: (a - b)² and (b - a)² are the same bits.
    distances.axis_iter_mut(Axis(0)).into_par_iter().zip(encodings.axis_iter(Axis(0))).for_each(
        |(mut row, a)| {
            for (distance, b) in row.iter_mut().zip(encodings.rows()) {
                *distance =
                    Zip::from(a).and(b).fold(T::zero(), |sum, &a, &b| sum + (a - b) * (a - b));
            }
        },
    );
    distances
}

/// Chooses triplets, in the order of anchor, positive and negative.
///
/// # Shapes
/// `squared_distances`: `(n, n)`; `identities`: n numbers of people.
///
/// # Panics
/// When the shapes differ.
pub fn mine<T: Element>(
    mining: Mining,
    squared_distances: ArrayView2<'_, T>,
    identities: &[u32],
    margin: f64,
) -> Vec<Triplet> {
    let n = identities.len();
    assert_eq!(squared_distances.dim(), (n, n), "distances of {n} pictures");
    let batch = Batch { distances: squared_distances, identities };
    match mining {
        Mining::All => batch.all(),
        Mining::Hardest => batch.hardest(),
        Mining::SemiHard => batch.semi_hard(T::from_f64(margin)),
    }
}

struct Batch<'a, T> {
    distances: ArrayView2<'a, T>,
    identities: &'a [u32],
}

impl<T: Element> Batch<'_, T> {
    fn anchors(&self) -> std::ops::Range<usize> {
        0..self.identities.len()
    }

    /// Other pictures of the anchor's person.
    fn positives(&self, anchor: usize) -> impl Iterator<Item = usize> {
        let person = self.identities[anchor];
        self.anchors().filter(move |&i| i != anchor && self.identities[i] == person)
    }

    /// Pictures of others.
    fn negatives(&self, anchor: usize) -> impl Iterator<Item = usize> {
        let person = self.identities[anchor];
        self.anchors().filter(move |&i| self.identities[i] != person)
    }

    fn all(&self) -> Vec<Triplet> {
        let mut triplets = Vec::new();
        for anchor in self.anchors() {
            for positive in self.positives(anchor) {
                let of = |negative| Triplet { anchor, positive, negative };
                triplets.extend(self.negatives(anchor).map(of));
            }
        }
        triplets
    }

    fn hardest(&self) -> Vec<Triplet> {
        let best = |anchor: usize, others: &mut dyn Iterator<Item = usize>, sign: T| {
            let signed = others.map(|i| (i, sign * self.distances[[anchor, i]]));
            smallest(signed)
        };
        let of = |anchor| {
            let positive = best(anchor, &mut self.positives(anchor), -T::one())?;
            let negative = best(anchor, &mut self.negatives(anchor), T::one())?;
            Some(Triplet { anchor, positive, negative })
        };
        self.anchors().filter_map(of).collect()
    }

    fn semi_hard(&self, margin: T) -> Vec<Triplet> {
        let mut triplets = Vec::new();
        for anchor in self.anchors() {
            for positive in self.positives(anchor) {
                let least = self.distances[[anchor, positive]];
                let candidates = self
                    .negatives(anchor)
                    .map(|i| (i, self.distances[[anchor, i]]))
                    .filter(|&(_, distance)| least < distance && distance < least + margin);
                let of = |negative| Triplet { anchor, positive, negative };
                triplets.extend(smallest(candidates).map(of));
            }
        }
        triplets
    }
}

/// The first of those with the smallest value that is a number.
fn smallest<T: Element>(candidates: impl Iterator<Item = (usize, T)>) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (i, value) in candidates {
        if !value.is_nan() && best.is_none_or(|(_, least)| value < least) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

#[cfg(test)]
mod tests;
