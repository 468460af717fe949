//! Text from outside made safe to show, errors with their causes, and times.

use std::error::Error;
use std::time::{Duration, UNIX_EPOCH};

/// The text with control characters and direction marks as escape sequences, so that it
/// cannot move a terminal's cursor or forge a line of a log.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        let is_direction_mark = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || is_direction_mark {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
        safe
    })
}

/// The error and what caused it, separated by colons.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Seconds since 1970 as a date and time, such as 2026-01-31T08:00:00Z.
pub fn timestamp(seconds: u64) -> String {
    // A time after the year 9999 can only come from damaged data; it is not worth a panic.
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST));
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escaped("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(escaped("abc\u{202e}def"), "abc\\u{202e}def");
        assert_eq!(escaped("Zoë 🙂"), "Zoë 🙂");
    }

    #[test]
    fn causes_follow_their_error() {
        let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let (at, action) = ("people.redb".to_owned(), "read it");
        let error = store::Error::Io { at, action, source: refused };
        assert_eq!(with_causes(&error), "people.redb: cannot read it: permission denied");
    }

    #[test]
    fn times_are_those_of_rfc_3339_and_never_panic() {
        assert_eq!(timestamp(1_769_846_400), "2026-01-31T08:00:00Z");
        assert_eq!(timestamp(u64::MAX), "9999-12-31T23:59:59Z");
    }
}
