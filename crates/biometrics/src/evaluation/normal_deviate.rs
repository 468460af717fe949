//! The scale of detection error trade-off (DET) curves.

/// The number that a normally distributed one is below with probability
/// `probability`: the probit. Curves of two normally distributed kinds of distances
/// are straight lines on this scale, and small rates have room (Martin et al., "The
/// DET curve in assessment of detection task performance", 1997). Infinite at 0 and 1.
///
/// ```
/// use biometrics::evaluation::normal_deviate;
///
/// assert!(normal_deviate(0.5).abs() < 1e-12);
/// assert!((normal_deviate(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
/// assert_eq!(normal_deviate(0.0), f64::NEG_INFINITY);
/// ```
pub fn normal_deviate(probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return if probability.is_nan() { f64::NAN } else { (probability - 0.5) * f64::INFINITY };
    }
    // Halving: below 1e-300 at -38, and slow enough for nobody to notice.
    let below = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if below(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}
