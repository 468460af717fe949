//! What hides a part of a face: masks, dark glasses, hands and other things.

use tensor::Random;

use super::SceneFace;
use super::canvas::Canvas;
use crate::random::between;

/// Sometimes covers a part of each face that is to be learned.
pub(super) fn cover(canvas: &mut Canvas, random: &mut Random) {
    for index in 0..canvas.faces.len() {
        let face = canvas.faces[index];
        // The shapes below are those of a face that looks at the camera, more or less.
        let is_frontal = (0.1..0.9).contains(&face.known.nose());
        let way = random.uniform();
        if !face.is_sure {
            continue;
        }
        match way {
            way if way < 0.07 && is_frontal => mask(canvas, &face, random),
            way if way < 0.10 && is_frontal => glasses(canvas, &face, random),
            way if way > 0.95 => patch(canvas, &face, random),
            _ => {}
        }
    }
}

/// A frame of reference on a face: its origin is half way between the eyes, and both axes
/// are as long as the eyes are apart.
struct Axes {
    origin: [f32; 2],
    right: [f32; 2],
    down: [f32; 2],
}

impl Axes {
    fn of(face: &SceneFace) -> Self {
        let [left, right, ..] = face.known.landmarks;
        let along = [right[0] - left[0], right[1] - left[1]];
        Self {
            origin: [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0],
            right: along,
            down: [-along[1], along[0]],
        }
    }

    fn point(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [0, 1].map(|axis| self.origin[axis] + x * self.right[axis] + y * self.down[axis])
    }
}

/// A mask over nose, mouth and chin.
fn mask(canvas: &mut Canvas, face: &SceneFace, random: &mut Random) {
    let axes = Axes::of(face);
    let rise = between(random, -0.1, 0.25) as f32;
    let outline = [
        [-1.05, 0.55],
        [-0.35, 0.35 + rise],
        [0.0, 0.28 + rise],
        [0.35, 0.35 + rise],
        [1.05, 0.55],
        [0.95, 1.35],
        [0.5, 2.0],
        [0.0, 2.15],
        [-0.5, 2.0],
        [-0.95, 1.35],
    ];
    let outline = outline
        .map(|point: [f32; 2]| axes.point(point.map(|v| v + between(random, -0.06, 0.06) as f32)));
    let base = match random.below(4) {
        0 => [0.93, 0.93, 0.95],
        1 => [0.55, 0.75, 0.9],
        2 => [0.08, 0.08, 0.1],
        _ => [(); 3].map(|()| random.uniform() as f32),
    };
    // Folds.
    let (period, depth) = (between(random, 0.15, 0.6) as f32, between(random, 0.0, 0.12) as f32);
    let [across, along] = [axes.right, axes.down];
    let square = (along[0] * along[0] + along[1] * along[1]).max(1e-6);
    fill(canvas, &outline, |[x, y]| {
        let [dx, dy] = [x - axes.origin[0], y - axes.origin[1]];
        let [u, v] = [across, along].map(|axis| (dx * axis[0] + dy * axis[1]) / square);
        let shade = 1.0 - 0.15 * u * u + depth * (v / period * std::f32::consts::TAU).sin();
        base.map(|value| (value * shade).clamp(0.0, 1.0))
    });
}

/// Dark glasses.
fn glasses(canvas: &mut Canvas, face: &SceneFace, random: &mut Random) {
    let axes = Axes::of(face);
    let color = [(); 3].map(|()| 0.2 * random.uniform() as f32);
    let height = between(random, 0.22, 0.4) as f32;
    for middle in [-0.5_f32, 0.5] {
        let outline: [[f32; 2]; 12] = std::array::from_fn(|i| {
            let angle = i as f32 / 12.0 * std::f32::consts::TAU;
            axes.point([middle + 0.42 * angle.cos(), height * angle.sin() + 0.04])
        });
        fill(canvas, &outline, |_| color);
    }
    let bridge = [[-0.2, -0.05], [0.2, -0.05], [0.2, 0.03], [-0.2, 0.03]];
    fill(canvas, &bridge.map(|point| axes.point(point)), |_| color);
}

/// A quadrangle of one color over a third of the face or less.
fn patch(canvas: &mut Canvas, face: &SceneFace, random: &mut Random) {
    let [left, top, ..] = face.known.sides;
    let [width, height] = face.known.dimensions();
    let middle = [
        left + width * between(random, 0.0, 1.0) as f32,
        top + height * between(random, 0.0, 1.0) as f32,
    ];
    let color = match random.below(2) {
        0 => [0.8, 0.6, 0.5].map(|v: f32| v * between(random, 0.3, 1.1) as f32),
        _ => [(); 3].map(|()| random.uniform() as f32),
    };
    let turn = between(random, 0.0, std::f64::consts::TAU) as f32;
    let [long, short] =
        [0.45, 0.2].map(|share: f32| share * face.known.size() * between(random, 0.5, 1.0) as f32);
    let (sin, cos) = turn.sin_cos();
    let outline = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].map(|[x, y]: [f32; 2]| {
        let [x, y] = [x * long, y * short];
        [middle[0] + cos * x - sin * y, middle[1] + sin * x + cos * y]
    });
    fill(canvas, &outline, |_| color);
}

/// Paints the pixels whose centers lie inside an outline.
fn fill(canvas: &mut Canvas, outline: &[[f32; 2]], color: impl Fn([f32; 2]) -> [f32; 3]) {
    let limit = canvas.side as f32;
    let range = |axis: usize| {
        let values = outline.iter().map(|point| point[axis]);
        let (low, high) = values.fold((limit, 0.0_f32), |(l, h), v| (l.min(v), h.max(v)));
        low.clamp(0.0, limit) as usize..high.clamp(0.0, limit).ceil() as usize
    };
    for row in range(1) {
        for column in range(0) {
            let at = [column as f32 + 0.5, row as f32 + 0.5];
            if is_inside(outline, at) {
                canvas.pixels[row * canvas.side + column] = color(at);
            }
        }
    }
}

/// Whether a ray from the point crosses the outline an odd number of times.
fn is_inside(outline: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let Some(&last) = outline.last() else { return false };
    let mut inside = false;
    let mut before = last;
    for &[px, py] in outline {
        if (py > y) != (before[1] > y) && x < (before[0] - px) * (y - py) / (before[1] - py) + px {
            inside = !inside;
        }
        before = [px, py];
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::known::KnownFace;

    #[test]
    fn a_mask_covers_the_mouth_and_leaves_the_eyes() {
        let landmarks = [[80.0, 80.0], [120.0, 84.0], [99.0, 105.0], [84.0, 122.0], [114.0, 125.0]];
        let known = KnownFace { sides: [60.0, 50.0, 140.0, 150.0], landmarks, score: 1.0 };
        let face = SceneFace { known, is_sure: true };
        for seed in 0..20 {
            let mut canvas = Canvas::new(200, [0.5; 3]);
            mask(&mut canvas, &face, &mut Random::new(seed));
            let changed = |i: usize| {
                let [x, y] = landmarks[i];
                canvas.pixels[y as usize * 200 + x as usize] != [0.5; 3]
            };
            assert_eq!([0, 1, 3, 4].map(changed), [false, false, true, true], "seed {seed}");
        }
    }

    #[test]
    fn outlines_beyond_the_canvas_are_cut() {
        let mut canvas = Canvas::new(10, [0.0; 3]);
        let outline = [[-50.0, -50.0], [5.0, -50.0], [5.0, 90.0], [-50.0, 90.0]];
        fill(&mut canvas, &outline, |_| [1.0; 3]);
        let painted = canvas.pixels.iter().filter(|pixel| pixel[0] == 1.0).count();
        assert_eq!(painted, 50);
        fill(&mut canvas, &[[f32::NAN; 2]; 3], |_| [1.0; 3]);
        fill(&mut canvas, &[], |_| [1.0; 3]);
    }
}
