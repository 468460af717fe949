//! The nearest people, looked for by the database.
//!
//! * With pgvector, its distance (`<->`), which it computes in f32.
//! * Without, the dot product in plain SQL, in f64: of unit vectors |a − b|² = 2 − 2 a·b.
//! * By an HNSW index of pgvector's, where the address asks for that.
//!
//! Whichever it is, the database only says who may be among the nearest. Who is, is
//! decided here in f64, as [`Gallery::search`](facenet::gallery::Gallery::search) does, so
//! the first two answer as it would, to the last bit.

use std::fmt::Write;

use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};
use facenet::network::ENCODING_LENGTH;
use postgres::{Client, Row};

use super::fault::Fault;
use super::rows;

/// Twice the most by which a squared distance in f32 is off, as in `facenet`'s own scan.
const MARGIN: f64 = 2.0 * 2.2 * 128.0 / 16_777_216.0;

/// How many more than asked for are fetched at first, in case they are equally near.
const MORE: usize = 14;

/// Candidates that the index keeps in hand while it searches; pgvector's own default is
/// 40, and 1000 its most.
const HANDFUL: usize = 200;
const MOST_IN_HAND: usize = 1000;

/// The index of [`hnsw`].
pub(super) const INDEX: &str = "people_hnsw";

/// The mean as pgvector's type: what the index holds, so it must be written the same way.
pub(super) const VECTOR: &str = "mean::vector(128)";

/// What a row holds first: the squared distance, as the database computes it.
fn squared_distance(pgvector: bool) -> String {
    if pgvector {
        // The sum keeps the planner from answering out of an index, which may be wrong.
        return format!("(({VECTOR} <-> $1::real[]::vector(128)) ^ 2 + 0)");
    }
    let mut product = String::from("0::double precision");
    for i in 1..=ENCODING_LENGTH {
        // Writing to a string does not fail.
        let _ = write!(product, "+mean[{i}]*($1::double precision[])[{i}]");
    }
    format!("(2 - 2 * ({product}))")
}

/// The `top` nearest of everybody.
pub(super) fn exact(
    client: &mut Client,
    pgvector: bool,
    probe: &Encoding,
    top: usize,
) -> Result<Vec<Candidate>, Fault> {
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
        if found.len() < limit || is_enough(&found, top)? {
            return nearest(&found, probe, top);
        }
        limit = limit.saturating_mul(4);
    }
}

/// Whether everybody who may be among the `top` is there: the last is farther by more
/// than rounding.
fn is_enough(found: &[Row], top: usize) -> Result<bool, Fault> {
    let square = |row: Option<&Row>| -> Result<f64, Fault> {
        Ok(row.map_or(Ok(f64::INFINITY), |row| row.try_get("square"))?)
    };
    Ok(square(found.last())? > square(found.get(top.max(1) - 1))? + MARGIN)
}

/// Nearly the `top` nearest, by the index.
pub(super) fn hnsw(
    client: &mut Client,
    probe: &Encoding,
    top: usize,
) -> Result<Vec<Candidate>, Fault> {
    let in_hand = HANDFUL.max(top).min(MOST_IN_HAND).to_string();
    client.execute("SELECT set_config('hnsw.ef_search', $1, false)", &[&in_hand])?;
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

/// Whether the index can find so many.
pub(super) fn is_in_hand(top: usize) -> bool {
    top <= MOST_IN_HAND
}

/// Whether there is an index that can be used.
pub(super) fn has_index(client: &mut Client) -> Result<bool, Fault> {
    let valid = client.query_opt(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)",
        &[&format!("facenet.{INDEX}")],
    )?;
    Ok(valid.is_some_and(|row| row.get(0)))
}

/// Compared in f64, ties by name.
fn nearest(found: &[Row], probe: &Encoding, top: usize) -> Result<Vec<Candidate>, Fault> {
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
