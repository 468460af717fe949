//! Progress bars on stderr; indicatif shows them on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Fewer steps than this are done before a bar could be read.
const WORTH_SHOWING: usize = 8;

/// A bar for `length` steps of `what`, with speed and time left.
pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    if length < WORTH_SHOWING {
        return ProgressBar::hidden();
    }
    let template = "{msg} [{bar:30}] {pos}/{len}  {per_sec}, {eta} left";
    let bar = ProgressBar::new(length as u64).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // The template is constant; a plain bar is as good.
        Err(_) => bar,
    }
}

/// A bar for stages that are few and long, each with its message. It is drawn between
/// them only, so that it does not disturb what they measure.
pub(crate) fn stages(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("[{bar:30}] {pos}/{len}  {msg}") {
        Ok(style) => bar.with_style(style),
        // The template is constant; a plain bar is as good.
        Err(_) => bar,
    }
}
