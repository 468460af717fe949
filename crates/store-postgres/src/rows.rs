//! People as rows of the tables, and back.

use facenet::gallery::{PersonName, mean_template};
use facenet::matching::Encoding;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{GenericClient, Row, Transaction};
use store::{Error, Person, PersonSummary, Template};

use crate::session::Failure;

/// How many people one page has.
const PAGE: i64 = 2000;

/// Rows to insert: many at once, by the protocol's binary copy.
#[derive(Default)]
pub(crate) struct NewRows<'p> {
    people: Vec<(&'p PersonName, u64, Option<&'p str>, Encoding)>,
    templates: Vec<(&'p PersonName, usize, u64, &'p Encoding)>,
    photos: Vec<(&'p PersonName, usize, &'p [u8])>,
}

impl<'p> NewRows<'p> {
    /// Adds the row of a person; `mean` is that of all their templates.
    pub(crate) fn add_person(
        &mut self,
        name: &'p PersonName,
        enrolled: u64,
        consent: Option<&'p str>,
        mean: Encoding,
    ) {
        self.people.push((name, enrolled, consent, mean));
    }

    /// Adds the rows of a template.
    pub(crate) fn add_template(
        &mut self,
        name: &'p PersonName,
        number: usize,
        added: u64,
        encoding: &'p Encoding,
        photo: Option<&'p [u8]>,
    ) {
        self.templates.push((name, number, added, encoding));
        self.photos.extend(photo.map(|photo| (name, number, photo)));
    }

    /// Adds all rows of a person.
    pub(crate) fn add_person_with_templates(&mut self, person: &'p Person) -> Result<(), Error> {
        let mean = mean(&person.name, &person.encodings())?;
        self.add_person(&person.name, person.enrolled, person.consent.as_deref(), mean);
        for (number, template) in person.templates.iter().enumerate() {
            let Template { encoding, added, photo } = template;
            self.add_template(&person.name, number, *added, encoding, photo.as_deref());
        }
        Ok(())
    }

    /// Inserts all rows.
    pub(crate) fn write(&self, transaction: &mut Transaction<'_>) -> Result<(), Failure> {
        copy(
            transaction,
            "people (name, enrolled, consent, mean)",
            &[Type::TEXT, Type::INT8, Type::TEXT, Type::FLOAT4_ARRAY],
            &self.people,
            |(name, enrolled, consent, mean), write| {
                write(&[&name.as_str(), &time(*enrolled), consent, &mean.values()])
            },
        )?;
        copy(
            transaction,
            "templates (name, number, added, encoding)",
            &[Type::TEXT, Type::INT4, Type::INT8, Type::FLOAT4_ARRAY],
            &self.templates,
            |(name, number, added, encoding), write| {
                write(&[&name.as_str(), &(*number as i32), &time(*added), &encoding.values()])
            },
        )?;
        copy(
            transaction,
            "photos (name, number, photo)",
            &[Type::TEXT, Type::INT4, Type::BYTEA],
            &self.photos,
            |(name, number, photo), write| write(&[&name.as_str(), &(*number as i32), photo]),
        )
    }
}

/// Writes one row.
type WriteRow<'w> = dyn FnMut(&[&(dyn ToSql + Sync)]) -> Result<(), postgres::Error> + 'w;

fn copy<R>(
    transaction: &mut Transaction<'_>,
    into: &str,
    types: &[Type],
    rows: &[R],
    mut write: impl FnMut(&R, &mut WriteRow<'_>) -> Result<(), postgres::Error>,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = format!("COPY facenet.{into} FROM STDIN (FORMAT binary)");
    let mut writer = BinaryCopyInWriter::new(transaction.copy_in(&statement)?, types);
    for row in rows {
        write(row, &mut |values| writer.write(values))?;
    }
    writer.finish()?;
    Ok(())
}

/// The mean template of a person.
pub(crate) fn mean(name: &PersonName, templates: &[Encoding]) -> Result<Encoding, Error> {
    let name = || name.as_str().to_owned();
    mean_template(templates).map_err(|source| Error::InvalidTemplates { name: name(), source })
}

/// Seconds since 1970 as the database's signed number. A time beyond its range is damage.
fn time(seconds: u64) -> i64 {
    seconds.try_into().unwrap_or(i64::MAX)
}

fn seconds(row: &Row, column: &str) -> Result<u64, Failure> {
    let time: i64 = row.try_get(column)?;
    time.try_into().map_err(|_| Failure::damaged(format!("a time is {time}")))
}

pub(crate) fn person_name(row: &Row) -> Result<PersonName, Failure> {
    let name: &str = row.try_get("name")?;
    PersonName::enrolled(name).map_err(Failure::damaged)
}

pub(crate) fn encoding(row: &Row, column: &str) -> Result<Encoding, Failure> {
    let values: Vec<f32> = row.try_get(column)?;
    Encoding::new(values).map_err(Failure::damaged)
}

fn template(row: &Row, photo: Option<Vec<u8>>) -> Result<Template, Failure> {
    Ok(Template { encoding: encoding(row, "encoding")?, added: seconds(row, "added")?, photo })
}

/// How many people there are.
pub(crate) fn person_count(client: &mut impl GenericClient) -> Result<usize, Failure> {
    let count = client.query_one("SELECT count(*) FROM facenet.people", &[])?;
    Ok(count.try_get::<_, i64>(0)? as usize)
}

/// How many templates all people have together.
pub(crate) fn template_count(client: &mut impl GenericClient) -> Result<usize, Failure> {
    let count = client.query_one("SELECT count(*) FROM facenet.templates", &[])?;
    Ok(count.try_get::<_, i64>(0)? as usize)
}

/// A summary of each person, in the order of names.
pub(crate) fn list(client: &mut impl GenericClient) -> Result<Vec<PersonSummary>, Failure> {
    let rows = client.query(
        "SELECT p.name, p.enrolled, p.consent,
                coalesce(t.count, 0) AS templates, coalesce(h.count, 0) AS photos
         FROM facenet.people p
         LEFT JOIN (SELECT name, count(*) FROM facenet.templates GROUP BY name) t USING (name)
         LEFT JOIN (SELECT name, count(*) FROM facenet.photos GROUP BY name) h USING (name)
         ORDER BY p.name",
        &[],
    )?;
    let summary = |row: &Row| {
        Ok(PersonSummary {
            name: person_name(row)?,
            enrolled: seconds(row, "enrolled")?,
            consent: row.try_get("consent")?,
            templates: row.try_get::<_, i64>("templates")? as usize,
            photos: row.try_get::<_, i64>("photos")? as usize,
        })
    };
    rows.iter().map(summary).collect()
}

/// One person with templates and photo files.
pub(crate) fn person(
    client: &mut impl GenericClient,
    name: &PersonName,
) -> Result<Option<Person>, Failure> {
    let rows = client.query(
        "SELECT p.name, p.enrolled, p.consent, t.number, t.added, t.encoding, h.photo
         FROM facenet.people p
         LEFT JOIN facenet.templates t USING (name)
         LEFT JOIN facenet.photos h USING (name, number)
         WHERE p.name = $1
         ORDER BY t.number",
        &[&name.as_str()],
    )?;
    let mut people = Vec::new();
    for row in &rows {
        add_row(&mut people, row, row.try_get("photo")?)?;
    }
    Ok(people.pop())
}

/// The page of people whose names follow `after`, without photo files, in order.
pub(crate) fn page(client: &mut impl GenericClient, after: &str) -> Result<Vec<Person>, Failure> {
    let rows = client.query(
        "WITH page AS (
             SELECT name, enrolled, consent FROM facenet.people
             WHERE name > $1 ORDER BY name LIMIT $2
         )
         SELECT p.name, p.enrolled, p.consent, t.number, t.added, t.encoding
         FROM page p LEFT JOIN facenet.templates t USING (name)
         ORDER BY p.name, t.number",
        &[&after, &PAGE],
    )?;
    let mut people = Vec::new();
    for row in &rows {
        add_row(&mut people, row, None)?;
    }
    Ok(people)
}

/// Adds the template of a row to its person: the last one, or a new one.
fn add_row(people: &mut Vec<Person>, row: &Row, photo: Option<Vec<u8>>) -> Result<(), Failure> {
    let name = person_name(row)?;
    let number: Option<i32> = row.try_get("number")?;
    let number = number.ok_or_else(|| Failure::damaged(format!("{name} has no templates")))?;
    if people.last().is_none_or(|last| last.name != name) {
        let (enrolled, consent) = (seconds(row, "enrolled")?, row.try_get("consent")?);
        people.push(Person { name, enrolled, consent, templates: Vec::new() });
    }
    let Some(person) = people.last_mut() else { return Ok(()) };
    if number as usize != person.templates.len() {
        let expected = person.templates.len();
        let name = person.name.as_str();
        return Err(Failure::damaged(format!("template {number} of {name}, expected {expected}")));
    }
    person.templates.push(template(row, photo)?);
    Ok(())
}
