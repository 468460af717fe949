//! Winograd's method in plain loops and `f64`: the error bounds of programs that use it, and
//! their results in bf16.
//!
//! With exact transforms, the error of a product of two rounded numbers is at most
//! `(1 + u)² - 1` of its size, where u is the unit roundoff; sums and the output transform
//! add such errors with the absolute values of their coefficients. So the error of an output
//! is at most `((1 + u)² - 1) |Aᵀ| (|U| ⊙ |V|) |A|`, summed over channels, with U and V the
//! transformed kernel and source. For `f32`, whose transforms and sums are rounded, too, U
//! and V are replaced by the transforms with absolute values everywhere, and each rounding
//! counts.

use ndarray::{Array1, Array2, Array4, ArrayView2, s};

/// A form F(m×m, r×r).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) m: usize,
    pub(crate) r: usize,
}

/// The matrices of a form.
struct Matrices {
    /// `Aᵀ`, m × n.
    output: Array2<f64>,
    /// `G`, n × r.
    kernel: Array2<f64>,
    /// `Bᵀ`, n × n.
    source: Array2<f64>,
}

impl Form {
    /// The forms that a program may use for a kernel of stride 1.
    pub(crate) fn of(kernel: usize) -> Vec<Self> {
        let tiles: &[usize] = match kernel {
            3 => &[4, 2],
            4 => &[3],
            5 => &[2],
            _ => &[],
        };
        tiles.iter().map(|m| Self { m: *m, r: kernel }).collect()
    }

    /// The polynomials of the points 0, ±1 (, ±2) and infinity.
    fn matrices(self) -> Matrices {
        let Self { m, r } = self;
        let n = m + r - 1;
        let points = &[0.0, 1.0, -1.0, 2.0, -2.0][..n - 1];
        let others = |point: f64| points.iter().copied().filter(move |other| *other != point);
        let power = |point: f64, k: usize| point.powi(k as i32);
        let mut output = Array2::from_shape_fn((m, n), |(i, p)| {
            points.get(p).map_or(0.0, |point| power(*point, i))
        });
        let mut kernel = Array2::from_shape_fn((n, r), |(p, k)| {
            points.get(p).map_or(0.0, |point| {
                let distances: f64 = others(*point).map(|other| point - other).product();
                power(*point, k) / distances
            })
        });
        output[[m - 1, n - 1]] = 1.0;
        kernel[[n - 1, r - 1]] = 1.0;
        let mut source = Array2::zeros((n, n));
        for p in 0..n {
            // The product of `x - other` over the other points, or over all for infinity.
            let roots: Vec<f64> = match points.get(p) {
                Some(point) => others(*point).collect(),
                None => points.to_vec(),
            };
            let mut polynomial = vec![1.0];
            for root in roots {
                let mut product = vec![0.0; polynomial.len() + 1];
                for (degree, coefficient) in polynomial.iter().enumerate() {
                    product[degree] -= root * coefficient;
                    product[degree + 1] += coefficient;
                }
                polynomial = product;
            }
            source.slice_mut(s![p, ..polynomial.len()]).assign(&Array1::from(polynomial));
        }
        Matrices { output, kernel, source }
    }

    /// The convolution, of images that are padded already, with transformed values rounded
    /// by `round`; and `|Aᵀ| (|U| ⊙ |V|) |A|`, summed over channels.
    pub(crate) fn convolve(
        self,
        images: &Array4<f64>,
        weight: &Array4<f64>,
        round: impl Fn(f64) -> f64,
    ) -> [Array4<f64>; 2] {
        self.matrices().convolve(self, images, weight, round)
    }

    /// A bound of the error of a program in `f32`, less the number of roundings.
    pub(crate) fn magnitude(self, images: &Array4<f64>, weight: &Array4<f64>) -> Array4<f64> {
        let Matrices { output, kernel, source } = self.matrices();
        let [output, kernel, source] =
            [output, kernel, source].map(|matrix| matrix.map(|x| x.abs()));
        let [images, weight] = [images, weight].map(|array| array.map(|x| x.abs()));
        let [magnitude, _] =
            Matrices { output, kernel, source }.convolve(self, &images, &weight, |x| x);
        magnitude
    }
}

impl Matrices {
    fn convolve(
        &self,
        Form { m, r }: Form,
        images: &Array4<f64>,
        weight: &Array4<f64>,
        round: impl Fn(f64) -> f64,
    ) -> [Array4<f64>; 2] {
        let n = m + r - 1;
        let (batch, channels, h, w) = images.dim();
        let (outputs, ..) = weight.dim();
        let [oh, ow] = [h + 1 - r, w + 1 - r];
        let kernels = Array4::from_shape_fn((outputs, channels, n, n), |(o, c, p, q)| {
            round(transformed(&self.kernel, weight.slice(s![o, c, .., ..]), [p, q]))
        });
        let mut results = [(); 2].map(|()| Array4::zeros((batch, outputs, oh, ow)));
        for image in 0..batch {
            for y in (0..oh).step_by(m) {
                for x in (0..ow).step_by(m) {
                    let tiles = Array4::from_shape_fn((1, channels, n, n), |(_, c, i, j)| {
                        images.get((image, c, y + i, x + j)).copied().unwrap_or(0.0)
                    });
                    let tiles = Array4::from_shape_fn((1, channels, n, n), |(_, c, p, q)| {
                        round(transformed(&self.source, tiles.slice(s![0, c, .., ..]), [p, q]))
                    });
                    for o in 0..outputs {
                        let mut sums = Array2::<f64>::zeros((n, n));
                        let mut sizes = Array2::<f64>::zeros((n, n));
                        for c in 0..channels {
                            for p in 0..n {
                                for q in 0..n {
                                    let product = kernels[[o, c, p, q]] * tiles[[0, c, p, q]];
                                    sums[[p, q]] += product;
                                    sizes[[p, q]] += product.abs();
                                }
                            }
                        }
                        let output = [self.output.clone(), self.output.map(|x| x.abs())];
                        for (result, (matrix, sums)) in
                            results.iter_mut().zip(output.iter().zip([sums, sizes]))
                        {
                            for i in 0..m.min(oh - y) {
                                for j in 0..m.min(ow - x) {
                                    result[[image, o, y + i, x + j]] =
                                        transformed(matrix, sums.view(), [i, j]);
                                }
                            }
                        }
                    }
                }
            }
        }
        results
    }
}

/// One value of `M X Mᵀ`: over the rows of X first, as the definition of a program's weights
/// does it, so that their bits are the same.
fn transformed(matrix: &Array2<f64>, values: ArrayView2<'_, f64>, [p, q]: [usize; 2]) -> f64 {
    let mut sum = 0.0;
    for (j, column) in values.columns().into_iter().enumerate() {
        let mut half = 0.0;
        for (i, value) in column.iter().enumerate() {
            half += matrix[[p, i]] * value;
        }
        sum += half * matrix[[q, j]];
    }
    sum
}

/// The nearest number with a significand of eight bits, by way of `f32`.
pub(crate) fn bf16(value: f64) -> f64 {
    let bits = (value as f32).to_bits();
    let tie = bits >> 16 & 1;
    f64::from(f32::from_bits((bits + 0x7fff + tie) & 0xffff_0000))
}

/// A convolution of stride 2 as one of stride 1 over the four phases of its padded images.
pub(crate) fn phases(images: &Array4<f64>, weight: &Array4<f64>) -> [Array4<f64>; 2] {
    let (n, c, h, w) = images.dim();
    let (o, _, kernel, _) = weight.dim();
    let side = kernel.div_ceil(2);
    let [oh, ow] = [h, w].map(|size| (size - kernel) / 2 + 1);
    let shape = (n, 4 * c, oh + side - 1, ow + side - 1);
    let phase_of = |channel: usize| (channel / c / 2, channel / c % 2, channel % c);
    let images = Array4::from_shape_fn(shape, |(n, channel, y, x)| {
        let (row, column, c) = phase_of(channel);
        images.get((n, c, 2 * y + row, 2 * x + column)).copied().unwrap_or(0.0)
    });
    let weight = Array4::from_shape_fn((o, 4 * c, side, side), |(o, channel, a, b)| {
        let (row, column, c) = phase_of(channel);
        weight.get((o, c, 2 * a + row, 2 * b + column)).copied().unwrap_or(0.0)
    });
    [images, weight]
}

mod tests {
    use tensor::ops::Conv2dOptions;
    use tensor::reference;

    use super::*;
    use crate::support::{Layout, random, whole};

    const FORMS: [Form; 4] =
        [Form { m: 4, r: 3 }, Form { m: 3, r: 4 }, Form { m: 2, r: 5 }, Form { m: 2, r: 3 }];

    #[test]
    fn every_form_is_a_convolution() {
        for form in FORMS {
            let images = random::<f64, _>((2, 3, 9, 11), 1, Layout::Standard);
            let weight = random::<f64, _>((4, 3, form.r, form.r), 2, Layout::Standard);
            let expected =
                reference::conv2d(images.view(), weight.view(), None, Conv2dOptions::default());
            let [actual, _] = form.convolve(&images, &weight, |x| x);
            let error = (&actual - &expected).iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            assert!(error < 1e-13, "{form:?}: {error:e}");
        }
    }

    #[test]
    fn a_convolution_of_stride_two_is_one_over_phases() {
        let images = whole::<f64, _>((2, 3, 11, 12), 1, Layout::Standard);
        let weight = whole::<f64, _>((4, 3, 7, 7), 2, Layout::Standard);
        let options = Conv2dOptions { stride: [2, 2], ..Conv2dOptions::default() };
        let expected = reference::conv2d(images.view(), weight.view(), None, options);
        let [images, weight] = phases(&images, &weight);
        let actual =
            reference::conv2d(images.view(), weight.view(), None, Conv2dOptions::default());
        assert_eq!(actual, expected);
    }

    /// The bound of the module's text holds; and a typical error, relative to the typical
    /// output, is below 3 % for the forms with six points and 0.5 % for that with four, as
    /// `tensor::inference::Precision` states.
    #[test]
    fn errors_in_bf16_are_within_their_bound() {
        let rounding = (1.0 + 2.0_f64.powi(-8)).powi(2) - 1.0;
        let square = |array: &Array4<f64>| array.iter().map(|x| x * x).sum::<f64>();
        for form in FORMS {
            let images = random::<f64, _>((1, 64, 16, 16), 1, Layout::Standard);
            let weight = random::<f64, _>((16, 64, form.r, form.r), 2, Layout::Standard);
            let options = Conv2dOptions::default();
            let exact = reference::conv2d(images.view(), weight.view(), None, options);
            let [rounded, _] = form.convolve(&images, &weight, bf16);
            let [_, sizes] = form.convolve(&images, &weight, |x| x);
            for ((rounded, exact), size) in rounded.iter().zip(&exact).zip(&sizes) {
                // The slack is for the roundings of this test.
                let bound = 1.000_001 * rounding * size;
                assert!((rounded - exact).abs() <= bound, "{form:?}: {rounded}, {exact}");
            }
            let typical = (square(&(&rounded - &exact)) / square(&exact)).sqrt();
            let most = if form.m + form.r == 7 { 0.03 } else { 0.005 };
            assert!(typical < most, "{form:?}: {typical}");
        }
    }
}
