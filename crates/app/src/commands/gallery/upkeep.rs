//! Merges people, removes photos, and removes people whose time is over. Each returns what was
//! done, in words.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use biometrics::enrollment::outliers;
use biometrics::policy::VerificationPolicy;
use facenet::gallery::PersonName;
use store::Store;

use crate::enrolled;
use crate::output::{escaped, note, warn};
use crate::text::{abridged, counted, counted_people};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

pub(super) fn merge(
    store: &mut Store,
    names: &[PersonName],
    into: &PersonName,
    force: bool,
    policy: &VerificationPolicy,
) -> Result<String> {
    enrolled::expect_known(store, std::slice::from_ref(into))?;
    enrolled::expect_known(store, names)?;
    let stored = store.person(into)?.encodings();
    for name in names.iter().filter(|name| *name != into) {
        let found = outliers(&store.person(name)?.encodings(), &stored, policy)?;
        let Some(first) = found.first() else { continue };
        let (name, into) = (escaped(name.as_str()), escaped(into.as_str()));
        let text = format!(
            "photo {} of {name} may show somebody else than {into}: {first}",
            first.photo + 1
        );
        if !force {
            note(format_args!("--force merges them anyway"));
            bail!("nobody was merged: {text}");
        }
        warn(format_args!("{text}"));
    }
    let merged = store.merge(names, into)?;
    Ok(format!(
        "{} merged into {}, who has {} now.",
        abridged(names.iter().map(PersonName::as_str)),
        escaped(into.as_str()),
        counted(merged.templates.len(), "photo")
    ))
}

pub(super) fn remove_photos(
    store: &mut Store,
    names: &[PersonName],
    numbers: &[usize],
) -> Result<String> {
    let [name] = names else {
        bail!("--photo removes photos of one person, found {} names", names.len());
    };
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let left = store.remove_photos(name, &numbers)?;
    Ok(format!(
        "{} of {} removed, {} left.",
        counted(numbers.len(), "photo"),
        escaped(name.as_str()),
        counted(left.templates.len(), "photo")
    ))
}

pub(super) fn purge(store: &mut Store, older_than: Option<u32>, yes: bool) -> Result<String> {
    let Some(days) = older_than else {
        if !yes {
            let people = counted_people(store.len()?);
            bail!("this removes {people} permanently: confirm with --yes");
        }
        store.purge()?;
        return Ok("All people were removed.".to_owned());
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let names = store.older_than(now.saturating_sub(u64::from(days) * DAY))?;
    if names.is_empty() {
        return Ok(format!(
            "Of everybody a photo was added in the last {}.",
            counted(days as usize, "day")
        ));
    }
    let list = abridged(names.iter().map(PersonName::as_str));
    if !yes {
        let people = counted_people(names.len());
        bail!("this removes {people} permanently ({list}): confirm with --yes");
    }
    store.remove(&names)?;
    Ok(format!("{list} removed."))
}
