//! bf16 numbers: the upper 16 bits of an f32, rounded.
//!
//! The product instruction takes them in pairs: a 32-bit word holds two that follow each
//! other in the order of the sum, the first in its lower half.

/// The nearest bf16 number, ties to even; NaN stays NaN.
pub(crate) fn rounded(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    let tie = bits >> 16 & 1;
    ((bits + 0x7fff + tie) >> 16) as u16
}

/// Rounds packed weights and joins every two steps of a sum: row `s` of words holds rows
/// `2 s` and `2 s + 1` of numbers. The values behind the words stay as they were.
///
/// # Panics
/// If the number of rows is odd.
pub(crate) fn pair_rows(values: &mut [f32], columns: usize) {
    assert!(values.len().is_multiple_of(2 * columns), "an odd number of rows");
    for row in 0..values.len() / (2 * columns) {
        for column in 0..columns {
            let [first, second] = [0, 1].map(|of| values[(2 * row + of) * columns + column]);
            let word = u32::from(rounded(first)) | u32::from(rounded(second)) << 16;
            values[row * columns + column] = f32::from_bits(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_to_the_nearest_and_ties_to_even() {
        for (bits, expected) in [
            (0x3f80_0000, 0x3f80),
            (0x3f80_7fff, 0x3f80),
            (0x3f80_8000, 0x3f80),
            (0x3f80_8001, 0x3f81),
            (0x3f81_8000, 0x3f82),
            (0xbf81_8000, 0xbf82),
            (0x7f7f_ffff, 0x7f80),
            (0x7f80_0000, 0x7f80),
            (0xff80_0000, 0xff80),
        ] {
            assert_eq!(rounded(f32::from_bits(bits)), expected, "{bits:x}");
        }
        assert!(f32::from_bits(u32::from(rounded(f32::NAN)) << 16).is_nan());
        assert!(f32::from_bits(u32::from(rounded(f32::from_bits(0x7f80_0001))) << 16).is_nan());
    }

    #[test]
    fn rows_are_joined_in_place() {
        let mut values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        pair_rows(&mut values, 3);
        let halves = |word: f32| {
            let bits = word.to_bits();
            [bits << 16, bits & 0xffff_0000].map(f32::from_bits)
        };
        let found: Vec<_> = values[..6].iter().map(|word| halves(*word)).collect();
        let expected = [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0], [6.0, 9.0], [7.0, 10.0], [8.0, 11.0]];
        assert_eq!(found, expected);
    }
}
