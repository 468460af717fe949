//! Grey pictures, and smaller copies of them as the classifiers were trained on.

/// A grey picture.
#[derive(Clone, Debug)]
pub(super) struct Grey {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A square of a picture; it may reach beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Square {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) side: i32,
}

impl Grey {
    /// Width and height of a copy.
    pub(super) fn sides_at(&self, scale: f32) -> [usize; 2] {
        [self.width, self.height].map(|side| (side as f32 * scale) as usize)
    }

    /// A copy of another size. Each pixel is a bilinear look at the place of its *corner*,
    /// without averaging: not the best way, but the one the classifiers know.
    pub(super) fn resized(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let (columns, rows) = (looks(self.width, width), looks(self.height, height));
        let mut pixels = Vec::with_capacity(width * height);
        for row in rows {
            let line = |y: usize| &self.pixels[y * self.width..][..self.width];
            let (upper, lower) = (line(row.first), line(row.first + 1));
            pixels.extend(columns.iter().map(|column| {
                let x = column.first;
                let across = |line: &[u8]| mix(line[x].into(), line[x + 1].into(), column.share);
                mix(across(upper), across(lower), row.share) as u8
            }));
        }
        Self { pixels, width, height }
    }

    /// A square of the picture as `side` × `side` pixels, black beyond the picture.
    pub(super) fn cut(&self, square: &Square, side: usize) -> Self {
        let whole = square.side as usize;
        let places = if whole == side {
            (0..side).map(|first| Look { first, share: 0.0 }).collect()
        } else {
            looks(whole, side)
        };
        let mut pixels = Vec::with_capacity(side * side);
        for row in &places {
            let y = square.y + row.first as i32;
            let lines = [self.line(y), self.line(y + 1)];
            pixels.extend(places.iter().map(|column| {
                let x = square.x + column.first as i32;
                let [upper, lower] =
                    lines.map(|line| mix(value(line, x), value(line, x + 1), column.share));
                mix(upper, lower, row.share) as u8
            }));
        }
        Self { pixels, width: side, height: side }
    }

    /// A row; empty beyond the picture.
    fn line(&self, y: i32) -> &[u8] {
        match usize::try_from(y) {
            Ok(y) if y < self.height => &self.pixels[y * self.width..][..self.width],
            _ => &[],
        }
    }
}

/// A pixel of a row; black beyond it.
fn value(line: &[u8], x: i32) -> f32 {
    usize::try_from(x).ok().and_then(|x| line.get(x)).map_or(0.0, |&v| f32::from(v))
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// Two neighbours and the second one's share.
struct Look {
    first: usize,
    share: f32,
}

/// The looks along an axis of `from` pixels, two or more, for `to`.
fn looks(from: usize, to: usize) -> Vec<Look> {
    let scale = from as f64 / to as f64;
    let look = |i: usize| {
        let place = scale * i as f64;
        let first = (place as usize).min(from - 2);
        Look { first, share: (place - first as f64) as f32 }
    };
    (0..to).map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_beyond_the_picture_are_black_there() {
        let picture = Grey { pixels: vec![100; 30 * 20], width: 30, height: 20 };
        for (square, expected) in [
            (Square { x: 0, y: 0, side: 10 }, [100; 4]),
            (Square { x: -5, y: -5, side: 10 }, [0, 0, 0, 100]),
            (Square { x: 25, y: 15, side: 10 }, [100, 0, 0, 0]),
            (Square { x: 300, y: -900, side: 10 }, [0; 4]),
        ] {
            let cut = picture.cut(&square, 10).pixels;
            assert_eq!([cut[0], cut[9], cut[90], cut[99]], expected, "{square:?}");
            let enlarged = picture.cut(&square, 40).pixels;
            assert_eq!(enlarged.len(), 1600);
        }
    }

    #[test]
    fn halving_takes_every_other_pixel() {
        let pixels: Vec<u8> = (0..100).collect();
        let picture = Grey { pixels, width: 10, height: 10 };
        assert_eq!(picture.resized(5, 5).pixels[..7], [0, 2, 4, 6, 8, 20, 22]);
        assert_eq!(picture.resized(10, 10).pixels, picture.pixels);
    }
}
