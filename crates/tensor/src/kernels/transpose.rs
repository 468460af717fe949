//! Transposes between planes (the order of arrays: channel by channel) and pixels (the
//! order that tiles read: the channels of a pixel side by side).
//!
//! AVX-512 transposes sixteen by sixteen values in registers, AVX2 eight by eight; other
//! machines copy small blocks value by value.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
pub(in crate::kernels) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(in crate::kernels) mod avx512;
mod pairs;
#[cfg(target_arch = "x86_64")]
pub(in crate::kernels) mod pairs_avx512;

use super::simd::{Bf16, SimdOp, Vector, dispatch};

pub(crate) use pairs::{CheckedPairs, PairTranspose};

/// A matrix to transpose: `target[c * target_step + r] = source[r * source_step + c]`.
#[derive(Debug)]
pub(crate) struct Transpose<'a, T> {
    pub(crate) source: &'a [T],
    pub(crate) source_step: usize,
    pub(crate) target: &'a mut [T],
    pub(crate) target_step: usize,
    /// Rows of the source.
    pub(crate) rows: usize,
    /// Columns of the source.
    pub(crate) columns: usize,
}

impl<T: TransposeElement> Transpose<'_, T> {
    /// Writes the target.
    ///
    /// # Panics
    /// If a slice is too short.
    pub(crate) fn run(self) {
        let Self { source, source_step, target, target_step, rows, columns } = &self;
        if *rows == 0 || *columns == 0 {
            return;
        }
        let ends = [
            ((rows - 1) * source_step + columns, source.len()),
            ((columns - 1) * target_step + rows, target.len()),
        ];
        for (end, length) in ends {
            assert!(end <= length, "a transpose reaches to {end} in a slice of {length}");
        }
        T::transpose(CheckedTranspose(self));
    }
}

/// A [`Transpose`] whose slices are long enough.
#[derive(Debug)]
pub struct CheckedTranspose<'a, T>(Transpose<'a, T>);

impl<T: Copy> CheckedTranspose<'_, T> {
    /// Copies blocks of eight by eight values, so that each cache line is read once.
    pub(in crate::kernels) fn by_blocks(self) {
        const BLOCK: usize = 8;
        let Transpose { source, source_step, target, target_step, rows, columns } = self.0;
        for row in (0..rows).step_by(BLOCK) {
            for column in (0..columns).step_by(BLOCK) {
                for c in column..columns.min(column + BLOCK) {
                    for r in row..rows.min(row + BLOCK) {
                        target[c * target_step + r] = source[r * source_step + c];
                    }
                }
            }
        }
    }
}

/// Element types of transposes: `f32` and `f64`.
pub trait TransposeElement: Sized + Copy {
    /// Transposes a matrix.
    fn transpose(matrix: CheckedTranspose<'_, Self>);

    /// Transposes two matrices into words.
    fn transpose_pairs(matrix: CheckedPairs<'_, Self>, bf16: Bf16);

    /// Joins every two rows of numbers to one of words, which are followed by unspecified
    /// values. An odd last row and incomplete vectors of sixteen columns are left out.
    fn join_rows(values: &mut [Self], columns: usize, bf16: Bf16);

    /// Joins every two adjacent numbers to a word; an odd last one is joined to zero.
    ///
    /// # Panics
    /// If the target has not half as many words, rounded up.
    fn join_columns(values: &[Self], target: &mut [Self], bf16: Bf16);
}

impl TransposeElement for f32 {
    fn transpose(matrix: CheckedTranspose<'_, Self>) {
        dispatch(crate::level::active(), matrix);
    }

    fn transpose_pairs(matrix: CheckedPairs<'_, Self>, bf16: Bf16) {
        bf16.transpose_pairs(matrix);
    }

    fn join_rows(values: &mut [Self], columns: usize, bf16: Bf16) {
        bf16.join_rows(values, columns);
    }

    fn join_columns(values: &[Self], target: &mut [Self], bf16: Bf16) {
        let (numbers, words) = (values.len(), target.len());
        assert_eq!(words, numbers.div_ceil(2), "{words} words for {numbers} numbers");
        bf16.join_columns(values, target);
    }
}

impl SimdOp for CheckedTranspose<'_, f32> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, features: V::Features) {
        V::transpose(features, self);
    }
}

impl TransposeElement for f64 {
    fn transpose(matrix: CheckedTranspose<'_, Self>) {
        matrix.by_blocks();
    }

    fn transpose_pairs(_matrix: CheckedPairs<'_, Self>, _bf16: Bf16) {
        unreachable!("products of f64 are never of pairs")
    }

    fn join_rows(_values: &mut [Self], _columns: usize, _bf16: Bf16) {
        unreachable!("products of f64 are never of pairs")
    }

    fn join_columns(_values: &[Self], _target: &mut [Self], _bf16: Bf16) {
        unreachable!("products of f64 are never of pairs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_and_step() {
        for rows in 0..35 {
            for columns in [0, 1, 3, 15, 16, 17, 31, 40] {
                let (source_step, target_step) = (columns + rows % 3, rows + columns % 2);
                let source: Vec<f32> = (0..rows * source_step).map(|index| index as f32).collect();
                let mut target = vec![-1.0; columns * target_step];
                let mut portable = target.clone();
                for (target, is_portable) in [(&mut target, false), (&mut portable, true)] {
                    let matrix = Transpose {
                        source: &source,
                        source_step,
                        target,
                        target_step,
                        rows,
                        columns,
                    };
                    if is_portable {
                        CheckedTranspose(matrix).by_blocks();
                    } else {
                        matrix.run();
                    }
                }
                for c in 0..columns {
                    for r in 0..target_step {
                        let expected = if r < rows { source[r * source_step + c] } else { -1.0 };
                        let at = c * target_step + r;
                        assert_eq!(target[at], expected, "{rows} x {columns} at {r}, {c}");
                        assert_eq!(portable[at], expected, "{rows} x {columns} at {r}, {c}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "a transpose reaches to 5 in a slice of 4")]
    fn a_short_slice_panics() {
        let (source, mut target) = ([0.0; 8], [0.0; 4]);
        let target = &mut target[..];
        Transpose { source: &source, source_step: 4, target, target_step: 4, rows: 2, columns: 1 }
            .run();
        let target = &mut [0.0; 4][..];
        Transpose { source: &source, source_step: 4, target, target_step: 3, rows: 2, columns: 2 }
            .run();
    }
}
