//! A cover: a shape in the coordinates of a face, and what it is painted with.

use faces::Landmarks;

use super::paint::Paint;

/// A place in a face: to the right in distances between the eyes, from their middle; down in
/// distances from the eyes to the mouth. The eyes are at (±0.5, 0), the corners of the mouth
/// near (±0.43, 1), the chin near (0, 1.75).
pub(super) type FacePoint = [f64; 2];

/// Half the width, in distances between the eyes, of a cover's soft edge.
const SOFT: f64 = 0.05;

/// Where a face lies in an image.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaceFrame {
    origin: [f64; 2],
    /// The inverse of the matrix whose columns are "right" and "down" in pixels.
    inverse: [[f64; 2]; 2],
    /// Both eyes, the tip of the nose, both corners of the mouth.
    pub(super) landmarks: [FacePoint; 5],
}

impl FaceFrame {
    /// The frame of a face with these landmarks; nothing where they lie on a line.
    pub(super) fn new(landmarks: &Landmarks) -> Option<Self> {
        let [left, right, _, a, b] = landmarks.map(|point| point.map(f64::from));
        let middle = |p: [f64; 2], q: [f64; 2]| [0, 1].map(|axis| (p[axis] + q[axis]) / 2.0);
        let (origin, mouth) = (middle(left, right), middle(a, b));
        let along = [right[0] - left[0], right[1] - left[1]];
        let down = [mouth[0] - origin[0], mouth[1] - origin[1]];
        let area = along[0] * down[1] - along[1] * down[0];
        // NaN where a landmark is.
        if area.abs() <= 1.0 || area.is_nan() {
            return None;
        }
        let inverse = [[down[1] / area, -down[0] / area], [-along[1] / area, along[0] / area]];
        let frame = Self { origin, inverse, landmarks: [[0.0; 2]; 5] };
        Some(Self { landmarks: landmarks.map(|point| frame.place(point.map(f64::from))), ..frame })
    }

    /// The place of a pixel.
    pub(super) fn place(&self, pixel: [f64; 2]) -> FacePoint {
        let [x, y] = [0, 1].map(|axis| pixel[axis] - self.origin[axis]);
        self.inverse.map(|[a, b]| a * x + b * y)
    }
}

/// Shape of a cover.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Polygon(Vec<FacePoint>),
    /// Middle and radii.
    Ellipse(FacePoint, FacePoint),
    /// Thick lines: both ends and half the thickness.
    Lines(Vec<([FacePoint; 2], f64)>),
    /// The first without the second.
    Without(Box<Shape>, Box<Shape>),
    /// All of them.
    Union(Vec<Shape>),
}

impl Shape {
    /// How far a place is outside; negative within.
    pub(super) fn distance(&self, place: FacePoint) -> f64 {
        match self {
            Self::Polygon(corners) => polygon_distance(corners, place),
            Self::Ellipse(middle, radii) => {
                let [x, y] = [0, 1].map(|axis| (place[axis] - middle[axis]) / radii[axis]);
                (x.hypot(y) - 1.0) * radii[0].min(radii[1])
            }
            Self::Lines(lines) => lines
                .iter()
                .map(|(ends, half)| line_distance(ends, place) - half)
                .fold(f64::INFINITY, f64::min),
            Self::Without(shape, hole) => shape.distance(place).max(-hole.distance(place)),
            Self::Union(shapes) => {
                shapes.iter().map(|shape| shape.distance(place)).fold(f64::INFINITY, f64::min)
            }
        }
    }

    /// How much of a place is covered, from 0 to 1.
    fn coverage(&self, place: FacePoint) -> f64 {
        (0.5 - self.distance(place) / (2.0 * SOFT)).clamp(0.0, 1.0)
    }
}

/// Distance to a line from end to end.
fn line_distance([from, to]: &[FacePoint; 2], place: FacePoint) -> f64 {
    let [along, off] =
        [[to[0] - from[0], to[1] - from[1]], [place[0] - from[0], place[1] - from[1]]];
    let square = along[0] * along[0] + along[1] * along[1];
    let share = ((along[0] * off[0] + along[1] * off[1]) / square.max(1e-9)).clamp(0.0, 1.0);
    (off[0] - share * along[0]).hypot(off[1] - share * along[1])
}

/// Distance to the nearest side; within, negative, by the even-odd rule.
fn polygon_distance(corners: &[FacePoint], place: FacePoint) -> f64 {
    let (mut nearest, mut is_inside) = (f64::INFINITY, false);
    for (i, &to) in corners.iter().enumerate() {
        let from = corners[(i + corners.len() - 1) % corners.len()];
        nearest = nearest.min(line_distance(&[from, to], place));
        let is_between = (from[1] > place[1]) != (to[1] > place[1]);
        let crossing = || from[0] + (place[1] - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
        if is_between && place[0] < crossing() {
            is_inside = !is_inside;
        }
    }
    if is_inside { -nearest } else { nearest }
}

/// Something before a face.
#[derive(Clone, Debug)]
pub(super) struct Cover<'i> {
    pub(super) shape: Shape,
    pub(super) paint: Paint<'i>,
    /// How little shines through, from 0 to 1.
    pub(super) opacity: f64,
}

impl Cover<'_> {
    /// How much of a place is hidden, from 0 to 1.
    pub(super) fn hides(&self, place: FacePoint) -> f64 {
        self.opacity * self.shape.coverage(place)
    }

    /// Paints over three planes of `side` × `side` values.
    pub(super) fn draw(&self, frame: &FaceFrame, planes: &mut [f32], side: usize) {
        let plane = side * side;
        for pixel in 0..plane {
            let at = [pixel % side, pixel / side].map(|v| v as f64 + 0.5);
            let place = frame.place(at);
            let hidden = self.hides(place) as f32;
            if hidden > 0.0 {
                for (channel, color) in self.paint.color(place).into_iter().enumerate() {
                    let value = &mut planes[channel * plane + pixel];
                    *value += hidden * (color - *value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANDMARKS: Landmarks =
        [[20.0, 30.0], [60.0, 30.0], [40.0, 50.0], [23.0, 70.0], [57.0, 70.0]];

    #[test]
    fn a_face_has_its_eyes_and_mouth_where_they_belong() {
        let frame = FaceFrame::new(&LANDMARKS).expect("a face");
        let expected = [[-0.5, 0.0], [0.5, 0.0], [0.0, 0.5], [-0.425, 1.0], [0.425, 1.0]];
        for (found, expected) in frame.landmarks.as_flattened().iter().zip(expected.as_flattened())
        {
            assert!((found - expected).abs() < 1e-6, "{:?}", frame.landmarks);
        }
        assert!(FaceFrame::new(&[[5.0, 5.0]; 5]).is_none());
        assert!(FaceFrame::new(&[[f32::NAN; 2]; 5]).is_none());
    }

    #[test]
    fn shapes_are_negative_within() {
        let square = Shape::Polygon(vec![[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
        assert_eq!(square.distance([1.0, 0.5]), -0.5);
        assert_eq!(square.distance([3.0, 1.0]), 1.0);
        let disk = Shape::Ellipse([1.0, 1.0], [0.5, 0.5]);
        assert_eq!(disk.distance([1.0, 2.0]), 0.5);
        let ring = Shape::Without(Box::new(square), Box::new(disk));
        assert!(ring.distance([1.0, 1.0]) > 0.0 && ring.distance([0.2, 0.2]) < 0.0);
        let line = Shape::Lines(vec![([[0.0, 0.0], [4.0, 0.0]], 0.25)]);
        assert_eq!(line.distance([2.0, 1.0]), 0.75);
        assert_eq!(Shape::Union(vec![ring, line]).distance([3.0, 0.0]), -0.25);
    }

    #[test]
    fn a_cover_paints_its_place_alone() {
        let frame = FaceFrame::new(&LANDMARKS).expect("a face");
        let shape = Shape::Ellipse([0.0, 1.0], [0.6, 0.3]);
        let cover = Cover { shape, paint: Paint::plain([1.0, 0.5, 0.0]), opacity: 1.0 };
        let mut planes = vec![0.25; 3 * 80 * 80];
        cover.draw(&frame, &mut planes, 80);
        let at = |channel: usize, x: usize, y: usize| planes[(channel * 80 + y) * 80 + x];
        assert_eq!([0, 1, 2].map(|channel| at(channel, 40, 70)), [1.0, 0.5, 0.0]);
        assert_eq!([0, 1, 2].map(|channel| at(channel, 40, 30)), [0.25; 3]);
    }
}
