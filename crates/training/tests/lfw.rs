//! Detector, landmarks, crops and figures on LFW's photos, where they are beside the
//! repository. One binary, so that it links once.

// Clippy allows them in test functions only, not in what they call.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "lfw/crop.rs"]
mod crop;
#[path = "lfw/faces.rs"]
mod faces_found;
#[path = "lfw/pixels.rs"]
mod pixels_compared;
