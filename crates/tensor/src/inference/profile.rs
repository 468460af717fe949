//! Where a program spends its time.

/// What one step of a program took.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProfile {
    /// The operator's name.
    pub name: String,
    /// How it is computed: `direct`, a form of Winograd's method, `pool`, …
    pub method: &'static str,
    /// The median of several passes.
    pub seconds: f64,
    /// Multiplications and additions of a direct convolution, for all images; zero for
    /// other steps.
    pub operations: usize,
}
