//! Small files that want much memory.

use faces::{DecodeLimits, Need, Photo, PhotoError};
use image::ImageFormat;

use super::made::{chunk, decoded, encoded, gradient, packed_zeros, png_claiming};

#[test]
fn claims_of_gigapixels_are_refused_from_the_header() {
    let data = chunk(b"IDAT", &[0x78, 0x01, 0x03, 0, 0, 0, 0, 1]);
    for side in [20_000, 100_000] {
        let png = png_claiming(side, side, std::slice::from_ref(&data));
        assert!(png.len() < 80);
        let error = decoded(&png).expect_err("too many pixels");
        let PhotoError::PixelCount { expected: 100_000_000, width, height, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!((width, height), (side, side));
    }
    // Here one row alone would be 6 GB.
    let side = i32::MAX as u32;
    let error = decoded(&png_claiming(side, side, &[data])).expect_err("too much");
    assert!(matches!(error, PhotoError::TooMuchMemory { .. }), "{error:?}");
}

#[test]
fn sides_and_decoded_bytes_have_limits_too() {
    let data = chunk(b"IDAT", &[0x78, 0x01, 0x03, 0, 0, 0, 0, 1]);
    let long = decoded(&png_claiming(2_000_000, 1, std::slice::from_ref(&data)));
    assert!(matches!(long, Err(PhotoError::PixelCount { side: 1_048_576, width: 2_000_000, .. })));

    let limits = DecodeLimits { memory_bytes: 2_999_999, ..DecodeLimits::default() };
    let png = png_claiming(1000, 1000, &[data]);
    let error = Photo::from_bytes(&png, "square", &limits).expect_err("too much memory");
    let PhotoError::TooMuchMemory { expected, found, .. } = error else { panic!("{error:?}") };
    assert_eq!((expected, found), (2_999_999, Need::Bytes(3_000_000)));
}

#[test]
fn an_image_of_no_pixels_is_none() {
    let mut gif = encoded(gradient(2, 2), ImageFormat::Gif);
    // Width and height of the screen.
    gif[6..10].fill(0);
    let error = decoded(&gif).expect_err("no pixels");
    assert!(matches!(error, PhotoError::PixelCount { width: 0, height: 0, .. }), "{error:?}");
}

/// Text, profiles and EXIF that unpack to a gigabyte keep nobody from the image, which is one
/// pixel. That they are not unpacked, `photo_memory.rs` tests.
#[test]
fn packed_extras_are_not_unpacked_beyond_the_limit() {
    let packed = packed_zeros(1 << 30);
    assert!(packed.len() < 8 << 20);
    let extra = |kind: &[u8; 4], head: &[u8]| chunk(kind, &[head, &packed].concat());
    let pixel = chunk(b"IDAT", &[0x78, 1, 1, 4, 0, 0xfb, 0xff, 0, 7, 8, 9, 0, 0x4f, 0, 0x19]);
    let end = chunk(b"IEND", &[]);
    for extra in [
        extra(b"zTXt", b"Comment\0\0"),
        extra(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0"),
        extra(b"iCCP", b"profile\0\0"),
    ] {
        let kind = String::from_utf8(extra[4..8].to_vec()).unwrap();
        let png = png_claiming(1, 1, &[extra, pixel.clone(), end.clone()]);
        match decoded(&png) {
            Ok(photo) => assert_eq!(photo.rgb().as_raw(), &[7, 8, 9], "{kind}"),
            Err(PhotoError::TooMuchMemory { .. } | PhotoError::Damaged { .. }) => {}
            Err(error) => panic!("{kind}: {error}"),
        }
    }
}

/// A scan costs the time of the whole image, whatever data it has: a small file of a million
/// scans would take hours.
#[test]
fn a_jpeg_of_many_scans_is_refused() {
    let jpeg = include_bytes!("fixtures/separate-scans-420.jpg");
    let scan = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).expect("it has a scan");
    let head = usize::from(u16::from_be_bytes([jpeg[scan + 2], jpeg[scan + 3]])) + 2;
    let mut bytes = jpeg[..scan].to_vec();
    for _ in 0..100_000 {
        bytes.extend_from_slice(&jpeg[scan..scan + head]);
    }
    bytes.extend_from_slice(&jpeg[scan..]);
    let error = decoded(&bytes).expect_err("it has too many scans");
    assert!(
        matches!(&error, PhotoError::Damaged { found, .. } if found.contains("scans")),
        "{error:?}"
    );
}
