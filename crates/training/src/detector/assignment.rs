//! Which cells answer for which face.
//!
//! A face belongs to the stride whose cells suit its size, and there to the cells next to the
//! middle of its visible part. Cells of a neighboring stride that the face would suit almost
//! as well, and all cells on faces that are too small or of which the teacher is not sure, are
//! left out of the loss: they are neither faces nor mistakes.

use facenet::network::detector::STRIDES;

use super::scene::SceneFace;

/// Sizes of the faces of each stride, in pixels, from and below. They overlap: such a face is
/// learned at two strides.
const SIZES: [[f32; 2]; 3] = [[0.0, 44.0], [36.0, 100.0], [82.0, f32::INFINITY]];
/// By what factor the sizes of a stride reach on, where its cells are left out.
const REACH: f32 = 1.5;
/// How far from the middle a cell may be, in strides along each axis.
const RADIUS: f32 = 1.5;
/// The same as a share of the face's width or height: cells near the edge know less.
const SHARE: f32 = 0.3;

/// What the cells of a batch should say. Cells are numbered output by output, in each image
/// by image, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Targets {
    /// Weight of each cell's score in the loss: 1 or 0.
    pub(super) weights: Vec<f32>,
    /// Cells that answer for a face, ascending.
    pub(super) positives: Vec<Positive>,
}

/// A cell that answers for a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Positive {
    pub(super) cell: usize,
    /// Distances of left, top, right and bottom from the cell's center, in strides; positive.
    pub(super) sides: [f32; 4],
    /// The landmarks from the cell's center, in strides.
    pub(super) landmarks: [f32; 10],
    /// The face's size in strides.
    pub(super) size: f32,
}

/// The targets of scenes of `side` × `side` pixels, by their faces.
pub(super) fn assign(scenes: &[&[SceneFace]], side: usize) -> Targets {
    let mut targets = Targets::default();
    for (stride, sizes) in STRIDES.into_iter().zip(SIZES) {
        let cells = side / stride;
        for faces in scenes {
            let first = targets.weights.len();
            let grid = Grid { stride: stride as f32, cells, first };
            targets.weights.resize(first + cells * cells, 1.0);
            leave_out(&grid, faces, sizes, &mut targets.weights);
            let mut owners: Vec<Option<(f32, Positive)>> = vec![None; cells * cells];
            for face in faces.iter().filter(|face| face.is_sure) {
                if (sizes[0]..sizes[1]).contains(&face.known.size()) {
                    claim(&grid, face, side as f32, &mut owners);
                }
            }
            for (_, positive) in owners.into_iter().flatten() {
                targets.weights[positive.cell] = 1.0;
                targets.positives.push(positive);
            }
        }
    }
    targets
}

/// The cells of one image and stride.
struct Grid {
    stride: f32,
    cells: usize,
    /// Number of the first.
    first: usize,
}

impl Grid {
    /// The middle of a column's or row's cells, in pixels.
    fn center(&self, index: usize) -> f32 {
        (index as f32 + 0.5) * self.stride
    }

    /// Columns or rows whose centers lie from `low` to `high`.
    fn between(&self, low: f32, high: f32) -> std::ops::Range<usize> {
        let index = |place: f32| (place / self.stride - 0.5).clamp(-1.0, self.cells as f32);
        let first = index(low).ceil().max(0.0) as usize;
        let end = (index(high).floor() + 1.0).max(0.0) as usize;
        first.min(self.cells)..end.min(self.cells)
    }
}

/// Takes cells out of the loss: on faces that are not to be learned, and in the middle of
/// those that almost suit the stride.
fn leave_out(grid: &Grid, faces: &[SceneFace], sizes: [f32; 2], weights: &mut [f32]) {
    for face in faces {
        let [left, top, right, bottom] = face.known.sides;
        let size = face.known.size();
        let mut area = [left, top, right, bottom];
        if face.is_sure {
            let is_near = size >= sizes[0] / REACH && size < sizes[1] * REACH;
            if !is_near || (sizes[0]..sizes[1]).contains(&size) {
                continue;
            }
            let [x, y] = face.known.middle();
            let [w, h] = face.known.dimensions().map(|v| v * SHARE);
            area = [x - w, y - h, x + w, y + h];
        }
        for row in grid.between(area[1], area[3]) {
            for column in grid.between(area[0], area[2]) {
                weights[grid.first + row * grid.cells + column] = 0.0;
            }
        }
    }
}

/// Gives a face the cells that are free or nearer to it than to their owner.
fn claim(grid: &Grid, face: &SceneFace, side: f32, owners: &mut [Option<(f32, Positive)>]) {
    let sides = face.known.sides;
    let visible = sides.map(|v| v.clamp(0.0, side));
    let middle = [(visible[0] + visible[2]) / 2.0, (visible[1] + visible[3]) / 2.0];
    let dimensions = face.known.dimensions();
    // At least the nearest cell, if its center is on the face.
    let reach = [0, 1].map(|axis: usize| {
        (RADIUS * grid.stride).min(SHARE * dimensions[axis]).max(grid.stride / 2.0)
    });
    for row in grid.between(middle[1] - reach[1], middle[1] + reach[1]) {
        for column in grid.between(middle[0] - reach[0], middle[0] + reach[0]) {
            let center = [grid.center(column), grid.center(row)];
            let [x, y] = center;
            let distances = [x - sides[0], y - sides[1], sides[2] - x, sides[3] - y];
            let distances = distances.map(|distance| distance / grid.stride);
            if distances.iter().any(|&distance| distance <= 0.05) {
                continue;
            }
            let off = (x - middle[0]).hypot(y - middle[1]) / face.known.size();
            let owner = &mut owners[row * grid.cells + column];
            if owner.as_ref().is_some_and(|(before, _)| *before <= off) {
                continue;
            }
            let landmarks = std::array::from_fn(|i| {
                (face.known.landmarks[i / 2][i % 2] - center[i % 2]) / grid.stride
            });
            let positive = Positive {
                cell: grid.first + row * grid.cells + column,
                sides: distances,
                landmarks,
                size: face.known.size() / grid.stride,
            };
            *owner = Some((off, positive));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::known::KnownFace;

    fn face(middle: [f32; 2], size: f32) -> SceneFace {
        let [x, y] = middle;
        let half = size / 2.0;
        let landmarks = [[-0.2, -0.1], [0.2, -0.1], [0.0, 0.1], [-0.15, 0.3], [0.15, 0.3]]
            .map(|[right, down]| [x + right * size, y + down * size]);
        let sides = [x - half, y - half, x + half, y + half];
        SceneFace { known: KnownFace { sides, landmarks, score: 1.0 }, is_sure: true }
    }

    /// Stride, image, column and row of a cell.
    fn place(cell: usize, scenes: usize, side: usize) -> (usize, usize, usize, usize) {
        let mut rest = cell;
        for stride in STRIDES {
            let cells = side / stride;
            if rest < scenes * cells * cells {
                let (image, inside) = (rest / (cells * cells), rest % (cells * cells));
                return (stride, image, inside % cells, inside / cells);
            }
            rest -= scenes * cells * cells;
        }
        panic!("cell {cell}")
    }

    #[test]
    fn every_size_has_cells_whose_answers_lead_back_to_the_face() {
        for size in [12.0, 20.0, 40.0, 43.0, 64.0, 90.0, 120.0, 250.0, 400.0] {
            for middle in [[100.3, 90.7], [128.0, 128.0], [40.0, 200.0]] {
                let known = face(middle, size);
                let targets = assign(&[&[], &[known]], 256);
                assert_eq!(targets.weights.len(), 2 * (32 * 32 + 16 * 16 + 8 * 8));
                assert!(!targets.positives.is_empty(), "{size} at {middle:?}");
                for positive in &targets.positives {
                    let (stride, image, column, row) = place(positive.cell, 2, 256);
                    assert_eq!(image, 1);
                    let s = stride as f32;
                    let center = [(column as f32 + 0.5) * s, (row as f32 + 0.5) * s];
                    let left = center[0] - s * positive.sides[0];
                    let bottom = center[1] + s * positive.sides[3];
                    assert!((left - known.known.sides[0]).abs() < 1e-3);
                    assert!((bottom - known.known.sides[3]).abs() < 1e-3);
                    let nose = center[1] + s * positive.landmarks[5];
                    assert!((nose - known.known.landmarks[2][1]).abs() < 1e-3);
                    assert!((positive.size * s - size).abs() < 1e-3);
                    assert_eq!(targets.weights[positive.cell], 1.0);
                }
            }
        }
    }

    #[test]
    fn a_face_cut_by_the_border_has_cells_on_its_visible_part() {
        let targets = assign(&[&[face([-10.0, 128.0], 60.0)]], 256);
        assert!(!targets.positives.is_empty());
    }

    #[test]
    fn cells_between_two_faces_go_to_the_nearer_and_each_has_some() {
        let faces = [face([100.0, 100.0], 30.0), face([118.0, 100.0], 30.0)];
        let targets = assign(&[&faces], 256);
        let mut found = [0; 2];
        let mut before = None;
        for positive in &targets.positives {
            let (stride, _, column, _) = place(positive.cell, 1, 256);
            let center = (column as f32 + 0.5) * stride as f32;
            let left = center - stride as f32 * positive.sides[0];
            let owner = usize::from((left - faces[1].known.sides[0]).abs() < 1e-3);
            found[owner] += 1;
            let other = faces[1 - owner].known.middle()[0];
            assert!((center - faces[owner].known.middle()[0]).abs() <= (center - other).abs());
            assert!(before < Some(positive.cell), "ascending");
            before = Some(positive.cell);
        }
        assert!(found.iter().all(|&count| count > 0), "{found:?}");
    }

    #[test]
    fn uncertain_faces_are_left_out_and_nothing_else() {
        let mut doubtful = face([128.0, 128.0], 50.0);
        doubtful.is_sure = false;
        let targets = assign(&[&[doubtful]], 256);
        assert!(targets.positives.is_empty());
        let out = targets.weights.iter().filter(|&&weight| weight == 0.0).count();
        // 6 × 6 of stride 8, 3 × 3 or so of stride 16, 1 to 4 of stride 32.
        assert!((40..60).contains(&out), "{out}");
        let targets = assign(&[&[]], 256);
        assert!(targets.weights.iter().all(|&weight| weight == 1.0));
    }

    #[test]
    fn a_neighboring_stride_is_left_out_where_a_face_almost_suits_it() {
        // 30 is of stride 8 alone; stride 16 begins at 36.
        let targets = assign(&[&[face([128.0, 128.0], 30.0)]], 256);
        let strides: Vec<usize> =
            targets.positives.iter().map(|p| place(p.cell, 1, 256).0).collect();
        assert!(strides.iter().all(|&stride| stride == 8));
        let left_out: Vec<usize> = (0..targets.weights.len())
            .filter(|&cell| targets.weights[cell] == 0.0)
            .map(|cell| place(cell, 1, 256).0)
            .collect();
        assert!(!left_out.is_empty() && left_out.iter().all(|&stride| stride == 16));
    }
}
