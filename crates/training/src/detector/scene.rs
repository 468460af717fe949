//! Made-up photos: pictures of faces put before others, changed as cameras and the world do.
//!
//! | part | file |
//! | --- | --- |
//! | pictures are laid onto a canvas | `scene/canvas.rs`, `scene/sampling.rs` |
//! | which pictures there are | `scene/lists.rs` |
//! | where they are laid, and which part of them | `scene/placing.rs` |
//! | a scene from beginning to end | `scene/composer.rs` |
//! | masks, dark glasses, hands | `scene/cover.rs` |
//! | light, blur, noise, compression | `scene/light.rs` |

mod canvas;
mod composer;
mod cover;
mod light;
mod lists;
mod placing;
mod sampling;

use super::known::{KnownFace, area};

pub(super) use composer::{Composer, Request};

/// Faces below this size in pixels are not learned.
const SMALLEST: f32 = 11.0;
/// Faces of which less than this share is inside the scene are not learned.
const VISIBLE: f32 = 0.4;

/// A scene with its faces.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    /// Width and height in pixels.
    pub(super) side: usize,
    /// Planes of red, green and blue, in 0..1.
    pub(super) planes: Vec<f32>,
    pub(super) faces: Vec<SceneFace>,
}

/// A face in a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SceneFace {
    pub(super) known: KnownFace,
    /// Whether it is to be learned; else it is neither a face nor a mistake.
    pub(super) is_sure: bool,
}

/// Decides which faces are to be learned, and drops those outside a width and height.
fn settle(faces: &mut Vec<SceneFace>, [width, height]: [usize; 2]) {
    let [width, height] = [width as f32, height as f32];
    faces.retain_mut(|face| {
        let [left, top, right, bottom] = face.known.sides;
        let seen = [left, top, right.min(width), bottom.min(height)].map(|v| v.max(0.0));
        let seen = area(&seen) / area(&face.known.sides).max(1e-6);
        face.is_sure &= seen >= VISIBLE && face.known.size() >= SMALLEST;
        seen > 0.0
    });
}
