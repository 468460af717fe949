//! Resampling of photos, without aliasing: fewer pixels are means of many, more are
//! interpolated.
//!
//! | part | for |
//! | --- | --- |
//! | `resample/axis.rs` | upright windows, one axis after the other |
//! | [`warp()`], [`warp_to_rgb`], [`warp_image`] | any similarity transform, rotations among them |
//! | `resample/pyramid.rs` | halves of a photo, which both read where they want far fewer pixels |

mod axis;
pub(crate) mod pyramid;
mod warp;

pub(crate) use axis::{Axis, plane};
pub use warp::{warp, warp_image, warp_on_gray, warp_to_rgb};
