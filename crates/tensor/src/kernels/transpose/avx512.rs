//! Transposes sixteen by sixteen values in registers; masks handle incomplete blocks.

use std::arch::x86_64::*;

use super::{CheckedTranspose, Transpose};

/// Transposes block by block.
#[target_feature(enable = "avx512f")]
pub(in crate::kernels) fn transpose(matrix: CheckedTranspose<'_, f32>) {
    let Transpose { source, source_step, target, target_step, rows, columns } = matrix.0;
    for row in (0..rows).step_by(16) {
        let some_rows = (rows - row).min(16);
        for column in (0..columns).step_by(16) {
            let some_columns = (columns - column).min(16);
            // SAFETY: the block begins inside both slices and reaches no further than `rows`
            // and `columns`, which were checked.
            unsafe {
                let source = source.as_ptr().add(row * source_step + column);
                let target = target.as_mut_ptr().add(column * target_step + row);
                if (some_rows, some_columns) == (16, 16) {
                    whole_block(source, source_step, target, target_step);
                } else {
                    block(source, source_step, target, target_step, some_rows, some_columns);
                }
            }
        }
    }
}

/// A mask of the first `count` of sixteen lanes.
pub(super) fn first(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}

/// Sixteen rows and columns, which stay in registers.
///
/// # Safety
/// `source` and `target` have them.
#[target_feature(enable = "avx512f")]
unsafe fn whole_block(
    source: *const f32,
    source_step: usize,
    target: *mut f32,
    target_step: usize,
) {
    let mut lines = [_mm512_setzero_ps(); 16];
    for r in 0..16 {
        // SAFETY: guaranteed by the caller.
        lines[r] = unsafe { _mm512_loadu_ps(source.add(r * source_step)) };
    }
    let lines = transpose_lines(lines);
    for c in 0..16 {
        // SAFETY: guaranteed by the caller.
        unsafe { _mm512_storeu_ps(target.add(c * target_step), lines[c]) };
    }
}

/// One block of up to sixteen rows and columns.
///
/// # Safety
/// `source` and `target` have these rows and columns, at most 16.
#[target_feature(enable = "avx512f")]
unsafe fn block(
    source: *const f32,
    source_step: usize,
    target: *mut f32,
    target_step: usize,
    rows: usize,
    columns: usize,
) {
    let mut lines = [_mm512_setzero_ps(); 16];
    let mask = first(columns);
    for (r, line) in lines.iter_mut().enumerate().take(rows) {
        // SAFETY: row `r` exists and lanes beyond `columns` are not touched.
        *line = unsafe { _mm512_maskz_loadu_ps(mask, source.add(r * source_step)) };
    }
    let lines = transpose_lines(lines);
    let mask = first(rows);
    for (c, line) in lines.into_iter().enumerate().take(columns) {
        // SAFETY: column `c` exists and lanes beyond `rows` are not touched.
        unsafe { _mm512_mask_storeu_ps(target.add(c * target_step), mask, line) };
    }
}

/// Lane `c` of line `r` becomes lane `r` of line `c`.
#[target_feature(enable = "avx512f")]
pub(super) fn transpose_lines(lines: [__m512; 16]) -> [__m512; 16] {
    // Quads of four lines: within each 128-bit lane L, quads[4 g + j] holds column
    // 4 L + j of rows 4 g to 4 g + 3.
    let mut quads = [_mm512_setzero_ps(); 16];
    for g in (0..16).step_by(4) {
        let low = [
            _mm512_castps_pd(_mm512_unpacklo_ps(lines[g], lines[g + 1])),
            _mm512_castps_pd(_mm512_unpacklo_ps(lines[g + 2], lines[g + 3])),
        ];
        let high = [
            _mm512_castps_pd(_mm512_unpackhi_ps(lines[g], lines[g + 1])),
            _mm512_castps_pd(_mm512_unpackhi_ps(lines[g + 2], lines[g + 3])),
        ];
        quads[g] = _mm512_castpd_ps(_mm512_unpacklo_pd(low[0], low[1]));
        quads[g + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low[0], low[1]));
        quads[g + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high[0], high[1]));
        quads[g + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high[0], high[1]));
    }
    // Then the 128-bit lanes themselves are transposed, four by four.
    let mut result = [_mm512_setzero_ps(); 16];
    for j in 0..4 {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        let even = [
            _mm512_shuffle_f32x4::<EVEN>(quads[j], quads[4 + j]),
            _mm512_shuffle_f32x4::<EVEN>(quads[8 + j], quads[12 + j]),
        ];
        let odd = [
            _mm512_shuffle_f32x4::<ODD>(quads[j], quads[4 + j]),
            _mm512_shuffle_f32x4::<ODD>(quads[8 + j], quads[12 + j]),
        ];
        result[j] = _mm512_shuffle_f32x4::<EVEN>(even[0], even[1]);
        result[4 + j] = _mm512_shuffle_f32x4::<EVEN>(odd[0], odd[1]);
        result[8 + j] = _mm512_shuffle_f32x4::<ODD>(even[0], even[1]);
        result[12 + j] = _mm512_shuffle_f32x4::<ODD>(odd[0], odd[1]);
    }
    result
}
