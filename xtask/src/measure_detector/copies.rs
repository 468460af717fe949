//! Copies of a photo, changed as photos differ, with the landmarks where they come to lie.

use faces::landmarks::{Landmarks, alignment};
use faces::resample::warp_on_gray;
use faces::{Photo, Similarity};
use image::RgbImage;

/// Side of a copy that is cut out, in pixels.
const CUT_SIDE: f64 = 250.0;

/// A photo and the landmarks of the face that is meant.
pub(super) struct Known {
    pub(super) photo: Photo,
    pub(super) landmarks: Landmarks,
}

/// A way to change photos.
pub(super) struct Change {
    pub(super) name: &'static str,
    /// Whether faces are looked for at all rotations.
    pub(super) rotations: bool,
    pub(super) apply: fn(&Known) -> Known,
}

/// None.
pub(super) const AS_IT_IS: Change =
    Change { name: "as it is", rotations: false, apply: |known| scaled(known, 1.0) };
/// To what the network's crop shows: the face fills the frame.
pub(super) const CUT: Change =
    Change { name: "cut to the face", rotations: false, apply: |known| cut(known, 1.0) };

pub(super) const CHANGES: [Change; 16] = [
    AS_IT_IS,
    Change { name: "mirrored", rotations: false, apply: mirrored },
    Change { name: "half size", rotations: false, apply: |known| scaled(known, 0.5) },
    Change { name: "1.5 times the size", rotations: false, apply: |known| scaled(known, 1.5) },
    Change { name: "gray border, twice the size", rotations: false, apply: bordered },
    CUT,
    Change { name: "cut closer, to 0.8", rotations: false, apply: |known| cut(known, 0.8) },
    Change { name: "half in shadow", rotations: false, apply: half_in_shadow },
    Change {
        name: "dark, a sixth of the light",
        rotations: false,
        apply: |known| light(known, 6.0),
    },
    Change { name: "gray", rotations: false, apply: gray },
    Change { name: "rolled 15°", rotations: false, apply: |known| rolled(known, 15.0) },
    Change { name: "rolled 45°", rotations: false, apply: |known| rolled(known, 45.0) },
    Change { name: "as it is, all rotations", rotations: true, apply: |known| scaled(known, 1.0) },
    Change { name: "rolled 45°, all rotations", rotations: true, apply: |k| rolled(k, 45.0) },
    Change { name: "rolled 90°, all rotations", rotations: true, apply: |k| rolled(k, 90.0) },
    Change { name: "rolled 180°, all rotations", rotations: true, apply: |k| rolled(k, 180.0) },
];

/// The part of a photo that `map` shows, from the copy to the photo, in this width and height.
fn moved(known: &Known, map: &Similarity, size: [f64; 2]) -> Known {
    let size = size.map(|side| (side.round() as usize).max(1));
    let copy = warp_on_gray(&known.photo, map, size);
    let back = map.inverse();
    let landmarks = known.landmarks.map(|point| back.apply(point.map(f64::from)).map(|v| v as f32));
    Known { photo: Photo::from_rgb(copy), landmarks }
}

fn size(known: &Known) -> [f64; 2] {
    [known.photo.width(), known.photo.height()].map(f64::from)
}

fn scaled(known: &Known, scale: f64) -> Known {
    if scale == 1.0 {
        return Known { photo: known.photo.clone(), landmarks: known.landmarks };
    }
    let map = Similarity::new(1.0 / scale, 0.0, [0.0; 2], [0.0; 2]);
    moved(known, &map, size(known).map(|side| side * scale))
}

fn mirrored(known: &Known) -> Known {
    let width = known.photo.width() as f32;
    let point = |i: usize| [width - known.landmarks[i][0], known.landmarks[i][1]];
    let rgb = image::imageops::flip_horizontal(known.photo.rgb());
    Known { photo: Photo::from_rgb(rgb), landmarks: [1, 0, 2, 4, 3].map(point) }
}

fn bordered(known: &Known) -> Known {
    let sides = size(known);
    let map = Similarity::new(1.0, 0.0, sides, sides.map(|side| side / 2.0));
    moved(known, &map, sides.map(|side| side * 2.0))
}

/// The square about the face of so many sides of the network's crop.
fn cut(known: &Known, share: f64) -> Known {
    let Some(map) = alignment(&known.landmarks) else { return scaled(known, 1.0) };
    let middle = map.apply([48.0; 2]);
    let scale = share * 96.0 * map.scale() / CUT_SIDE;
    moved(known, &Similarity::new(scale, 0.0, [CUT_SIDE / 2.0; 2], middle), [CUT_SIDE; 2])
}

fn rolled(known: &Known, degrees: f64) -> Known {
    let middle = size(known).map(|side| side / 2.0);
    moved(known, &Similarity::new(1.0, -degrees.to_radians(), middle, middle), size(known))
}

/// The same place with other colors.
fn repainted(known: &Known, color: impl Fn(u32, [u8; 3]) -> [f32; 3]) -> Known {
    let rgb = known.photo.rgb();
    let copy = RgbImage::from_fn(rgb.width(), rgb.height(), |x, y| {
        let color = color(x, rgb.get_pixel(x, y).0);
        image::Rgb(color.map(|value| value.round().clamp(0.0, 255.0) as u8))
    });
    Known { photo: Photo::from_rgb(copy), landmarks: known.landmarks }
}

/// Left of the nose a sixth of the light is left.
fn half_in_shadow(known: &Known) -> Known {
    let [left, right, nose, ..] = known.landmarks;
    let soft = 0.2 * (right[0] - left[0]).abs().max(1.0);
    repainted(known, |x, color| {
        let lit = ((x as f32 + 0.5 - nose[0]) / soft + 0.5).clamp(0.0, 1.0);
        color.map(|value| f32::from(value) * (1.0 + 5.0 * lit) / 6.0)
    })
}

fn light(known: &Known, divisor: f32) -> Known {
    repainted(known, |_, color| color.map(|value| f32::from(value) / divisor))
}

fn gray(known: &Known) -> Known {
    repainted(known, |_, [r, g, b]| {
        [0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b); 3]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A photo with a bright pixel at each landmark.
    fn known() -> Known {
        let landmarks = [[80.5, 70.5], [120.5, 70.5], [100.5, 95.5], [85.5, 115.5], [115.5, 115.5]];
        let mut rgb = RgbImage::from_pixel(200, 180, image::Rgb([20; 3]));
        for [x, y] in landmarks {
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                rgb.put_pixel(x as u32 + dx, y as u32 + dy, image::Rgb([250; 3]));
            }
        }
        Known { photo: Photo::from_rgb(rgb), landmarks: landmarks.map(|[x, y]| [x + 0.5, y + 0.5]) }
    }

    #[test]
    fn landmarks_go_where_their_pixels_go() {
        let known = known();
        for change in &CHANGES {
            let copy = (change.apply)(&known);
            let rgb = copy.photo.rgb();
            let at = |[x, y]: [f32; 2]| u32::from(rgb.get_pixel(x as u32, y as u32).0[0]);
            let darkest = u32::from(*rgb.as_raw().iter().min().unwrap());
            for point in copy.landmarks {
                assert!(at(point) >= darkest + 10, "{}: {} at {point:?}", change.name, at(point));
            }
        }
    }
}
