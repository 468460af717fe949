//! Splits a batch into tasks: by shape alone, never by the number of threads.
//!
//! A task is some output rows of one image, or several small images as a whole, so that
//! it has enough pixels to reuse the weights and few enough to stay in cache.

use std::ops::Range;

use ndarray::{ArrayViewMut4, Axis};

/// Tasks that a batch is split into if it has enough pixels.
const TASKS: usize = 8;
/// Fewest pixels that are worth a task.
const FEWEST_PIXELS: usize = 48;

/// The output pixels of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) images: Range<usize>,
    /// All rows, unless there is only one image.
    pub(crate) rows: Range<usize>,
}

impl Task {
    /// Pixels of the task, `w` being the output's width.
    pub(crate) fn pixels(&self, w: usize) -> usize {
        self.images.len() * self.rows.len() * w
    }
}

/// Splits a batch of `n` outputs of `h` × `w` into tasks of about `pixels`, in order of
/// images and rows. The first is the largest: no other has more images or more rows.
pub(crate) fn split_batch([n, h, w]: [usize; 3], pixels: usize) -> Vec<Task> {
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
            .map(|start| Task { images: start..n.min(start + images), rows: 0..h })
            .collect();
    }
    let rows = h.div_ceil(plane.div_ceil(pixels));
    (0..n)
        .flat_map(|image| (0..h).step_by(rows).map(move |row| (image, row)))
        .map(|(image, row)| Task { images: image..image + 1, rows: row..h.min(row + rows) })
        .collect()
}

/// Splits an output, along its first and third axes, into the parts that the tasks write.
pub(crate) fn split_output<'a, T>(
    output: ArrayViewMut4<'a, T>,
    tasks: &[Task],
) -> Vec<ArrayViewMut4<'a, T>> {
    let mut parts = Vec::new();
    let mut rest = output;
    for same_images in tasks.chunk_by(|left, right| left.images == right.images) {
        let (mut band, tail) = rest.split_at(Axis(0), same_images[0].images.len());
        rest = tail;
        for task in same_images {
            let (part, tail) = band.split_at(Axis(2), task.rows.len());
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
    fn tasks_cover_every_row_of_every_image_once() {
        for shape in [[1, 1, 1], [1, 48, 48], [3, 24, 24], [48, 3, 3], [5, 12, 12], [2, 7, 300]] {
            let [n, h, w] = shape;
            let mut seen = vec![0; n * h];
            let tasks = split_batch(shape, 384);
            for task in &tasks {
                assert!(task.images.len() == 1 || task.rows == (0..h), "{shape:?}: {task:?}");
                assert!(task.images.len() <= tasks[0].images.len(), "{shape:?}");
                assert!(task.rows.len() <= tasks[0].rows.len(), "{shape:?}");
                for image in task.images.clone() {
                    task.rows.clone().for_each(|row| seen[image * h + row] += 1);
                }
            }
            assert!(seen.iter().all(|times| *times == 1), "{shape:?} {w}: {seen:?}");
        }
        assert!(split_batch([0, 3, 3], 384).is_empty());
    }

    #[test]
    fn an_output_is_split_as_the_tasks_are() {
        let shape = [5, 6, 7];
        let tasks = split_batch(shape, 20);
        let mut array = ndarray::Array4::<usize>::zeros((5, 2, 6, 7));
        for (index, mut part) in split_output(array.view_mut(), &tasks).into_iter().enumerate() {
            part.fill(index);
        }
        for ((image, _, row, _), index) in array.indexed_iter() {
            let task = &tasks[*index];
            assert!(task.images.contains(&image) && task.rows.contains(&row), "{image}, {row}");
        }
    }
}
