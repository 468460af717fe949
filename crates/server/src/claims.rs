//! Claims to be a person that failed: slowed after five, refused after fifty, for each name and
//! client, as NIST SP 800-63B-4 asks of what verifies people.
//!
//! A failed claim is a face that is not the claimed person's; a photo without a face compares
//! nothing and does not count. A claim that succeeds, and an hour without one that fails, begin
//! again. Kept in memory, so many and no more; a restart forgets it.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;

/// So many may fail without a wait.
const FREE: u32 = 5;

/// After so many, none is compared any more.
const MOST: u32 = 50;

/// The longest wait between two of the slowed ones. They double from a second on.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// So long after the latest failure, all are forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);

/// Most pairs of a client and a name that are remembered.
const MOST_ENTRIES: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    client: Client,
    name: String,
}

#[derive(Debug)]
struct Entry {
    failures: u32,
    /// Claims that are being compared.
    pending: u32,
    /// When the latest failed, or when there was the first.
    latest: Instant,
}

impl Entry {
    /// How long from now until the next claim may be compared.
    fn wait(&self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.latest);
        let second = Duration::from_secs(1);
        match self.failures {
            // As many at a time as could all fail.
            failures @ ..FREE if failures + self.pending < MOST => Duration::ZERO,
            ..FREE => second,
            failures @ FREE..MOST => {
                let doubled = second.saturating_mul(1 << (failures - FREE).min(16));
                let wait = doubled.min(LONGEST_WAIT).saturating_sub(since);
                if self.pending > 0 { wait.max(second) } else { wait }
            }
            MOST.. => MEMORY.saturating_sub(since),
        }
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.pending == 0 && now.saturating_duration_since(self.latest) >= MEMORY
    }
}

/// What is remembered of failed claims.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<HashMap<Key, Entry>>);

/// A claim that is being compared. If it is dropped without a verdict, nothing was compared.
#[derive(Debug)]
pub(crate) struct Attempt<'c> {
    claims: &'c Claims,
    key: Key,
}

impl Claims {
    /// A client's claim to be somebody who is enrolled.
    ///
    /// # Errors
    /// How long it has to wait, if it may not be compared now.
    pub(crate) fn begin(
        &self,
        client: Client,
        name: &str,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let key = Key { client, name: name.to_owned() };
        let mut entries = self.entries();
        if entries.get(&key).is_some_and(|entry| entry.is_forgotten(now)) {
            entries.remove(&key);
        }
        if let Some(entry) = entries.get_mut(&key) {
            match entry.wait(now) {
                Duration::ZERO => entry.pending += 1,
                wait => return Err(wait),
            }
        } else {
            make_room(&mut entries, now);
            entries.insert(key.clone(), Entry { failures: 0, pending: 1, latest: now });
        }
        drop(entries);
        Ok(Attempt { claims: self, key })
    }

    // Each change of the map is whole, so that of a thread that panicked is, too.
    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The face was the person's: everything before is forgotten.
    pub(crate) fn succeed(self) {
        if let Some(entry) = self.claims.entries().get_mut(&self.key) {
            entry.failures = 0;
        }
    }

    /// The face was not the person's.
    pub(crate) fn fail(self, now: Instant) {
        if let Some(entry) = self.claims.entries().get_mut(&self.key) {
            entry.failures = entry.failures.saturating_add(1);
            entry.latest = now;
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut entries = self.claims.entries();
        if let MapEntry::Occupied(mut entry) = entries.entry(self.key.clone()) {
            let left = entry.get_mut();
            left.pending = left.pending.saturating_sub(1);
            if left.pending == 0 && left.failures == 0 {
                entry.remove();
            }
        }
    }
}

/// Forgets what is over, and if nothing is, the one that matters least: with the fewest
/// failures, and of these the oldest. Who fails once from each of many addresses forgets
/// only themselves.
fn make_room(entries: &mut HashMap<Key, Entry>, now: Instant) {
    if entries.len() < MOST_ENTRIES {
        return;
    }
    entries.retain(|_, entry| !entry.is_forgotten(now));
    if entries.len() < MOST_ENTRIES {
        return;
    }
    let idle = entries.iter().filter(|(_, entry)| entry.pending == 0);
    let least = idle.min_by_key(|(_, entry)| (entry.failures, entry.latest));
    if let Some(key) = least.map(|(key, _)| key.clone()) {
        entries.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Client {
        IpAddr::from(Ipv4Addr::from(number)).into()
    }

    /// Fails so often as fast as may be; returns the time of the last.
    fn fail(claims: &Claims, client: Client, times: u32, mut now: Instant) -> Instant {
        for _ in 0..times {
            match claims.begin(client, "kian", now) {
                Ok(attempt) => attempt.fail(now),
                Err(wait) => {
                    now += wait;
                    claims.begin(client, "kian", now).unwrap().fail(now);
                }
            }
        }
        now
    }

    #[test]
    fn failures_are_slowed_then_refused_then_forgotten() {
        let (claims, begin) = (Claims::default(), Instant::now());
        let now = fail(&claims, client(1), FREE, begin);
        assert_eq!(now, begin, "the first five wait for nothing");
        let wait = claims.begin(client(1), "kian", now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        // Who waits for less has not waited.
        claims.begin(client(1), "kian", now + Duration::from_millis(900)).unwrap_err();
        let now = fail(&claims, client(1), MOST - FREE, now);
        assert!(now - begin > Duration::from_secs(39 * 60), "{:?}", now - begin);
        let wait = claims.begin(client(1), "kian", now).unwrap_err();
        assert_eq!(wait, MEMORY, "fifty failures are the end");
        claims.begin(client(1), "kian", now + MEMORY - Duration::from_secs(1)).unwrap_err();
        // Others, and other names, are not concerned.
        drop(claims.begin(client(2), "kian", now).unwrap());
        drop(claims.begin(client(1), "younes", now).unwrap());
        fail(&claims, client(1), FREE, now + MEMORY);
    }

    #[test]
    fn a_success_begins_again_and_no_face_counts_as_nothing() {
        let (claims, now) = (Claims::default(), Instant::now());
        for _ in 0..3 {
            fail(&claims, client(1), FREE - 1, now);
            claims.begin(client(1), "kian", now).unwrap().succeed();
        }
        for _ in 0..2 * MOST {
            drop(claims.begin(client(1), "kian", now).unwrap());
        }
        assert!(claims.entries().is_empty(), "what did not fail is not remembered");
    }

    #[test]
    fn claims_at_the_same_time_are_no_way_around() {
        let (claims, now) = (Claims::default(), Instant::now());
        let attempts: Vec<_> =
            (0..200).filter_map(|_| claims.begin(client(1), "kian", now).ok()).collect();
        assert_eq!(attempts.len(), MOST as usize);
        attempts.into_iter().for_each(|attempt| attempt.fail(now));
        assert_eq!(claims.begin(client(1), "kian", now).unwrap_err(), MEMORY);
        // Of those who are slowed, one at a time.
        fail(&claims, client(2), FREE, now);
        let later = now + LONGEST_WAIT;
        let attempt = claims.begin(client(2), "kian", later).unwrap();
        claims.begin(client(2), "kian", later).unwrap_err();
        drop(attempt);
        claims.begin(client(2), "kian", later).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_keeps_who_failed_most() {
        let (claims, now) = (Claims::default(), Instant::now());
        fail(&claims, client(0), FREE, now);
        for number in 1..MOST_ENTRIES as u32 + 200 {
            fail(&claims, client(number), 1, now + Duration::from_nanos(u64::from(number)));
        }
        assert_eq!(claims.entries().len(), MOST_ENTRIES);
        claims.begin(client(0), "kian", now).unwrap_err();
        // What is over makes room first.
        let later = now + MEMORY + Duration::from_secs(1);
        drop(claims.begin(client(7), "younes", later).unwrap());
        assert!(claims.entries().len() < MOST_ENTRIES / 2);
    }
}
