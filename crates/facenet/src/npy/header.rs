//! The header of a `.npy` file.
//!
//! `npyz` parses it. Around that stand the checks that it leaves to its callers:
//! a header may claim 4 GiB of text, for which memory would be taken, or a shape
//! whose product overflows, which `npyz` 0.9.1 lets pass in a release build and
//! answers with a panic in others, or brackets within brackets, each of which doubles the
//! time that it takes (the fuzz target `npy` found a header of a minute).
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use super::{ArrayError, Element};

/// Longest accepted header in bytes, magic and length included. NumPy writes 128
/// for arrays of a few axes.
pub(super) const HEADER_LIMIT: usize = 1024;

/// Most brackets that a header may open: a plain array's opens two, `{` and `(`.
const MOST_BRACKETS: usize = 8;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Content of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// NumPy's name of the values' type, such as `<f4`.
    pub element: String,
    /// First axis fastest, where that makes a difference.
    pub column_major: bool,
    /// The axes.
    pub shape: Vec<u64>,
    /// Bytes before the values.
    pub length: usize,
}

/// Bytes that are no header this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Another kind of file.
    #[error("expected the magic bytes \\x93NUMPY at its beginning, found {found:?}")]
    Magic {
        /// Its first bytes, what is no ASCII escaped.
        found: String,
    },
    /// A later format.
    #[error("its format version is {major}.{minor}, expected 1.0, 2.0 or 3.0")]
    Version {
        /// Before the point.
        major: u8,
        /// Behind it.
        minor: u8,
    },
    /// The file ends too early.
    #[error("it ends after {found} bytes, within the header")]
    CutShort {
        /// The file's size.
        found: usize,
    },
    /// Far longer than any header of a plain array.
    #[error("its header claims {found} bytes, expected at most {HEADER_LIMIT}")]
    TooLong {
        /// The claimed size.
        found: u64,
    },
    /// A number of values that 64 bits cannot hold.
    #[error("its shape has more values than can be counted: {found}")]
    Overflow {
        /// The header's text.
        found: String,
    },
    /// The text is not NumPy's dictionary.
    #[error("its header is damaged: {reason}")]
    Damaged {
        /// The parser's words.
        reason: String,
    },
}

impl Header {
    /// Parses the header at the beginning of `bytes`, which hold the whole file
    /// or at least 1,024 bytes of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let (start, length) = extent(bytes)?;
        let text = &bytes[start..length];
        if !countable(text) {
            let found = text.trim_ascii().escape_ascii().to_string();
            return Err(HeaderError::Overflow { found });
        }
        let brackets = text.iter().filter(|byte| b"{[(".contains(byte)).count();
        if brackets > MOST_BRACKETS {
            let reason = format!("it opens {brackets} brackets, expected at most {MOST_BRACKETS}");
            return Err(HeaderError::Damaged { reason });
        }
        let header = npyz::NpyHeader::from_reader(&bytes[..length])
            .map_err(|error| HeaderError::Damaged { reason: error.to_string() })?;
        let descr = header.dtype().descr();
        Ok(Self {
            // A Python literal, so a plain type stands in quotation marks.
            element: descr.trim_matches('\'').to_owned(),
            column_major: header.order() == npyz::Order::Fortran && header.shape().len() > 1,
            shape: header.shape().to_vec(),
            length,
        })
    }

    /// Checks what is not the shape's; `has_shape` says whether that is right, and `expected`
    /// what it should be.
    pub(super) fn check<T: Element>(
        &self,
        has_shape: bool,
        expected: impl FnOnce() -> String,
    ) -> Result<(), ArrayError> {
        if self.element != T::TYPE {
            let found = self.element.clone();
            return Err(ArrayError::ElementType { expected: T::TYPE, found });
        }
        if !has_shape {
            let (expected, found) = (expected(), self.shape.clone());
            return Err(ArrayError::Shape { expected, found });
        }
        if self.column_major { Err(ArrayError::FortranOrder) } else { Ok(()) }
    }

    /// Whether the shape is `expected`.
    pub(super) fn has_shape(&self, expected: &[usize]) -> bool {
        self.shape.iter().copied().eq(expected.iter().map(|&axis| axis as u64))
    }
}

/// Where the header's text begins and ends.
fn extent(bytes: &[u8]) -> Result<(usize, usize), HeaderError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        let beginning = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        return Err(HeaderError::Magic { found: beginning.escape_ascii().to_string() });
    };
    let (start, text) = match *rest {
        [1, 0, a, b, ..] => (10, u32::from(u16::from_le_bytes([a, b]))),
        [2 | 3, 0, a, b, c, d, ..] => (12, u32::from_le_bytes([a, b, c, d])),
        [major, minor, ..] if !matches!((major, minor), (1..=3, 0)) => {
            return Err(HeaderError::Version { major, minor });
        }
        _ => return Err(HeaderError::CutShort { found: bytes.len() }),
    };
    let length = start as u64 + u64::from(text);
    if length > HEADER_LIMIT as u64 {
        return Err(HeaderError::TooLong { found: length });
    }
    if length > bytes.len() as u64 {
        return Err(HeaderError::CutShort { found: bytes.len() });
    }
    Ok((start, length as usize))
}

/// Whether the product of all numbers outside of quotation marks, which are the
/// axes, fits 64 bits. Zeros count as one, for the products of the other axes are
/// formed too.
fn countable(text: &[u8]) -> bool {
    // Every second part between quotation marks is inside of them.
    text.split(|&byte| byte == b'\'' || byte == b'"')
        .step_by(2)
        .flat_map(|outside| outside.split(|byte| !byte.is_ascii_digit()))
        .filter(|digits| !digits.is_empty())
        .try_fold(1u64, |product, digits| {
            let axis: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
            product.checked_mul(axis.max(1))
        })
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version 1.0 file with this dictionary.
    fn parse(text: &str) -> Result<Header, HeaderError> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        Header::parse(&bytes)
    }

    #[test]
    fn spacing_and_order_are_free() {
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }   \n",
            "{'shape':(3,5,),'fortran_order':False,'descr':'<f4'}",
        ] {
            let header = parse(text).unwrap();
            assert_eq!((header.element.as_str(), header.column_major), ("<f4", false), "{text}");
            assert!(header.has_shape(&[3, 5]));
            assert_eq!(header.length, 10 + text.len());
        }
    }

    #[test]
    fn shapes_that_overflow_are_faults() {
        let shaped = |shape: &str| {
            parse(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"))
        };
        for shape in [
            "(4294967296, 4294967296)",
            "(4294967296, 4294967296, 0)",
            "(18446744073709551615, 2)",
            "(99999999999999999999,)",
            "[4294967296, 4294967296]",
            "((4294967296), (4294967296))",
        ] {
            assert!(matches!(shaped(shape), Err(HeaderError::Overflow { .. })), "{shape}");
        }
        assert!(shaped("(4294967296, 4294967295)").is_ok());
        assert!(shaped("(-3, 5)").is_err());
    }

    #[test]
    fn any_cut_of_a_header_is_a_fault() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }";
        for cut in 0..text.len() {
            assert!(parse(&text[..cut]).is_err(), "{}", &text[..cut]);
        }
        // Deep nesting, as deep as the limit lets it be.
        assert!(parse(&"(".repeat(1000)).is_err());
    }
}
