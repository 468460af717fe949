//! The tables: created, brought up to date, cleaned up; and which model they are of.
//!
//! A migration is a numbered file of SQL that never changes after its release. The database
//! records which were applied; two programs that start at once take turns by an advisory
//! lock.

use std::collections::HashMap;

use postgres::{Client, GenericClient, Transaction};
use store::{Error, Model, PostgresAddress};

use crate::session::Failure;

/// A step from one version of the tables to the next.
struct Migration {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

/// All migrations, in order.
const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, name: "people", sql: include_str!("migrations/0001_people.sql") }];

/// The advisory lock: a number that other programs hardly use, `facenet` in ASCII.
const LOCK: i64 = 0x66_61_63_65_6e_65_74;

/// The first pgvector with an HNSW index.
const HNSW_SINCE: (u32, u32) = (0, 5);

/// Keys of the table `about`.
const VARIANT: &str = "variant";
const WEIGHTS: &str = "weights_sha256";
const CROP_VERSION: &str = "framing";
const REVISION: &str = "revision";

/// Features of the extension pgvector on this server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pgvector {
    /// It is not installed.
    Missing,
    /// Distances.
    WithoutIndex,
    /// Distances and the HNSW index.
    WithIndex,
}

/// The content of the table `about`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct About {
    pub(crate) model: Model,
    /// Grows by one with every change.
    pub(crate) revision: u64,
}

/// The number of the newest migration.
pub(crate) fn newest() -> i32 {
    MIGRATIONS.last().map_or(0, |last| last.number)
}

/// The number of the last migration that was applied; nothing if there are no tables.
pub(crate) fn applied(client: &mut Client) -> Result<Option<i32>, Failure> {
    let exists = client.query_one("SELECT to_regclass('facenet.migrations') IS NOT NULL", &[])?;
    if !exists.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let number = client.query_one("SELECT max(number) FROM facenet.migrations", &[])?;
    Ok(number.try_get(0)?)
}

/// Applies the missing migrations and then `after`, all in one transaction.
///
/// Returns the number that was found, if that is beyond the newest known.
pub(crate) fn migrate(
    client: &mut Client,
    after: impl FnOnce(&mut Transaction<'_>) -> Result<(), Failure>,
) -> Result<Option<i32>, Failure> {
    // Outside the transaction, which has to begin when programs that came first are done.
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK])?;
    let result = apply_missing(client, after);
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK])?;
    result
}

fn apply_missing(
    client: &mut Client,
    after: impl FnOnce(&mut Transaction<'_>) -> Result<(), Failure>,
) -> Result<Option<i32>, Failure> {
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

/// Reads the table `about`; nothing if it was not written yet.
pub(crate) fn about(client: &mut impl GenericClient) -> Result<Option<About>, Failure> {
    let rows = client.query("SELECT key, value FROM facenet.about", &[])?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut found = HashMap::new();
    for row in rows {
        found.insert(row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?);
    }
    let mut value = |key: &str| {
        let missing = || Failure::damaged(format!("its table `about` has no {key}"));
        found.remove(key).ok_or_else(missing)
    };
    let (variant, weights_sha256, crop_version) =
        (value(VARIANT)?, value(WEIGHTS)?, value(CROP_VERSION)?);
    let model = Model { variant, weights_sha256, crop_version };
    let revision = value(REVISION)?;
    let revision = revision.parse().map_err(|_| {
        Failure::damaged(format!("its revision is {revision:?}, expected a number"))
    })?;
    Ok(Some(About { model, revision }))
}

/// Writes the table `about`.
pub(crate) fn set_about(client: &mut impl GenericClient, about: &About) -> Result<(), Failure> {
    let revision = about.revision.to_string();
    let rows = [
        (VARIANT, &about.model.variant),
        (WEIGHTS, &about.model.weights_sha256),
        (CROP_VERSION, &about.model.crop_version),
        (REVISION, &revision),
    ];
    for (key, value) in rows {
        client.execute(
            "INSERT INTO facenet.about (key, value) VALUES ($1, $2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            &[&key, value],
        )?;
    }
    Ok(())
}

/// Makes other changes wait here until this transaction ends.
pub(crate) fn lock(client: &mut impl GenericClient) -> Result<(), Failure> {
    client.execute("SELECT 1 FROM facenet.about WHERE key = $1 FOR UPDATE", &[&REVISION])?;
    Ok(())
}

/// Checks that names in any script can be stored.
pub(crate) fn expect_utf8(client: &mut Client) -> Result<(), Failure> {
    let encoding = client.query_one("SHOW server_encoding", &[])?;
    match encoding.try_get::<_, String>(0)?.as_str() {
        "UTF8" => Ok(()),
        other => Err(Failure::NotAStore(format!("a database in the encoding {other}, not UTF8"))),
    }
}

/// Adds the extension if it is available and the user may add it. Returns whether it was
/// added.
pub(crate) fn add_pgvector(client: &mut Client) -> Result<bool, Failure> {
    let missing = client.query_one(
        "SELECT count(*) > 0 FROM pg_available_extensions
         WHERE name = 'vector' AND installed_version IS NULL",
        &[],
    )?;
    Ok(missing.try_get(0)?
        && client.batch_execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public").is_ok())
}

/// Features of the extension.
pub(crate) fn pgvector(client: &mut Client) -> Result<Pgvector, Failure> {
    let version =
        client.query_opt("SELECT extversion FROM pg_extension WHERE extname = 'vector'", &[])?;
    let Some(version) = version else { return Ok(Pgvector::Missing) };
    let version: String = version.try_get(0)?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Ok(if version >= HNSW_SINCE { Pgvector::WithIndex } else { Pgvector::WithoutIndex })
}

/// Frees or, with `FULL`, rewrites the space of rows that were removed. For a user who may
/// not do so, `VACUUM` gives a mere warning and does nothing, so the right is checked first.
pub(crate) fn vacuum(
    client: &mut Client,
    address: &PostgresAddress,
    options: &str,
) -> Result<(), Failure> {
    let forbidden = client.query_opt(
        "SELECT pg_get_userbyid(c.relowner)::text
         FROM pg_class c, pg_database d
         WHERE c.oid IN ('facenet.people'::regclass, 'facenet.templates'::regclass,
                         'facenet.photos'::regclass)
         AND d.datname = current_database()
         AND NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(d.datdba, 'USAGE')
         AND NOT CASE WHEN current_setting('server_version_num')::integer < 170000 THEN false
                 ELSE has_table_privilege(c.oid, 'MAINTAIN') END
         LIMIT 1",
        &[],
    )?;
    if let Some(row) = forbidden {
        let (at, owner) = (address.to_string(), row.try_get(0)?);
        return Err(Error::NotOwner { at, owner }.into());
    }
    let tables = "facenet.people, facenet.templates, facenet.photos";
    Ok(client.batch_execute(&format!("VACUUM {options} {tables}"))?)
}
