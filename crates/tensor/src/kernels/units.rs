//! How a batch is cut into tasks: by shape alone, never by the number of threads.
//!
//! A task is some output rows of one image, or several small images whole, so that
//! it has enough pixels to use weights often and few enough to stay in cache.

use std::ops::Range;

use ndarray::{ArrayViewMut4, Axis};

/// Tasks that a batch is cut into if it has enough pixels for them.
const TASKS: usize = 8;
/// Pixels below which a task is not worth having.
const FEWEST_PIXELS: usize = 48;

/// The output pixels of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) images: Range<usize>,
    /// All rows, unless there is only one image.
    pub(crate) rows: Range<usize>,
}

impl Unit {
    /// Pixels of the unit, `w` being the output's width.
    pub(crate) fn pixels(&self, w: usize) -> usize {
        self.images.len() * self.rows.len() * w
    }
}

/// Cuts a batch of `n` outputs of `h` × `w` into units of about `pixels`, in order of
/// images and rows. The first is the largest; the others are no larger in either way.
pub(crate) fn units([n, h, w]: [usize; 3], pixels: usize) -> Vec<Unit> {
    let plane = h * w;
    if n * plane == 0 {
        return Vec::new();
    }
    let pixels = pixels.min((n * plane).div_ceil(TASKS).max(2 * FEWEST_PIXELS));
    if plane < pixels {
        let tasks = n.div_ceil(pixels / plane);
        // An even number keeps two threads equally busy.
        let even =
            if n * plane >= FEWEST_PIXELS { tasks.next_multiple_of(2).min(n) } else { tasks };
        let images = n.div_ceil(even);
        let starts = (0..n).step_by(images);
        return starts
            .map(|start| Unit { images: start..n.min(start + images), rows: 0..h })
            .collect();
    }
    let rows = h.div_ceil(plane.div_ceil(pixels));
    (0..n)
        .flat_map(|image| (0..h).step_by(rows).map(move |row| (image, row)))
        .map(|(image, row)| Unit { images: image..image + 1, rows: row..h.min(row + rows) })
        .collect()
}

/// Cuts an array along its first and third axes into the parts of the units.
pub(crate) fn cut<'a, T>(array: ArrayViewMut4<'a, T>, units: &[Unit]) -> Vec<ArrayViewMut4<'a, T>> {
    let mut parts = Vec::new();
    let mut rest = array;
    for images in units.chunk_by(|left, right| left.images == right.images) {
        let (mut band, tail) = rest.split_at(Axis(0), images[0].images.len());
        rest = tail;
        for unit in images {
            let (part, tail) = band.split_at(Axis(2), unit.rows.len());
            band = tail;
            parts.push(part);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_cover_every_row_of_every_image_once() {
        for shape in [[1, 1, 1], [1, 48, 48], [3, 24, 24], [48, 3, 3], [5, 12, 12], [2, 7, 300]] {
            let [n, h, w] = shape;
            let mut seen = vec![0; n * h];
            let units = units(shape, 384);
            for unit in &units {
                assert!(unit.images.len() == 1 || unit.rows == (0..h), "{shape:?}: {unit:?}");
                assert!(unit.images.len() <= units[0].images.len(), "{shape:?}");
                assert!(unit.rows.len() <= units[0].rows.len(), "{shape:?}");
                for image in unit.images.clone() {
                    unit.rows.clone().for_each(|row| seen[image * h + row] += 1);
                }
            }
            assert!(seen.iter().all(|times| *times == 1), "{shape:?} {w}: {seen:?}");
        }
        assert!(units([0, 3, 3], 384).is_empty());
    }

    #[test]
    fn cutting_follows_the_units() {
        let shape = [5, 6, 7];
        let units = units(shape, 20);
        let mut array = ndarray::Array4::<usize>::zeros((5, 2, 6, 7));
        for (index, mut part) in cut(array.view_mut(), &units).into_iter().enumerate() {
            part.fill(index);
        }
        for ((image, _, row, _), index) in array.indexed_iter() {
            let unit = &units[*index];
            assert!(unit.images.contains(&image) && unit.rows.contains(&row), "{image}, {row}");
        }
    }
}
