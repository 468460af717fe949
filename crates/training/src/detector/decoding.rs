//! From the network's numbers to boxes, as `faces` reads them where faces are looked for.

use faces::{merge_detections, read_detections};
use ndarray::{ArrayView3, ArrayViewD, Axis, Ix3};

use super::known::KnownFace;

/// Boxes that share more than this with a better one are the same face.
const SAME: f32 = 0.4;

/// The faces of one image of a batch with a score of `least` or more, the best first, after
/// non-maximum suppression. `outputs` are those of the strides 8, 16 and 32.
pub(super) fn decode(outputs: &[ArrayViewD<'_, f32>], image: usize, least: f32) -> Vec<KnownFace> {
    let answers: [ArrayView3<'_, f32>; 3] = std::array::from_fn(|stride| {
        let answer = outputs[stride].index_axis(Axis(0), image);
        match answer.into_dimensionality::<Ix3>() {
            Ok(answer) => answer,
            Err(_) => panic!("decode: an output of shape {:?}", outputs[stride].shape()),
        }
    });
    let found = merge_detections(read_detections(answers, least).collect(), SAME);
    let known = |face: faces::Detection| {
        let [x, y, width, height] = face.face_box.sides();
        Some(KnownFace {
            sides: [x, y, x + width, y + height],
            landmarks: face.landmarks?.points,
            score: face.face_box.score,
        })
    };
    found.into_iter().filter_map(known).collect()
}

#[cfg(test)]
mod tests {
    use facenet::network::detector::CHANNELS;
    use ndarray::Array4;

    use super::*;
    use crate::detector::known::overlap;

    #[test]
    fn a_cell_is_decoded_as_it_was_assigned() {
        use crate::detector::assignment::assign;
        use crate::detector::scene::SceneFace;

        let sides = [30.0, 50.0, 60.0, 90.0];
        let landmarks = [[38.0, 62.0], [51.0, 63.0], [45.0, 70.0], [39.0, 80.0], [50.0, 81.0]];
        let known = KnownFace { sides, landmarks, score: 1.0 };
        let targets = assign(&[&[SceneFace { known, is_sure: true }]], 128);
        let mut outputs = [16, 8, 4].map(|cells| {
            let mut output = Array4::<f32>::zeros((1, CHANNELS, cells, cells));
            output.index_axis_mut(Axis(1), 0).fill(-9.0);
            output
        });
        for positive in &targets.positives {
            assert!(positive.cell < 256, "the face suits stride 8");
            let at = |channel: usize| [0, channel, positive.cell / 16, positive.cell % 16];
            outputs[0][at(0)] = 2.0;
            (0..4).for_each(|i| outputs[0][at(1 + i)] = positive.sides[i].ln());
            (0..10).for_each(|i| outputs[0][at(5 + i)] = positive.landmarks[i]);
        }
        let views = outputs.each_ref().map(|output| output.view().into_dyn());
        let [found] = decode(&views, 0, 0.5)[..] else { panic!("one face") };
        assert!((found.score - 0.8808).abs() < 1e-4);
        assert!(overlap(&found.sides, &sides) > 0.999);
        for (a, b) in found.landmarks.as_flattened().iter().zip(landmarks.as_flattened()) {
            assert!((a - b).abs() < 1e-3);
        }
    }
}
