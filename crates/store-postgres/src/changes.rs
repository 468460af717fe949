//! Changes to people, each inside one transaction.

use std::collections::BTreeMap;

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use postgres::Transaction;
use postgres::error::SqlState;
use store::backend::{Rewrite, check_template_count, without_copies};
use store::{Enrollment, Error, NewTemplate, Person};

use crate::rows::{self, NewRows};
use crate::session::Failure;

/// All enrollments of one person in a request, with their times.
#[derive(Default)]
struct Request<'e> {
    /// The templates of a person who is enrolled already.
    before: Option<Vec<Encoding>>,
    parts: Vec<(u64, &'e Enrollment)>,
}

impl<'e> Request<'e> {
    /// All encodings with the new ones, and the new templates with their times, copies left
    /// out.
    fn merged(&self) -> (Vec<Encoding>, Vec<(u64, &'e NewTemplate)>) {
        let mut encodings = self.before.clone().unwrap_or_default();
        let mut new = Vec::new();
        for &(at, part) in &self.parts {
            let kept = without_copies(&encodings, &part.templates);
            encodings.extend(kept.iter().map(|template| template.encoding.clone()));
            new.extend(kept.into_iter().map(|template| (at, template)));
        }
        (encodings, new)
    }

    /// The last note, which replaces earlier ones; an empty one removes them.
    fn consent(&self) -> Option<&'e str> {
        let mut notes = self.parts.iter().filter_map(|(_, part)| part.consent.as_deref());
        notes.next_back()
    }
}

/// Enrolls all of them.
pub(crate) fn enroll_all(
    transaction: &mut Transaction<'_>,
    people: &[(&PersonName, &Enrollment)],
) -> Result<(), Failure> {
    let mut requests: BTreeMap<&PersonName, Request<'_>> = BTreeMap::new();
    for (name, enrollment) in people {
        let at = enrollment.time();
        requests.entry(name).or_default().parts.push((at, enrollment));
    }
    fetch_templates(transaction, &mut requests)?;
    let mut rows = NewRows::default();
    for (&name, person) in &requests {
        let (encodings, new) = person.merged();
        check_template_count(name, encodings.len())?;
        let mean = rows::mean(name, &encodings)?;
        match (&person.before, &person.parts[..]) {
            (None, [(at, _), ..]) => {
                rows.add_person(name, *at, person.consent().filter(|note| !note.is_empty()), mean);
            }
            _ => update(transaction, name, person, &mean)?,
        }
        for (number, (at, new)) in (encodings.len() - new.len()..).zip(new) {
            rows.add_template(name, number, at, &new.encoding, new.photo.as_deref());
        }
    }
    rows.write(transaction)
}

/// Fills in the templates of the people who are enrolled already.
fn fetch_templates(
    transaction: &mut Transaction<'_>,
    requests: &mut BTreeMap<&PersonName, Request<'_>>,
) -> Result<(), Failure> {
    let names: Vec<&str> = requests.keys().map(|name| name.as_str()).collect();
    let templates = transaction.query(
        "SELECT name, encoding FROM facenet.templates WHERE name = ANY($1)
         ORDER BY name, number",
        &[&names],
    )?;
    for row in &templates {
        let name = rows::person_name(row)?;
        if let Some(person) = requests.get_mut(&name) {
            person.before.get_or_insert_default().push(rows::encoding(row, "encoding")?);
        }
    }
    Ok(())
}

fn update(
    transaction: &mut Transaction<'_>,
    name: &PersonName,
    person: &Request<'_>,
    mean: &Encoding,
) -> Result<(), Failure> {
    transaction.execute(
        "UPDATE facenet.people
         SET mean = $2, consent = CASE WHEN $3::text IS NULL THEN consent ELSE nullif($3, '') END
         WHERE name = $1",
        &[&name.as_str(), &mean.values(), &person.consent()],
    )?;
    Ok(())
}

pub(crate) fn rename(
    transaction: &mut Transaction<'_>,
    old: &PersonName,
    new: &PersonName,
) -> Result<(), Failure> {
    let renamed = transaction.execute(
        "UPDATE facenet.people SET name = $2 WHERE name = $1",
        &[&old.as_str(), &new.as_str()],
    );
    match renamed.map_err(Failure::from) {
        Ok(0) => Err(Error::person_not_found(old).into()),
        Ok(_) => Ok(()),
        Err(failure) if failure.is(&SqlState::UNIQUE_VIOLATION) => {
            Err(Error::name_taken(new).into())
        }
        Err(failure) => Err(failure),
    }
}

pub(crate) fn remove(
    transaction: &mut Transaction<'_>,
    names: &[PersonName],
) -> Result<(), Failure> {
    let wanted: Vec<&str> = names.iter().map(PersonName::as_str).collect();
    let gone = transaction
        .query("DELETE FROM facenet.people WHERE name = ANY($1) RETURNING name", &[&wanted])?;
    let gone = gone.iter().map(rows::person_name).collect::<Result<Vec<_>, _>>()?;
    match names.iter().find(|name| !gone.contains(name)) {
        Some(unknown) => Err(Error::person_not_found(unknown).into()),
        None => Ok(()),
    }
}

pub(crate) fn purge(transaction: &mut Transaction<'_>) -> Result<(), Failure> {
    let tables = "facenet.people, facenet.templates, facenet.photos";
    Ok(transaction.batch_execute(&format!("TRUNCATE {tables}"))?)
}

/// Rewrites every person. People with a new name are inserted last, when all names that
/// become free are free.
pub(crate) fn rewrite(
    transaction: &mut Transaction<'_>,
    rewrite: &mut Rewrite<'_>,
) -> Result<(), Failure> {
    let names = transaction.query("SELECT name FROM facenet.people ORDER BY name", &[])?;
    let names = names.iter().map(rows::person_name).collect::<Result<Vec<_>, _>>()?;
    let mut renamed = Vec::new();
    for name in names {
        let Some(before) = rows::person(transaction, &name)? else { continue };
        let failed = |source| Error::callback(&name, source);
        let after = rewrite(before.clone()).map_err(failed)?;
        if after.as_ref() == Some(&before) {
            continue;
        }
        transaction.execute("DELETE FROM facenet.people WHERE name = $1", &[&name.as_str()])?;
        match after {
            Some(person) if person.name == name => insert(transaction, &person)?,
            Some(person) => renamed.push(person),
            None => {}
        }
    }
    renamed.iter().try_for_each(|person| insert(transaction, person))
}

fn insert(transaction: &mut Transaction<'_>, person: &Person) -> Result<(), Failure> {
    let mut rows = NewRows::default();
    rows.add_person_with_templates(person)?;
    rows.write(transaction).map_err(|failure| match failure.is(&SqlState::UNIQUE_VIOLATION) {
        true => Error::name_taken(&person.name).into(),
        false => failure,
    })
}
