//! From the network's numbers to boxes.

use ndarray::ArrayViewD;

use super::assignment::{CHANNELS, STRIDES};
use super::known::{KnownFace, overlap};

/// Boxes that share more than this with a better one are the same face.
const SAME: f32 = 0.4;
/// Longest side of a box, in strides: logarithms beyond are cut.
const LONGEST: f32 = 1e3;

/// The faces of one image of a batch with a score of `least` or more, the best first, after
/// non-maximum suppression. `outputs` are those of the strides 8, 16 and 32.
pub(super) fn decode(outputs: &[ArrayViewD<'_, f32>], image: usize, least: f32) -> Vec<KnownFace> {
    let mut found = Vec::new();
    let logit = (least / (1.0 - least)).ln();
    for (output, stride) in outputs.iter().zip(STRIDES) {
        let &[_, channels, rows, columns] = output.shape() else {
            panic!("decode: an output of shape {:?}", output.shape())
        };
        assert_eq!(channels, CHANNELS, "decode: channels");
        let s = stride as f32;
        for row in 0..rows {
            for column in 0..columns {
                let at = |channel: usize| output[[image, channel, row, column]];
                if at(0) < logit {
                    continue;
                }
                let [x, y] = [(column as f32 + 0.5) * s, (row as f32 + 0.5) * s];
                let side = |i: usize| s * at(1 + i).exp().min(LONGEST);
                found.push(KnownFace {
                    sides: [x - side(0), y - side(1), x + side(2), y + side(3)],
                    landmarks: std::array::from_fn(|i| {
                        [x + s * at(5 + 2 * i), y + s * at(6 + 2 * i)]
                    }),
                    score: 1.0 / (1.0 + (-at(0)).exp()),
                });
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<KnownFace> = Vec::new();
    for face in found {
        if kept.iter().all(|better| overlap(&better.sides, &face.sides) <= SAME) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;

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
            output.index_axis_mut(ndarray::Axis(1), 0).fill(-9.0);
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
