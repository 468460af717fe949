//! From an image file to a face crop: what people hand in, and what comes out. Each file is
//! named as the module that it tries.

// Clippy allows it in test functions only, not in what they call.
#![allow(clippy::unwrap_used)]

#[path = "faces"]
mod tests {
    mod align;
    mod bombs;
    mod damage;
    mod detector;
    mod files;
    mod formats;
    mod jpeg;
    mod made;
    mod orientation;
    mod quality;
}
