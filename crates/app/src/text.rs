//! Rates, counts, lists and times as text for people.

use biometrics::{Rate, RateEstimate};
use facenet::matching::Threshold;
pub(crate) use report::timestamp;

use crate::output::escaped;

/// A rate and its 95 % interval, Wilson's.
pub(crate) fn interval(rate: Rate) -> String {
    let ends = rate.interval();
    let [value, low, high] = [rate.value(), ends.low, ends.high].map(percent);
    format!("{value} [{low} to {high}]")
}

/// An estimate and its 95 % interval.
pub(crate) fn with_interval(rate: RateEstimate) -> String {
    let [value, low, high] = [rate.value, rate.low, rate.high].map(percent);
    format!("{value} [{low} to {high}]")
}

/// A rate that the user or the calibration chose, in percent, without trailing zeros.
pub(crate) fn chosen(share: f64) -> String {
    let text = format!("{:.6}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A count with separators between thousands.
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

/// A share in percent, with enough digits to differ from 0 % and 100 %.
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

/// A scale from distance 0 to 1.6, about the largest between two faces, with marks for the
/// distance and the threshold.
pub(crate) fn scale(distance: f32, threshold: Threshold) -> String {
    const WIDTH: usize = 48;
    const LONGEST: f32 = 1.6;
    let column = |d: f32| ((d / LONGEST * WIDTH as f32) as usize).min(WIDTH - 1);
    let (mark, limit) = (column(distance), column(threshold.distance()));
    let symbol = |i| match i {
        _ if i == mark => '●',
        _ if i == limit => '|',
        _ if i < limit => '=',
        _ => '-',
    };
    let line: String = (0..WIDTH).map(symbol).collect();
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

/// The first names of a list that may be long.
pub(crate) fn abridged<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 10;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> = names.take(SHOWN).map(escaped).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1000, 29_648_850].map(grouped), ["0", "999", "1,000", "29,648,850"]);
    }

    #[test]
    fn long_lists_are_abridged() {
        let names: Vec<_> = (0..12).map(|i| format!("p{i}")).collect();
        let of = |count: usize| abridged(names[..count].iter().map(String::as_str));
        assert_eq!(of(2), "p0, p1");
        assert!(of(10).ends_with("p8, p9"));
        assert!(of(12).ends_with("p9 and 2 more"));
    }

    #[test]
    fn chosen_rates_have_no_trailing_zeros() {
        let texts = [0.5, 0.1, 0.007, 1e-4].map(chosen);
        assert_eq!(texts, ["50 %", "10 %", "0.7 %", "0.01 %"]);
    }

    #[test]
    fn small_shares_differ_from_zero() {
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
    fn the_scale_marks_any_distance() {
        for distance in [0.0, 0.7, 1.6, 2.0] {
            let line = scale(distance, Threshold::NOTEBOOK);
            assert_eq!(line.chars().filter(|&c| c == '●').count(), 1, "{line}");
            assert_eq!(line.chars().count(), "same  different".len() + 48);
        }
    }
}
