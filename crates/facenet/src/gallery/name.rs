//! Validation of people's names.
//!
//! A name ends up in terminals, pages, addresses and file names, and is what a person
//! is removed by. So it is checked once, here, and brought into one form: `é` as one
//! character and `é` as two are the same name.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// Longest name in bytes of UTF-8.
const MOST_NAME_BYTES: usize = 128;

/// A person's name: 1 to 128 bytes in Unicode's form NFC without control characters,
/// marks of direction, `/` or `\`, and without white space around it.
///
/// ```
/// use facenet::gallery::PersonName;
/// assert_eq!(PersonName::new("Zoe\u{308}")?.as_str(), "Zoë");
/// assert!(PersonName::new("../../x").is_err());
/// # Ok::<(), facenet::gallery::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(Box<str>);

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing but white space.
    #[error("a name is empty, expected 1 to {MOST_NAME_BYTES} bytes")]
    Empty,
    /// Too long.
    #[error("a name has {found} bytes, expected at most {MOST_NAME_BYTES}: {start:?}…")]
    TooLong {
        /// Bytes in form NFC.
        found: usize,
        /// How it begins.
        start: String,
    },
    /// Would move a cursor, forge a line, or lead into another folder.
    #[error("the name {name:?} has {found:?} in it, which no name may have")]
    Character {
        /// The text.
        name: String,
        /// The first such character.
        found: char,
    },
    /// It has no visible character.
    #[error("the name {name:?} shows nothing")]
    Invisible {
        /// The text.
        name: String,
    },
    /// `.` or `..`, which are folders.
    #[error("{name:?} is no name")]
    Dots {
        /// The text.
        name: String,
    },
}

impl PersonName {
    /// Checks a name and brings it into form NFC.
    ///
    /// # Errors
    /// When it is no name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let name = Self::enrolled(text)?;
        if let Some(found) = name.0.chars().find(|&c| is_nothing(c)) {
            return Err(NameError::Character { name: name.0.into(), found });
        }
        if name.0.chars().all(is_invisible) {
            return Err(NameError::Invisible { name: name.0.into() });
        }
        Ok(name)
    }

    /// [`new`](Self::new) for a name that somebody may have already: earlier versions let names
    /// pass that show nothing.
    ///
    /// # Errors
    /// When it was no name then either.
    pub fn enrolled(text: &str) -> Result<Self, NameError> {
        // Composing makes a text shorter, but never to a third of it.
        if text.len() > 4 * MOST_NAME_BYTES {
            return Err(too_long(text.len(), text));
        }
        let name: String = text.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > MOST_NAME_BYTES {
            return Err(too_long(name.len(), &name));
        }
        if let Some(found) = name.chars().find(|&c| is_forbidden(c)) {
            return Err(NameError::Character { name, found });
        }
        if name == "." || name == ".." {
            return Err(NameError::Dots { name });
        }
        Ok(Self(name.into_boxed_str()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn too_long(found: usize, text: &str) -> NameError {
    NameError::TooLong { found, start: text.chars().take(20).collect() }
}

fn is_forbidden(c: char) -> bool {
    let steers =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || steers || matches!(c, '/' | '\\' | '\u{feff}')
}

/// Whether two names that differ by the character only would look the same, though no language
/// needs it.
fn is_nothing(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}')
}

/// Whether the character shows nothing by itself. Some of these are needed inside names:
/// joiners in Persian, Hindi and emoji, marks that choose a variant of a character.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{206a}'..='\u{206f}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PersonName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_world_are_names() {
        for name in ["kian", "Zoë", "李小龍", "محمد", "O'Brien-Smith Jr.", "🙂", "x.y", "a  b"]
        {
            assert_eq!(PersonName::new(name).unwrap().as_str(), name);
        }
        assert_eq!(PersonName::new(" kian\n").unwrap().as_str(), "kian");
        assert_eq!(PersonName::new(&"é".repeat(64)).unwrap().as_str().len(), 128);
    }

    #[test]
    fn two_forms_of_a_name_are_one() {
        assert_eq!(PersonName::new("Zoe\u{308}"), PersonName::new("Zo\u{eb}"));
        // 192 bytes as they come, 128 composed.
        assert!(PersonName::new(&"e\u{301}".repeat(64)).is_ok());
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        assert_eq!(PersonName::new(" \t"), Err(NameError::Empty));
        for long in [10_000, 1 << 24] {
            let error = PersonName::new(&"x".repeat(long)).unwrap_err();
            assert!(error.to_string().len() < 100, "{error}");
        }
        for bad in ["../../x", "a\nb", "a\0", "\u{1b}[2J", "a\u{202e}b", "c:\\x"] {
            let error = PersonName::new(bad).unwrap_err();
            assert!(matches!(error, NameError::Character { .. }), "{bad:?}");
            assert!(!error.to_string().chars().any(char::is_control), "{error}");
        }
        assert!(matches!(PersonName::new(".."), Err(NameError::Dots { .. })));
    }

    #[test]
    fn names_that_show_nothing_are_refused() {
        for blank in ["\u{2800}", "\u{3164}\u{115f}", "\u{200d}", "\u{fe0f}", "\u{e0041}"] {
            let error = PersonName::new(blank).unwrap_err();
            assert!(matches!(error, NameError::Invisible { .. }), "{blank:?}: {error}");
            // Whoever has it already can be found and removed.
            assert_eq!(PersonName::enrolled(blank).unwrap().as_str(), blank);
        }
        for hidden in ["ki\u{200b}an", "ki\u{ad}an", "\u{2060}kian"] {
            let error = PersonName::new(hidden).unwrap_err();
            assert!(matches!(error, NameError::Character { .. }), "{hidden:?}: {error}");
        }
        // Persian and emoji need their joiners.
        for name in ["می\u{200c}خواهم", "👩\u{200d}🚀", "❤\u{fe0f}"] {
            assert_eq!(PersonName::new(name).unwrap().as_str(), name);
        }
    }
}
