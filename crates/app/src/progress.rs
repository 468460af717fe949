//! Progress bars on stderr; indicatif shows them only on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shortest work with a bar: less is done before anyone reads it.
const SHORTEST: usize = 8;

/// A bar for `length` steps of `what`, with speed and remaining time.
pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    if length < SHORTEST {
        return ProgressBar::hidden();
    }
    let template = "{msg} [{bar:30}] {pos}/{len}  {per_sec}, {eta} left";
    let bar = ProgressBar::new(length as u64).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // The template is constant, so this is not reached; a plain bar would do.
        Err(_) => bar,
    }
}

/// A bar for a few long stages, each with its message. It is drawn only between stages, so
/// that it does not disturb their measurements.
pub(crate) fn stages(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("[{bar:30}] {pos}/{len}  {msg}") {
        Ok(style) => bar.with_style(style),
        // The template is constant, so this is not reached; a plain bar would do.
        Err(_) => bar,
    }
}
