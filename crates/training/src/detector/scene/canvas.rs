//! Pictures laid onto a canvas.

use faces::Similarity;

use super::super::known::{KnownFace, area};
use super::super::pictures::{PERHAPS, Picture, SURE};
use super::SceneFace;
use super::sampling::Sampler;

/// What is painted on, and the faces on it so far.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) side: usize,
    /// RGB in 0..1, row by row.
    pub(super) pixels: Vec<[f32; 3]>,
    pub(super) faces: Vec<SceneFace>,
}

/// Which part of a picture is laid onto the canvas, in the picture's pixels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// All of it, and its border repeated all over the canvas.
    Endless,
    /// A rectangle (left, top, right, bottom) that fades over so many pixels.
    Rectangle { sides: [f32; 4], fade: f32 },
    /// An ellipse whose last share fades.
    Ellipse { middle: [f32; 2], radii: [f32; 2], fade: f32 },
}

impl Part {
    /// How much of the picture shows at a place, 0 to 1.
    fn opacity(&self, [x, y]: [f32; 2]) -> f32 {
        match *self {
            Self::Endless => 1.0,
            Self::Rectangle { sides: [left, top, right, bottom], fade } => {
                let inside = (x - left).min(right - x).min(y - top).min(bottom - y);
                if fade > 0.0 { (inside / fade).clamp(0.0, 1.0) } else { f32::from(inside >= 0.0) }
            }
            Self::Ellipse { middle, radii, fade } => {
                let way = ((x - middle[0]) / radii[0]).hypot((y - middle[1]) / radii[1]);
                ((1.0 - way) / fade.max(1e-3)).clamp(0.0, 1.0)
            }
        }
    }

    /// A rectangle that holds it; `None` where it has no end.
    fn sides(&self) -> Option<[f32; 4]> {
        match *self {
            Self::Endless => None,
            Self::Rectangle { sides, .. } => Some(sides),
            Self::Ellipse { middle: [x, y], radii: [w, h], .. } => {
                Some([x - w, y - h, x + w, y + h])
            }
        }
    }

    /// Where it comes to lie, at most: left, top, right, bottom.
    pub(super) fn extent(&self, to_canvas: &Similarity) -> Option<[f32; 4]> {
        let [left, top, right, bottom] = self.sides()?;
        let corners = [[left, top], [right, top], [left, bottom], [right, bottom]]
            .map(|corner| to_canvas.apply(corner.map(f64::from)).map(|v| v as f32));
        let least = |axis: usize| corners.iter().map(|c| c[axis]).fold(f32::INFINITY, f32::min);
        let most = |axis: usize| corners.iter().map(|c| c[axis]).fold(-f32::INFINITY, f32::max);
        Some([least(0), least(1), most(0), most(1)])
    }
}

impl Canvas {
    /// A canvas of one color.
    pub(super) fn new(side: usize, color: [f32; 3]) -> Self {
        Self { side, pixels: vec![color; side * side], faces: Vec::new() }
    }

    /// Lays a part of a picture onto the canvas, with its faces.
    pub(super) fn lay(&mut self, picture: &Picture, to_canvas: &Similarity, part: Part) {
        let side = self.side as f32;
        let all = [0.0, 0.0, side, side];
        let extent = part.extent(to_canvas).unwrap_or(all).map(|v| v.clamp(0.0, side));
        if area(&extent) <= 0.0 {
            return;
        }
        let [left, top] = [extent[0].floor() as usize, extent[1].floor() as usize];
        let [right, bottom] = [extent[2].ceil() as usize, extent[3].ceil() as usize];
        let sampler = Sampler::new(&picture.rgb, &to_canvas.inverse());
        for row in top..bottom {
            for column in left..right {
                let place = sampler.place(column as f32 + 0.5, row as f32 + 0.5);
                let opacity = part.opacity(place);
                if opacity > 0.0 {
                    let color = sampler.color(place);
                    let pixel = &mut self.pixels[row * self.side + column];
                    for (value, new) in pixel.iter_mut().zip(color) {
                        *value += opacity * (new - *value);
                    }
                }
            }
        }
        let is_part = |face: &KnownFace| {
            let [x, y] = face.middle();
            let holds = |[left, top, right, bottom]: [f32; 4]| {
                (left..right).contains(&x) && (top..bottom).contains(&y)
            };
            picture.faces.iter().any(|other| other.score >= SURE && holds(other.sides))
        };
        for face in &picture.faces {
            // A guess within a sure face is a part of it.
            if face.score < PERHAPS || (face.score < SURE && is_part(face)) {
                continue;
            }
            self.add_face(face, to_canvas, &part);
        }
    }

    /// Makes all beyond a width and a height gray.
    pub(super) fn end_at(&mut self, [width, height]: [usize; 2]) {
        for (row, pixels) in self.pixels.chunks_exact_mut(self.side).enumerate() {
            let first = if row < height { width } else { 0 };
            pixels[first..].fill([0.5; 3]);
        }
    }

    /// Adds a face of a picture as far as it can be seen.
    fn add_face(&mut self, face: &KnownFace, to_canvas: &Similarity, part: &Part) {
        let [left, top, right, bottom] = face.sides;
        let corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
        let shown = corners.iter().filter(|corner| part.opacity(**corner) > 0.3).count();
        let middle = part.opacity(face.middle());
        if middle <= 0.0 && shown == 0 {
            return;
        }
        let points = face.landmarks.iter().all(|point| part.opacity(*point) > 0.8);
        let is_sure = face.score >= SURE && points;
        self.faces.push(SceneFace { known: moved(face, to_canvas), is_sure });
    }
}

/// A face after a similarity transform. Its box is the upright one round the ellipse in the
/// old box.
fn moved(face: &KnownFace, to_canvas: &Similarity) -> KnownFace {
    let middle = to_canvas.apply(face.middle().map(f64::from));
    let [w, h] = face.dimensions().map(|v| f64::from(v) * to_canvas.scale() / 2.0);
    let (sin, cos) = to_canvas.rotation().sin_cos();
    let half = [(w * cos).hypot(h * sin), (w * sin).hypot(h * cos)];
    KnownFace {
        sides: [middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]]
            .map(|v| v as f32),
        landmarks: face
            .landmarks
            .map(|point| to_canvas.apply(point.map(f64::from)).map(|v| v as f32)),
        score: face.score,
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::detector::synthetic;

    #[test]
    fn landmarks_move_with_the_pixels() {
        let picture = synthetic::portrait(120, 3);
        let eye = picture.faces[0].landmarks[0];
        let color = picture.rgb.get_pixel(eye[0] as u32, eye[1] as u32).0;
        for (scale, degrees) in [(1.0, 0.0), (1.7, 30.0), (0.9, -75.0), (1.3, 180.0)] {
            let mut canvas = Canvas::new(256, [0.5; 3]);
            let rotation = f64::to_radians(degrees);
            let map = Similarity::new(scale, rotation, [60.0; 2], [128.0, 120.0]);
            let sides = [0.0, 0.0, 120.0, 120.0];
            canvas.lay(&picture, &map, Part::Rectangle { sides, fade: 0.0 });
            assert_eq!(canvas.faces.len(), 1);
            let [x, y] = canvas.faces[0].known.landmarks[0];
            let found = canvas.pixels[y as usize * 256 + x as usize];
            for (value, expected) in found.iter().zip(color) {
                assert!((255.0 * value - f32::from(expected)).abs() < 12.0, "{degrees}: {found:?}");
            }
            assert!((canvas.faces[0].known.size() / picture.faces[0].size()) > 0.9 * scale as f32);
        }
    }

    #[test]
    fn nothing_outside_the_part_changes_and_hidden_faces_are_left_out() {
        let picture = synthetic::portrait(120, 3);
        let map = Similarity::new(1.0, 0.0, [0.0; 2], [20.0, 30.0]);
        let mut canvas = Canvas::new(256, [0.25; 3]);
        let corner = Part::Rectangle { sides: [0.0, 0.0, 20.0, 20.0], fade: 4.0 };
        canvas.lay(&picture, &map, corner);
        assert!(canvas.faces.is_empty());
        for (i, pixel) in canvas.pixels.iter().enumerate() {
            let (x, y) = (i % 256, i / 256);
            if !(20..40).contains(&x) || !(30..50).contains(&y) {
                assert_eq!(*pixel, [0.25; 3], "{x}, {y}");
            }
        }
    }

    #[test]
    fn a_face_of_which_a_landmark_is_hidden_is_not_learned() {
        let picture = synthetic::portrait(120, 3);
        let face = picture.faces[0];
        let map = Similarity::new(1.0, 0.0, [0.0; 2], [0.0; 2]);
        let mut canvas = Canvas::new(256, [0.25; 3]);
        let sides = [0.0, 0.0, 120.0, face.middle()[1]];
        canvas.lay(&picture, &map, Part::Rectangle { sides, fade: 1.0 });
        assert_eq!(canvas.faces.iter().map(|face| face.is_sure).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn a_quarter_turn_exchanges_width_and_height() {
        let face =
            KnownFace { sides: [10.0, 20.0, 30.0, 60.0], landmarks: [[20.0, 40.0]; 5], score: 1.0 };
        let quarter = std::f64::consts::FRAC_PI_2;
        let map = Similarity::new(1.0, quarter, [20.0, 40.0], [50.0, 50.0]);
        let [w, h] = moved(&face, &map).dimensions();
        assert!((w - 40.0).abs() < 1e-4 && (h - 20.0).abs() < 1e-4);
    }

    #[test]
    fn an_endless_picture_covers_the_canvas() {
        let rgb = RgbImage::from_pixel(10, 20, Rgb([255, 0, 128]));
        let picture = Picture { rgb, faces: Vec::new() };
        let mut canvas = Canvas::new(64, [0.0; 3]);
        canvas.lay(&picture, &Similarity::new(0.5, 0.1, [0.0; 2], [9.0; 2]), Part::Endless);
        assert!(canvas.pixels.iter().all(|p| p[0] == 1.0 && p[1] == 0.0));
    }
}
