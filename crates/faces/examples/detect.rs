//! Where the faces of a photo are, and how well each can be seen.
//!
//! `cargo run -p faces --example detect -- PHOTO.jpg`; without an argument a portrait of the
//! repository is searched.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::path::PathBuf;

use faces::{FaceLocation, FaceLocator, QualityLimits};

fn main() -> Result<(), faces::Error> {
    let portrait = || assets::folder().join("collins-portrait.jpg");
    let file = std::env::args_os().nth(1).map_or_else(portrait, PathBuf::from);

    let locator = FaceLocator::new(FaceLocation::default())?;
    let photo = locator.open(&file)?;
    println!("{}: {} × {} pixels", file.display(), photo.width(), photo.height());

    for (number, face) in locator.detect(&photo)?.iter().enumerate() {
        let [x, y, width, height] = face.face_box.sides();
        println!("[{number}] {width:.0} × {height:.0} at ({x:.0}, {y:.0})");
        for (name, [x, y]) in ["eye", "eye", "nose", "mouth", "mouth"].iter().zip(face.landmarks) {
            println!("    {name} at ({x:.1}, {y:.1})");
        }
        println!("    yaw {:.0}°, roll {:.0}°", face.quality.yaw, face.quality.roll);
        for fault in face.quality.faults(&QualityLimits::WARN) {
            println!("    {fault}");
        }
    }
    Ok(())
}
