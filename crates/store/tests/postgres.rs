//! People in a PostgreSQL that is started for these tests, and skipped aloud where none is
//! installed.

#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "store/behaviour.rs"]
mod behaviour;
#[path = "store/made.rs"]
mod made;
#[path = "postgres/scale.rs"]
mod scale;
#[path = "postgres/server.rs"]
mod server;

use std::fs;
use std::path::Path;

use store::{Access, Enrolment, Location, Search, Store, StoreError};

use made::{bytes_of, encoding, enrolment, filled, holds, model, name, open};
use server::{Fresh, Server};

/// Tests that a file passes, too.
macro_rules! behaves {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let Some(server) = Server::shared() else { return };
            behaviour::$name(&server.database().location());
        })*
    };
}

behaves! {
    people_come_back
    purge_leaves_nobody
    who_is_removed_or_renamed_is_not_found
    wrong_requests_change_nothing
    templates_of_another_model_are_refused_with_the_way_out
    a_change_may_swap_names_and_drop_people
    searches_are_exact
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
    let location = fresh.location();
    drop(open(&location, Access::Write).unwrap());
    // Who may not add the extension does without.
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
    let location = Location::parse(Path::new(&url)).unwrap();
    let store = open(&location, Access::Write).unwrap();
    assert!(store.remark().unwrap().contains("pgvector"));
    behaviour::searches_are_exact(&location);
}

#[test]
fn the_index_finds_nearly_everybody() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let Location::Postgres(mut database) = fresh.location() else { panic!("no database") };
    drop(filled(&Location::Postgres(database.clone()), 3000));
    database.search = Search::Hnsw;
    let location = Location::Postgres(database);
    if !has_pgvector(&server) {
        server::skipped("this PostgreSQL has no pgvector");
        let error = open(&location, Access::Read).unwrap_err();
        assert!(matches!(error, StoreError::NoIndexHere), "{error}");
        return;
    }
    let mut store = open(&location, Access::Write).unwrap();
    let error = store.search(&encoding(1), 1).unwrap_err();
    assert!(error.to_string().contains("gallery index"), "{error}");
    store.index(true).unwrap();
    // Once more is no fault.
    store.index(true).unwrap();
    store.enroll(&name("late"), &enrolment(&[9999])).unwrap();
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
    store.index(false).unwrap();
    assert!(matches!(store.search(&encoding(1), 1), Err(StoreError::NoIndex { .. })));
}

#[test]
fn several_programs_start_and_enrol_at_once() {
    let Some(server) = Server::shared() else { return };
    let location = server.database().location();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let location = &location;
            scope.spawn(move || {
                let mut store = open(location, Access::Write).unwrap();
                for n in 0..10 {
                    let person = name(&format!("person {thread} {n}"));
                    store.enroll(&person, &enrolment(&[thread * 100 + n])).unwrap();
                    store.enroll(&name("all"), &enrolment(&[5000 + thread * 100 + n])).unwrap();
                    // Whoever of them added pgvector.
                    let found = store.search(&encoding(thread * 100 + n), 1).unwrap();
                    assert_eq!(found[0].name, person.as_str());
                }
            });
        }
    });
    let store = open(&location, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 41);
    assert_eq!(store.person(&name("all")).unwrap().templates.len(), 40);
}

#[test]
fn changes_of_others_are_seen() {
    let Some(server) = Server::shared() else { return };
    let location = server.database().location();
    let mut here = filled(&location, 3);
    let mut there = open(&location, Access::Write).unwrap();
    here.enroll(&name("own"), &enrolment(&[50])).unwrap();
    assert!(here.refreshed().unwrap().is_none(), "one's own change is no news");
    there.refreshed().unwrap().unwrap();
    there.remove(&[name("resident-0001")]).unwrap();
    let gallery = here.refreshed().unwrap().unwrap();
    assert_eq!(gallery.len(), 3);
    assert!(here.refreshed().unwrap().is_none());
    // Who reads stays at one moment.
    let reader = open(&location, Access::Read).unwrap();
    there.remove(&[name("own")]).unwrap();
    assert_eq!(reader.len().unwrap(), 3);
    drop(reader);
    // Numbers of another model are never mixed in.
    there.change_model(&model("b"), |person| Ok(Some(person))).unwrap();
    for result in [here.refreshed().map(|_| ()), here.enroll(&name("x"), &enrolment(&[1]))] {
        assert!(matches!(result, Err(StoreError::OtherModel { .. })), "{result:?}");
    }
    assert!(matches!(here.search(&encoding(1), 1), Err(StoreError::OtherModel { .. })));
    assert!(matches!(here.gallery(), Err(StoreError::OtherModel { .. })));
}

#[test]
fn everybody_is_read_at_one_moment() {
    let Some(server) = Server::shared() else { return };
    let location = server.database().location();
    // More than one page.
    let here = filled(&location, 2100);
    let mut there = open(&location, Access::Write).unwrap();
    let mut seen = 0;
    here.each(|_| {
        seen += 1;
        if seen == 1 {
            there.change_model(&model("b"), |person| {
                Ok((person.name.as_str() < "resident-2050").then_some(person))
            })?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 2100, "those of the first model, all of them");
    assert!(matches!(here.each(|_| Ok(())), Err(StoreError::OtherModel { .. })));
}

#[test]
fn a_lost_connection_is_made_anew() {
    // A server of its own, which others do not need.
    let Some(server) = Server::alone() else { return };
    let fresh = server.database();
    let location = fresh.location();
    let mut store = filled(&location, 5);
    let reader = open(&location, Access::Read).unwrap();
    server.restart();
    assert_eq!(store.len().unwrap(), 5);
    assert!(matches!(reader.len(), Err(StoreError::Postgres { .. })));
    server.restart();
    store.enroll(&name("late"), &enrolment(&[77])).unwrap();
    assert_eq!(store.len().unwrap(), 6);
}

#[test]
fn a_change_that_cannot_be_cleared_up_after_is_done() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let mut store = filled(&fresh.location(), 3);
    let mut other = server.connect(&fresh.name);
    let mut lock = other.transaction().unwrap();
    // As making an index does: nobody is kept from changing rows, but from `VACUUM`.
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
    assert!(matches!(error, StoreError::Left { .. }), "{error:?}");
    assert!(error.to_string().contains("is done"), "{error}");
    assert_eq!(store.len().unwrap(), 2);
    lock.rollback().unwrap();
    store.compact().unwrap();
}

#[test]
fn who_does_not_own_the_tables_is_told_that_bytes_are_left() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    drop(filled(&fresh.location(), 3));
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
        // Since 17 this can be granted, and then nothing is left.
        let url = fresh.url.replace("kian:secret", &guest);
        let mut store = open(&Location::parse(Path::new(&url)).unwrap(), Access::Write).unwrap();
        store.remove(&[name("resident-0000")]).unwrap();
        let revoke = format!("REVOKE MAINTAIN ON ALL TABLES IN SCHEMA facenet FROM \"{guest}\"");
        client.batch_execute(&revoke).unwrap();
    }
    let url = fresh.url.replace("kian:secret", &guest);
    let mut store = open(&Location::parse(Path::new(&url)).unwrap(), Access::Write).unwrap();
    let error = store.remove(&[name("resident-0001")]).unwrap_err();
    let StoreError::Left { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("kian"), "{source}");
    assert!(matches!(store.person(&name("resident-0001")), Err(StoreError::NoPerson { .. })));
    let error = store.compact().unwrap_err();
    assert!(matches!(&error, StoreError::NotOwner { owner, .. } if owner == "kian"), "{error:?}");
}

#[test]
fn who_is_removed_is_gone_from_the_tables_files() {
    let Some(server) = Server::alone() else { return };
    let fresh = server.database();
    let mut store = filled(&fresh.location(), 300);
    let kept = Enrolment { consent: Some("agreed, kian".to_owned()), ..enrolment(&[7000]) };
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
            false => fs::read(&path).is_ok_and(|file| holds(&file, part)),
        }
    })
}

#[test]
fn databases_that_are_none_of_ours_are_told() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let location = fresh.location();
    let missing = open(&location, Access::Read).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    drop(filled(&location, 1));
    let mut client = server.connect(&fresh.name);
    client.execute("INSERT INTO facenet.migrations (number, name) VALUES (99, 'x')", &[]).unwrap();
    for access in [Access::Read, Access::Write] {
        let error = open(&location, access).unwrap_err();
        assert!(matches!(error, StoreError::Version { found: 99, .. }), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    client.batch_execute("CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1'").unwrap();
    let old = Fresh { url: fresh.url.replace(&fresh.name, "old"), name: "old".into() };
    let error = open(&old.location(), Access::Write).unwrap_err();
    assert!(error.to_string().contains("LATIN1"), "{error}");
    let nobody = Fresh { url: fresh.url.replace(&fresh.name, "missing"), name: "missing".into() };
    let error = open(&nobody.location(), Access::Write).unwrap_err();
    assert!(format!("{error:?}").contains("does not exist"), "{error:?}");
}

#[test]
fn damage_is_told() {
    let Some(server) = Server::shared() else { return };
    let fresh = server.database();
    let location = fresh.location();
    let store = filled(&location, 3);
    let mut client = server.connect(&fresh.name);
    for (fault, words) in [
        ("UPDATE facenet.templates SET encoding[3] = 'NaN' WHERE name = 'resident-0001'", "NaN"),
        ("UPDATE facenet.templates SET number = 5 WHERE name = 'resident-0001'", "template 5"),
        ("DELETE FROM facenet.templates WHERE name = 'resident-0001'", "no templates"),
    ] {
        client.batch_execute(fault).unwrap();
        let error = store.gallery().unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    client.batch_execute("DELETE FROM facenet.about WHERE key = 'variant'").unwrap();
    let error = open(&location, Access::Read).unwrap_err();
    assert!(error.to_string().contains("variant"), "{error}");
}

#[test]
fn other_machines_need_encryption_that_is_not_here() {
    let at = |url: &str| {
        Store::open(&Location::parse(Path::new(url)).unwrap(), &model("a"), Access::Read)
    };
    let error = at("postgres://kian:secret@192.0.2.1/faces").unwrap_err();
    assert!(matches!(error, StoreError::Unencrypted { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let error = at("postgres://kian:secret@localhost:1/faces?connect_timeout=1").unwrap_err();
    assert!(matches!(error, StoreError::Postgres { .. }), "{error}");
}

#[test]
fn no_error_shows_a_password() {
    for url in [
        "postgres://kian:secret@localhost/faces?colour=red",
        "postgres://kian@localhost/faces?password=p@secret",
        "postgres://localhost/faces?password=p@secret",
        "postgres://kian:p@secret@localhost/faces",
        "postgres://kian@localhost/faces?secret=1",
        "postgres://kian@localhost:secret/faces",
        "postgres://kian:secret@localhost:1/faces&connect_timeout=1",
        "PostgreS://kian:secret@localhost:1/faces?connect_timeout=1",
        "POSTGRESQL://kian:secret@localhost/faces?x",
    ] {
        let location = Location::parse(Path::new(url)).unwrap();
        let error = Store::open(&location, &model("a"), Access::Write).unwrap_err();
        // With what it was caused by.
        let mut said = format!("{location} {location:?} {error:?}");
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = next {
            said += &error.to_string();
            next = error.source();
        }
        assert!(!said.contains("secret"), "{url}: {said}");
    }
}
