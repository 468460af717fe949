//! The transformed kernels of a convolution: `G g Gᵀ`.
//!
//! They are computed in f64, multiplied by the factor of each output and rounded once. `G`
//! has a row for each point p: `1, p, p², …` divided by the product of p's distances to the
//! other points, and `0, …, 0, 1` for infinity.

use ndarray::ArrayView4;
use rayon::prelude::*;

use super::transform::Form;
use crate::kernels::aligned_buffer::{AlignedBuffer, HugePageArena};
use crate::kernels::bf16::pair_rows;
use crate::kernels::packed_weight::{Panel, panels};
use crate::kernels::simd::{Bf16, LANES, SimdOp, Vector, dispatch};
use crate::level;

/// Points and the factors of their rows; infinity has no factor.
const SIX_POINTS: [(f64, f64); 5] = [
    (0.0, 1.0 / 4.0),
    (1.0, -1.0 / 6.0),
    (-1.0, -1.0 / 6.0),
    (2.0, 1.0 / 24.0),
    (-2.0, 1.0 / 24.0),
];
const FOUR_POINTS: [(f64, f64); 3] = [(0.0, 1.0), (1.0, 0.5), (-1.0, 0.5)];

/// Transformed weights: for each panel and point, a row of outputs for each input.
#[derive(Debug)]
pub(crate) struct WinogradWeight {
    values: AlignedBuffer<f32>,
    pub(super) panels: Vec<Panel>,
    pub(super) form: Form,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// If the weights are bf16 numbers, those of two inputs in a word, the proof that this
    /// machine multiplies them.
    pub(super) bf16: Option<Bf16>,
}

impl WinogradWeight {
    /// Transforms weights, panels in parallel, into a buffer from `pages`. The weights of
    /// each output are multiplied by its factor.
    ///
    /// # Shapes
    /// `weight`: O × C × r × r.
    pub(crate) fn new(
        form: Form,
        weight: ArrayView4<'_, f32>,
        factors: Option<&[f64]>,
        pages: &HugePageArena,
    ) -> Self {
        let (o, c, kh, kw) = weight.dim();
        assert_eq!([kh, kw], [form.kernel(); 2], "a kernel of another size than {form:?}");
        let weight = weight.as_standard_layout();
        let Some(weight) = weight.as_slice() else { unreachable!("standard layout is contiguous") };
        let depth = form.points() * c;
        let panels = panels(o, depth);
        let mut values = pages.allocate(o.div_ceil(LANES) * LANES * depth);
        let mut rest = values.values_mut();
        let mut jobs = Vec::new();
        for panel in &panels {
            let (target, tail) = rest.split_at_mut(panel.vectors * LANES * depth);
            rest = tail;
            jobs.push((*panel, target));
        }
        let (outputs, inputs) = (o, c);
        jobs.into_par_iter().for_each(|(panel, target)| {
            let panel = PanelTransform { form, weight, factors, outputs, inputs, panel, target };
            dispatch(level::active(), panel);
        });
        Self { values, panels, form, inputs: c, outputs: o, bf16: None }
    }

    /// Rounds the weights to bf16 and joins those of every two inputs.
    ///
    /// # Panics
    /// If the number of inputs is odd.
    pub(crate) fn into_bf16(mut self, bf16: Bf16) -> Self {
        assert!(self.inputs.is_multiple_of(2), "an odd number of inputs");
        let depth = self.form.points() * self.inputs;
        for panel in &self.panels {
            let columns = panel.vectors * LANES;
            let values = &mut self.values.values_mut()[panel.start..][..columns * depth];
            pair_rows(values, columns);
        }
        self.bf16 = Some(bf16);
        self
    }

    pub(super) fn vectors(&self) -> usize {
        self.panels.iter().map(|panel| panel.vectors).sum()
    }

    /// The values of a panel, and those of all panels behind it.
    pub(super) fn panel(&self, panel: Panel) -> &[f32] {
        &self.values.values()[panel.start..]
    }
}

/// Transforms the kernels of one panel.
struct PanelTransform<'a> {
    form: Form,
    weight: &'a [f32],
    factors: Option<&'a [f64]>,
    outputs: usize,
    inputs: usize,
    panel: Panel,
    target: &'a mut [f32],
}

impl SimdOp for PanelTransform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        match self.form {
            Form::F4X3 => self.transform::<6, 3>(),
            Form::F3X4 => self.transform::<6, 4>(),
            Form::F2X5 => self.transform::<6, 5>(),
            Form::F2X3 => self.transform::<4, 3>(),
        }
    }
}

impl PanelTransform<'_> {
    #[inline(always)]
    fn transform<const N: usize, const R: usize>(self) {
        let Self { weight, factors, outputs, inputs, panel, target, .. } = self;
        let g = matrix::<N, R>();
        let columns = panel.vectors * LANES;
        for vector in 0..panel.vectors {
            let first = panel.first + vector * LANES;
            let mut factor = [1.0; LANES];
            if let Some(factors) = factors {
                let some = &factors[first..outputs.min(first + LANES)];
                factor[..some.len()].copy_from_slice(some);
            }
            for input in 0..inputs {
                let mut filter = [[[0.0_f64; LANES]; R]; R];
                for lane in 0..outputs.saturating_sub(first).min(LANES) {
                    let source = &weight[((first + lane) * inputs + input) * R * R..][..R * R];
                    for i in 0..R {
                        for j in 0..R {
                            filter[i][j][lane] = f64::from(source[i * R + j]) * factor[lane];
                        }
                    }
                }
                for p in 0..N {
                    let mut half = [[0.0; LANES]; R];
                    for j in 0..R {
                        for i in 0..R {
                            for lane in 0..LANES {
                                half[j][lane] += g[p][i] * filter[i][j][lane];
                            }
                        }
                    }
                    for q in 0..N {
                        let mut sums = [0.0; LANES];
                        for j in 0..R {
                            for lane in 0..LANES {
                                sums[lane] += half[j][lane] * g[q][j];
                            }
                        }
                        let at = ((p * N + q) * inputs + input) * columns + vector * LANES;
                        let row = &mut target[at..at + LANES];
                        for lane in 0..LANES {
                            row[lane] = sums[lane] as f32;
                        }
                    }
                }
            }
        }
    }
}

/// The matrix `G`.
#[inline(always)]
fn matrix<const N: usize, const R: usize>() -> [[f64; R]; N] {
    let mut g = [[0.0; R]; N];
    let points: &[(f64, f64)] = if N == 4 { &FOUR_POINTS } else { &SIX_POINTS };
    for (row, (point, factor)) in g.iter_mut().zip(points) {
        let mut power = *factor;
        for value in row.iter_mut() {
            *value = power;
            power *= point;
        }
    }
    g[N - 1][R - 1] = 1.0;
    g
}
