//! From a distance to the probability that two faces are one person's.
//!
//! The curve is logistic in the **square** of the distance, which on the unit sphere
//! is 2 - 2·cosine: ln(p(d|same) / p(d|other)) = intercept + slope·d². It is fitted
//! by logistic regression with both kinds of pairs weighing the same (Brümmer and du
//! Preez, "Application-independent evaluation of speaker detection", 2006; Platt
//! 1999), so the fit is a log-likelihood *ratio*, to which any prior can be added.
//!
//! Why not isotonic regression: it jumps, claims certainty beyond the last error it
//! saw, and has no use for a distance outside its data. Why the square: measured on
//! LFW, ln(ratio) lies within 0.4 of this line from d = 0.45 to 1.0, while a line in d
//! itself is 2 too sure at 0.45. How much the straight line loses stands in every
//! calibration: `cllr` against `cllr_min`, that of isotonic regression on the same
//! data.

use serde::{Deserialize, Serialize};

use super::distances::{Distances, Sample};
use super::{CalibrationError, grid};
use crate::rate::Z;

/// Most steps of Newton's method; it takes about eight.
const STEPS: usize = 50;

/// The fitted curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityCurve {
    /// ln of the likelihood ratio at distance 0.
    pub intercept: f64,
    /// Its change with the square of the distance, at most 0.
    pub slope: f64,
    /// Variance of the intercept, covariance, variance of the slope: over resamples.
    pub covariance: [f64; 3],
    /// The largest |ln ratio| that is claimed for "two people" and for "one person":
    /// ln of the pairs of the kind that would have to be missed. More than n pairs
    /// can show, the curve does not say.
    pub bounds: [f64; 2],
    /// What the curve's answers cost, in bits a pair, both kinds weighing the same: 0
    /// is knowing, 1 is guessing (Brümmer and du Preez's Cllr).
    pub cllr: f64,
    /// The same for the best monotone curve on these data, from isotonic regression.
    pub cllr_min: f64,
}

/// The probability that two faces are one person's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The estimate.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ProbabilityCurve {
    /// Fits the curve and, by resamples, how well it is known.
    pub(super) fn fit(distances: &Distances) -> Self {
        let sample = distances.sample(0);
        let [intercept, slope] = logistic(&sample, [0.0, 0.0]);
        let fits = distances.resamples(|sample| logistic(sample, [intercept, slope]));
        let [genuine, impostor] = distances.totals();
        let bounds = [genuine, impostor].map(|pairs| (pairs as f64 + 1.0).ln());
        let mut curve = Self {
            intercept,
            slope,
            covariance: covariance(&fits),
            bounds,
            cllr: 0.0,
            cllr_min: cost(&sample, &isotonic(&sample)),
        };
        let ratios: Vec<_> =
            (0..grid::BINS).map(|bin| curve.log_ratio(grid::middle(bin))).collect();
        curve.cllr = cost(&sample, &ratios);
        curve.tidied()
    }

    /// With twelve digits, more than are known, which every reader of JSON brings back
    /// to the same bit.
    fn tidied(self) -> Self {
        let tidy = |value: f64| format!("{value:.11e}").parse().unwrap_or(value);
        let Self { intercept, slope, covariance, bounds, cllr, cllr_min } = self;
        Self {
            intercept: tidy(intercept),
            slope: tidy(slope),
            covariance: covariance.map(tidy),
            bounds: bounds.map(tidy),
            cllr: tidy(cllr),
            cllr_min: tidy(cllr_min),
        }
    }

    /// ln(p(distance | one person) / p(distance | two people)).
    fn log_ratio(&self, distance: f64) -> f64 {
        self.bounded(self.intercept + self.slope * distance * distance)
    }

    /// The probability of one person, if it was `prior` before the comparison.
    ///
    /// # Errors
    /// When `prior` is not above 0 and below 1.
    pub fn probability(&self, distance: f64, prior: f64) -> Result<Probability, CalibrationError> {
        if !(prior > 0.0 && prior < 1.0) {
            return Err(CalibrationError::Prior { found: prior });
        }
        let x = distance * distance;
        let [intercept, both, slope] = self.covariance;
        let deviation = (intercept + 2.0 * x * both + x * x * slope).max(0.0).sqrt();
        let ratio = self.intercept + self.slope * x;
        let odds = (prior / (1.0 - prior)).ln();
        let at = |ratio: f64| sigmoid(self.bounded(ratio) + odds);
        Ok(Probability {
            value: at(ratio),
            low: at(ratio - Z * deviation),
            high: at(ratio + Z * deviation),
        })
    }

    fn bounded(&self, ratio: f64) -> f64 {
        let [other, same] = self.bounds;
        ratio.clamp(-other, same)
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Intercept and slope by Newton's method from `start`. The targets are Platt's,
/// (n + 1) / (n + 2) and 1 / (n + 2), which keep the fit finite where a threshold
/// separates all pairs.
fn logistic(sample: &Sample, start: [f64; 2]) -> [f64; 2] {
    let [genuine, impostor] = sample.totals().map(|total| total as f64);
    let (hit, miss) = ((genuine + 1.0) / (genuine + 2.0), 1.0 / (impostor + 2.0));
    let bins: Vec<_> = (0..grid::BINS)
        .filter(|&bin| sample.genuine[bin] + sample.impostor[bin] > 0)
        .map(|bin| {
            let same = f64::from(sample.genuine[bin]) / genuine;
            let other = f64::from(sample.impostor[bin]) / impostor;
            (grid::middle(bin).powi(2), same, other)
        })
        .collect();
    // Value, gradient and second derivatives of the mean negative log-likelihood.
    let derive = |[a, b]: [f64; 2]| {
        let mut sums = [0.0; 6];
        for &(x, same, other) in &bins {
            let s = a + b * x;
            let p = sigmoid(s);
            let weight = same + other;
            let target = same * hit + other * miss;
            let slope = weight * p - target;
            let curve = weight * p * (1.0 - p);
            let softplus = s.max(0.0) + (-s.abs()).exp().ln_1p();
            let terms =
                [weight * softplus - target * s, slope, slope * x, curve, curve * x, curve * x * x];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        sums
    };
    let mut fit = start;
    let mut sums = derive(fit);
    for _ in 0..STEPS {
        let [loss, ga, gb, haa, hab, hbb] = sums;
        let determinant = haa * hbb - hab * hab;
        // One distance alone has no slope.
        if determinant <= f64::EPSILON * haa * hbb {
            break;
        }
        let step = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
        // Newton's step, or a part of it where that overshoots.
        let mut share = 1.0;
        let better = loop {
            let next = [fit[0] - share * step[0], fit[1] - share * step[1]];
            let after = derive(next);
            if after[0] <= loss || share < 1e-6 {
                break (next, after);
            }
            share /= 2.0;
        };
        fit = better.0;
        sums = better.1;
        if step.iter().all(|part| part.abs() < 1e-9) {
            break;
        }
    }
    // Nearer is never less alike; data that say so are noise.
    if fit[1] > 0.0 { [0.0, 0.0] } else { fit }
}

fn covariance(fits: &[[f64; 2]]) -> [f64; 3] {
    let count = fits.len() as f64;
    if fits.len() < 2 {
        return [0.0; 3];
    }
    let mean = [0, 1].map(|i| fits.iter().map(|fit| fit[i]).sum::<f64>() / count);
    let product = |i: usize, j: usize| {
        let sum: f64 = fits.iter().map(|fit| (fit[i] - mean[i]) * (fit[j] - mean[j])).sum();
        sum / (count - 1.0)
    };
    [product(0, 0), product(0, 1), product(1, 1)]
}

/// Cllr: the mean of log2(1 + 1/ratio) over pairs of one person and of
/// log2(1 + ratio) over pairs of two, halved and added.
fn cost(sample: &Sample, log_ratios: &[f64]) -> f64 {
    let totals = sample.totals().map(|total| total as f64);
    let mut costs = [0.0; 2];
    for (bin, &ratio) in log_ratios.iter().enumerate() {
        for (kind, counts, sign) in [(0, &sample.genuine, -1.0), (1, &sample.impostor, 1.0)] {
            if counts[bin] > 0 {
                let x: f64 = sign * ratio;
                let bits = (x.max(0.0) + (-x.abs()).exp().ln_1p()) / std::f64::consts::LN_2;
                costs[kind] += f64::from(counts[bin]) / totals[kind] * bits;
            }
        }
    }
    costs[0].midpoint(costs[1])
}

/// Neighboring bins that share one answer.
struct Pool {
    same: f64,
    other: f64,
    /// Bins in it.
    bins: usize,
}

/// Isotonic regression, the best curve that never rises with the distance: ln of the
/// likelihood ratio by bin, infinite where only one kind is. By pooling adjacent violators
/// (Ayer et al. 1955). Not used for answers; it shows how much the fitted curve could be
/// improved at most.
fn isotonic(sample: &Sample) -> Vec<f64> {
    let [genuine, impostor] = sample.totals().map(|total| total as f64);
    let mut pools: Vec<Pool> = Vec::new();
    for bin in 0..grid::BINS {
        let same = f64::from(sample.genuine[bin]) / genuine;
        let other = f64::from(sample.impostor[bin]) / impostor;
        pools.push(Pool { same, other, bins: 1 });
        // same/other must fall; compared by products, since other may be 0.
        while let [.., before, last] = &pools[..]
            && before.same * last.other <= last.same * before.other
        {
            let Pool { same, other, bins } = pools.remove(pools.len() - 1);
            if let Some(before) = pools.last_mut() {
                before.same += same;
                before.other += other;
                before.bins += bins;
            }
        }
    }
    let ratios = pools.iter().flat_map(|pool| {
        let ratio = if pool.same + pool.other > 0.0 { (pool.same / pool.other).ln() } else { 0.0 };
        std::iter::repeat_n(ratio, pool.bins)
    });
    ratios.collect()
}
