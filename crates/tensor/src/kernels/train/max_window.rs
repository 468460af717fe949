//! The maxima of windows and their indices, for max-pools whose derivative is wanted.

use crate::Element;
use crate::kernels::simd::{SimdOp, Vector};
use crate::ops::Pool2dOptions;

/// The maxima of one plane.
pub(crate) struct PlaneMaxima<'a, T> {
    pub(crate) plane: &'a [T],
    pub(crate) options: Pool2dOptions,
    /// Scratch for a row of the input, as is `line`.
    pub(crate) columns: Maxima<'a, T>,
    pub(crate) line: Maxima<'a, T>,
    pub(crate) outputs: Maxima<'a, T>,
    pub(crate) ow: usize,
}

impl<T: Element> SimdOp for PlaneMaxima<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { plane, options, columns, line, outputs, ow } = self;
        let lines = outputs.0.chunks_exact_mut(ow).zip(outputs.1.chunks_exact_mut(ow));
        for (y, outputs) in lines.enumerate() {
            let (columns, line) =
                ((&mut *columns.0, &mut *columns.1), (&mut *line.0, &mut *line.1));
            line_maxima(plane, options, y, [columns, line], outputs);
        }
    }
}

/// Values and their indices in the plane.
pub(crate) type Maxima<'a, T> = (&'a mut [T], &'a mut [u32]);

/// The maxima of one line of windows.
///
/// As in `pool_window.rs`: first along the columns, then along the row, for every column
/// although a stride skips some. `columns` and `line` are scratch for a row of the input.
#[inline(always)]
fn line_maxima<T: Element>(
    plane: &[T],
    options: Pool2dOptions,
    y: usize,
    [columns, line]: [Maxima<'_, T>; 2],
    outputs: Maxima<'_, T>,
) {
    let w = columns.0.len();
    let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
    let rows = &plane[y * sh * w..][..kh * w];
    let (columns, column_places) = (&mut columns.0[..w], &mut columns.1[..w]);
    columns.copy_from_slice(&rows[..w]);
    let first = (y * sh * w) as u32;
    for i in 0..w {
        column_places[i] = first + i as u32;
    }
    // Indices and selections instead of branches: the compiler vectorizes this form.
    for row in 1..kh {
        let (values, first) = (&rows[row * w..][..w], ((y * sh + row) * w) as u32);
        for i in 0..w {
            // Only a greater value replaces another: of equals the first remains.
            let is_taken = is_greater(values[i], columns[i]);
            columns[i] = if is_taken { values[i] } else { columns[i] };
            column_places[i] = if is_taken { first + i as u32 } else { column_places[i] };
        }
    }
    let windows = w + 1 - kw;
    let (line, line_places) = (&mut line.0[..windows], &mut line.1[..windows]);
    line.copy_from_slice(&columns[..windows]);
    line_places.copy_from_slice(&column_places[..windows]);
    for offset in 1..kw {
        let (values, places) = (&columns[offset..][..windows], &column_places[offset..][..windows]);
        for i in 0..windows {
            // Of equals, the maximum of a later column is first if its row is higher up.
            let is_tie = !is_greater(line[i], values[i]) & (places[i] < line_places[i]);
            let is_taken = is_greater(values[i], line[i]) | is_tie;
            line[i] = if is_taken { values[i] } else { line[i] };
            line_places[i] = if is_taken { places[i] } else { line_places[i] };
        }
    }
    let maxima = line.iter().zip(line_places.iter()).step_by(sw);
    for ((output, place), (value, at)) in outputs.0.iter_mut().zip(outputs.1).zip(maxima) {
        (*output, *place) = (*value, *at);
    }
}

/// Whether `value` is greater than `other`, a NaN being greater than any number.
#[inline(always)]
fn is_greater<T: Element>(value: T, other: T) -> bool {
    (value > other) | (value.is_nan() & !other.is_nan())
}
