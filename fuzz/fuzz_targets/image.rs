//! Any bytes as an image file: an error, or a tensor of 96 by 96 whose values are in 0..=1.
//!
//! A panic of the decoder is caught and reported as damage, so it is not a finding.
//! libFuzzer's panic hook would end the process, so another hook replaces it.

#![no_main]

use faces::{DecodeLimits, Photo, crop_aligned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |bytes: &[u8]| {
        let limits = DecodeLimits {
            file_bytes: 1 << 20,
            pixels: 1 << 20,
            memory_bytes: 1 << 25,
            ..DecodeLimits::default()
        };
        let Ok(photo) = Photo::from_bytes(bytes, "fuzzed", &limits) else { return };
        assert!(u64::from(photo.width()) * u64::from(photo.height()) <= limits.pixels);
        let tensor = crop_aligned(&photo);
        assert_eq!(tensor.shape(), [3, 96, 96]);
        assert!(tensor.iter().all(|value| (0.0..=1.0).contains(value)));
    }
);
