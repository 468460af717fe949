//! Images and files made for the tests.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::LazyLock;

use faces::{DecodeLimits, NetworkDetector, NetworkOptions, Photo, PhotoError};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Every format that is read.
pub(crate) const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Tiff,
];

/// An image without symmetry, smooth enough for JPEG.
pub(crate) fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([40 + 3 * x, 200 - 2 * y, 2 * x + y].map(|v| v as u8))
    })
}

/// The image as a file.
pub(crate) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// The file decoded within the default limits.
pub(crate) fn decoded(bytes: &[u8]) -> Result<Photo, PhotoError> {
    Photo::from_bytes(bytes, "test image", &DecodeLimits::default())
}

/// The largest difference of a sample.
pub(crate) fn difference(a: &Photo, b: &RgbImage) -> u8 {
    assert_eq!((a.width(), a.height()), b.dimensions());
    a.rgb().iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// A sample photo of the repository.
pub(crate) fn sample(name: &str) -> Photo {
    Photo::open(&sample_path(name), &DecodeLimits::default()).unwrap()
}

/// Where a sample photo is.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    assets::folder().join(name)
}

/// Numbers that look random and are the same on every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `below`.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

/// One PNG chunk with its checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    let mut crc = u32::MAX;
    for &byte in &out[4..] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    out.extend((!crc).to_be_bytes());
    out
}

/// A PNG that claims a size, with the given chunks after its header.
pub(crate) fn png_claiming(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    // Eight bits a channel, RGB, the only compression and filter, not interlaced.
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &header));
    chunks.iter().for_each(|chunk| png.extend(chunk));
    png
}

/// `count` zero bytes as a zlib stream, 158 times smaller, without its checksum
/// being right: one literal, then copies of it.
pub(crate) fn packed_zeros(count: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], free: 0 };
    // The last block, with the fixed code; Huffman codes go highest bit first.
    bits.push("1");
    bits.push("10");
    bits.push("00110000");
    for _ in 0..count / 258 {
        bits.push("11000101");
        bits.push("00000");
    }
    bits.push("0000000");
    bits.bytes.extend([0; 4]);
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn push(&mut self, bits: &str) {
        for bit in bits.bytes() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= (bit - b'0') << (8 - self.free);
            self.free -= 1;
        }
    }
}

/// The bundled detector with its default options.
pub(crate) fn detector() -> NetworkDetector {
    static DETECTOR: LazyLock<NetworkDetector> =
        LazyLock::new(|| NetworkDetector::embedded(NetworkOptions::default()).unwrap());
    DETECTOR.clone()
}
