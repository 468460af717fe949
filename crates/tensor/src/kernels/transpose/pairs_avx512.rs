//! Words of bf16 numbers from numbers, sixteen at a time.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::avx512::{first, transpose_lines};
use super::pairs::{CheckedPairs, PairTranspose};

/// Transposes block by block.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(in crate::kernels) fn transpose(matrix: CheckedPairs<'_, f32>) {
    let PairTranspose { sources, source_step, target, target_step, rows, seconds, columns } =
        matrix.0;
    for row in (0..rows).step_by(16) {
        let some_rows = (rows - row).min(16);
        let some_seconds = seconds.saturating_sub(row).min(some_rows);
        for column in (0..columns).step_by(16) {
            let some_columns = (columns - column).min(16);
            let from = row * source_step + column;
            let [lower, upper] = sources.map(|source| source.as_ptr().wrapping_add(from));
            let to = target.as_mut_ptr().wrapping_add(column * target_step + row);
            // SAFETY: the block begins inside the slices and reaches no further than rows and
            // columns, which were checked; a second source without rows here is not read.
            unsafe {
                if (some_rows, some_seconds, some_columns) == (16, 16, 16) {
                    whole_block([lower, upper], source_step, to, target_step);
                } else {
                    let size = [some_rows, some_seconds, some_columns];
                    block([lower, upper], source_step, to, target_step, size);
                }
            }
        }
    }
}

/// Sixteen rows of both sources and sixteen columns.
///
/// # Safety
/// Sources and target have them.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn whole_block(
    [lower, upper]: [*const f32; 2],
    source_step: usize,
    target: *mut f32,
    target_step: usize,
) {
    let mut lines = [_mm512_setzero_ps(); 16];
    for r in 0..16 {
        // SAFETY: guaranteed by the caller.
        let numbers = unsafe {
            [
                _mm512_loadu_ps(lower.add(r * source_step)),
                _mm512_loadu_ps(upper.add(r * source_step)),
            ]
        };
        lines[r] = join(numbers[0], numbers[1]);
    }
    let lines = transpose_lines(lines);
    for c in 0..16 {
        // SAFETY: guaranteed by the caller.
        unsafe { _mm512_storeu_ps(target.add(c * target_step), lines[c]) };
    }
}

/// Rows of the first source and of the second, and columns, at most sixteen.
///
/// # Safety
/// Sources and target have them.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn block(
    [lower, upper]: [*const f32; 2],
    source_step: usize,
    target: *mut f32,
    target_step: usize,
    [rows, seconds, columns]: [usize; 3],
) {
    let mut lines = [_mm512_setzero_ps(); 16];
    let mask = first(columns);
    for (r, line) in lines.iter_mut().enumerate().take(rows) {
        let mut second = _mm512_setzero_ps();
        if r < seconds {
            // SAFETY: row `r` exists and lanes beyond `columns` are not touched.
            second = unsafe { _mm512_maskz_loadu_ps(mask, upper.add(r * source_step)) };
        }
        // SAFETY: as above.
        *line = join(unsafe { _mm512_maskz_loadu_ps(mask, lower.add(r * source_step)) }, second);
    }
    let lines = transpose_lines(lines);
    let mask = first(rows);
    for (c, line) in lines.into_iter().enumerate().take(columns) {
        // SAFETY: column `c` exists and lanes beyond `rows` are not touched.
        unsafe { _mm512_mask_storeu_ps(target.add(c * target_step), mask, line) };
    }
}

/// Rounds numbers to bf16 and joins each of the first with its neighbor of the second.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn join(lower: __m512, upper: __m512) -> __m512 {
    const INTERLEAVED: [u16; 32] = {
        let mut order = [0; 32];
        let mut at = 0;
        while at < 32 {
            order[at] = (at / 2 + at % 2 * 16) as u16;
            at += 1;
        }
        order
    };
    // SAFETY: both types have 512 bits, and any bits are valid.
    let order = unsafe { transmute::<[u16; 32], __m512i>(INTERLEAVED) };
    // SAFETY: as before.
    let halves = unsafe { transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(upper, lower)) };
    _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, halves))
}

/// Joins rows in place, sixteen columns at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(in crate::kernels) fn join_rows(values: &mut [f32], columns: usize) {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    let start = values.as_mut_ptr();
    for row in 0..rows / 2 {
        for column in (0..columns / 16 * 16).step_by(16) {
            // SAFETY: rows `2 row` and `2 row + 1` exist, and with them row `row`; their
            // columns are read before one of them may be overwritten.
            unsafe {
                let lower = _mm512_loadu_ps(start.add(2 * row * columns + column));
                let upper = _mm512_loadu_ps(start.add((2 * row + 1) * columns + column));
                _mm512_storeu_ps(start.add(row * columns + column), join(lower, upper));
            }
        }
    }
}

/// Joins adjacent numbers, 32 at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(in crate::kernels) fn join_columns(values: &[f32], target: &mut [f32]) {
    for (values, target) in values.chunks(32).zip(target.chunks_mut(16)) {
        let lower = first(values.len().min(16));
        let upper = first(values.len().saturating_sub(16));
        let source = values.as_ptr();
        // SAFETY: lanes beyond the values are not touched, nor those beyond the target, which
        // has a word for every two of them.
        unsafe {
            let lower = _mm512_maskz_loadu_ps(lower, source);
            let upper = _mm512_maskz_loadu_ps(upper, source.wrapping_add(16));
            let words: __m512i = transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(upper, lower));
            let mask = first(target.len());
            _mm512_mask_storeu_ps(target.as_mut_ptr(), mask, _mm512_castsi512_ps(words));
        }
    }
}
