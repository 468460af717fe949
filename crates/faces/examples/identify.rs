//! Who is on a photo, of the people in a gallery?
//!
//! `cargo run -p faces --example identify -- PHOTO.jpg`; without an argument a portrait of the
//! repository is the probe. The gallery is made of the repository's other portraits.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::PathBuf;

use facenet::{Gallery, PersonName, Threshold};
use faces::{FaceChoice, FacePipeline};

/// The portrait that is not enrolled.
const PROBE: &str = "obama-speech.jpg";

fn main() -> Result<(), Box<dyn Error>> {
    let probe =
        std::env::args_os().nth(1).map_or_else(|| assets::folder().join(PROBE), PathBuf::from);
    let pipeline = FacePipeline::embedded()?;

    let mut gallery = Gallery::new();
    for portrait in assets::PORTRAITS.iter().filter(|portrait| portrait.file != PROBE) {
        let photo = pipeline.locator().decode(portrait.bytes, portrait.file)?;
        gallery.insert(PersonName::new(portrait.person)?, &[pipeline.encode_photo(&photo)?])?;
    }

    // A probe may show several people; each is searched for by itself. Where a gallery is
    // large, `biometrics::policy` gives a stricter threshold than that of one comparison.
    let pipeline = pipeline.with_location(FaceChoice::All)?;
    for face in pipeline.faces_in_file(&probe)? {
        let answer = gallery.recognize(&face.encoding, Threshold::DEFAULT, 3);
        match answer.person() {
            Some(person) => println!("{} (distance {:.4})", person.name, person.distance),
            None => println!("nobody in the gallery"),
        }
        for candidate in &answer.candidates {
            println!("    {:<16} {:.4}", candidate.name, candidate.distance);
        }
    }
    Ok(())
}
