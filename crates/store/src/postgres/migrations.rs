//! The tables, made and brought up to date.
//!
//! A migration is a numbered file of SQL that never changes once it was released. Which
//! were applied is written down in the database; two programs that start at once take
//! turns by an advisory lock.

use postgres::{Client, Transaction};

use super::fault::Fault;

/// One step.
struct Migration {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

/// All of them, in order.
const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, name: "people", sql: include_str!("migrations/0001_people.sql") }];

/// Any number that other programs are unlikely to lock: `facenet` in ASCII.
const LOCK: i64 = 0x66_61_63_65_6e_65_74;

/// The newest step.
pub(super) fn newest() -> i32 {
    MIGRATIONS.last().map_or(0, |last| last.number)
}

/// The last step that was applied; nothing where there are no tables of ours.
pub(super) fn applied(client: &mut Client) -> Result<Option<i32>, Fault> {
    let there = client.query_one("SELECT to_regclass('facenet.migrations') IS NOT NULL", &[])?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let number = client.query_one("SELECT max(number) FROM facenet.migrations", &[])?;
    Ok(number.try_get(0)?)
}

/// Applies what is missing, in one transaction: all of it, or nothing. Then does `after`
/// in the same.
///
/// Returns the number that was found, if that is beyond the newest known.
pub(super) fn apply(
    client: &mut Client,
    after: impl FnOnce(&mut Transaction<'_>) -> Result<(), Fault>,
) -> Result<Option<i32>, Fault> {
    // Outside the transaction, which has to begin when those who came first are done.
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK])?;
    let result = apply_missing(client, after);
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK])?;
    result
}

fn apply_missing(
    client: &mut Client,
    after: impl FnOnce(&mut Transaction<'_>) -> Result<(), Fault>,
) -> Result<Option<i32>, Fault> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute(
        "CREATE SCHEMA IF NOT EXISTS facenet;
         CREATE TABLE IF NOT EXISTS facenet.migrations (
             number integer PRIMARY KEY,
             name text NOT NULL,
             applied timestamptz NOT NULL DEFAULT now()
         )",
    )?;
    let last = transaction.query_one("SELECT max(number) FROM facenet.migrations", &[])?;
    let last = last.try_get::<_, Option<i32>>(0)?.unwrap_or(0);
    if last > newest() {
        return Ok(Some(last));
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > last) {
        transaction.batch_execute(migration.sql)?;
        transaction.execute(
            "INSERT INTO facenet.migrations (number, name) VALUES ($1, $2)",
            &[&migration.number, &migration.name],
        )?;
    }
    after(&mut transaction)?;
    transaction.commit()?;
    Ok(None)
}
