//! From the network's numbers to faces: what a cell says, and one box a face.

use facenet::network::detector::{BOX, CHANNELS, LANDMARK_SCALE, LANDMARKS, SCORE, STRIDES};
use ndarray::ArrayView3;

use crate::FaceBox;
use crate::detector::{DetectedLandmarks, Detection};

/// Most boxes that are compared with each other: the surest.
const MOST: usize = 2000;

/// The faces of a picture that are as probable as `score` or more, in pixels of the network's
/// input: all that [`facenet::network::detector`] says of its numbers.
///
/// # Shapes
/// `answers`: of the picture, of each stride, 16 × H / s × W / s.
///
/// # Panics
/// If a cell has not 16 numbers.
pub fn read_detections(
    answers: [ArrayView3<'_, f32>; 3],
    score: f32,
) -> impl Iterator<Item = Detection> {
    // The logarithm of the odds, as the network answers.
    let least = (f64::from(score) / (1.0 - f64::from(score))).ln() as f32;
    answers.into_iter().zip(STRIDES).flat_map(move |(cells, stride)| {
        let (channels, rows, columns) = cells.dim();
        assert_eq!(channels, CHANNELS, "numbers of a cell");
        let is_face = move |place: &[usize; 2]| cells[[SCORE, place[0], place[1]]] >= least;
        let places = (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]));
        places.filter(is_face).filter_map(move |place| face(cells, place, stride as f32))
    })
}

/// What a cell says; nothing if its numbers make no box.
fn face(cells: ArrayView3<'_, f32>, [row, column]: [usize; 2], stride: f32) -> Option<Detection> {
    let value = |channel: usize| cells[[channel, row, column]];
    let middle = [column, row].map(|place| (place as f32 + 0.5) * stride);
    let [left, top, right, bottom] = [0, 1, 2, 3].map(|side| stride * value(BOX + side).exp());
    let face_box = FaceBox {
        x: middle[0] - left,
        y: middle[1] - top,
        width: left + right,
        height: top + bottom,
        score: 1.0 / (1.0 + (-value(SCORE)).exp()),
    };
    let points = std::array::from_fn(|point| {
        [0, 1].map(|axis| middle[axis] + stride * value(LANDMARKS + 2 * point + axis))
    });
    let uncertainty = value(LANDMARK_SCALE).exp();
    let numbers =
        face_box.sides().into_iter().chain([face_box.area(), face_box.score, uncertainty]);
    let all_finite = numbers.chain(points.into_iter().flatten()).all(f32::is_finite);
    let is_box = all_finite && face_box.width > 0.0 && face_box.height > 0.0;
    is_box.then_some(Detection {
        face_box,
        landmarks: Some(DetectedLandmarks { points, uncertainty }),
    })
}

/// Of boxes that overlap (intersection over union) by more than `most` the surest; of equally
/// sure ones the first. The surest come first (non-maximum suppression).
pub fn merge_detections(mut found: Vec<Detection>, most: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.face_box.score.total_cmp(&a.face_box.score));
    found.truncate(MOST);
    let mut faces: Vec<Detection> = Vec::new();
    for face in found {
        if faces.iter().all(|kept| kept.face_box.overlap(&face.face_box) <= most) {
            faces.push(face);
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, Axis};

    use super::*;

    /// Answers to a picture of 64×96 pixels in which no cell is a face's.
    fn nothing() -> [Array4<f32>; 3] {
        STRIDES.map(|stride| {
            let mut answer = Array4::zeros((1, CHANNELS, 64 / stride, 96 / stride));
            answer.index_axis_mut(Axis(1), SCORE).fill(-20.0);
            answer
        })
    }

    fn read(answers: &[Array4<f32>; 3], score: f32) -> impl Iterator<Item = Detection> {
        read_detections(answers.each_ref().map(|answer| answer.index_axis(Axis(0), 0)), score)
    }

    fn set(answers: &mut [Array4<f32>; 3], output: usize, cell: [usize; 2], numbers: [f32; 16]) {
        for (channel, number) in numbers.into_iter().enumerate() {
            answers[output][[0, channel, cell[0], cell[1]]] = number;
        }
    }

    /// Score, distances in strides, landmarks, uncertainty.
    fn numbers(score: f32, sides: [f32; 4], uncertainty: f32) -> [f32; 16] {
        let mut numbers = [0.0; 16];
        numbers[SCORE] = (score / (1.0 - score)).ln();
        for (side, distance) in sides.into_iter().enumerate() {
            numbers[BOX + side] = distance.ln();
        }
        for (index, number) in numbers[LANDMARKS..LANDMARKS + 10].iter_mut().enumerate() {
            *number = index as f32 / 4.0;
        }
        numbers[LANDMARK_SCALE] = uncertainty.ln();
        numbers
    }

    #[test]
    fn a_cell_is_read_as_the_network_means_it() {
        let mut answers = nothing();
        assert_eq!(read(&answers, 0.5).count(), 0);
        set(&mut answers, 1, [2, 3], numbers(0.75, [1.0, 0.5, 2.0, 1.5], 0.125));
        let faces: Vec<_> = read(&answers, 0.5).collect();
        let [Detection { face_box, landmarks: Some(landmarks) }] = faces[..] else {
            panic!("{faces:?}")
        };
        // The middle of row 2 and column 3 at stride 16 is (56, 40).
        let expected = [40.0, 32.0, 48.0, 32.0];
        for (found, expected) in face_box.sides().into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{face_box:?}");
        }
        assert!((face_box.score - 0.75).abs() < 1e-6, "{face_box:?}");
        assert_eq!(landmarks.points[0], [56.0, 44.0]);
        assert_eq!(landmarks.points[4], [56.0 + 32.0, 40.0 + 36.0]);
        assert!((landmarks.uncertainty - 0.125).abs() < 1e-6);
    }

    #[test]
    fn every_stride_is_read_and_the_score_is_a_bound() {
        let mut answers = nothing();
        set(&mut answers, 0, [7, 11], numbers(0.6, [1.0; 4], 0.1));
        set(&mut answers, 2, [1, 0], numbers(0.9, [1.0; 4], 0.1));
        let middles = |score| -> Vec<_> {
            read(&answers, score).map(|face| face.face_box.middle()).collect()
        };
        assert_eq!(middles(0.5), [(92.0, 60.0), (16.0, 48.0)]);
        assert_eq!(middles(0.61), [(16.0, 48.0)]);
        assert_eq!(middles(0.91), []);
    }

    #[test]
    fn numbers_that_make_no_box_are_no_face() {
        for (channel, number) in [
            (BOX, f32::NAN),
            (BOX + 1, f32::INFINITY),
            (BOX + 2, 1000.0),
            (LANDMARKS + 9, f32::NAN),
            (LANDMARK_SCALE, f32::INFINITY),
            (SCORE, f32::NAN),
        ] {
            let mut answers = nothing();
            set(&mut answers, 0, [0, 0], numbers(0.9, [1.0; 4], 0.1));
            answers[0][[0, channel, 0, 0]] = number;
            assert_eq!(read(&answers, 0.5).count(), 0, "channel {channel} is {number}");
        }
    }

    #[test]
    fn of_boxes_that_overlap_the_surest_stays_with_its_landmarks() {
        let at = |x, score, uncertainty| Detection {
            face_box: FaceBox { x, y: 0.0, width: 10.0, height: 10.0, score },
            landmarks: Some(DetectedLandmarks { points: [[x, 1.0]; 5], uncertainty }),
        };
        let found = vec![at(0.0, 0.5, 0.1), at(50.0, 0.7, 0.2), at(1.0, 0.9, 0.3)];
        assert_eq!(merge_detections(found, 0.4), [at(1.0, 0.9, 0.3), at(50.0, 0.7, 0.2)]);
        // 5 of 15 in common.
        let found = vec![at(0.0, 0.5, 0.1), at(5.0, 0.9, 0.2)];
        assert_eq!(merge_detections(found.clone(), 0.34).len(), 2);
        assert_eq!(merge_detections(found, 0.33), [at(5.0, 0.9, 0.2)]);
        // Of equally sure ones the first.
        assert_eq!(
            merge_detections(vec![at(2.0, 0.5, 0.1), at(1.0, 0.5, 0.2)], 0.4),
            [at(2.0, 0.5, 0.1)]
        );
    }

    #[test]
    fn only_the_surest_of_very_many_are_compared() {
        let many = (0..3000).map(|i| Detection {
            face_box: FaceBox {
                x: 20.0 * i as f32,
                y: 0.0,
                width: 10.0,
                height: 10.0,
                score: i as f32 / 3000.0,
            },
            landmarks: None,
        });
        let faces = merge_detections(many.collect(), 0.4);
        assert_eq!(faces.len(), MOST);
        assert_eq!(faces[MOST - 1].face_box.x, 20_000.0);
    }
}
