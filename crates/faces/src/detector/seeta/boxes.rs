//! From windows that may be faces to one box a face: windows on one face are merged, and each
//! box is refined by running the detector again on the mirrored face.
//!
//! The classifiers look every few pixels and at a few sizes, so a box is off by as much, and
//! they were not trained to treat left and right alike. Searching the face alone,
//! scaled to a size the classifiers know well and mirrored, makes other errors; the mean of
//! both boxes has less of each.

use super::search_image::{Gray, SearchImage, Square};
use crate::{FaceBox, Photo, Window};

/// A window that may be a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) square: Square,
    pub(super) score: f64,
}

/// Of windows that overlap (intersection over union) by more than `most`, the one of the
/// highest score, with the scores of all. Of equals the first.
pub(super) fn merged(mut candidates: Vec<Candidate>, most: f32) -> Vec<Candidate> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Candidate> = Vec::new();
    let mut taken = vec![false; candidates.len()];
    for first in 0..candidates.len() {
        if taken[first] {
            continue;
        }
        let best = candidates[first];
        let mut score = best.score;
        for other in first + 1..candidates.len() {
            if !taken[other] && overlap(&best.square, &candidates[other].square) > most {
                taken[other] = true;
                score += candidates[other].score;
            }
        }
        kept.push(Candidate { score, ..best });
    }
    kept
}

/// Intersection over union.
fn overlap(a: &Square, b: &Square) -> f32 {
    let common = |a_at: i32, b_at: i32| (a_at + a.side).min(b_at + b.side) - a_at.max(b_at);
    let (width, height) = (common(a.x, b.x), common(a.y, b.y));
    if width <= 0 || height <= 0 {
        return 0.0;
    }
    let area = |side: i32| side as f32 * side as f32;
    let both = width as f32 * height as f32;
    both / (area(a.side) + area(b.side) - both)
}

/// Side of the face in the enlarged or reduced image, in pixels.
const FACE: f32 = 64.0;
/// Margin of the cut-out round the face on each side, in box sides.
const ROUND: f32 = 0.45;
/// The two boxes are of one face if they overlap (intersection over union) by
/// more than this.
const SAME_BOX: f32 = 0.4;

/// The box averaged with the one found in the mirrored cut-out, or unchanged where the face is
/// not found there. `search` gives the boxes of a gray image.
pub(super) fn refine_box(
    photo: &Photo,
    face: &FaceBox,
    search: impl Fn(&Gray) -> Vec<FaceBox>,
) -> FaceBox {
    let view = 1.0 + 2.0 * ROUND;
    let window = Window {
        x: f64::from(face.x - ROUND * face.width),
        y: f64::from(face.y - ROUND * face.height),
        width: f64::from(view * face.width),
        height: f64::from(view * face.height),
    };
    let side = (view * FACE).round();
    let image = SearchImage::mirrored(photo, window, side as usize);
    let again = search(&image.gray).into_iter().map(|mut found| {
        found.x = side - found.x - found.width;
        let found = image.to_photo(&found);
        FaceBox { x: found.x + window.x as f32, y: found.y + window.y as f32, ..found }
    });
    let best = again
        .filter(|found| super::super::overlap(found, face) > SAME_BOX)
        .max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(again) = best else { return *face };
    let mean = |a: f32, b: f32| (a + b) / 2.0;
    FaceBox {
        x: mean(face.x, again.x),
        y: mean(face.y, again.y),
        width: mean(face.width, again.width),
        height: mean(face.height, again.height),
        score: face.score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_windows_on_one_face_add_up() {
        let at = |x, score| Candidate { square: Square { x, y: 0, side: 10 }, score };
        let found = merged(vec![at(0, 1.0), at(50, 2.0), at(1, 3.0), at(2, 0.5)], 0.5);
        assert_eq!(found, [at(1, 4.5), at(50, 2.0)]);
        assert_eq!(merged(vec![at(0, 1.0), at(9, 1.0)], 0.5).len(), 2);
    }
}
