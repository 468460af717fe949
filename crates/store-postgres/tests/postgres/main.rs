//! The behavior of every back end, and what only a database does, in a PostgreSQL that is
//! started for these tests. They are skipped, with a message, where none is installed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod scale;
mod server;

use std::fs;
use std::path::Path;

use store::{Access, Enrollment, Error, Location, PostgresAddress, SearchMethod, Store};
use store_conformance::fixtures::{bytes_of, contains, encoding, enrollment, model, name};

use server::{Fresh, Server};

fn with_store(check: &dyn Fn(&store_conformance::Open<'_>)) {
    let Some(server) = Server::shared() else { return };
    let address = server.database().address();
    check(&|model, access| store_postgres::open_any_model(&address, model, access));
}

store_conformance::conformance_tests!(with_store);

fn open(address: &PostgresAddress, access: Access) -> Result<Store, Error> {
    store_postgres::open(address, &model("a"), access)
}

/// A store of so many people, each with one template whose seed is their number.
fn filled(address: &PostgresAddress, people: u64) -> Store {
    let open = |model: &_, access| store_postgres::open_any_model(address, model, access);
    store_conformance::fixtures::filled(&open, people)
}

/// The address in a text.
fn parsed(url: &str) -> PostgresAddress {
    match Location::parse(Path::new(url)).unwrap() {
        Location::Postgres(address) => address,
        Location::File(path) => panic!("{} is a file", path.display()),
    }
}

/// Whether this server has pgvector.
fn has_pgvector(server: &Server) -> bool {
    let query = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'";
    server.connect("postgres").query_one(query, &[]).unwrap().get::<_, i64>(0) > 0
}

#[test]
fn searches_are_exact_without_pgvector_too() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let address = fresh.address();
    drop(open(&address, Access::Write).unwrap());
    // A role that may not add the extension does without it.
    let mut client = server.connect(&fresh.name);
    client
        .batch_execute(&format!(
            "DROP EXTENSION IF EXISTS vector;
             CREATE ROLE \"only-{name}\" LOGIN;
             GRANT USAGE ON SCHEMA facenet TO \"only-{name}\";
             GRANT ALL ON ALL TABLES IN SCHEMA facenet TO \"only-{name}\";
             REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
            name = fresh.name
        ))
        .unwrap();
    let url = fresh.url.replace("kian:secret", &format!("only-{}", fresh.name));
    let address = parsed(&url);
    let store = open(&address, Access::Write).unwrap();
    assert!(store.warning().unwrap().contains("pgvector"));
    store_conformance::run("searches_are_exact", &|model, access| {
        store_postgres::open_any_model(&address, model, access)
    });
}

#[test]
fn the_index_finds_nearly_all_people() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let mut address = fresh.address();
    drop(filled(&address, 3000));
    address.search = SearchMethod::Hnsw;
    if !has_pgvector(&server) {
        test_support::skipped("this PostgreSQL has no pgvector");
        let error = open(&address, Access::Read).unwrap_err();
        assert!(matches!(error, Error::IndexUnsupported), "{error}");
        return;
    }
    let mut store = open(&address, Access::Write).unwrap();
    let error = store.search(&encoding(1), 1).unwrap_err();
    assert!(error.to_string().contains("gallery index"), "{error}");
    store.set_index(true).unwrap();
    // Creating it again is no error.
    store.set_index(true).unwrap();
    store.enroll(&name("late"), &enrollment(&[9999])).unwrap();
    store.remove(&[name("resident-0000")]).unwrap();
    // A probe between two people, as one between two photos of a person would be.
    let probes: Vec<u64> = (0..100).map(|n| n * 29 + 1).chain([9999]).collect();
    let gallery = store.gallery().unwrap();
    let same = |&&seed: &&u64| {
        let probe = encoding(seed);
        let found = store.search(&probe, 1).unwrap();
        found == gallery.search(&probe, 1)
    };
    let hits = probes.iter().filter(same).count();
    assert!(hits >= 99, "{hits} of {}", probes.len());
    // More than pgvector's index ever finds.
    assert_eq!(store.search(&encoding(1), 2500).unwrap(), gallery.search(&encoding(1), 2500));
    store.set_index(false).unwrap();
    assert!(matches!(store.search(&encoding(1), 1), Err(Error::IndexMissing { .. })));
}

#[test]
fn several_programs_start_and_enroll_at_once() {
    let Some(server) = Server::shared() else { return };
    let address = server.database().address();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let address = &address;
            scope.spawn(move || {
                let mut store = open(address, Access::Write).unwrap();
                for n in 0..10 {
                    let person = name(&format!("person {thread} {n}"));
                    store.enroll(&person, &enrollment(&[thread * 100 + n])).unwrap();
                    store.enroll(&name("all"), &enrollment(&[5000 + thread * 100 + n])).unwrap();
                    // Whichever of them added pgvector.
                    let found = store.search(&encoding(thread * 100 + n), 1).unwrap();
                    assert_eq!(found[0].name, person.as_str());
                }
            });
        }
    });
    let store = open(&address, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 41);
    assert_eq!(store.person(&name("all")).unwrap().templates.len(), 40);
}

#[test]
fn changes_of_other_programs_are_seen() {
    let Some(server) = Server::shared() else { return };
    let address = server.database().address();
    let mut here = filled(&address, 3);
    let mut there = open(&address, Access::Write).unwrap();
    here.enroll(&name("own"), &enrollment(&[50])).unwrap();
    assert!(
        here.gallery_if_changed().unwrap().is_none(),
        "a program's own change is not new to it"
    );
    there.gallery_if_changed().unwrap().unwrap();
    there.remove(&[name("resident-0001")]).unwrap();
    let gallery = here.gallery_if_changed().unwrap().unwrap();
    assert_eq!(gallery.len(), 3);
    assert!(here.gallery_if_changed().unwrap().is_none());
    // A reader keeps its snapshot.
    let reader = open(&address, Access::Read).unwrap();
    there.remove(&[name("own")]).unwrap();
    assert_eq!(reader.len().unwrap(), 3);
    drop(reader);
    // Encodings of another model are never mixed in.
    there.rewrite_for_model(&model("b"), |person| Ok(Some(person))).unwrap();
    for result in
        [here.gallery_if_changed().map(|_| ()), here.enroll(&name("x"), &enrollment(&[1]))]
    {
        assert!(matches!(result, Err(Error::ModelMismatch { .. })), "{result:?}");
    }
    assert!(matches!(here.search(&encoding(1), 1), Err(Error::ModelMismatch { .. })));
    assert!(matches!(here.gallery(), Err(Error::ModelMismatch { .. })));
}

#[test]
fn all_people_are_read_at_one_moment() {
    let Some(server) = Server::shared() else { return };
    let address = server.database().address();
    // More than one page.
    let here = filled(&address, 2100);
    let mut there = open(&address, Access::Write).unwrap();
    let mut seen = 0;
    here.for_each(|_| {
        seen += 1;
        if seen == 1 {
            there.rewrite_for_model(&model("b"), |person| {
                Ok((person.name.as_str() < "resident-2050").then_some(person))
            })?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 2100, "all people of the first model");
    assert!(matches!(here.for_each(|_| Ok(())), Err(Error::ModelMismatch { .. })));
}

#[test]
fn a_lost_connection_is_opened_again() {
    // A server of its own, since it is restarted.
    let Some(server) = Server::alone() else { return };
    let fresh = server.database();
    let address = fresh.address();
    let mut store = filled(&address, 5);
    let reader = open(&address, Access::Read).unwrap();
    server.restart();
    assert_eq!(store.len().unwrap(), 5);
    assert!(matches!(reader.len(), Err(Error::Database { .. })));
    server.restart();
    store.enroll(&name("late"), &enrollment(&[77])).unwrap();
    assert_eq!(store.len().unwrap(), 6);
}

#[test]
fn a_change_whose_cleanup_fails_is_done() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let mut store = filled(&fresh.address(), 3);
    let mut other = server.connect(&fresh.name);
    let mut lock = other.transaction().unwrap();
    // The lock of an index that is being created: rows can be changed, but not vacuumed.
    lock.batch_execute("LOCK TABLE facenet.people IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let error = std::thread::scope(|scope| {
        let removing = scope.spawn(|| store.remove(&[name("resident-0001")]).unwrap_err());
        let mut third = server.connect(&fresh.name);
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
             WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock' AND datname = $1";
        while third.query(cancel, &[&fresh.name]).unwrap().is_empty() && !removing.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        removing.join().unwrap()
    });
    assert!(matches!(error, Error::CleanupFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("is done"), "{error}");
    assert_eq!(store.len().unwrap(), 2);
    lock.rollback().unwrap();
    store.compact().unwrap();
}

#[test]
fn a_full_disk_of_the_database_is_an_error_of_its_own() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let mut store = filled(&fresh.address(), 3);
    // Raises what the server does when it cannot extend a file.
    let mut client = server.connect(&fresh.name);
    client
        .batch_execute(
            "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER no_space BEFORE INSERT ON facenet.people EXECUTE FUNCTION disk_full()",
        )
        .unwrap();
    let error = store.enroll(&name("late"), &enrollment(&[9])).unwrap_err();
    assert!(matches!(error, Error::NoSpace { .. }), "{error:?}");
    client.batch_execute("DROP TRIGGER no_space ON facenet.people").unwrap();
    store.enroll(&name("late"), &enrollment(&[9])).unwrap();
}

#[test]
fn a_role_that_does_not_own_the_tables_learns_that_bytes_are_left() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    drop(filled(&fresh.address(), 3));
    let guest = format!("guest-{}", fresh.name);
    let mut client = server.connect(&fresh.name);
    client
        .batch_execute(&format!(
            "CREATE ROLE \"{guest}\" LOGIN;
             GRANT USAGE ON SCHEMA facenet TO \"{guest}\";
             GRANT ALL ON ALL TABLES IN SCHEMA facenet TO \"{guest}\";"
        ))
        .unwrap();
    let version = client.query_one("SHOW server_version_num", &[]).unwrap();
    if version.get::<_, &str>(0) >= "170000" {
        // Since version 17 the right can be granted, and then no bytes are left.
        let url = fresh.url.replace("kian:secret", &guest);
        let mut store = open(&parsed(&url), Access::Write).unwrap();
        store.remove(&[name("resident-0000")]).unwrap();
        let revoke = format!("REVOKE MAINTAIN ON ALL TABLES IN SCHEMA facenet FROM \"{guest}\"");
        client.batch_execute(&revoke).unwrap();
    }
    let url = fresh.url.replace("kian:secret", &guest);
    let mut store = open(&parsed(&url), Access::Write).unwrap();
    let error = store.remove(&[name("resident-0001")]).unwrap_err();
    let Error::CleanupFailed { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("kian"), "{source}");
    assert!(matches!(store.person(&name("resident-0001")), Err(Error::PersonNotFound { .. })));
    let error = store.compact().unwrap_err();
    assert!(matches!(&error, Error::NotOwner { owner, .. } if owner == "kian"), "{error:?}");
}

#[test]
fn removed_people_are_gone_from_the_files_of_the_tables() {
    let Some(server) = Server::alone() else { return };
    let fresh = server.database();
    let mut store = filled(&fresh.address(), 300);
    let kept = Enrollment { consent: Some("agreed, kian".to_owned()), ..enrollment(&[7000]) };
    store.enroll(&name("resident-0007"), &kept).unwrap();
    let checkpoint = || server.connect(&fresh.name).batch_execute("CHECKPOINT").unwrap();
    let base = server.data().join("base");
    checkpoint();
    assert!(holds_anywhere(&base, &bytes_of(&encoding(7))));
    store.remove(&[name("resident-0007")]).unwrap();
    store.compact().unwrap();
    checkpoint();
    for part in [bytes_of(&encoding(7)), bytes_of(&encoding(7000)), b"agreed, kian".to_vec()] {
        assert!(!holds_anywhere(&base, &part));
    }
    assert!(holds_anywhere(&base, &bytes_of(&encoding(8))));
    store.purge().unwrap();
    checkpoint();
    assert!(!holds_anywhere(&base, &bytes_of(&encoding(8))));
}

fn holds_anywhere(folder: &Path, part: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds_anywhere(&path, part),
            false => fs::read(&path).is_ok_and(|file| contains(&file, part)),
        }
    })
}

#[test]
fn other_databases_are_errors() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let address = fresh.address();
    let missing = open(&address, Access::Read).unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    drop(filled(&address, 1));
    let mut client = server.connect(&fresh.name);
    client.execute("INSERT INTO facenet.migrations (number, name) VALUES (99, 'x')", &[]).unwrap();
    for access in [Access::Read, Access::Write] {
        let error = open(&address, access).unwrap_err();
        assert!(matches!(error, Error::Version { found: 99, .. }), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    client.batch_execute("CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1'").unwrap();
    let old = Fresh { url: fresh.url.replace(&fresh.name, "old"), name: "old".into() };
    let error = open(&old.address(), Access::Write).unwrap_err();
    assert!(error.to_string().contains("LATIN1"), "{error}");
    let nobody = Fresh { url: fresh.url.replace(&fresh.name, "missing"), name: "missing".into() };
    let error = open(&nobody.address(), Access::Write).unwrap_err();
    assert!(format!("{error:?}").contains("does not exist"), "{error:?}");
}

#[test]
fn damage_is_an_error() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let address = fresh.address();
    let store = filled(&address, 3);
    let mut client = server.connect(&fresh.name);
    for (fault, words) in [
        ("UPDATE facenet.templates SET encoding[3] = 'NaN' WHERE name = 'resident-0001'", "NaN"),
        ("UPDATE facenet.templates SET number = 5 WHERE name = 'resident-0001'", "template 5"),
        ("DELETE FROM facenet.templates WHERE name = 'resident-0001'", "no templates"),
    ] {
        client.batch_execute(fault).unwrap();
        let error = store.gallery().unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    client.batch_execute("DELETE FROM facenet.about WHERE key = 'variant'").unwrap();
    let error = open(&address, Access::Read).unwrap_err();
    assert!(error.to_string().contains("variant"), "{error}");
}

#[test]
fn other_machines_are_refused_without_encryption() {
    let at = |url: &str| open(&parsed(url), Access::Read);
    let error = at("postgres://kian:secret@192.0.2.1/faces").unwrap_err();
    assert!(matches!(error, Error::Unencrypted { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let error = at("postgres://kian:secret@localhost:1/faces?connect_timeout=1").unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error}");
}

#[test]
fn no_error_shows_a_password() {
    for url in [
        "postgres://kian:secret@localhost/faces?color=red",
        "postgres://kian@localhost/faces?password=p@secret",
        "postgres://localhost/faces?password=p@secret",
        "postgres://kian:p@secret@localhost/faces",
        "postgres://kian@localhost/faces?secret=1",
        "postgres://kian@localhost:secret/faces",
        "postgres://kian:secret@localhost:1/faces&connect_timeout=1",
        "PostgreS://kian:secret@localhost:1/faces?connect_timeout=1",
        "POSTGRESQL://kian:secret@localhost/faces?x",
    ] {
        let address = parsed(url);
        let error = open(&address, Access::Write).unwrap_err();
        // With all its causes.
        let mut said = format!("{address} {address:?} {error:?}");
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = next {
            said += &error.to_string();
            next = error.source();
        }
        assert!(!said.contains("secret"), "{url}: {said}");
    }
}
