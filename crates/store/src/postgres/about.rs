//! Which model the people are of, and how often they were changed.

use postgres::GenericClient;

use super::fault::Fault;
use crate::Model;

/// What the table `about` says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct About {
    pub(super) model: Model,
    /// Grows by one with every change.
    pub(super) revision: u64,
}

const VARIANT: &str = "variant";
const WEIGHTS: &str = "weights_sha256";
const FRAMING: &str = "framing";
const REVISION: &str = "revision";

/// Reads it; nothing where it was not written yet.
pub(super) fn read(client: &mut impl GenericClient) -> Result<Option<About>, Fault> {
    let rows = client.query("SELECT key, value FROM facenet.about", &[])?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut found = std::collections::HashMap::new();
    for row in rows {
        found.insert(row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?);
    }
    let mut take = |key: &str| {
        found.remove(key).ok_or_else(|| Fault::damaged(format!("its table `about` has no {key}")))
    };
    let (variant, weights_sha256, framing) = (take(VARIANT)?, take(WEIGHTS)?, take(FRAMING)?);
    let model = Model { variant, weights_sha256, framing };
    let revision = take(REVISION)?;
    let revision = revision
        .parse()
        .map_err(|_| Fault::damaged(format!("its revision is {revision:?}, expected a number")))?;
    Ok(Some(About { model, revision }))
}

/// Writes it.
pub(super) fn write(client: &mut impl GenericClient, about: &About) -> Result<(), Fault> {
    let revision = about.revision.to_string();
    let rows = [
        (VARIANT, &about.model.variant),
        (WEIGHTS, &about.model.weights_sha256),
        (FRAMING, &about.model.framing),
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

/// Lets one change at a time through: others wait here until this transaction ends.
pub(super) fn lock(client: &mut impl GenericClient) -> Result<(), Fault> {
    client.execute("SELECT 1 FROM facenet.about WHERE key = $1 FOR UPDATE", &[&REVISION])?;
    Ok(())
}
