//! Formats and pixel kinds: all become the same 8-bit RGB.

use faces::{PhotoError, crop_aligned};
use image::codecs::gif::GifEncoder;
use image::{
    DynamicImage, Frame, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba,
};

use super::made::{FORMATS, decoded, difference, encoded, gradient};

#[test]
fn every_format_gives_the_same_image() {
    let image = gradient(24, 16);
    for format in FORMATS {
        let photo = decoded(&encoded(image.clone(), format)).unwrap();
        // GIF has 256 colors, JPEG loses detail.
        let lossy = matches!(format, ImageFormat::Jpeg | ImageFormat::Gif);
        let allowed = if lossy { 24 } else { 0 };
        assert!(difference(&photo, &image) <= allowed, "{format:?}");
    }
}

#[test]
fn sixteen_bits_gray_and_transparency_become_eight_bit_rgb() {
    type Wide<P> = ImageBuffer<P, Vec<u16>>;
    let wide: DynamicImage = Wide::from_pixel(3, 2, Rgb([0_u16, 32_896, 65_535])).into();
    let gray: DynamicImage = GrayImage::from_pixel(3, 2, Luma([77])).into();
    let wide_gray: DynamicImage = Wide::from_pixel(3, 2, Luma([25_700_u16])).into();
    let half: DynamicImage = image::RgbaImage::from_pixel(3, 2, Rgba([200, 100, 0, 128])).into();
    let clear: DynamicImage = image::GrayAlphaImage::from_pixel(3, 2, LumaA([10, 0])).into();
    let cases = [
        (wide, [0, 128, 255]),
        (gray, [77; 3]),
        (wide_gray, [100; 3]),
        // Half of the color and half of white.
        (half, [227, 177, 127]),
        (clear, [255; 3]),
    ];
    for (image, expected) in cases {
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            let kind = image.color();
            let mut file = std::io::Cursor::new(Vec::new());
            // TIFF cannot hold gray with alpha.
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
    let mut png = super::made::png_claiming(4, 1, &[]);
    let (bits, color) = (24, 25);
    (png[bits], png[color]) = (2, 3);
    let header = super::made::chunk(b"IHDR", &png[16..29]);
    png.splice(8.., header);
    png.extend(super::made::chunk(b"PLTE", &palette));
    // A stored block of two bytes: the filter, then pixels 0, 1, 2, 3.
    let data = [0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 0b00_01_10_11, 0, 0x1d, 0, 0x1c];
    png.extend(super::made::chunk(b"IDAT", &data));
    png.extend(super::made::chunk(b"IEND", &[]));
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

/// An 8×8 baseline JPEG of one color in four components.
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

/// An uncompressed TIFF, or one with offsets of 64 bits, of 3×2 pixels: the photometric tag,
/// samples a pixel, the pixels, and what else its tags say.
fn tiff(big: bool, photometric: u32, samples: u32, pixels: &[u8], palette: &[u16]) -> Vec<u8> {
    let (header, entry) = if big { (16, 20) } else { (8, 12) };
    let at_pixels = header as u32;
    let at_palette = at_pixels + pixels.len() as u32;
    let at_tags = at_palette as usize + 2 * palette.len();
    let mut tags = vec![
        (256_u16, 3_u16, 1_u32, 3_u32),
        (257, 3, 1, 2),
        // In a file of 32 bits three values would need a place of their own; the palette's do.
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, at_pixels),
        (277, 3, 1, samples),
        (278, 3, 1, 2),
        (279, 4, 1, pixels.len() as u32),
    ];
    if !palette.is_empty() {
        tags.push((320, 3, palette.len() as u32, at_palette));
    }
    let mut file = if big { b"II\x2b\0\x08\0\0\0".to_vec() } else { b"II*\0".to_vec() };
    let word = |file: &mut Vec<u8>, value: u32| {
        file.extend(value.to_le_bytes());
        file.extend(if big { &[0; 4][..] } else { &[] });
    };
    word(&mut file, at_tags as u32);
    file.extend(pixels);
    file.extend(palette.iter().flat_map(|value| value.to_le_bytes()));
    let count = tags.len() as u16;
    file.extend(count.to_le_bytes());
    file.extend(if big { &[0; 6][..] } else { &[] });
    for (tag, kind, count, value) in tags {
        let from = file.len();
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        word(&mut file, count);
        word(&mut file, value);
        assert_eq!(file.len() - from, entry);
    }
    file.extend([0; 8]);
    file
}

#[test]
fn a_tiff_with_a_palette_and_one_with_long_offsets_are_read() {
    let mut palette = [0_u16; 768];
    for (index, color) in [[255, 0, 0], [10, 20, 30], [0, 255, 7]].into_iter().enumerate() {
        for (channel, value) in color.into_iter().enumerate() {
            palette[256 * channel + index] = value << 8 | value;
        }
    }
    for big in [false, true] {
        let photo = decoded(&tiff(big, 3, 1, &[0, 1, 2, 2, 1, 0], &palette)).unwrap();
        assert_eq!(photo.rgb().get_pixel(1, 0).0, [10, 20, 30], "{big}");
        assert_eq!(photo.rgb().get_pixel(0, 1).0, [0, 255, 7], "{big}");
        let gray = decoded(&tiff(big, 1, 1, &[0, 50, 100, 150, 200, 250], &[])).unwrap();
        assert_eq!(gray.rgb().get_pixel(2, 1).0, [250; 3], "{big}");
    }
    let error = decoded(&tiff(false, 3, 1, &[0; 6], &palette[..30])).unwrap_err();
    assert!(error.to_string().contains("palette of 30 values"), "{error}");
}

#[test]
fn a_tiff_in_ycbcr_is_named() {
    let error = decoded(&tiff(false, 6, 3, &[128; 18], &[])).unwrap_err();
    assert!(
        matches!(&error, PhotoError::Unsupported { found, .. } if found.contains("YCbCr")),
        "{error}"
    );
}

#[test]
fn of_a_gif_only_the_first_frame_is_decoded() {
    let mut gif = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut gif, 30);
        let frames = (0..10_000).map(|i| {
            let color = if i == 0 { [200, 0, 0, 255] } else { [0, 0, 200, 255] };
            Frame::new(image::RgbaImage::from_pixel(4, 4, Rgba(color)))
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
fn tiny_and_very_long_images_are_photos() {
    for (width, height) in [(1, 1), (1, 60_000), (60_000, 1)] {
        let image = RgbImage::from_pixel(width, height, Rgb([9, 99, 199]));
        let photo = decoded(&encoded(image, ImageFormat::Png)).unwrap();
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
