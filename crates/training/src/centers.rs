//! The centers of people's targets.
//!
//! A teacher's encodings of one person scatter round their mean. The mean is the better
//! target as far as the person goes, the encoding itself as far as the image goes;
//! training may draw each target part of the way to its person's center, and may hold
//! encodings against all centers by a margin softmax.
//!
//! Targets may have coordinates that are the same for all (the shared packs have one, which
//! completes the others to unit length). Those are kept, and the others scaled so that the
//! length is 1: a plain mean would move everybody toward one pole.

use std::collections::{HashMap, HashSet};

use facenet::network::ENCODING_LENGTH;
use ndarray::{Array2, ArrayView2, ArrayViewMut1};

use super::people::People;
use super::source::Source;

/// How far a coordinate may be from its mean in any target and still count as the same for
/// all: targets are stored in half precision.
const FIXED_TOLERANCE: f32 = 2e-3;

/// A unit vector for each person with two images or more.
#[derive(Clone, Debug)]
pub(super) struct Centers {
    rows: HashMap<u32, usize>,
    values: Array2<f32>,
    /// Coordinates that are the same in all targets.
    is_fixed: [bool; ENCODING_LENGTH],
}

impl Centers {
    /// Centers over all images of `source` but those `held_out`; `None` where it has no targets.
    pub(super) fn of(source: &dyn Source, held_out: &HashSet<usize>) -> Option<Self> {
        if !source.has_targets() {
            return None;
        }
        let is_fixed = fixed_coordinates(source);
        let mut groups = People::of(source).groups;
        groups.retain(|group| !held_out.contains(&group[0]));
        let mut values = Array2::zeros((groups.len(), ENCODING_LENGTH));
        let mut rows = HashMap::with_capacity(groups.len());
        for (row, group) in groups.iter().enumerate() {
            rows.insert(source.identity(group[0]), row);
            let mut center = values.row_mut(row);
            for target in group.iter().filter_map(|&index| source.target(index)) {
                center.iter_mut().zip(target).for_each(|(sum, value)| *sum += value);
            }
            center /= group.len() as f32;
            restore_length(center, &is_fixed);
        }
        Some(Self { rows, values, is_fixed })
    }

    /// All centers, `(people, 128)`.
    pub(super) fn values(&self) -> ArrayView2<'_, f32> {
        self.values.view()
    }

    /// The row of a person's center; `None` for who has a single image or was held out.
    pub(super) fn row(&self, identity: u32) -> Option<usize> {
        self.rows.get(&identity).copied()
    }

    /// Moves each target by `share` of the way to its person's center, along the sphere's
    /// chord, and back to unit length.
    pub(super) fn draw(&self, targets: &mut Array2<f32>, identities: &[u32], share: f32) {
        for (mut target, &identity) in targets.rows_mut().into_iter().zip(identities) {
            let Some(row) = self.row(identity) else { continue };
            target.zip_mut_with(&self.values.row(row), |value, &center| {
                *value += share * (center - *value);
            });
            restore_length(target, &self.is_fixed);
        }
    }
}

fn fixed_coordinates(source: &dyn Source) -> [bool; ENCODING_LENGTH] {
    let mut range = [[f32::INFINITY, f32::NEG_INFINITY]; ENCODING_LENGTH];
    for target in (0..source.len()).filter_map(|index| source.target(index)) {
        for (range, value) in range.iter_mut().zip(target) {
            *range = [range[0].min(value), range[1].max(value)];
        }
    }
    let is_fixed = range.map(|[least, most]| most - least <= FIXED_TOLERANCE);
    // All alike, as with a single image: then none is special.
    if is_fixed == [true; ENCODING_LENGTH] { [false; ENCODING_LENGTH] } else { is_fixed }
}

/// Scales the coordinates that are not fixed so that the length is 1. A row whose free
/// coordinates cancel out stays as it is.
fn restore_length(mut row: ArrayViewMut1<'_, f32>, is_fixed: &[bool; ENCODING_LENGTH]) {
    let squares = |of_fixed: bool| -> f32 {
        let chosen = row.iter().zip(is_fixed).filter(|&(_, &fixed)| fixed == of_fixed);
        chosen.map(|(value, _)| value * value).sum()
    };
    let (fixed, free) = (squares(true), squares(false));
    if free > 1e-12 && fixed < 1.0 {
        let factor = ((1.0 - fixed) / free).sqrt();
        for (value, _) in row.iter_mut().zip(is_fixed).filter(|&(_, &fixed)| !fixed) {
            *value *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Target;
    use crate::source::{Canvas, SourceError};

    /// Person and target of each image.
    struct Targets(Vec<(u32, Target)>);

    impl Source for Targets {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn identity(&self, index: usize) -> u32 {
            self.0[index].0
        }
        fn name(&self, index: usize) -> String {
            index.to_string()
        }
        fn canvas(&self, _: usize) -> Result<Canvas, SourceError> {
            unreachable!("centers decode nothing")
        }
        fn has_targets(&self) -> bool {
            true
        }
        fn target(&self, index: usize) -> Option<Target> {
            Some(self.0[index].1)
        }
    }

    /// The last coordinate is 0.8 in all; the others are (x, y) of length 0.6.
    fn target(degrees: f32) -> Target {
        let mut target = [0.0; ENCODING_LENGTH];
        let (y, x) = degrees.to_radians().sin_cos();
        [target[0], target[1], target[127]] = [0.6 * x, 0.6 * y, 0.8];
        target
    }

    fn angle(row: ndarray::ArrayView1<'_, f32>) -> f32 {
        row[1].atan2(row[0]).to_degrees()
    }

    #[test]
    fn a_center_lies_in_the_middle_and_keeps_the_fixed_coordinate() {
        let images = [(5, 10.0), (5, 50.0), (6, 80.0), (9, 0.0), (9, 4.0)];
        let source = Targets(images.map(|(person, a)| (person, target(a))).to_vec());
        let centers = Centers::of(&source, &HashSet::from([3, 4])).unwrap();
        assert_eq!(centers.values().nrows(), 1, "one has a single image, one is held out");
        let row = centers.values().row(centers.row(5).unwrap()).to_owned();
        assert!((angle(row.view()) - 30.0).abs() < 1e-3);
        assert!((row[127] - 0.8).abs() < 1e-6 && (row.dot(&row) - 1.0).abs() < 1e-6);
        assert_eq!((centers.row(6), centers.row(9)), (None, None));

        let rows = [10.0, 80.0].map(|a| target(a).to_vec()).concat();
        let mut targets = Array2::from_shape_vec((2, ENCODING_LENGTH), rows).unwrap();
        centers.draw(&mut targets, &[5, 6], 0.5);
        // Half of the chord between 10° and 30° lies at 20°.
        assert!((angle(targets.row(0)) - 20.0).abs() < 1e-3);
        assert!((angle(targets.row(1)) - 80.0).abs() < 1e-3, "has no center and stays");
        assert!(targets.column(127).iter().all(|value| (value - 0.8).abs() < 1e-6));
    }
}
