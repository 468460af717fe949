//! Phones store photos sideways: eight ways, one image.

use faces::Photo;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat, RgbImage};

use super::made::{decoded, gradient, sample};

/// EXIF data that holds nothing but an orientation.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0]);
    exif.extend(orientation.to_le_bytes());
    exif.extend([0; 6]);
    exif
}

/// What a camera stores of `upright` when it notes `orientation`. EXIF 2.3,
/// tag 274, says on which side of the scene the first stored row and the first
/// stored column are.
pub(crate) fn stored(upright: &RgbImage, orientation: u16) -> RgbImage {
    let (w, h) = upright.dimensions();
    let (columns, rows) = if orientation > 4 { (h, w) } else { (w, h) };
    RgbImage::from_fn(columns, rows, |c, r| {
        let (x, y) = match orientation {
            1 => (c, r),
            2 => (w - 1 - c, r),
            3 => (w - 1 - c, h - 1 - r),
            4 => (c, h - 1 - r),
            5 => (r, c),
            6 => (w - 1 - r, c),
            7 => (w - 1 - r, h - 1 - c),
            _ => (r, h - 1 - c),
        };
        *upright.get_pixel(x, y)
    })
}

pub(crate) fn with_exif(image: &RgbImage, format: ImageFormat, exif: Vec<u8>) -> Vec<u8> {
    fn write(mut encoder: impl ImageEncoder, image: &RgbImage, exif: Vec<u8>) {
        encoder.set_exif_metadata(exif).unwrap();
        let (width, height) = image.dimensions();
        encoder.write_image(image, width, height, ExtendedColorType::Rgb8).unwrap();
    }
    let mut file = Vec::new();
    match format {
        ImageFormat::Png => write(PngEncoder::new(&mut file), image, exif),
        ImageFormat::WebP => write(WebPEncoder::new_lossless(&mut file), image, exif),
        _ => write(JpegEncoder::new_with_quality(&mut file, 95), image, exif),
    }
    file
}

/// An uncompressed TIFF with the orientation tag.
fn tiff(image: &RgbImage, orientation: u16) -> Vec<u8> {
    let (width, height) = image.dimensions();
    let long = |tag: u16, value: u32| (tag, 4_u16, 1_u32, value);
    let short = |tag: u16, value: u32| (tag, 3, 1, value);
    let entries = [
        long(256, width),
        long(257, height),
        (258, 3, 3, 8),
        short(259, 1),
        short(262, 2),
        long(273, 14 + 12 * 10 + 6),
        short(274, orientation.into()),
        short(277, 3),
        long(278, height),
        long(279, 3 * width * height),
    ];
    // The bits of the three samples first, then the tags, then the pixels.
    let mut file = b"II*\0\x0e\0\0\0\x08\0\x08\0\x08\0".to_vec();
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend(image.as_raw());
    file
}

#[test]
fn all_eight_orientations_give_the_same_photo() {
    let upright = gradient(25, 17);
    let expected = Photo::from_rgb(upright.clone());
    for orientation in 1..=8 {
        let stored = stored(&upright, orientation);
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let photo = decoded(&with_exif(&stored, format, exif(orientation))).unwrap();
            assert!(photo == expected, "{format:?}, orientation {orientation}");
        }
        let photo = decoded(&tiff(&stored, orientation)).unwrap();
        assert!(photo == expected, "TIFF, orientation {orientation}");
    }
}

#[test]
fn jpeg_differs_by_no_more_than_its_own_loss() {
    let portrait = sample("collins-portrait.jpg");
    for orientation in 1..=8 {
        let stored = stored(portrait.rgb(), orientation);
        let file = with_exif(&stored, ImageFormat::Jpeg, exif(orientation));
        let photo = decoded(&file).unwrap();
        assert_eq!((photo.width(), photo.height()), (portrait.width(), portrait.height()));
        let pairs = photo.rgb().iter().zip(portrait.rgb().iter());
        let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = sum as f64 / portrait.rgb().len() as f64;
        assert!(mean < 3.0, "orientation {orientation}: {mean}");
    }
}

#[test]
fn the_prefix_that_some_writers_keep_is_understood() {
    let upright = gradient(25, 17);
    let prefixed = [b"Exif\0\0".to_vec(), exif(6)].concat();
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let photo = decoded(&with_exif(&stored(&upright, 6), format, prefixed.clone())).unwrap();
        assert!(photo == Photo::from_rgb(upright.clone()), "{format:?}");
    }
}

/// A PNG with these chunks before or after its pixels.
fn png_with(image: &RgbImage, chunks: &[Vec<u8>], after_pixels: bool) -> Vec<u8> {
    let mut png = super::made::encoded(image.clone(), ImageFormat::Png);
    // The header's chunk ends at 33, that of the end is 12 bytes long.
    let at = if after_pixels { png.len() - 12 } else { 33 };
    png.splice(at..at, chunks.concat());
    png
}

/// Text as ImageMagick writes EXIF data into a PNG.
fn raw_profile(data: &[u8]) -> Vec<u8> {
    let digits: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<_> = digits.as_bytes().chunks(72).map(|l| String::from_utf8_lossy(l)).collect();
    format!("\nexif\n{:8}\n{}\n", data.len(), lines.join("\n")).into_bytes()
}

#[test]
fn a_png_may_note_its_orientation_anywhere() {
    use super::made::chunk;

    let upright = gradient(25, 17);
    let expected = Photo::from_rgb(upright.clone());
    let stored = stored(&upright, 6);
    let profile = raw_profile(&[b"Exif\0\0".to_vec(), exif(6)].concat());
    let packed = fdeflate::compress_to_vec(&profile);
    let xmp = b"<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
    let keyword = b"Raw profile type exif\0";
    let cases = [
        ("eXIf", chunk(b"eXIf", &exif(6))),
        ("tEXt", chunk(b"tEXt", &[&keyword[..], &profile].concat())),
        ("zTXt", chunk(b"zTXt", &[&keyword[..], &[0], &packed].concat())),
        ("iTXt", chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", &xmp[..]].concat())),
    ];
    for (kind, chunk) in cases {
        for after in [false, true] {
            let photo = decoded(&png_with(&stored, std::slice::from_ref(&chunk), after)).unwrap();
            assert!(photo == expected, "{kind}, after the pixels: {after}");
        }
    }
}

#[test]
fn xmp_counts_where_there_is_no_exif() {
    let upright = gradient(25, 17);
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>6</tiff:Orientation>";
    let mut segment = vec![0xff, 0xe1];
    segment.extend((xmp.len() as u16 + 2).to_be_bytes());
    segment.extend(xmp);
    let jpeg = |exif_orientation: Option<u16>| {
        let stored = stored(&upright, 6);
        let mut bytes = match exif_orientation {
            Some(orientation) => with_exif(&stored, ImageFormat::Jpeg, exif(orientation)),
            None => super::made::encoded(stored, ImageFormat::Jpeg),
        };
        bytes.splice(2..2, segment.clone());
        decoded(&bytes).unwrap()
    };
    assert_eq!((jpeg(None).width(), jpeg(Some(1)).width()), (25, 17));
}

#[test]
fn broken_exif_counts_as_none() {
    let image = gradient(25, 17);
    let whole = exif(6);
    let mut cases = vec![exif(0), exif(9), exif(u16::MAX), vec![], b"no EXIF at all".to_vec()];
    cases.extend((1..20).map(|length| whole[..length].to_vec()));
    // A list of tags that begins beyond the end, and one of 65,535 tags.
    let mut far = whole.clone();
    far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut many = exif(9);
    many[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
    cases.extend([far, many]);
    for exif in cases {
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
            let photo = decoded(&with_exif(&image, format, exif.clone())).unwrap();
            assert_eq!((photo.width(), photo.height()), (25, 17), "{format:?}: {exif:?}");
        }
    }
    for orientation in [0, 9, 65_535] {
        assert!(decoded(&tiff(&image, orientation)).unwrap() == Photo::from_rgb(image.clone()));
    }
}
