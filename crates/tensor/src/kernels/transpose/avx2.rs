//! Transposes eight by eight values in registers.

use std::arch::x86_64::*;

use super::{CheckedTranspose, Transpose};

/// Rows and columns of a block.
const BLOCK: usize = 8;

/// Transposes block by block; columns that fill no block are copied value by value.
#[target_feature(enable = "avx2")]
pub(in crate::kernels) fn transpose(matrix: CheckedTranspose<'_, f32>) {
    let Transpose { source, source_step, target, target_step, rows, columns } = matrix.0;
    let whole = columns - columns % BLOCK;
    for row in (0..rows).step_by(BLOCK) {
        let some_rows = (rows - row).min(BLOCK);
        for column in (0..whole).step_by(BLOCK) {
            // SAFETY: the block begins inside both slices and reaches no further than `rows`
            // and `columns`, which were checked.
            unsafe {
                let source = source.as_ptr().add(row * source_step + column);
                let target = target.as_mut_ptr().add(column * target_step + row);
                if some_rows == BLOCK {
                    whole_block(source, source_step, target, target_step);
                } else {
                    block(source, source_step, target, target_step, some_rows);
                }
            }
        }
        for column in whole..columns {
            for r in row..row + some_rows {
                target[column * target_step + r] = source[r * source_step + column];
            }
        }
    }
}

/// Eight rows and columns, which stay in registers.
///
/// # Safety
/// `source` and `target` have them.
#[target_feature(enable = "avx2")]
unsafe fn whole_block(
    source: *const f32,
    source_step: usize,
    target: *mut f32,
    target_step: usize,
) {
    let mut lines = [_mm256_setzero_ps(); BLOCK];
    for r in 0..BLOCK {
        // SAFETY: guaranteed by the caller.
        lines[r] = unsafe { _mm256_loadu_ps(source.add(r * source_step)) };
    }
    let lines = transpose_lines(lines);
    for c in 0..BLOCK {
        // SAFETY: guaranteed by the caller.
        unsafe { _mm256_storeu_ps(target.add(c * target_step), lines[c]) };
    }
}

/// Less than eight rows and eight columns.
///
/// # Safety
/// `source` and `target` have these rows and eight columns.
#[target_feature(enable = "avx2")]
unsafe fn block(
    source: *const f32,
    source_step: usize,
    target: *mut f32,
    target_step: usize,
    rows: usize,
) {
    let mut lines = [_mm256_setzero_ps(); BLOCK];
    for (r, line) in lines.iter_mut().enumerate().take(rows) {
        // SAFETY: row `r` exists.
        *line = unsafe { _mm256_loadu_ps(source.add(r * source_step)) };
    }
    for (c, line) in transpose_lines(lines).into_iter().enumerate() {
        let mut values = [0.0; BLOCK];
        // SAFETY: the array has eight values, and column `c` of the target `rows` of them.
        unsafe {
            _mm256_storeu_ps(values.as_mut_ptr(), line);
            target.add(c * target_step).copy_from_nonoverlapping(values.as_ptr(), rows);
        }
    }
}

/// Lane `c` of line `r` becomes lane `r` of line `c`.
#[target_feature(enable = "avx2")]
fn transpose_lines(lines: [__m256; BLOCK]) -> [__m256; BLOCK] {
    // Quads of four lines: within each 128-bit lane L, quads[4 g + j] holds column
    // 4 L + j of rows 4 g to 4 g + 3.
    let mut quads = [_mm256_setzero_ps(); BLOCK];
    for g in [0, 4] {
        let low = [
            _mm256_castps_pd(_mm256_unpacklo_ps(lines[g], lines[g + 1])),
            _mm256_castps_pd(_mm256_unpacklo_ps(lines[g + 2], lines[g + 3])),
        ];
        let high = [
            _mm256_castps_pd(_mm256_unpackhi_ps(lines[g], lines[g + 1])),
            _mm256_castps_pd(_mm256_unpackhi_ps(lines[g + 2], lines[g + 3])),
        ];
        quads[g] = _mm256_castpd_ps(_mm256_unpacklo_pd(low[0], low[1]));
        quads[g + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low[0], low[1]));
        quads[g + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high[0], high[1]));
        quads[g + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high[0], high[1]));
    }
    // Then the 128-bit lanes themselves are transposed.
    let mut result = [_mm256_setzero_ps(); BLOCK];
    for j in 0..4 {
        result[j] = _mm256_permute2f128_ps::<0x20>(quads[j], quads[4 + j]);
        result[4 + j] = _mm256_permute2f128_ps::<0x31>(quads[j], quads[4 + j]);
    }
    result
}
