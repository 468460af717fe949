//! From an image file to the network's input: what people hand in, and what
//! comes out.

// Clippy allows it in test functions only, not in what they call.
#![allow(clippy::unwrap_used)]

mod photo {
    //! Shared between the files below: pictures made on the spot.
    pub(crate) mod alignment;
    pub(crate) mod bombs;
    pub(crate) mod damage;
    pub(crate) mod faces;
    pub(crate) mod files;
    pub(crate) mod formats;
    pub(crate) mod orientation;
    pub(crate) mod pictures;
    pub(crate) mod quality;
}
