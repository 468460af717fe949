//! The tables, and what is done with them inside one transaction.

use facenet::gallery::PersonName;
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, TableError,
    WriteTransaction,
};

use crate::record::{PersonRow, TemplateRow};
use crate::{Model, Person, Template};

/// The format of the tables and their rows.
pub(crate) const FORMAT: u64 = 1;

/// The store itself: `format`, `variant`, `weights_sha256`, `framing`. The last came
/// later; a store without it is of a framing that nobody knows.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// A row a person, by name.
const PEOPLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("people");
/// A row a template, by name and number from 0.
const TEMPLATES: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("templates");
/// Photo files, where they are kept, by their template's key.
const PHOTOS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("photos");

/// What can go wrong inside a transaction.
#[derive(Debug)]
pub(crate) enum TableFault {
    /// The database failed.
    Database(Box<redb::Error>),
    /// What was read makes no sense.
    Damaged(String),
}

impl<E: Into<redb::Error>> From<E> for TableFault {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::Corrupted(found) => Self::Damaged(found),
            error => Self::Database(Box::new(error)),
        }
    }
}

/// The tables of a write transaction.
pub(crate) struct Writing<'t> {
    people: Table<'t, &'static str, &'static [u8]>,
    templates: Table<'t, (&'static str, u32), &'static [u8]>,
    photos: Table<'t, (&'static str, u32), &'static [u8]>,
    model: [u8; 32],
}

impl<'t> Writing<'t> {
    pub(crate) fn open(
        transaction: &'t WriteTransaction,
        model: &Model,
    ) -> Result<Self, TableFault> {
        Ok(Self {
            people: transaction.open_table(PEOPLE)?,
            templates: transaction.open_table(TEMPLATES)?,
            photos: transaction.open_table(PHOTOS)?,
            model: model_hash(model)?,
        })
    }

    /// Writes down which store this is.
    pub(crate) fn describe(
        transaction: &WriteTransaction,
        model: &Model,
    ) -> Result<(), TableFault> {
        let mut about = transaction.open_table(ABOUT)?;
        about.insert("format", FORMAT.to_le_bytes().as_slice())?;
        about.insert("variant", model.variant.as_bytes())?;
        about.insert("weights_sha256", model.weights_sha256.as_bytes())?;
        about.insert("framing", model.framing.as_bytes())?;
        Ok(())
    }

    /// The person's own row.
    pub(crate) fn row(&self, name: &str) -> Result<Option<PersonRow>, TableFault> {
        let row = self.people.get(name)?;
        row.map(|row| PersonRow::parse(row.value()).map_err(TableFault::Damaged)).transpose()
    }

    pub(crate) fn put_row(&mut self, name: &str, row: &PersonRow) -> Result<(), TableFault> {
        self.people.insert(name, row.to_bytes().as_slice())?;
        Ok(())
    }

    pub(crate) fn put_template(
        &mut self,
        name: &str,
        number: u32,
        template: &Template,
    ) -> Result<(), TableFault> {
        let Template { encoding, added, photo } = template;
        let row = TemplateRow { model: self.model, added: *added, encoding: encoding.clone() };
        self.templates.insert((name, number), row.to_bytes().as_slice())?;
        if let Some(photo) = photo {
            self.photos.insert((name, number), photo.as_slice())?;
        }
        Ok(())
    }

    /// Puts a whole person in.
    pub(crate) fn put(&mut self, person: &Person) -> Result<(), TableFault> {
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
pub(crate) struct Reading {
    people: ReadOnlyTable<&'static str, &'static [u8]>,
    templates: ReadOnlyTable<(&'static str, u32), &'static [u8]>,
    photos: ReadOnlyTable<(&'static str, u32), &'static [u8]>,
}

impl Reading {
    pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, TableFault> {
        Ok(Self {
            people: transaction.open_table(PEOPLE)?,
            templates: transaction.open_table(TEMPLATES)?,
            photos: transaction.open_table(PHOTOS)?,
        })
    }

    /// The format and the model, or nothing in a store that was not described yet.
    pub(crate) fn about(transaction: &ReadTransaction) -> Result<Option<(u64, Model)>, TableFault> {
        let about = match transaction.open_table(ABOUT) {
            Ok(about) => about,
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = |key: &str| -> Result<String, TableFault> {
            let value = about.get(key)?;
            let text = value.and_then(|value| String::from_utf8(value.value().to_vec()).ok());
            text.ok_or_else(|| TableFault::Damaged(format!("it has no {key}")))
        };
        let format = about.get("format")?.and_then(|value| value.value().try_into().ok());
        let format = format
            .map(u64::from_le_bytes)
            .ok_or_else(|| TableFault::Damaged("it has no format version".to_owned()))?;
        let framing = match about.get("framing")? {
            Some(_) => text("framing")?,
            None => Model::UNKNOWN_FRAMING.to_owned(),
        };
        let (variant, weights_sha256) = (text("variant")?, text("weights_sha256")?);
        let model = Model { variant, weights_sha256, framing };
        Ok(Some((format, model)))
    }

    /// How many people there are.
    pub(crate) fn len(&self) -> Result<u64, TableFault> {
        Ok(redb::ReadableTableMetadata::len(&self.people)?)
    }

    pub(crate) fn contains(&self, name: &str) -> Result<bool, TableFault> {
        Ok(self.people.get(name)?.is_some())
    }

    /// Calls `take` for every person's own row, in the order of names.
    pub(crate) fn each<E: From<TableFault>>(
        &self,
        mut take: impl FnMut(PersonName, PersonRow) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in self.people.iter().map_err(TableFault::from)? {
            let (name, row) = entry.map_err(TableFault::from)?;
            take(
                person_name(name.value())?,
                PersonRow::parse(row.value()).map_err(TableFault::Damaged)?,
            )?;
        }
        Ok(())
    }

    /// One person with everything.
    pub(crate) fn person(&self, name: &PersonName) -> Result<Option<Person>, TableFault> {
        let Some(row) = self.people.get(name.as_str())? else { return Ok(None) };
        let row = PersonRow::parse(row.value()).map_err(TableFault::Damaged)?;
        self.whole(name.clone(), row, true).map(Some)
    }

    /// The rest of a person; `photos` says whether with the photo files.
    pub(crate) fn whole(
        &self,
        name: PersonName,
        row: PersonRow,
        photos: bool,
    ) -> Result<Person, TableFault> {
        let mut templates = Vec::new();
        for entry in self.templates.range((name.as_str(), 0)..=(name.as_str(), u32::MAX))? {
            let (key, value) = entry?;
            let template = TemplateRow::parse(value.value()).map_err(TableFault::Damaged)?;
            let photo = if photos { self.photos.get(key.value())? } else { None };
            templates.push(Template {
                encoding: template.encoding,
                added: template.added,
                photo: photo.map(|photo| photo.value().to_vec()),
            });
        }
        if templates.len() != row.templates as usize {
            let (found, expected) = (templates.len(), row.templates);
            return Err(TableFault::Damaged(format!(
                "{found} templates of {name}, not {expected}"
            )));
        }
        Ok(Person { name, enrolled: row.enrolled, consent: row.consent, templates })
    }

    /// How many photo files are kept of a person.
    pub(crate) fn photos(&self, name: &PersonName) -> Result<usize, TableFault> {
        Ok(self.photos.range((name.as_str(), 0)..=(name.as_str(), u32::MAX))?.count())
    }
}

fn person_name(text: &str) -> Result<PersonName, TableFault> {
    PersonName::new(text).map_err(|error| TableFault::Damaged(error.to_string()))
}

/// The hash's bytes.
pub(crate) fn model_hash(model: &Model) -> Result<[u8; 32], TableFault> {
    let digits = model.weights_sha256.as_bytes();
    let mut hash = [0; 32];
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let filled = hash.iter_mut().zip(digits.chunks_exact(2)).try_for_each(|(to, pair)| {
        *to = byte(pair)?;
        Some(())
    });
    match filled {
        Some(()) if digits.len() == 64 => Ok(hash),
        _ => Err(TableFault::Damaged(format!(
            "the model's hash is {:?}, expected 64 hexadecimal digits",
            model.weights_sha256
        ))),
    }
}
