//! What hostile files cost in memory. A process of its own with one test: the
//! peak is the process's, and other tests would disturb it.

// Clippy allows it in test functions only, not in what they call.
#![allow(clippy::unwrap_used)]

#[path = "faces/made.rs"]
#[allow(dead_code)]
mod made;

use std::fs;

use faces::{DecodeLimits, Photo};
use image::{ImageFormat, RgbImage};
use made::{chunk, decoded, encoded, packed_zeros, png_claiming};
use test_support::skipped;

/// Megabytes that this process had resident at most so far.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}

#[test]
fn hostile_files_cost_less_than_64_mebibytes() {
    let data = chunk(b"IDAT", &[0x78, 0x01, 0x03, 0, 0, 0, 0, 1]);
    let packed = packed_zeros(1 << 30);
    let extra = |kind: &[u8; 4], head: &[u8]| {
        png_claiming(1, 1, &[chunk(kind, &[head, &packed].concat()), data.clone()])
    };
    let mut gif = encoded(RgbImage::new(2, 2), ImageFormat::Gif);
    gif[6..10].fill(0xff);
    let mut bmp = encoded(RgbImage::new(2, 2), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0, 0, 1, 0, 0, 0, 1, 0]);
    let files = [
        png_claiming(20_000, 20_000, std::slice::from_ref(&data)),
        png_claiming(100_000, 100_000, std::slice::from_ref(&data)),
        png_claiming(i32::MAX as u32, 1, std::slice::from_ref(&data)),
        extra(b"zTXt", b"Comment\0\0"),
        extra(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0"),
        extra(b"iCCP", b"profile\0\0"),
        gif,
        bmp,
    ];
    assert!(decoded(&encoded(RgbImage::new(64, 64), ImageFormat::Png)).is_ok());
    let Some(idle) = peak() else { return skipped("no /proc/self/status") };
    for (i, file) in files.iter().enumerate() {
        assert!(Photo::from_bytes(file, "bomb", &DecodeLimits::default()).is_err(), "file {i}");
        let more = peak().unwrap() - idle;
        assert!(more < 64, "file {i}: {more} MiB over idle");
    }
}
