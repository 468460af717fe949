//! The scan: a probe against everybody.
//!
//! One probe reads the matrix once and does little with each number, so the speed of
//! memory is the speed of the search; the matrix is dealt out to all threads in pieces.
//! Many probes go as a matrix product, in which each number that is read meets all of
//! them.

use ndarray::{Array2, ArrayView1, ArrayViewMut1};
use rayon::prelude::*;
use tensor::ops::{dense, squared_distances_into};

use crate::matching::{Candidate, Encoding};
use crate::network::ENCODING_LENGTH;

use super::Gallery;
use super::shortlist::Shortlist;

/// Rows that a thread takes at a time: 1 MiB.
const PIECE: usize = 2048;

/// Rows and probes whose product is formed at a time: 256 KiB of distances.
const PRODUCT_ROWS: usize = 1024;
const PRODUCT_PROBES: usize = 64;

/// See [`Gallery::search`].
pub(super) fn one(gallery: &Gallery, probe: &Encoding, top: usize) -> Vec<Candidate> {
    let nobody = || (Shortlist::new(top), vec![0.0; PIECE]);
    let values = ArrayView1::from(probe.values());
    let shortlist = gallery
        .rows
        .par_chunks(PIECE * ENCODING_LENGTH)
        .enumerate()
        .fold(nobody, |(mut shortlist, mut distances), (piece, rows)| {
            let points = Gallery::matrix(rows);
            let here = &mut distances[..points.nrows()];
            squared_distances_into(points, values, ArrayViewMut1::from(&mut *here));
            shortlist.take(piece * PIECE, here);
            (shortlist, distances)
        })
        .map(|(shortlist, _)| shortlist)
        .reduce(|| Shortlist::new(top), Shortlist::merge);
    nearest(gallery, probe, shortlist, top)
}

/// See [`Gallery::search_batch`].
pub(super) fn many(gallery: &Gallery, probes: &[Encoding], top: usize) -> Vec<Vec<Candidate>> {
    let mut answers = Vec::with_capacity(probes.len());
    for probes in probes.chunks(PRODUCT_PROBES) {
        let matrix =
            Array2::from_shape_fn((probes.len(), ENCODING_LENGTH), |(p, i)| probes[p].values()[i]);
        let nobody = || vec![Shortlist::new(top); probes.len()];
        let shortlists = gallery
            .rows
            .par_chunks(PRODUCT_ROWS * ENCODING_LENGTH)
            .enumerate()
            .fold(nobody, |mut shortlists, (piece, rows)| {
                // GEMM: (m, k, n) = (probes, 128, rows).
                let mut products = dense(matrix.view(), Gallery::matrix(rows), None);
                // |a − b|² = |a|² + |b|² − 2 a·b, and |b| is 1. That |a| is nearly 1
                // as well moves all distances of a probe alike.
                products.mapv_inplace(|product| 2.0 - 2.0 * product);
                for (shortlist, distances) in shortlists.iter_mut().zip(products.rows()) {
                    if let Some(distances) = distances.as_slice() {
                        shortlist.take(piece * PRODUCT_ROWS, distances);
                    }
                }
                shortlists
            })
            .reduce(nobody, |a, b| a.into_iter().zip(b).map(|(a, b)| a.merge(b)).collect());
        let found = probes.iter().zip(shortlists);
        answers.extend(found.map(|(probe, rows)| nearest(gallery, probe, rows, top)));
    }
    answers
}

/// The nearest of a shortlist, compared in f64. Rows are in the order of names, so a
/// tie by row is a tie by name.
fn nearest(
    gallery: &Gallery,
    probe: &Encoding,
    shortlist: Shortlist,
    top: usize,
) -> Vec<Candidate> {
    let distance = |row| crate::encoding::euclidean(probe.values(), gallery.row(row));
    let mut rows: Vec<(f32, usize)> = shortlist.rows().map(|row| (distance(row), row)).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    rows.truncate(top);
    let candidate = |(distance, row): (f32, usize)| Candidate {
        name: gallery.names[row].as_str().to_owned(),
        distance,
    };
    rows.into_iter().map(candidate).collect()
}
