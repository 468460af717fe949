//! Grey, brightness and colour: a factor for each channel.

use super::warp::PLANE;

/// The share of red, green and blue in brightness (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// A change of colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colour {
    /// All three channels become the brightness first.
    pub(super) grey: bool,
    /// Factor on red, green and blue. A grey picture takes the first for all, for
    /// it stays grey.
    pub(super) gains: [f32; 3],
}

impl Colour {
    /// Changes three planes in place.
    pub(super) fn apply(&self, planes: &mut [f32]) {
        let (red, rest) = planes.split_at_mut(PLANE);
        let (green, blue) = rest.split_at_mut(PLANE);
        if self.grey {
            let [r, g, b] = LUMA.map(|share| share * self.gains[0]);
            for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
                let grey = *red * r + *green * g + *blue * b;
                (*red, *green, *blue) = (grey, grey, grey);
            }
            return;
        }
        for (plane, gain) in [red, green, blue].into_iter().zip(self.gains) {
            for value in plane {
                *value *= gain;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(colour: Colour) -> [f32; 3] {
        let mut planes = [[0.8; PLANE], [0.4; PLANE], [0.2; PLANE]].concat();
        colour.apply(&mut planes);
        for plane in planes.chunks_exact(PLANE) {
            assert!(plane.iter().all(|&value| value == plane[0]));
        }
        [planes[0], planes[PLANE], planes[2 * PLANE]]
    }

    #[test]
    fn gains_are_factors() {
        let found = applied(Colour { grey: false, gains: [0.5, 1.0, 2.0] });
        assert_eq!(found, [0.4, 0.4, 0.4]);
    }

    #[test]
    fn grey_is_the_luma_by_the_first_gain() {
        let found = applied(Colour { grey: true, gains: [0.5, 9.0, 9.0] });
        let luma = 0.299 * 0.8 + 0.587 * 0.4 + 0.114 * 0.2;
        assert!(found.iter().all(|value| (value - 0.5 * luma).abs() < 1e-6), "{found:?}");
    }
}
