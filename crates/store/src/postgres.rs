//! People in a PostgreSQL database, which several machines can share.
//!
//! ```text
//! session.rs ─► about.rs       which model, and how often changed: one change at a time
//! a connection  rows.rs        people as rows, and back
//!               changes.rs     what changes them, in one transaction each
//!               search.rs      the nearest, by the database
//!               migrations.rs  the tables
//! ```
//!
//! pgvector is used where it is there and not needed: the vectors are plain `real[]`, so
//! that a database without it holds the same.

mod about;
mod changes;
mod fault;
mod migrations;
mod rows;
mod search;
mod session;

use std::sync::atomic::{AtomicU64, Ordering};

use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};
use postgres::{Client, Transaction};

use crate::keeper::{Change, Keeper};
use crate::person::{Enrolment, Model, Person, Summary};
use crate::store::no_person;
use crate::{Access, ChangeError, Database, Search, StoreError};

use about::About;
use fault::Fault;
use session::Session;

/// The first pgvector with an HNSW index.
const HNSW_SINCE: (u32, u32) = (0, 5);

/// What the extension pgvector has to offer here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Vectors {
    /// It is not there.
    None,
    /// Distances.
    Distances,
    /// Distances and the index.
    Index,
}

/// People in a database.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    session: Session,
    model: Model,
    vectors: Vectors,
    /// The revision that this program has seen.
    seen: AtomicU64,
}

impl PostgresStore {
    /// Opens the people of a database, of whatever model; `model` is that of new tables.
    pub(crate) fn open(
        database: &Database,
        model: &Model,
        access: Access,
    ) -> Result<Self, StoreError> {
        let session = Session::open(database, access)?;
        session.read("read it", expect_utf8)?;
        match access {
            Access::Write => make(&session, model)?,
            Access::Read => match session.read("read it", migrations::applied)? {
                None => return Err(StoreError::Missing { file: database.to_string().into() }),
                Some(found) if found != migrations::newest() => {
                    return Err(version(database, found));
                }
                Some(_) => session.hold_still()?,
            },
        }
        Self::described(session)
    }

    fn described(session: Session) -> Result<Self, StoreError> {
        let (about, vectors) = session.read("read it", |client| {
            let about = about::read(client)?;
            let about = about.ok_or_else(|| Fault::damaged("its table `about` is empty"))?;
            let vectors = vectors(client)?;
            if vectors != Vectors::None {
                // Another program may have added it since this one connected.
                session::find_pgvector(client)?;
            }
            Ok((about, vectors))
        })?;
        let (model, seen) = (about.model, AtomicU64::new(about.revision));
        let wants_index = session.database.search == Search::Hnsw;
        let store = Self { session, model, vectors, seen };
        if wants_index && vectors != Vectors::Index {
            return Err(StoreError::NoIndexHere);
        }
        Ok(store)
    }

    /// Changes people in one transaction, which no other change interrupts.
    fn change<T>(
        &self,
        model: &Model,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let (result, revision) = self.session.write(|transaction| {
            about::lock(transaction)?;
            let found = self.expected(about::read(transaction)?)?;
            let result = change(transaction)?;
            let revision = found + 1;
            about::write(transaction, &About { model: model.clone(), revision })?;
            Ok((result, revision))
        })?;
        // Unless somebody else's change came between, there is nothing else to see.
        let _ = self.seen.compare_exchange(
            revision - 1,
            revision,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        Ok(result)
    }

    /// The revision, if the people are still of the model that they were opened with.
    fn expected(&self, about: Option<About>) -> Result<u64, Fault> {
        match about {
            Some(about) if about.model == self.model => Ok(about.revision),
            Some(about) => Err(Fault::Store(StoreError::OtherModel {
                file: self.session.database.to_string().into(),
                expected: Box::new(self.model.clone()),
                found: Box::new(about.model),
            })),
            None => Err(Fault::damaged("its table `about` is empty")),
        }
    }

    /// Gives back the space of rows that are gone, so that it is written over, after a
    /// change that is done whatever comes of this.
    fn clear_up(&self) -> Result<(), StoreError> {
        let left = |source| StoreError::Left { at: self.session.database.to_string(), source };
        let cleared = self.session.run("vacuum it", |client| {
            vacuum(client, &self.session.database, "").map_err(|fault| match fault {
                // Not `Busy`, which would say that the change is to be tried again.
                Fault::Database(source) => left(source).into(),
                other => other,
            })
        });
        cleared.map_err(|error| match error {
            StoreError::Left { .. } => error,
            other => left(Box::new(other)),
        })
    }
}

impl Keeper for PostgresStore {
    fn model(&self) -> &Model {
        &self.model
    }

    fn enroll_all(&mut self, people: &[(&PersonName, &Enrolment)]) -> Result<(), StoreError> {
        self.change(&self.model, |transaction| changes::enroll_all(transaction, people))
    }

    fn len(&self) -> Result<usize, StoreError> {
        self.session.read("read it", rows::len)
    }

    fn faces(&self) -> Result<usize, StoreError> {
        self.session.read("read it", rows::faces)
    }

    fn list(&self) -> Result<Vec<Summary>, StoreError> {
        self.session.read("read it", rows::list)
    }

    fn person(&self, name: &PersonName) -> Result<Person, StoreError> {
        let person = self.session.read("read it", |client| rows::person(client, name))?;
        person.ok_or_else(|| no_person(name))
    }

    fn each(
        &self,
        take: &mut dyn FnMut(Person) -> Result<(), ChangeError>,
    ) -> Result<(), StoreError> {
        self.session.read_at_one_moment("read it", |client| {
            self.expected(about::read(client)?)?;
            let mut after = String::new();
            loop {
                let page = rows::page(client, &after)?;
                let Some(last) = page.last() else { return Ok(()) };
                after = last.name.as_str().to_owned();
                for person in page {
                    let name = person.name.as_str().to_owned();
                    take(person).map_err(|source| StoreError::Change { name, source })?;
                }
            }
        })
    }

    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), StoreError> {
        self.change(&self.model, |transaction| changes::rename(transaction, old, new))?;
        self.clear_up()
    }

    fn remove(&mut self, names: &[PersonName]) -> Result<(), StoreError> {
        self.change(&self.model, |transaction| changes::remove(transaction, names))?;
        self.clear_up()
    }

    fn purge(&mut self) -> Result<(), StoreError> {
        self.change(&self.model, |transaction| {
            let tables = "facenet.people, facenet.templates, facenet.photos";
            Ok(transaction.batch_execute(&format!("TRUNCATE {tables}"))?)
        })
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        let database = &self.session.database;
        self.session
            .run("write its tables anew", |client| vacuum(client, database, "(FULL, ANALYZE)"))
    }

    fn change_model(&mut self, model: &Model, change: &mut Change<'_>) -> Result<(), StoreError> {
        self.change(model, |transaction| changes::change_all(transaction, change))?;
        self.model = model.clone();
        self.clear_up()
    }

    fn search(&self, probe: &Encoding, top: usize) -> Option<Result<Vec<Candidate>, StoreError>> {
        Some(self.session.read_at_one_moment("search it", |client| {
            self.expected(about::read(client)?)?;
            let by_index = self.session.database.search == Search::Hnsw && search::is_in_hand(top);
            match by_index {
                false => search::exact(client, self.vectors != Vectors::None, probe, top),
                true if search::has_index(client)? => search::hnsw(client, probe, top),
                true => {
                    let at = self.session.database.to_string();
                    Err(StoreError::NoIndex { at }.into())
                }
            }
        }))
    }

    fn newer(&self) -> Result<Option<u64>, StoreError> {
        let revision =
            self.session.read("read it", |client| self.expected(about::read(client)?))?;
        Ok((revision != self.seen.load(Ordering::Relaxed)).then_some(revision))
    }

    fn have_seen(&self, revision: u64) {
        self.seen.store(revision, Ordering::Relaxed);
    }

    fn index(&mut self, wanted: bool) -> Result<(), StoreError> {
        if self.vectors != Vectors::Index {
            return Err(StoreError::NoIndexHere);
        }
        self.session.run("make an index in it", |client| {
            // One that is not valid is what was left when making it was broken off.
            if !wanted || !search::has_index(client)? {
                let index = search::INDEX;
                client
                    .batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS facenet.{index}"))?;
            }
            if wanted {
                client.batch_execute("SET maintenance_work_mem = '512MB'")?;
                let (index, vector) = (search::INDEX, search::VECTOR);
                client.batch_execute(&format!(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON facenet.people
                     USING hnsw (({vector}) vector_l2_ops) WITH (m = 16, ef_construction = 128)"
                ))?;
            }
            Ok(())
        })
    }

    fn remark(&self) -> Option<&'static str> {
        (self.vectors == Vectors::None).then_some(
            "this PostgreSQL has no extension pgvector, or it may not be added: it compares faces \
             in plain SQL, which is slower",
        )
    }
}

/// Makes what is not there yet: the extension, the tables, what they are of.
fn make(session: &Session, model: &Model) -> Result<(), StoreError> {
    if session.run("add pgvector to it", add_pgvector)? {
        // Its schema has to be on the path.
        session.renew()?;
    }
    if session.read("read it", migrations::applied)? == Some(migrations::newest()) {
        return Ok(());
    }
    let describe = |transaction: &mut Transaction<'_>| match about::read(transaction)? {
        Some(_) => Ok(()),
        None => about::write(transaction, &About { model: model.clone(), revision: 0 }),
    };
    match session.run("make tables in it", |client| migrations::apply(client, describe))? {
        Some(found) => Err(version(&session.database, found)),
        None => Ok(()),
    }
}

/// Gives back, or writes anew, what the tables' files hold of rows that are gone. To who
/// may not, `VACUUM` gives a warning only and does nothing, so that is asked before.
fn vacuum(client: &mut Client, database: &Database, how: &str) -> Result<(), Fault> {
    let others = client.query_opt(
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
    if let Some(row) = others {
        let (at, owner) = (database.to_string(), row.try_get(0)?);
        return Err(StoreError::NotOwner { at, owner }.into());
    }
    let tables = "facenet.people, facenet.templates, facenet.photos";
    Ok(client.batch_execute(&format!("VACUUM {how} {tables}"))?)
}

fn version(database: &Database, found: i32) -> StoreError {
    let (file, expected) = (database.to_string().into(), migrations::newest() as u64);
    StoreError::Version { file, expected, found: found as u64 }
}

/// Names may be in any script.
fn expect_utf8(client: &mut Client) -> Result<(), Fault> {
    let encoding = client.query_one("SHOW server_encoding", &[])?;
    match encoding.try_get::<_, String>(0)?.as_str() {
        "UTF8" => Ok(()),
        other => Err(Fault::NotAStore(format!("a database in the encoding {other}, not UTF8"))),
    }
}

/// Adds the extension where that is possible and allowed; where not, it is done without.
/// Says whether it was added.
fn add_pgvector(client: &mut Client) -> Result<bool, Fault> {
    let missing = client.query_one(
        "SELECT count(*) > 0 FROM pg_available_extensions
         WHERE name = 'vector' AND installed_version IS NULL",
        &[],
    )?;
    Ok(missing.try_get(0)?
        && client.batch_execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public").is_ok())
}

fn vectors(client: &mut Client) -> Result<Vectors, Fault> {
    let version =
        client.query_opt("SELECT extversion FROM pg_extension WHERE extname = 'vector'", &[])?;
    let Some(version) = version else { return Ok(Vectors::None) };
    let version: String = version.try_get(0)?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Ok(if version >= HNSW_SINCE { Vectors::Index } else { Vectors::Distances })
}
