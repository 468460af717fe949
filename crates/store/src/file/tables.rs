//! The tables of a file: reading and writing them inside one transaction.

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::failure::Failure;
use super::record::{PersonRow, TemplateRow};
use crate::backend::{check_template_count, without_copies};
use crate::{Enrollment, Model, Person, Template};

/// The format of the tables and their rows.
pub(crate) const FORMAT: u64 = 1;

/// The store itself: `format`, `variant`, `weights_sha256`, `framing`. The last was added
/// later, and is [`Model::crop_version`]; that of a store without it is unknown.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// One row for each person, by name.
const PEOPLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("people");
/// One row for each template, by name and number from 0.
const TEMPLATES: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("templates");
/// The photo files that are kept, by the key of their template.
const PHOTOS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("photos");

/// The tables of a write transaction.
pub(crate) struct WriteTables<'t> {
    people: Table<'t, &'static str, &'static [u8]>,
    templates: Table<'t, (&'static str, u32), &'static [u8]>,
    photos: Table<'t, (&'static str, u32), &'static [u8]>,
    model: [u8; 32],
}

impl<'t> WriteTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction, model: &Model) -> Result<Self, Failure> {
        Ok(Self {
            people: transaction.open_table(PEOPLE)?,
            templates: transaction.open_table(TEMPLATES)?,
            photos: transaction.open_table(PHOTOS)?,
            model: model_hash(model)?,
        })
    }

    /// Writes the format and the model of the store.
    pub(crate) fn describe(transaction: &WriteTransaction, model: &Model) -> Result<(), Failure> {
        let mut about = transaction.open_table(ABOUT)?;
        about.insert("format", FORMAT.to_le_bytes().as_slice())?;
        about.insert("variant", model.variant.as_bytes())?;
        about.insert("weights_sha256", model.weights_sha256.as_bytes())?;
        about.insert("framing", model.crop_version.as_bytes())?;
        Ok(())
    }

    /// The row of a person.
    pub(crate) fn row(&self, name: &str) -> Result<Option<PersonRow>, Failure> {
        let row = self.people.get(name)?;
        row.map(|row| PersonRow::parse(row.value()).map_err(Failure::Damaged)).transpose()
    }

    pub(crate) fn put_row(&mut self, name: &str, row: &PersonRow) -> Result<(), Failure> {
        self.people.insert(name, row.to_bytes().as_slice())?;
        Ok(())
    }

    pub(crate) fn put_template(
        &mut self,
        name: &str,
        number: u32,
        template: &Template,
    ) -> Result<(), Failure> {
        let Template { encoding, added, photo } = template;
        let row = TemplateRow { model: self.model, added: *added, encoding: encoding.clone() };
        self.templates.insert((name, number), row.to_bytes().as_slice())?;
        if let Some(photo) = photo {
            self.photos.insert((name, number), photo.as_slice())?;
        }
        Ok(())
    }

    /// The encodings of a person, in their order.
    fn encodings(&self, name: &PersonName) -> Result<Vec<Encoding>, Failure> {
        let mut encodings = Vec::new();
        for entry in self.templates.range((name.as_str(), 0)..=(name.as_str(), u32::MAX))? {
            let row = TemplateRow::parse(entry?.1.value()).map_err(Failure::Damaged)?;
            encodings.push(row.encoding);
        }
        Ok(encodings)
    }

    /// Adds an enrollment to a person, or begins one. Copies of what is there are left out.
    pub(crate) fn add(
        &mut self,
        name: &PersonName,
        enrollment: &Enrollment,
    ) -> Result<(), Failure> {
        let added = enrollment.time();
        let row = self.row(name.as_str())?;
        let stored = if row.is_some() { self.encodings(name)? } else { Vec::new() };
        let new = without_copies(&stored, &enrollment.templates);
        check_template_count(name, stored.len() + new.len()).map_err(Failure::Store)?;
        let mut row = row.unwrap_or(PersonRow { enrolled: added, templates: 0, consent: None });
        if enrollment.consent.is_some() {
            row.consent.clone_from(&enrollment.consent);
        }
        for new in new {
            let (encoding, photo) = (new.encoding.clone(), new.photo.clone());
            let template = Template { encoding, added, photo };
            self.put_template(name.as_str(), row.templates, &template)?;
            row.templates += 1;
        }
        self.put_row(name.as_str(), &row)
    }

    /// Writes a person with all templates.
    pub(crate) fn put(&mut self, person: &Person) -> Result<(), Failure> {
        let name = person.name.as_str();
        let row = PersonRow {
            enrolled: person.enrolled,
            templates: person.templates.len() as u32,
            consent: person.consent.clone(),
        };
        self.put_row(name, &row)?;
        for (number, template) in person.templates.iter().enumerate() {
            self.put_template(name, number as u32, template)?;
        }
        Ok(())
    }
}

/// The tables of a read transaction.
pub(crate) struct ReadTables {
    people: ReadOnlyTable<&'static str, &'static [u8]>,
    templates: ReadOnlyTable<(&'static str, u32), &'static [u8]>,
    photos: ReadOnlyTable<(&'static str, u32), &'static [u8]>,
}

impl ReadTables {
    pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, Failure> {
        Ok(Self {
            people: transaction.open_table(PEOPLE)?,
            templates: transaction.open_table(TEMPLATES)?,
            photos: transaction.open_table(PHOTOS)?,
        })
    }

    /// The format and the model of the store; nothing if they were not written yet.
    pub(crate) fn about(transaction: &ReadTransaction) -> Result<Option<(u64, Model)>, Failure> {
        let about = match transaction.open_table(ABOUT) {
            Ok(about) => about,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = |key: &str| -> Result<String, Failure> {
            let value = about.get(key)?;
            let text = value.and_then(|value| String::from_utf8(value.value().to_vec()).ok());
            text.ok_or_else(|| Failure::Damaged(format!("it has no {key}")))
        };
        let format = about.get("format")?.and_then(|value| value.value().try_into().ok());
        let format = format
            .map(u64::from_le_bytes)
            .ok_or_else(|| Failure::Damaged("it has no format version".to_owned()))?;
        let crop_version = match about.get("framing")? {
            Some(_) => text("framing")?,
            None => Model::UNKNOWN_CROP_VERSION.to_owned(),
        };
        let (variant, weights_sha256) = (text("variant")?, text("weights_sha256")?);
        let model = Model { variant, weights_sha256, crop_version };
        Ok(Some((format, model)))
    }

    /// How many people there are.
    pub(crate) fn len(&self) -> Result<u64, Failure> {
        Ok(redb::ReadableTableMetadata::len(&self.people)?)
    }

    pub(crate) fn contains(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.people.get(name)?.is_some())
    }

    /// Calls `visit` for the row of each person, in the order of names.
    pub(crate) fn for_each(
        &self,
        mut visit: impl FnMut(PersonName, PersonRow) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for entry in self.people.iter()? {
            let (name, row) = entry?;
            let row = PersonRow::parse(row.value()).map_err(Failure::Damaged)?;
            visit(person_name(name.value())?, row)?;
        }
        Ok(())
    }

    /// One person with templates and photo files.
    pub(crate) fn person(&self, name: &PersonName) -> Result<Option<Person>, Failure> {
        let Some(row) = self.people.get(name.as_str())? else { return Ok(None) };
        let row = PersonRow::parse(row.value()).map_err(Failure::Damaged)?;
        self.complete(name.clone(), row, true).map(Some)
    }

    /// The person of a row, with templates and, if `photos`, photo files.
    pub(crate) fn complete(
        &self,
        name: PersonName,
        row: PersonRow,
        photos: bool,
    ) -> Result<Person, Failure> {
        let mut templates = Vec::new();
        for entry in self.templates.range((name.as_str(), 0)..=(name.as_str(), u32::MAX))? {
            let (key, value) = entry?;
            let template = TemplateRow::parse(value.value()).map_err(Failure::Damaged)?;
            let photo = if photos { self.photos.get(key.value())? } else { None };
            templates.push(Template {
                encoding: template.encoding,
                added: template.added,
                photo: photo.map(|photo| photo.value().to_vec()),
            });
        }
        if templates.len() != row.templates as usize {
            let (found, expected) = (templates.len(), row.templates);
            return Err(Failure::Damaged(format!(
                "{found} templates of {name}, expected {expected}"
            )));
        }
        Ok(Person { name, enrolled: row.enrolled, consent: row.consent, templates })
    }

    /// How many photo files are kept of a person.
    pub(crate) fn photo_count(&self, name: &PersonName) -> Result<usize, Failure> {
        Ok(self.photos.range((name.as_str(), 0)..=(name.as_str(), u32::MAX))?.count())
    }
}

fn person_name(text: &str) -> Result<PersonName, Failure> {
    PersonName::enrolled(text).map_err(|error| Failure::Damaged(error.to_string()))
}

/// The bytes of the hash of the weights.
fn model_hash(model: &Model) -> Result<[u8; 32], Failure> {
    let digits = model.weights_sha256.as_bytes();
    let mut hash = [0; 32];
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let filled = hash.iter_mut().zip(digits.chunks_exact(2)).try_for_each(|(to, pair)| {
        *to = byte(pair)?;
        Some(())
    });
    match filled {
        Some(()) if digits.len() == 64 => Ok(hash),
        _ => Err(Failure::Damaged(format!(
            "the model's hash is {:?}, expected 64 hexadecimal digits",
            model.weights_sha256
        ))),
    }
}
