//! Images of a pack.

use std::io::Cursor;

use faces::Window;
use image::{DynamicImage, ImageDecoder, ImageReader};

use super::{Canvas, Source, SourceError, check_not_empty};
use crate::Error;
use crate::dataset::{Pack, Target};

/// Most pixels of an image in a pack that does not say how large they are.
const PIXEL_LIMIT: u64 = 64 << 20;

/// An open [`Pack`] with identities and a window.
#[derive(Debug)]
pub struct PackSource {
    pack: Pack,
    identities: Vec<u32>,
    window: Window,
}

impl PackSource {
    /// Takes a pack.
    ///
    /// # Errors
    /// When it has no image, no identities, or no window: the images are then
    /// photos in which the face has yet to be found.
    pub fn new(pack: Pack) -> Result<Self, Error> {
        let lacks = |part| Error::PackLacks { folder: pack.folder().to_path_buf(), part };
        let identities = pack.identities().ok_or_else(|| lacks("identity.npy"))?;
        let identities = identities.iter().map(|identity| identity.cast_unsigned()).collect();
        let window = pack.window().ok_or_else(|| lacks("a window in pack.json"))?;
        let source = Self { pack, identities, window };
        check_not_empty(&source)?;
        Ok(source)
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }
}

impl Source for PackSource {
    fn len(&self) -> usize {
        self.pack.len()
    }

    fn identity(&self, index: usize) -> u32 {
        self.identities[index]
    }

    fn name(&self, index: usize) -> String {
        match self.pack.name(index) {
            Some(name) => name.to_owned(),
            None => format!("image {index} of {}", self.pack.folder().display()),
        }
    }

    fn file_name(&self, index: usize) -> String {
        self.pack.name(index).unwrap_or_default().to_owned()
    }

    fn canvas(&self, index: usize) -> Result<Canvas, SourceError> {
        let bytes = self.pack.image(index)?;
        // Which format it is, its first bytes say.
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let decoder = reader.map_err(image::ImageError::IoError)?.into_decoder()?;
        let (width, height) = decoder.dimensions();
        let found = [width, height];
        match self.pack.canvas() {
            Some(expected) if expected != found => {
                return Err(SourceError::Size { expected, found });
            }
            None if u64::from(width) * u64::from(height) > PIXEL_LIMIT => {
                return Err(SourceError::Window { size: found, window: self.window });
            }
            _ => {}
        }
        Canvas::new(DynamicImage::from_decoder(decoder)?.into_rgb8(), self.window)
    }

    fn has_targets(&self) -> bool {
        self.pack.has_targets()
    }

    fn target(&self, index: usize) -> Option<Target> {
        self.pack.target(index)
    }
}
