//! The bytes of the rows of a person and of a template.
//!
//! Little-endian. The first byte is the version of the row, so that a later program
//! recognizes rows that an earlier one wrote.
//!
//! | row | bytes |
//! | --- | --- |
//! | person | version, enrolled (8), templates (4), the note of consent to the end |
//! | template | version, model (32), added (8), 128 numbers (512) |

use facenet::matching::Encoding;
use facenet::network::ENCODING_LENGTH;

const VERSION: u8 = 1;

/// The row of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// When they were enrolled, in seconds since 1970.
    pub enrolled: u64,
    /// How many templates they have.
    pub templates: u32,
    /// The note of consent.
    pub consent: Option<String>,
}

/// The row of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateRow {
    /// SHA-256 of the weights that made it.
    pub model: [u8; 32],
    /// When it was added, in seconds since 1970.
    pub added: u64,
    /// The encoding.
    pub encoding: Encoding,
}

impl PersonRow {
    /// The bytes of the row.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.enrolled.to_le_bytes());
        bytes.extend(self.templates.to_le_bytes());
        bytes.extend(self.consent.as_deref().unwrap_or_default().as_bytes());
        bytes
    }

    /// The row.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = versioned(bytes)?;
        let enrolled = u64::from_le_bytes(next(&mut rest)?);
        let templates = u32::from_le_bytes(next(&mut rest)?);
        let consent = std::str::from_utf8(rest).map_err(|error| error.to_string())?;
        let consent = (!consent.is_empty()).then(|| consent.to_owned());
        Ok(Self { enrolled, templates, consent })
    }
}

impl TemplateRow {
    /// The bytes of the row.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.model);
        bytes.extend(self.added.to_le_bytes());
        bytes.extend(self.encoding.values().iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// The row.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = versioned(bytes)?;
        let model = next(&mut rest)?;
        let added = u64::from_le_bytes(next(&mut rest)?);
        let (numbers, []) = rest.as_chunks::<4>() else {
            return Err(format!(
                "{} bytes of numbers, expected {}",
                rest.len(),
                4 * ENCODING_LENGTH
            ));
        };
        let numbers = numbers.iter().map(|&number| f32::from_le_bytes(number));
        let encoding = Encoding::new(numbers).map_err(|error| error.to_string())?;
        Ok(Self { model, added, encoding })
    }
}

fn versioned(bytes: &[u8]) -> Result<&[u8], String> {
    match bytes {
        [VERSION, rest @ ..] => Ok(rest),
        [version, ..] => Err(format!("row version {version}, expected {VERSION}")),
        [] => Err("an empty row".to_owned()),
    }
}

/// The next `N` bytes.
fn next<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (bytes, more) =
        rest.split_first_chunk::<N>().ok_or_else(|| "a row is cut short".to_owned())?;
    *rest = more;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back(enrolled: u64, templates: u32, consent in "\\PC{0,40}") {
            let consent = (!consent.is_empty()).then_some(consent);
            let row = PersonRow { enrolled, templates, consent };
            prop_assert_eq!(PersonRow::parse(&row.to_bytes()), Ok(row));
        }

        /// A short version of the fuzz target.
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = PersonRow::parse(&bytes);
            let _ = TemplateRow::parse(&bytes);
            let mut versioned = bytes;
            versioned.insert(0, VERSION);
            let _ = PersonRow::parse(&versioned);
            prop_assert!(TemplateRow::parse(&versioned).is_err());
        }
    }

    #[test]
    fn templates_come_back_and_every_cut_is_an_error() {
        let mut values = [0.0; ENCODING_LENGTH];
        values[3] = -1.0;
        let row =
            TemplateRow { model: [9; 32], added: 5, encoding: Encoding::new(values).unwrap() };
        let bytes = row.to_bytes();
        assert_eq!(TemplateRow::parse(&bytes), Ok(row));
        for cut in 0..bytes.len() {
            assert!(TemplateRow::parse(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
