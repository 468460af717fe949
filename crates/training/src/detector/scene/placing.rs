//! Where a picture is laid, how it is rolled, and which part of it shows.

use faces::Similarity;
use tensor::Random;

use super::super::known::area;
use super::super::pictures::{Picture, SURE};
use super::canvas::{Canvas, Part};
use crate::random::between;

/// Largest roll of a face in a scene, in degrees.
pub(super) const MAX_ROLL: f64 = 55.0;

/// The picture in a mirror.
pub(super) fn mirrored(picture: &Picture) -> Picture {
    let width = picture.rgb.width() as f32;
    Picture {
        rgb: image::imageops::flip_horizontal(&picture.rgb),
        faces: picture.faces.iter().map(|face| face.mirrored(width)).collect(),
    }
}

/// The transform that gives a sure face of the picture, any of them, a size, a roll and a
/// place; none without such a face.
pub(super) fn placed(
    picture: &Picture,
    size: f64,
    degrees: f64,
    middle: [f64; 2],
    random: &mut Random,
) -> Option<Similarity> {
    let sure: Vec<_> = picture.faces.iter().filter(|face| face.score >= SURE).collect();
    if sure.is_empty() {
        return None;
    }
    let face = sure[random.below(sure.len())];
    let scale = size / f64::from(face.size());
    Some(Similarity::new(scale, degrees.to_radians(), face.middle().map(f64::from), middle))
}

pub(super) fn whole(picture: &Picture) -> Part {
    let (w, h) = picture.rgb.dimensions();
    Part::Rectangle { sides: [0.0, 0.0, w as f32, h as f32], fade: 0.0 }
}

/// A picture's first sure face with some of its surroundings, or all of the picture.
pub(super) fn piece(picture: &Picture, random: &mut Random) -> Part {
    let Some(face) = picture.faces.iter().find(|face| face.score >= SURE) else {
        return whole(picture);
    };
    let (w, h) = picture.rgb.dimensions();
    let [width, height] = face.dimensions();
    let [x, y] = face.middle();
    let mut grown = |low: f64, high: f64| between(random, low, high) as f32;
    let (way, fade) = (grown(0.0, 1.0), grown(0.02, 0.3));
    if way < 0.35 {
        let radii = [width * grown(0.72, 1.1), height * grown(0.75, 1.0)];
        Part::Ellipse { middle: [x, y - 0.05 * height], radii, fade: fade.min(0.2) }
    } else if way < 0.75 {
        let margins = [width, height, width, height].map(|length| length * grown(0.15, 1.0));
        let [left, top, right, bottom] = face.sides;
        let sides = [
            (left - margins[0]).max(0.0),
            (top - margins[1]).max(0.0),
            (right + margins[2]).min(w as f32),
            (bottom + margins[3]).min(h as f32),
        ];
        Part::Rectangle { sides, fade: 0.5 * fade * width }
    } else {
        whole(picture)
    }
}

/// Whether a part would leave the faces before it as they are, or almost.
pub(super) fn is_free(canvas: &Canvas, part: &Part, map: &Similarity) -> bool {
    let Some([left, top, right, bottom]) = part.extent(map) else { return false };
    canvas.faces.iter().all(|face| {
        let sides = face.known.sides;
        let common =
            [sides[0].max(left), sides[1].max(top), sides[2].min(right), sides[3].min(bottom)];
        area(&common) < 0.04 * area(&sides)
    })
}

/// Mostly upright, sometimes anything up to the limit; in degrees.
pub(super) fn roll(random: &mut Random) -> f64 {
    if random.uniform() < 0.3 {
        between(random, -MAX_ROLL, MAX_ROLL)
    } else {
        (12.0 * random.normal()).clamp(-MAX_ROLL, MAX_ROLL)
    }
}

/// Every factor as often.
pub(super) fn log_between(random: &mut Random, low: f64, high: f64) -> f64 {
    between(random, low.ln(), high.ln()).exp()
}

/// Where a photo ends on the right and below: sometimes before the scene does, because
/// sides that are no multiples of a cell are filled up with gray.
pub(super) fn border(side: usize, random: &mut Random) -> [usize; 2] {
    let is_filled = random.uniform() < 0.1;
    [(); 2].map(|()| {
        let gap = random.below(32);
        if is_filled { side - gap } else { side }
    })
}
