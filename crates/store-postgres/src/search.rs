//! Search for the nearest people, by the database:
//!
//! * with pgvector, by its distance (`<->`), which it computes in f32;
//! * without, by the dot product in plain SQL, in f64: of unit vectors |a − b|² = 2 − 2 a·b;
//! * by pgvector's HNSW index, where the address asks for that.
//!
//! The database returns candidates; they are ranked again here in f64, so the result of the
//! first two equals [`Gallery::search`](facenet::gallery::Gallery::search) to the last bit.

use std::fmt::Write;

use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};
use facenet::network::ENCODING_LENGTH;
use postgres::{Client, Row};

use crate::rows;
use crate::session::Failure;

/// Twice the largest error of a squared distance in f32, as in `facenet`'s own scan.
const MARGIN: f64 = 2.0 * 2.2 * 128.0 / 16_777_216.0;

/// How many candidates more than asked for are fetched at first, in case of ties.
const MORE: usize = 14;

/// `hnsw.ef_search`, the candidates that the index keeps while it searches, and its maximum;
/// pgvector's default is 40.
const EF_SEARCH: usize = 200;
const MAX_EF_SEARCH: usize = 1000;

/// The index of [`hnsw`].
const INDEX: &str = "people_hnsw";

/// The mean as pgvector's type: the expression that is indexed, so every query must use it.
const VECTOR: &str = "mean::vector(128)";

/// SQL for the squared distance of a person's mean to the probe.
fn squared_distance(pgvector: bool) -> String {
    if pgvector {
        // The sum keeps the planner from using an index, which is approximate.
        return format!("(({VECTOR} <-> $1::real[]::vector(128)) ^ 2 + 0)");
    }
    let mut product = String::from("0::double precision");
    for i in 1..=ENCODING_LENGTH {
        // Writing to a string does not fail.
        let _ = write!(product, "+mean[{i}]*($1::double precision[])[{i}]");
    }
    format!("(2 - 2 * ({product}))")
}

/// The `top` nearest people.
pub(crate) fn exact(
    client: &mut Client,
    pgvector: bool,
    probe: &Encoding,
    top: usize,
) -> Result<Vec<Candidate>, Failure> {
    let distance = squared_distance(pgvector);
    let statement = client.prepare(&format!(
        "SELECT name, mean, {distance} AS square FROM facenet.people ORDER BY square LIMIT $2"
    ))?;
    let doubles: Vec<f64> = probe.values().iter().map(|&value| f64::from(value)).collect();
    let mut limit = top.saturating_add(MORE);
    loop {
        let count = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = match pgvector {
            true => client.query(&statement, &[&probe.values(), &count])?,
            false => client.query(&statement, &[&doubles, &count])?,
        };
        if found.len() < limit || is_complete(&found, top)? {
            return nearest(&found, probe, top);
        }
        limit = limit.saturating_mul(4);
    }
}

/// Whether no other person can be among the `top`: the last candidate is farther than those
/// by more than the rounding error.
fn is_complete(found: &[Row], top: usize) -> Result<bool, Failure> {
    let square = |row: Option<&Row>| -> Result<f64, Failure> {
        Ok(row.map_or(Ok(f64::INFINITY), |row| row.try_get("square"))?)
    };
    Ok(square(found.last())? > square(found.get(top.max(1) - 1))? + MARGIN)
}

/// Most of the `top` nearest people, by the index.
pub(crate) fn hnsw(
    client: &mut Client,
    probe: &Encoding,
    top: usize,
) -> Result<Vec<Candidate>, Failure> {
    let ef_search = EF_SEARCH.max(top).min(MAX_EF_SEARCH).to_string();
    client.execute("SELECT set_config('hnsw.ef_search', $1, false)", &[&ef_search])?;
    let count = i64::try_from(top.saturating_add(MORE)).unwrap_or(i64::MAX);
    let found = client.query(
        &format!(
            "SELECT name, mean FROM facenet.people
             ORDER BY {VECTOR} <-> $1::real[]::vector(128) LIMIT $2"
        ),
        &[&probe.values(), &count],
    )?;
    nearest(&found, probe, top)
}

/// Whether the index can find so many people.
pub(crate) fn index_can_find(top: usize) -> bool {
    top <= MAX_EF_SEARCH
}

/// Whether there is a usable index: not one whose creation was interrupted.
pub(crate) fn has_index(client: &mut Client) -> Result<bool, Failure> {
    let valid = client.query_opt(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)",
        &[&format!("facenet.{INDEX}")],
    )?;
    Ok(valid.is_some_and(|row| row.get(0)))
}

/// Creates the index, unless there is a usable one.
pub(crate) fn create_index(client: &mut Client) -> Result<(), Failure> {
    if !has_index(client)? {
        drop_index(client)?;
    }
    client.batch_execute("SET maintenance_work_mem = '512MB'")?;
    Ok(client.batch_execute(&format!(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON facenet.people
         USING hnsw (({VECTOR}) vector_l2_ops) WITH (m = 16, ef_construction = 128)"
    ))?)
}

/// Drops the index, if there is one.
pub(crate) fn drop_index(client: &mut Client) -> Result<(), Failure> {
    Ok(client.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS facenet.{INDEX}"))?)
}

/// Ranks the candidates in f64, ties by name.
fn nearest(found: &[Row], probe: &Encoding, top: usize) -> Result<Vec<Candidate>, Failure> {
    let mut people = Vec::with_capacity(found.len());
    for row in found {
        people.push((rows::encoding(row, "mean")?.distance(probe), rows::person_name(row)?));
    }
    people.sort_unstable_by(|a: &(f32, PersonName), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    people.truncate(top);
    let candidate = |(distance, name): (f32, PersonName)| Candidate {
        name: name.as_str().to_owned(),
        distance,
    };
    Ok(people.into_iter().map(candidate).collect())
}
