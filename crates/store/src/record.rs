//! What a person's rows in the tables look like, byte by byte.
//!
//! Little-endian. The first byte is the row's own version, so that a later program can
//! tell rows that an earlier one wrote.
//!
//! | row | bytes |
//! | --- | --- |
//! | person | version, enrolled (8), templates (4), the note of consent to the end |
//! | template | version, model (32), added (8), 128 numbers (512) |

use facenet::matching::Encoding;
use facenet::network::ENCODING_LENGTH;

const VERSION: u8 = 1;

/// A person's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonRow {
    pub(crate) enrolled: u64,
    pub(crate) templates: u32,
    pub(crate) consent: Option<String>,
}

/// A template's row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TemplateRow {
    /// SHA-256 of the weights that made it.
    pub(crate) model: [u8; 32],
    pub(crate) added: u64,
    pub(crate) encoding: Encoding,
}

impl PersonRow {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.enrolled.to_le_bytes());
        bytes.extend(self.templates.to_le_bytes());
        bytes.extend(self.consent.as_deref().unwrap_or_default().as_bytes());
        bytes
    }

    /// The row, or what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = versioned(bytes)?;
        let enrolled = u64::from_le_bytes(next(&mut rest)?);
        let templates = u32::from_le_bytes(next(&mut rest)?);
        let consent = std::str::from_utf8(rest).map_err(|error| error.to_string())?;
        let consent = (!consent.is_empty()).then(|| consent.to_owned());
        Ok(Self { enrolled, templates, consent })
    }
}

impl TemplateRow {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.model);
        bytes.extend(self.added.to_le_bytes());
        bytes.extend(self.encoding.values().iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// The row, or what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
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

        /// The fuzz target of this format in short.
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
    fn templates_come_back_and_every_cut_is_told() {
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
