//! Forms of JPEG that decoders know less well.

use image::{ImageFormat, Rgb};

use super::made::{decoded, difference, encoded, gradient};

/// The segments of a JPEG but those that define codes, as in a frame of a Motion JPEG.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut rest = jpeg[2..].to_vec();
    let mut made = jpeg[..2].to_vec();
    while rest[1] != 0xda {
        let length = 2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let after = rest.split_off(length);
        if rest[1] != 0xc4 {
            made.extend(&rest);
        }
        rest = after;
    }
    made.extend(rest);
    made
}

#[test]
fn a_frame_of_a_motion_jpeg_has_the_usual_tables() {
    let jpeg = encoded(gradient(52, 44), ImageFormat::Jpeg);
    let frame = without_tables(&jpeg);
    assert!(frame.len() + 400 < jpeg.len());
    assert_eq!(decoded(&frame).unwrap(), decoded(&jpeg).unwrap());
    // Cut, it lacks a part like any other.
    let cut = decoded(&frame[..frame.len() - frame.len() / 4]).unwrap();
    assert!(cut.missing().is_some());
}

/// `cjpeg -scans` with `0; 1; 2;` and `-sample 2x2` or `1x2`, of [`gradient`].
#[test]
fn a_jpeg_with_a_scan_for_each_color_is_no_stripes() {
    let image = gradient(52, 44);
    for (sampling, file) in [
        ("4:2:0", &include_bytes!("fixtures/separate-scans-420.jpg")[..]),
        ("4:4:0", include_bytes!("fixtures/separate-scans-440.jpg")),
    ] {
        let photo = decoded(file).unwrap();
        assert!(difference(&photo, &image) <= 24, "{sampling}");
        assert!(!photo.is_coarse() && photo.missing().is_none());
        // Cut within a scan of color, the image is gray; within that of brightness, it lacks
        // rows, too.
        let scans: Vec<usize> =
            (0..file.len() - 1).filter(|&at| file[at..].starts_with(&[0xff, 0xda])).collect();
        let [_, second, third] = scans[..] else { panic!("{scans:?}") };
        let gray = |pixel: &Rgb<u8>| {
            let [r, g, b] = pixel.0.map(i32::from);
            (r - g).abs() <= 1 && (g - b).abs() <= 1
        };
        for (length, lacks_rows) in
            [(file.len() - 6, false), (third - 4, false), (second + 14, false), (second - 60, true)]
        {
            for end in [&[][..], &[0xff, 0xd9]] {
                let cut = decoded(&[&file[..length], end].concat()).unwrap();
                assert!(cut.is_coarse(), "{sampling} cut at {length}");
                assert_eq!(cut.missing().is_some(), lacks_rows, "{sampling} cut at {length}");
                let rows = cut.missing().map_or(44, |part| part.y as usize);
                for (row, rows_of_whole) in cut.rgb().rows().zip(photo.rgb().rows()).take(rows) {
                    for (found, whole) in row.zip(rows_of_whole) {
                        assert!(length > second + 20 || gray(found), "{sampling}: {found:?}");
                        let luma = |Rgb([r, g, b]): Rgb<u8>| {
                            0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
                        };
                        // Colors that would not fit into eight bits were cut off in the whole.
                        let off = (luma(*found) - luma(*whole)).abs();
                        assert!(off < 4.0, "{sampling}: {found:?} for {whole:?}");
                    }
                }
            }
        }
        assert!(decoded(&file[..scans[0] + 20]).is_err());
    }
}
