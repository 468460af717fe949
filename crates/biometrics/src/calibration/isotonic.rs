//! Isotonic regression, the best curve that never rises with the distance.
//!
//! Not used for answers, see [`probability`](super::probability); it shows how much
//! the fitted curve could be improved at most.

use super::distances::Sample;
use super::grid;

/// Neighboring bins that share one answer.
struct Pool {
    same: f64,
    other: f64,
    /// Bins in it.
    bins: usize,
}

/// ln of the likelihood ratio by bin, infinite where only one kind is. By pooling
/// adjacent violators (Ayer et al. 1955).
pub(super) fn log_ratios(sample: &Sample) -> Vec<f64> {
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
