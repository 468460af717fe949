//! Numbers, counts and times as people read them.

use std::time::{Duration, UNIX_EPOCH};

use biometrics::calibration::ErrorRate;
use facenet::matching::Threshold;

/// A rate and its interval for people.
pub(crate) fn with_interval(rate: ErrorRate) -> String {
    let [value, low, high] = [rate.value, rate.low, rate.high].map(percent);
    format!("{value} [{low} to {high}]")
}

/// A share that somebody chose, in percent, without digits that say nothing.
pub(crate) fn chosen(share: f64) -> String {
    let text = format!("{:.6}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent, with as many digits as tell it from none and from all.
pub(crate) fn percent(share: f64) -> String {
    let distance = share.min(1.0 - share);
    let digits = match 100.0 * distance {
        _ if share <= 0.0 || share >= 1.0 => 0,
        d if d >= 1.0 => 1,
        d if d >= 0.1 => 2,
        d if d >= 0.01 => 3,
        d => (1.0 - d.log10()).ceil().clamp(3.0, 9.0) as usize,
    };
    format!("{:.digits$} %", 100.0 * share)
}

/// The distance on a line from 0 to the farthest two faces usually are, with
/// the threshold marked.
pub(crate) fn scale(distance: f32, threshold: Threshold) -> String {
    const WIDTH: usize = 48;
    const LONGEST: f32 = 1.6;
    let column = |d: f32| ((d / LONGEST * WIDTH as f32) as usize).min(WIDTH - 1);
    let (here, limit) = (column(distance), column(threshold.distance()));
    let mark = |i| match i {
        _ if i == here => '●',
        _ if i == limit => '|',
        _ if i < limit => '=',
        _ => '-',
    };
    let line: String = (0..WIDTH).map(mark).collect();
    format!("same {line} different")
}

/// `1 photo`, `2 photos`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `1 person`, `2 people`.
pub(crate) fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// Seconds since 1970 as a date and time, such as 2026-01-31T08:00:00Z.
pub(crate) fn timestamp(seconds: u64) -> String {
    // Farther than the year 9999 is damage, and no reason to stop.
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST));
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 29_648_850].map(grouped), ["0", "999", "1,000", "29,648,850"]);
    }

    #[test]
    fn chosen_shares_are_as_chosen() {
        let texts = [0.5, 0.1, 0.007, 1e-4].map(chosen);
        assert_eq!(texts, ["50 %", "10 %", "0.7 %", "0.01 %"]);
    }

    #[test]
    fn small_shares_are_told_from_none() {
        for (share, text) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.357, "35.7 %"),
            (0.000_986, "0.099 %"),
            (0.999_2, "99.920 %"),
            (1.23e-6, "0.00012 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn the_scale_shows_both_at_any_distance() {
        for distance in [0.0, 0.7, 1.6, 2.0] {
            let line = scale(distance, Threshold::NOTEBOOK);
            assert_eq!(line.chars().filter(|&c| c == '●').count(), 1, "{line}");
            assert_eq!(line.chars().count(), "same  different".len() + 48);
        }
    }
}
