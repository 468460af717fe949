//! Transposes whose targets are words of two bf16 numbers.

use super::TransposeElement;
use crate::kernels::simd::Bf16;

/// Two matrices of numbers to round to bf16 and to transpose into one of words:
/// `target[c * target_step + r]` holds `sources[i][r * source_step + c]` in its lower half
/// (`i` = 0) and its upper half (`i` = 1).
#[derive(Debug)]
pub(crate) struct PairTranspose<'a, T> {
    pub(crate) sources: [&'a [T]; 2],
    pub(crate) source_step: usize,
    pub(crate) target: &'a mut [T],
    pub(crate) target_step: usize,
    /// Rows of the first source.
    pub(crate) rows: usize,
    /// Rows of the second source, at most as many; the others are zero.
    pub(crate) seconds: usize,
    /// Columns of both.
    pub(crate) columns: usize,
}

impl<T: TransposeElement> PairTranspose<'_, T> {
    /// Writes the target.
    ///
    /// # Panics
    /// If a slice is too short.
    pub(crate) fn run(self, bf16: Bf16) {
        let Self { sources, source_step, target, target_step, rows, seconds, columns } = &self;
        if *rows == 0 || *columns == 0 {
            return;
        }
        assert!(seconds <= rows, "{seconds} rows in the second source, {rows} in the first");
        let end = |rows: usize| rows.checked_sub(1).map_or(0, |last| last * source_step + columns);
        let ends = [
            (end(*rows), sources[0].len()),
            (end(*seconds), sources[1].len()),
            ((columns - 1) * target_step + rows, target.len()),
        ];
        for (end, length) in ends {
            assert!(end <= length, "a transpose reaches to {end} in a slice of {length}");
        }
        T::transpose_pairs(CheckedPairs(self), bf16);
    }
}

/// A [`PairTranspose`] whose slices are long enough.
#[derive(Debug)]
pub struct CheckedPairs<'a, T>(pub(super) PairTranspose<'a, T>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::bf16::rounded;

    /// Numbers that bf16 does not have, of both signs.
    fn numbers(length: usize, seed: usize) -> Vec<f32> {
        (0..length).map(|at| ((at * 7919 + seed) % 4001) as f32 / 1001.0 - 2.0).collect()
    }

    #[test]
    fn every_size_and_step() {
        let Some(bf16) = Bf16::detect() else { return };
        for rows in 0..35_usize {
            for columns in [0, 1, 3, 15, 16, 17, 31, 40] {
                for seconds in [0, rows.saturating_sub(1), rows] {
                    let (source_step, target_step) = (columns + rows % 3, rows + columns % 2);
                    let sources = [0, 1].map(|seed| numbers(rows * source_step, seed));
                    let mut target = vec![-1.0; columns * target_step];
                    let matrix = PairTranspose {
                        sources: sources.each_ref().map(|source| &source[..]),
                        source_step,
                        target: &mut target,
                        target_step,
                        rows,
                        seconds,
                        columns,
                    };
                    matrix.run(bf16);
                    for c in 0..columns {
                        for r in 0..target_step {
                            let half = |of: usize| match r < [rows, seconds][of] {
                                true => rounded(sources[of][r * source_step + c]),
                                false => 0,
                            };
                            let expected = match r < rows {
                                true => u32::from(half(0)) | u32::from(half(1)) << 16,
                                false => (-1.0_f32).to_bits(),
                            };
                            let actual = target[c * target_step + r].to_bits();
                            assert_eq!(actual, expected, "{rows}, {seconds} x {columns}: {r}, {c}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_joined_as_in_programs() {
        let Some(bf16) = Bf16::detect() else { return };
        for (rows, columns) in [(0, 16), (2, 16), (6, 48)] {
            let mut actual = numbers(rows * columns, 5);
            let mut expected = actual.clone();
            f32::join_rows(&mut actual, columns, bf16);
            crate::kernels::bf16::pair_rows(&mut expected, columns);
            let words = rows / 2 * columns;
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&actual[..words]), bits(&expected[..words]), "{rows} x {columns}");
        }
    }

    #[test]
    fn adjacent_numbers_are_joined() {
        let Some(bf16) = Bf16::detect() else { return };
        for length in [0, 1, 2, 15, 31, 32, 33, 47, 48, 64, 101] {
            let values = numbers(length, 3);
            let mut target = vec![f32::NAN; length.div_ceil(2)];
            f32::join_columns(&values, &mut target, bf16);
            let half = |at: usize| values.get(at).map_or(0, |value| u32::from(rounded(*value)));
            for (at, word) in target.iter().enumerate() {
                let expected = half(2 * at) | half(2 * at + 1) << 16;
                assert_eq!(word.to_bits(), expected, "word {at} of {length} numbers");
            }
        }
    }
}
