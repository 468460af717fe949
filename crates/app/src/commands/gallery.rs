//! `facenet gallery`: manages the enrolled people and their file.

mod check;
mod export;
mod import;
mod rebuild;
mod upkeep;

use anyhow::Result;
use facenet::gallery::PersonName;
use report::PersonRow;
use serde::Serialize;
use store::{Access, Store};

use crate::arguments::{Admission, Gallery, GalleryAction};
use crate::decision::identification;
use crate::face_reader::load;
use crate::output::{Output, escaped, line};
use crate::text::{abridged, counted, counted_people, timestamp};
use crate::{ExitStatus, enrolled};

/// The JSON row of a change.
#[derive(Serialize)]
struct ChangeRow {
    change: &'static str,
    people: usize,
}

pub(crate) fn run(arguments: &Gallery, output: &mut Output) -> Result<ExitStatus> {
    let open = |access| enrolled::open_any(&arguments.store, access);
    match &arguments.action {
        GalleryAction::Path => {
            let path = enrolled::location(&arguments.store)?.to_string();
            if output.is_json() {
                output.json(&serde_json::json!({ "db": path }))?;
            } else {
                line!(output, "{}", escaped(&path))?;
            }
        }
        GalleryAction::List => list(&open(Access::Read)?, output)?,
        GalleryAction::Show { name } => show(&open(Access::Read)?, name, output)?,
        GalleryAction::Rename { old, new } => {
            let mut store = open(Access::Write)?;
            enrolled::expect_known(&store, std::slice::from_ref(old))?;
            store.rename(old, new)?;
            let words = format!("{} is now {}.", escaped(old.as_str()), escaped(new.as_str()));
            report("renamed", &words, &store, output)?;
        }
        GalleryAction::Remove { names, photo } => {
            let mut store = open(Access::Write)?;
            enrolled::expect_known(&store, names)?;
            let words = if photo.is_empty() {
                store.remove(names)?;
                format!("{} removed.", abridged(names.iter().map(PersonName::as_str)))
            } else {
                upkeep::remove_photos(&mut store, names, photo)?
            };
            report("removed", &words, &store, output)?;
        }
        GalleryAction::Merge { names, into, force } => {
            let model = load(&arguments.store.model)?;
            let policy = identification(&Admission::default(), &model)?;
            let mut store = enrolled::open(&arguments.store, &model, Access::Write)?;
            let words = upkeep::merge(&mut store, names, into, *force, policy.verification())?;
            report("merged", &words, &store, output)?;
        }
        GalleryAction::Purge { older_than, yes } => {
            let mut store = open(Access::Write)?;
            let words = upkeep::purge(&mut store, *older_than, *yes)?;
            report("purged", &words, &store, output)?;
        }
        GalleryAction::Compact => {
            let mut store = open(Access::Write)?;
            store.compact()?;
            report("compacted", "The file was rewritten.", &store, output)?;
        }
        #[cfg(feature = "postgres")]
        GalleryAction::Index { drop } => {
            let mut store = open(Access::Write)?;
            store.set_index(!drop)?;
            let (change, words) = match drop {
                true => ("unindexed", "The index was removed."),
                false => ("indexed", "The index was created."),
            };
            report(change, words, &store, output)?;
        }
        GalleryAction::Check { admission } => {
            let model = load(&arguments.store.model)?;
            let policy = identification(admission, &model)?;
            let store = enrolled::open(&arguments.store, &model, Access::Read)?;
            return check::run(&store, &policy, output);
        }
        GalleryAction::Export { file, person, photos } => {
            let store = open(Access::Read)?;
            enrolled::expect_known(&store, person)?;
            export::run(&store, file.as_deref(), person, output)?;
            if let Some(folder) = photos {
                export::photos(&store, person, folder)?;
            }
        }
        GalleryAction::Import { file, names, same_model } => {
            let model = load(&arguments.store.model)?;
            let identity = enrolled::identity(&model);
            let mut people = import::read(file, names.as_deref(), &identity, *same_model)?;
            let mut store = enrolled::open(&arguments.store, &model, Access::Write)?;
            let (count, before) = (people.len(), store.template_count()?);
            import::enroll(&mut store, &mut people)?;
            let added = store.template_count()?.saturating_sub(before);
            let (people, added) = (counted_people(count), counted(added, "new photo"));
            let words = format!("{people} imported with {added}.");
            report("imported", &words, &store, output)?;
        }
        GalleryAction::Rebuild { drop } => {
            let mut store = open(Access::Write)?;
            let photos = rebuild::run(&mut store, &arguments.store.model, *drop)?;
            let words = format!("{} encoded again.", counted(photos, "photo"));
            report("rebuilt", &words, &store, output)?;
        }
    }
    Ok(ExitStatus::Match)
}

fn list(store: &Store, output: &mut Output) -> Result<()> {
    let people = store.list()?;
    if output.is_json() {
        return Ok(people.iter().try_for_each(|person| output.json(&PersonRow::from(person)))?);
    }
    let longest = people.iter().map(|person| person.name.as_str().chars().count()).max();
    for person in &people {
        let (name, longest) = (escaped(person.name.as_str()), longest.unwrap_or(0));
        let (photos, since) = (counted(person.templates, "photo"), timestamp(person.enrolled));
        let consent = person.consent.as_deref().map(|note| format!("  {}", escaped(note)));
        line!(output, "{name:<longest$}  {photos:>9}  {since}{}", consent.unwrap_or_default())?;
    }
    let model = store.model();
    line!(output, "{}, model {}", counted_people(people.len()), escaped(&model.to_string()))?;
    Ok(())
}

fn show(store: &Store, name: &PersonName, output: &mut Output) -> Result<()> {
    enrolled::expect_known(store, std::slice::from_ref(name))?;
    let person = store.person(name)?;
    if output.is_json() {
        return Ok(output.json(&PersonRow::from(&person))?);
    }
    line!(output, "{}", escaped(person.name.as_str()))?;
    line!(output, "enrolled  {}", timestamp(person.enrolled))?;
    line!(output, "consent   {}", escaped(person.consent.as_deref().unwrap_or("no note")))?;
    for (number, template) in person.templates.iter().enumerate() {
        let kept = if template.photo.is_some() { ", photo stored" } else { "" };
        line!(output, "photo {:<3} {}{kept}", number + 1, timestamp(template.added))?;
    }
    Ok(())
}

fn report(change: &'static str, words: &str, store: &Store, output: &mut Output) -> Result<()> {
    let people = store.len()?;
    if output.is_json() {
        output.json(&ChangeRow { change, people })?;
    } else {
        line!(
            output,
            "{words} {} in {}",
            counted_people(people),
            escaped(&store.location().to_string())
        )?;
    }
    Ok(())
}
