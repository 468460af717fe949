//! Several windows on one face become one.

use super::grey::Square;

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
