//! What changes people, inside one transaction.

use std::collections::BTreeMap;

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use postgres::Transaction;
use postgres::error::SqlState;

use super::fault::Fault;
use super::rows::{self, Rows};
use crate::keeper::Change;
use crate::store::{check_count, name_taken, no_person, now};
use crate::{Enrolment, Person, StoreError};

/// A person who is being enrolled, perhaps in several parts.
#[derive(Default)]
struct Arriving<'e> {
    /// Of those who are there: their templates.
    before: Option<Vec<Encoding>>,
    parts: Vec<(u64, &'e Enrolment)>,
}

impl<'e> Arriving<'e> {
    fn encodings(&self) -> Vec<Encoding> {
        let new = self.parts.iter().flat_map(|(_, part)| &part.templates);
        let before = self.before.iter().flatten().cloned();
        before.chain(new.map(|template| template.encoding.clone())).collect()
    }

    fn count(&self) -> usize {
        let new: usize = self.parts.iter().map(|(_, part)| part.templates.len()).sum();
        self.before.as_ref().map_or(0, Vec::len) + new
    }

    /// The last note, which replaces earlier ones; an empty one clears them.
    fn consent(&self) -> Option<&'e str> {
        let mut notes = self.parts.iter().filter_map(|(_, part)| part.consent.as_deref());
        notes.next_back()
    }
}

/// Enrols all of them.
pub(super) fn enroll_all(
    transaction: &mut Transaction<'_>,
    people: &[(&PersonName, &Enrolment)],
) -> Result<(), Fault> {
    let mut arriving: BTreeMap<&PersonName, Arriving<'_>> = BTreeMap::new();
    for (name, enrolment) in people {
        let at = enrolment.at.unwrap_or_else(now);
        arriving.entry(name).or_default().parts.push((at, enrolment));
    }
    fetch_present(transaction, &mut arriving)?;
    let mut rows = Rows::default();
    for (&name, person) in &arriving {
        check_count(name, person.count())?;
        let mean = rows::mean(name, &person.encodings())?;
        match (&person.before, &person.parts[..]) {
            (None, [(at, _), ..]) => {
                rows.person(name, *at, person.consent().filter(|note| !note.is_empty()), mean);
            }
            _ => update(transaction, name, person, &mean)?,
        }
        let mut number = person.before.as_ref().map_or(0, Vec::len);
        for (at, part) in &person.parts {
            for new in &part.templates {
                rows.template(name, number, *at, &new.encoding, new.photo.as_deref());
                number += 1;
            }
        }
    }
    rows.write(transaction)
}

/// Fills in the templates of those who are enrolled already.
fn fetch_present(
    transaction: &mut Transaction<'_>,
    arriving: &mut BTreeMap<&PersonName, Arriving<'_>>,
) -> Result<(), Fault> {
    let names: Vec<&str> = arriving.keys().map(|name| name.as_str()).collect();
    let present = transaction.query(
        "SELECT name, encoding FROM facenet.templates WHERE name = ANY($1)
         ORDER BY name, number",
        &[&names],
    )?;
    for row in &present {
        let name = rows::person_name(row)?;
        if let Some(person) = arriving.get_mut(&name) {
            person.before.get_or_insert_default().push(rows::encoding(row, "encoding")?);
        }
    }
    Ok(())
}

fn update(
    transaction: &mut Transaction<'_>,
    name: &PersonName,
    person: &Arriving<'_>,
    mean: &Encoding,
) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE facenet.people
         SET mean = $2, consent = CASE WHEN $3::text IS NULL THEN consent ELSE nullif($3, '') END
         WHERE name = $1",
        &[&name.as_str(), &mean.values(), &person.consent()],
    )?;
    Ok(())
}

pub(super) fn rename(
    transaction: &mut Transaction<'_>,
    old: &PersonName,
    new: &PersonName,
) -> Result<(), Fault> {
    let renamed = transaction.execute(
        "UPDATE facenet.people SET name = $2 WHERE name = $1",
        &[&old.as_str(), &new.as_str()],
    );
    match renamed.map_err(Fault::from) {
        Ok(0) => Err(no_person(old).into()),
        Ok(_) => Ok(()),
        Err(fault) if fault.is(&SqlState::UNIQUE_VIOLATION) => Err(name_taken(new).into()),
        Err(fault) => Err(fault),
    }
}

pub(super) fn remove(transaction: &mut Transaction<'_>, names: &[PersonName]) -> Result<(), Fault> {
    let wanted: Vec<&str> = names.iter().map(PersonName::as_str).collect();
    let gone = transaction
        .query("DELETE FROM facenet.people WHERE name = ANY($1) RETURNING name", &[&wanted])?;
    let gone = gone.iter().map(rows::person_name).collect::<Result<Vec<_>, _>>()?;
    match names.iter().find(|name| !gone.contains(name)) {
        Some(unknown) => Err(no_person(unknown).into()),
        None => Ok(()),
    }
}

/// Hands everybody to `change`. Who gets another name is put back last, when all names
/// that become free are free.
pub(super) fn change_all(
    transaction: &mut Transaction<'_>,
    change: &mut Change<'_>,
) -> Result<(), Fault> {
    let names = transaction.query("SELECT name FROM facenet.people ORDER BY name", &[])?;
    let names = names.iter().map(rows::person_name).collect::<Result<Vec<_>, _>>()?;
    let mut moved = Vec::new();
    for name in names {
        let Some(before) = rows::person(transaction, &name)? else { continue };
        let failed = |source| StoreError::Change { name: name.as_str().to_owned(), source };
        let after = change(before.clone()).map_err(failed)?;
        if after.as_ref() == Some(&before) {
            continue;
        }
        transaction.execute("DELETE FROM facenet.people WHERE name = $1", &[&name.as_str()])?;
        match after {
            Some(person) if person.name == name => put(transaction, &person)?,
            Some(person) => moved.push(person),
            None => {}
        }
    }
    moved.iter().try_for_each(|person| put(transaction, person))
}

fn put(transaction: &mut Transaction<'_>, person: &Person) -> Result<(), Fault> {
    let mut rows = Rows::default();
    rows.whole(person)?;
    rows.write(transaction).map_err(|fault| match fault.is(&SqlState::UNIQUE_VIOLATION) {
        true => name_taken(&person.name).into(),
        false => fault,
    })
}
