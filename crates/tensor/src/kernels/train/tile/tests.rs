//! Compares the tiles of every level of this machine with the definition of the sum.

use super::*;
use crate::Level;
use crate::kernels::simd::{Isa, Portable};

/// Small whole numbers: every level's sum is exact, fused or not.
fn values(length: usize) -> Vec<f32> {
    (0..length).map(|index| ((index * 7 + index / 5) % 11) as f32 - 5.0).collect()
}

#[test]
fn every_level_computes_every_tile() {
    let segments = [
        Segment { a: 3, b: 0, length: 5 },
        Segment { a: 40, b: 70, length: 1 },
        Segment { a: 0, b: 9, length: 0 },
        Segment { a: 7, b: 100, length: 8 },
    ];
    let order = SumOrder::new(segments, 2, 3);
    let (a, b) = (values(300), values(400));
    let [row_starts, vector_starts] =
        [[0, 100, 20, 200, 33, 5, 77, 150], [11, 0, 160, 0, 0, 0, 0, 0]];
    for isa in Level::ALL.into_iter().filter_map(Isa::detect) {
        for rows in 1..=ROWS {
            for vectors in 1..=VECTORS {
                for accumulate in [false, true] {
                    let (rows, vectors) = (&row_starts[..rows], &vector_starts[..vectors]);
                    let columns = vectors.len() * LANES;
                    let c_step = columns + 1;
                    let before = values(rows.len() * c_step);
                    let mut c = before.clone();
                    Tile {
                        a: &a,
                        rows,
                        b: &b,
                        vectors,
                        order: &order,
                        c: &mut c[..],
                        c_step,
                        accumulate,
                    }
                    .run(Products::Numbers(isa));
                    for (index, actual) in c.iter().enumerate() {
                        let (i, j) = (index / c_step, index % c_step);
                        let mut expected = before[index];
                        if j < columns {
                            expected = if accumulate { expected } else { 0.0 };
                            for Segment { a: from, b: to, length } in segments {
                                for t in 0..length {
                                    expected += a[rows[i] + from + t * 2]
                                        * b[vectors[j / LANES] + j % LANES + to + t * 3];
                                }
                            }
                        }
                        let shape = (rows.len(), vectors.len(), accumulate);
                        assert_eq!(*actual, expected, "{}, {shape:?}, at {i}, {j}", isa.level());
                    }
                }
            }
        }
    }
}

#[test]
fn adjacent_segments_are_merged() {
    let parts = [(0, 0, 4), (8, 12, 2), (12, 18, 1), (15, 21, 1)];
    let parts = parts.map(|(a, b, length)| Segment { a, b, length });
    let order = SumOrder::new(parts, 2, 3);
    assert_eq!(
        order.segments,
        [Segment { a: 0, b: 0, length: 7 }, Segment { a: 15, b: 21, length: 1 }]
    );
    assert_eq!((order.a_end, order.b_end), (16, 22));
}

#[test]
fn a_tile_outside_its_slices_panics() {
    let lengths = [(8 + 4, 64, 24), (8 + 3, 64, 24), (8 + 4, 63, 24), (8 + 4, 64, 23)];
    for (index, (a, b, c)) in lengths.into_iter().enumerate() {
        let (a, b, mut c) = (values(a), values(b), values(c + 8));
        let attempt = std::panic::catch_unwind(move || {
            let tile = Tile {
                a: &a,
                rows: &[0, 8],
                b: &b,
                vectors: &[0],
                order: &SumOrder::new([Segment { a: 0, b: 0, length: 4 }], 1, 16),
                c: &mut c[..],
                c_step: 16,
                accumulate: false,
            };
            tile.run(Products::Numbers(Isa::Portable(Portable)));
        });
        assert_eq!(attempt.is_ok(), index == 0, "lengths {:?}", lengths[index]);
    }
}
