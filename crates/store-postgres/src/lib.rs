//! People in a PostgreSQL database, which several machines can share.
//!
//! A crate of its own, so that a program without databases links none of this.
//! `docs/postgres.md` says which promises of [`store`] a database keeps, and how.
//!
//! ```text
//! PostgresStore ─► session.rs ─► address.rs   where to connect, and whether that is safe
//!                      │
//!                      ├─► schema.rs    tables, model, number of changes, pgvector
//!                      ├─► rows.rs      people as rows, and back
//!                      ├─► changes.rs   what changes people, one transaction each
//!                      └─► search.rs    the nearest people
//! ```
//!
//! pgvector is used if it is there and never needed: the vectors are plain `real[]`, so a
//! database without it has the same tables.

#![forbid(unsafe_code)]

mod address;
mod changes;
mod password_file;
mod rows;
mod schema;
mod search;
mod session;

use std::sync::atomic::{AtomicU64, Ordering};

use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};
use postgres::Transaction;
use store::backend::{Backend, Rewrite};
use store::{
    Access, BoxError, Enrollment, Error, Location, Model, Person, PersonSummary, PostgresAddress,
    SearchMethod, Store,
};

use schema::{About, Pgvector};
use session::{Failure, Session};

/// Opens the people of a database for templates of `model`. Tables are created or brought
/// up to date.
///
/// # Errors
/// When the database cannot be reached, or only over a network without encryption; when
/// there are no people to read, or their tables are damaged or of another version or model.
pub fn open(address: &PostgresAddress, model: &Model, access: Access) -> Result<Store, Error> {
    open_any_model(address, model, access)?.expect_model(model)
}

/// [`open`] for templates of any model; `model` is that of new tables.
///
/// # Errors
/// As [`open`].
pub fn open_any_model(
    address: &PostgresAddress,
    model: &Model,
    access: Access,
) -> Result<Store, Error> {
    let backend = PostgresStore::open(address, model, access)?;
    Ok(Store::with_backend(Location::Postgres(address.clone()), Box::new(backend)))
}

/// People in a database.
#[derive(Debug)]
struct PostgresStore {
    session: Session,
    model: Model,
    pgvector: Pgvector,
    /// The latest revision that this program has read or made.
    seen: AtomicU64,
}

impl PostgresStore {
    fn open(address: &PostgresAddress, model: &Model, access: Access) -> Result<Self, Error> {
        let session = Session::open(address, access)?;
        session.read("read it", schema::expect_utf8)?;
        match access {
            Access::Write => create(&session, model)?,
            Access::Read => match session.read("read it", schema::applied)? {
                None => return Err(Error::Missing { at: address.to_string() }),
                Some(found) if found != schema::newest() => {
                    return Err(version_error(address, found));
                }
                Some(_) => session.hold_snapshot()?,
            },
        }
        let (about, pgvector) = session.read("read it", |client| {
            let about = expect_about(schema::about(client)?)?;
            let pgvector = schema::pgvector(client)?;
            if pgvector != Pgvector::Missing {
                // Another program may have added it since this one connected.
                session::find_pgvector(client)?;
            }
            Ok((about, pgvector))
        })?;
        if address.search == SearchMethod::Hnsw && pgvector != Pgvector::WithIndex {
            return Err(Error::IndexUnsupported);
        }
        let (model, seen) = (about.model, AtomicU64::new(about.revision));
        Ok(Self { session, model, pgvector, seen })
    }

    /// Changes people in one transaction, one change at a time.
    fn change<T>(
        &self,
        model: &Model,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let (result, revision) = self.session.write(|transaction| {
            schema::lock(transaction)?;
            let found = self.expect_revision(schema::about(transaction)?)?;
            let result = change(transaction)?;
            let revision = found + 1;
            schema::set_about(transaction, &About { model: model.clone(), revision })?;
            Ok((result, revision))
        })?;
        // If another program's change came in between, that is still to be seen.
        let _ = self.seen.compare_exchange(
            revision - 1,
            revision,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        Ok(result)
    }

    /// The revision, if the people are still of the model that they were opened with.
    fn expect_revision(&self, about: Option<About>) -> Result<u64, Failure> {
        let about = expect_about(about)?;
        if about.model == self.model {
            return Ok(about.revision);
        }
        Err(Failure::Store(Error::ModelMismatch {
            at: self.session.address.to_string(),
            expected: Box::new(self.model.clone()),
            found: Box::new(about.model),
        }))
    }

    /// Frees the space of removed rows, so that it is overwritten. The change before it is
    /// committed, whatever comes of this.
    fn clean_up(&self) -> Result<(), Error> {
        let at = || self.session.address.to_string();
        let failed = |source| Error::CleanupFailed { at: at(), source };
        let cleaned = self.session.run("vacuum it", |client| {
            schema::vacuum(client, &self.session.address, "").map_err(|failure| match failure {
                // Not `Busy`, after which a caller would repeat the change.
                Failure::Database(source) => Failure::Store(failed(source)),
                other => other,
            })
        });
        cleaned.map_err(|error| match error {
            Error::CleanupFailed { .. } => error,
            other => failed(Box::new(other)),
        })
    }
}

impl Backend for PostgresStore {
    fn model(&self) -> &Model {
        &self.model
    }

    fn enroll_all(&mut self, people: &[(&PersonName, &Enrollment)]) -> Result<(), Error> {
        self.change(&self.model, |transaction| changes::enroll_all(transaction, people))
    }

    fn len(&self) -> Result<usize, Error> {
        self.session.read("read it", rows::person_count)
    }

    fn template_count(&self) -> Result<usize, Error> {
        self.session.read("read it", rows::template_count)
    }

    fn list(&self) -> Result<Vec<PersonSummary>, Error> {
        self.session.read("read it", rows::list)
    }

    fn person(&self, name: &PersonName) -> Result<Person, Error> {
        let person = self.session.read("read it", |client| rows::person(client, name))?;
        person.ok_or_else(|| Error::person_not_found(name))
    }

    fn for_each(&self, visit: &mut dyn FnMut(Person) -> Result<(), BoxError>) -> Result<(), Error> {
        self.session.read_snapshot("read it", |client| {
            self.expect_revision(schema::about(client)?)?;
            let mut after = String::new();
            loop {
                let page = rows::page(client, &after)?;
                let Some(last) = page.last() else { return Ok(()) };
                after = last.name.as_str().to_owned();
                for person in page {
                    let name = person.name.clone();
                    visit(person).map_err(|source| Error::callback(&name, source))?;
                }
            }
        })
    }

    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), Error> {
        self.change(&self.model, |transaction| changes::rename(transaction, old, new))?;
        self.clean_up()
    }

    fn remove(&mut self, names: &[PersonName]) -> Result<(), Error> {
        self.change(&self.model, |transaction| changes::remove(transaction, names))?;
        self.clean_up()
    }

    fn purge(&mut self) -> Result<(), Error> {
        self.change(&self.model, changes::purge)
    }

    fn compact(&mut self) -> Result<(), Error> {
        let address = &self.session.address;
        self.session
            .run("rewrite its tables", |client| schema::vacuum(client, address, "(FULL, ANALYZE)"))
    }

    fn rewrite(&mut self, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error> {
        self.change(model, |transaction| changes::rewrite(transaction, rewrite))?;
        self.model = model.clone();
        self.clean_up()
    }

    fn search(&self, probe: &Encoding, top: usize) -> Option<Result<Vec<Candidate>, Error>> {
        Some(self.session.read_snapshot("search it", |client| {
            self.expect_revision(schema::about(client)?)?;
            let by_index =
                self.session.address.search == SearchMethod::Hnsw && search::index_can_find(top);
            match by_index {
                false => search::exact(client, self.pgvector != Pgvector::Missing, probe, top),
                true if search::has_index(client)? => search::hnsw(client, probe, top),
                true => {
                    let at = self.session.address.to_string();
                    Err(Error::IndexMissing { at }.into())
                }
            }
        }))
    }

    fn changed_since(&self) -> Result<Option<u64>, Error> {
        let revision =
            self.session.read("read it", |client| self.expect_revision(schema::about(client)?))?;
        Ok((revision != self.seen.load(Ordering::Relaxed)).then_some(revision))
    }

    fn mark_seen(&self, revision: u64) {
        self.seen.store(revision, Ordering::Relaxed);
    }

    fn set_index(&mut self, exists: bool) -> Result<(), Error> {
        if self.pgvector != Pgvector::WithIndex {
            return Err(Error::IndexUnsupported);
        }
        match exists {
            true => self.session.run("create an index in it", search::create_index),
            false => self.session.run("drop the index in it", search::drop_index),
        }
    }

    fn warning(&self) -> Option<&'static str> {
        (self.pgvector == Pgvector::Missing).then_some(
            "this PostgreSQL has no extension pgvector, or its user may not add it: faces are \
             compared in plain SQL, which is slower",
        )
    }
}

/// Creates what is missing: the extension, the tables, and which model they are of.
fn create(session: &Session, model: &Model) -> Result<(), Error> {
    if session.run("add pgvector to it", schema::add_pgvector)? {
        // Only a new session has the extension's schema on its path.
        session.reconnect()?;
    }
    if session.read("read it", schema::applied)? == Some(schema::newest()) {
        return Ok(());
    }
    let describe = |transaction: &mut Transaction<'_>| match schema::about(transaction)? {
        Some(_) => Ok(()),
        None => schema::set_about(transaction, &About { model: model.clone(), revision: 0 }),
    };
    match session.run("create tables in it", |client| schema::migrate(client, describe))? {
        Some(found) => Err(version_error(&session.address, found)),
        None => Ok(()),
    }
}

fn expect_about(about: Option<About>) -> Result<About, Failure> {
    about.ok_or_else(|| Failure::damaged("its table `about` is empty"))
}

fn version_error(address: &PostgresAddress, found: i32) -> Error {
    let expected = schema::newest() as u64;
    Error::Version { at: address.to_string(), expected, found: found as u64 }
}
