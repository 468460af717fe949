//! Formats and pixel kinds: all become the same 8-bit RGB.

use faces::{Photo, PhotoError, crop_aligned};
use image::codecs::gif::GifEncoder;
use image::{
    DynamicImage, Frame, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba,
};

use super::pictures::{FORMATS, decoded, encoded, gradient};

/// The largest difference of a sample.
fn difference(a: &Photo, b: &RgbImage) -> u8 {
    assert_eq!((a.width(), a.height()), b.dimensions());
    a.rgb().iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn every_format_gives_the_same_picture() {
    let picture = gradient(24, 16);
    for format in FORMATS {
        let photo = decoded(&encoded(picture.clone(), format)).unwrap();
        // GIF has 256 colours, JPEG loses detail.
        let lossy = matches!(format, ImageFormat::Jpeg | ImageFormat::Gif);
        let allowed = if lossy { 24 } else { 0 };
        assert!(difference(&photo, &picture) <= allowed, "{format:?}");
    }
}

#[test]
fn sixteen_bits_grey_and_transparency_become_eight_bit_rgb() {
    type Wide<P> = ImageBuffer<P, Vec<u16>>;
    let wide: DynamicImage = Wide::from_pixel(3, 2, Rgb([0_u16, 32_896, 65_535])).into();
    let grey: DynamicImage = GrayImage::from_pixel(3, 2, Luma([77])).into();
    let wide_grey: DynamicImage = Wide::from_pixel(3, 2, Luma([25_700_u16])).into();
    let half: DynamicImage = image::RgbaImage::from_pixel(3, 2, Rgba([200, 100, 0, 128])).into();
    let clear: DynamicImage = image::GrayAlphaImage::from_pixel(3, 2, LumaA([10, 0])).into();
    let cases = [
        (wide, [0, 128, 255]),
        (grey, [77; 3]),
        (wide_grey, [100; 3]),
        // Half of the colour and half of white.
        (half, [227, 177, 127]),
        (clear, [255; 3]),
    ];
    for (image, expected) in cases {
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            let kind = image.color();
            let mut file = std::io::Cursor::new(Vec::new());
            // TIFF cannot hold grey with alpha.
            if image.write_to(&mut file, format).is_err() {
                assert!(format == ImageFormat::Tiff && kind.has_alpha(), "{kind:?} {format:?}");
                continue;
            }
            let photo = decoded(file.get_ref()).unwrap();
            assert_eq!(photo.rgb().get_pixel(2, 1).0, expected, "{kind:?} {format:?}");
        }
    }
}

#[test]
fn a_palette_is_looked_up() {
    // PNG with two bits a pixel: white, black, red, green.
    let palette = [255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0];
    let mut png = super::pictures::png_claiming(4, 1, &[]);
    let (bits, colour) = (24, 25);
    (png[bits], png[colour]) = (2, 3);
    let header = super::pictures::chunk(b"IHDR", &png[16..29]);
    png.splice(8.., header);
    png.extend(super::pictures::chunk(b"PLTE", &palette));
    // A stored block of two bytes: the filter, then pixels 0, 1, 2, 3.
    let data = [0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 0b00_01_10_11, 0, 0x1d, 0, 0x1c];
    png.extend(super::pictures::chunk(b"IDAT", &data));
    png.extend(super::pictures::chunk(b"IEND", &[]));
    let photo = decoded(&png).unwrap();
    assert_eq!(photo.rgb().as_raw(), &palette);
}

#[test]
fn a_cmyk_jpeg_becomes_rgb() {
    // Adobe stores ink inverted: 255 is none.
    for (ink, expected) in [
        ([255, 0, 0, 255], [255, 0, 0]),
        ([0, 255, 0, 255], [0, 255, 0]),
        ([255, 255, 255, 255], [255, 255, 255]),
        ([255, 255, 255, 0], [0, 0, 0]),
    ] {
        let photo = decoded(&cmyk_jpeg(ink)).unwrap();
        assert_eq!((photo.width(), photo.height()), (8, 8));
        let found = photo.rgb().get_pixel(4, 4).0;
        let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(3), "{ink:?}: {found:?}");
    }
}

/// An 8×8 baseline JPEG of one colour in four components.
fn cmyk_jpeg(ink: [u8; 4]) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8];
    let mut segment = |kind: u8, data: &[u8]| {
        jpeg.extend([0xff, kind]);
        jpeg.extend((data.len() as u16 + 2).to_be_bytes());
        jpeg.extend(data);
    };
    segment(0xee, b"Adobe\0\x64\0\0\0\0\0");
    // Every coefficient in steps of 8, so that the mean is in steps of 1.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    segment(0xc0, &[8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    // Means: twelve codes of four bits, the bit counts 0 to 11. The rest: one
    // code of one bit, the end of the block.
    let mut counts = [0; 16];
    counts[3] = 12;
    let lengths: Vec<u8> = (0..12).collect();
    segment(0xc4, &[&[0x00][..], &counts, &lengths].concat());
    counts = [0; 16];
    counts[0] = 1;
    segment(0xc4, &[&[0x10][..], &counts, &[0]].concat());
    segment(0xda, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    let mut bits = String::new();
    for value in ink {
        let mean = i32::from(value) - 128;
        let count = 32 - mean.unsigned_abs().leading_zeros();
        let code = if mean < 0 { mean + (1 << count) - 1 } else { mean };
        bits += &format!("{count:04b}");
        if count > 0 {
            bits += &format!("{code:0width$b}", width = count as usize);
        }
        bits += "0";
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
        jpeg.push(byte);
        if byte == 0xff {
            jpeg.push(0);
        }
    }
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

#[test]
fn of_a_gif_only_the_first_frame_is_decoded() {
    let mut gif = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut gif, 30);
        let frames = (0..10_000).map(|i| {
            let colour = if i == 0 { [200, 0, 0, 255] } else { [0, 0, 200, 255] };
            Frame::new(image::RgbaImage::from_pixel(4, 4, Rgba(colour)))
        });
        encoder.encode_frames(frames).unwrap();
    }
    let photo = decoded(&gif).unwrap();
    assert!(photo.rgb().pixels().all(|p| p.0 == [200, 0, 0]));
    // What follows the first frame is not even looked at.
    gif.truncate(gif.len() / 2);
    assert_eq!(decoded(&gif).unwrap(), photo);
}

#[test]
fn tiny_and_very_long_pictures_are_photos() {
    for (width, height) in [(1, 1), (1, 60_000), (60_000, 1)] {
        let picture = RgbImage::from_pixel(width, height, Rgb([9, 99, 199]));
        let photo = decoded(&encoded(picture, ImageFormat::Png)).unwrap();
        assert_eq!((photo.width(), photo.height()), (width, height));
        let crop = crop_aligned(&photo);
        assert!(crop.iter().all(|v| v.is_finite()));
        assert!((crop[[1, 50, 50]] - 99.0 / 255.0).abs() < 1e-5);
    }
}

#[test]
fn a_kind_that_is_not_supported_says_what_it_is() {
    // A TIFF whose bits a sample, tag 258, are patched from 8 to 5.
    let mut tiff = encoded(GrayImage::new(4, 4), ImageFormat::Tiff);
    let entry = [2, 1, 3, 0, 1, 0, 0, 0, 8, 0];
    let at = tiff.windows(entry.len()).position(|w| w == entry).expect("bits a sample");
    tiff[at + 8] = 5;
    let error = decoded(&tiff).expect_err("five bits");
    assert!(matches!(error, PhotoError::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("TIFF"), "{error}");
}
