//! What every store does, wherever it keeps people: each function is a test of one, which
//! is handed a place where nobody is yet.

use facenet::matching::Encoding;
use store::{Access, Enrolment, Location, NewTemplate, Store, StoreError};

use crate::made::{encoding, enrolment, filled, model, name, open};

pub(crate) fn people_come_back(at: &Location) {
    let mut store = open(at, Access::Write).unwrap();
    assert!(store.is_empty().unwrap());
    let consent = Some("agreed in writing".to_owned());
    let mut first = Enrolment { consent: consent.clone(), at: Some(77), ..enrolment(&[1, 2]) };
    first.templates[1].photo = Some(b"a photo".to_vec());
    store.enroll(&name("Zoë"), &first).unwrap();
    store.enroll(&name("Zoe\u{308}"), &enrolment(&[3])).unwrap();
    store.enroll(&name("kian"), &enrolment(&[4])).unwrap();
    // A note stays until another comes; an empty one takes it away.
    let note = |note: &str| Enrolment { consent: Some(note.to_owned()), ..enrolment(&[4]) };
    for (given, kept) in [(note("one"), Some("one")), (enrolment(&[4]), Some("one"))] {
        store.enroll(&name("note"), &given).unwrap();
        assert_eq!(store.person(&name("note")).unwrap().consent.as_deref(), kept);
    }
    store.enroll(&name("note"), &note("")).unwrap();
    assert_eq!(store.person(&name("note")).unwrap().consent, None);
    store.remove(&[name("note")]).unwrap();
    drop(store);

    let store = open(at, Access::Read).unwrap();
    let zoe = store.person(&name("Zoë")).unwrap();
    assert_eq!((zoe.enrolled, &zoe.consent), (77, &consent));
    assert_eq!(zoe.encodings(), [encoding(1), encoding(2), encoding(3)]);
    assert_eq!(zoe.templates[1].photo.as_deref(), Some(b"a photo".as_slice()));
    let list = store.list().unwrap();
    assert_eq!(list.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Zoë", "kian"]);
    assert_eq!((list[0].templates, list[0].photos), (3, 1));
    assert_eq!(store.gallery().unwrap().search(&encoding(4), 1)[0].name, "kian");
    assert!(matches!(store.person(&name("joe")), Err(StoreError::NoPerson { .. })));
    // Without photos, and in the order of bytes.
    let mut seen = Vec::new();
    store
        .each(|person| {
            assert!(person.templates.iter().all(|template| template.photo.is_none()));
            seen.push((person.name.as_str().to_owned(), person.templates.len()));
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, [("Zoë".to_owned(), 3), ("kian".to_owned(), 1)]);
}

pub(crate) fn purge_leaves_nobody(at: &Location) {
    let mut store = filled(at, 50);
    store.purge().unwrap();
    assert!(store.is_empty().unwrap());
    store.enroll(&name("kian"), &enrolment(&[1])).unwrap();
    assert_eq!(store.len().unwrap(), 1);
}

pub(crate) fn who_is_removed_or_renamed_is_not_found(at: &Location) {
    let mut store = filled(at, 20);
    store.remove(&[name("resident-0003"), name("resident-0011")]).unwrap();
    store.rename(&name("resident-0005"), &name("kian")).unwrap();
    store.rename(&name("kian"), &name("kian")).unwrap();
    store.compact().unwrap();
    drop(store);
    let store = open(at, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 18);
    assert_eq!(store.person(&name("kian")).unwrap().encodings(), [encoding(5)]);
    for gone in ["resident-0003", "resident-0011", "resident-0005"] {
        assert!(matches!(store.person(&name(gone)), Err(StoreError::NoPerson { .. })));
    }
}

pub(crate) fn wrong_requests_change_nothing(at: &Location) {
    let mut store = filled(at, 3);
    let (known, unknown) = (name("resident-0001"), name("nobody"));
    let no_person = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::NoPerson { .. })), "{result:?}");
    };
    no_person(store.remove(&[known.clone(), unknown.clone()]));
    no_person(store.rename(&unknown, &name("x")));
    let taken = store.rename(&known, &name("resident-0002"));
    assert!(matches!(taken, Err(StoreError::NameTaken { .. })), "{taken:?}");
    let none = store.enroll(&name("x"), &Enrolment::default());
    assert!(matches!(none, Err(StoreError::Template { .. })));
    let many = store.enroll(&known, &enrolment(&[1; 1000]));
    assert!(matches!(many, Err(StoreError::TooManyTemplates { found: 1001, .. })));
    let note = Enrolment { consent: Some("x".repeat(4097)), ..enrolment(&[1]) };
    assert!(matches!(store.enroll(&known, &note), Err(StoreError::LongNote { .. })));
    let note = Enrolment { consent: Some("a\0b".to_owned()), ..enrolment(&[1]) };
    assert!(matches!(store.enroll(&known, &note), Err(StoreError::NulInNote { .. })));
    let change = store.change(|_| Err("no".into()));
    assert!(matches!(change, Err(StoreError::Change { .. })));
    // All or none.
    let (x, y) = (enrolment(&[5]), Enrolment::default());
    assert!(store.enroll_all([(&unknown, &x), (&known, &y)]).is_err());
    let y = enrolment(&[1; 1000]);
    assert!(store.enroll_all([(&unknown, &x), (&known, &y)]).is_err());
    assert_eq!(store.len().unwrap(), 3);
}

pub(crate) fn templates_of_another_model_are_refused_with_the_way_out(at: &Location) {
    let mut store = filled(at, 2);
    let photo = NewTemplate { encoding: encoding(5), photo: Some(vec![1, 2]) };
    let kept = Enrolment { templates: vec![photo], ..Enrolment::default() };
    store.enroll(&name("kept"), &kept).unwrap();
    drop(store);
    let error = Store::open(at, &model("b"), Access::Write).unwrap_err();
    let text = error.to_string();
    for words in ["happyhouse aaaaaaaaaaaa", "happyhouse bbbbbbbbbbbb", "gallery rebuild"] {
        assert!(text.contains(words), "{text}");
    }
    let mut store = Store::open_any(at, &model("b"), Access::Write).unwrap();
    store
        .change_model(&model("b"), |mut person| {
            let kept = person.templates[0].photo.is_some();
            person.templates[0].encoding = encoding(6);
            Ok(kept.then_some(person))
        })
        .unwrap();
    drop(store);
    let store = Store::open(at, &model("b"), Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 1);
    let kept = store.person(&name("kept")).unwrap();
    assert_eq!(kept.encodings(), [encoding(6)]);
    assert_eq!(kept.templates[0].photo, Some(vec![1, 2]));
}

pub(crate) fn a_change_may_swap_names_and_drop_people(at: &Location) {
    let mut store = filled(at, 4);
    let names = ["resident-0000", "resident-0001", "resident-0002"].map(name);
    store
        .change(|mut person| {
            person.name = match person.name {
                ref own if *own == names[0] => names[1].clone(),
                ref own if *own == names[1] => names[0].clone(),
                ref own if *own == names[2] => return Ok(None),
                other => other,
            };
            Ok(Some(person))
        })
        .unwrap();
    assert_eq!(store.len().unwrap(), 3);
    assert_eq!(store.person(&names[0]).unwrap().encodings(), [encoding(1)]);
    assert_eq!(store.person(&names[1]).unwrap().encodings(), [encoding(0)]);
}

/// A search answers as one in memory does, in every bit and with every tie.
pub(crate) fn searches_are_exact(at: &Location) {
    let mut store = filled(at, 300);
    // A hundred who look the same, and one who was enrolled in two parts.
    let twins: Vec<_> = (0..100).map(|n| name(&format!("twin {n:03}"))).collect();
    let twin = enrolment(&[7]);
    store.enroll_all(twins.iter().map(|name| (name, &twin))).unwrap();
    let (a, b) = (enrolment(&[1000, 1001]), enrolment(&[1002]));
    store.enroll_all([(&name("parts"), &a), (&name("parts"), &b)]).unwrap();
    let gallery = store.gallery().unwrap();
    let between = |a: u64, b: u64| {
        let (a, b) = (encoding(a), encoding(b));
        let sum: Vec<f32> = a.values().iter().zip(b.values()).map(|(a, b)| a + b).collect();
        let length = sum.iter().map(|v| v * v).sum::<f32>().sqrt();
        Encoding::new(sum.into_iter().map(|v| v / length)).unwrap()
    };
    for probe in [encoding(7), encoding(1001), encoding(55_555), between(7, 9), between(3, 1002)] {
        for top in [0, 1, 2, 50, 1000] {
            assert_eq!(store.search(&probe, top).unwrap(), gallery.search(&probe, top), "{top}");
        }
    }
    drop(store);
    let searched = open(at, Access::Read).unwrap().searched().unwrap();
    assert_eq!(searched.len().unwrap(), 401);
    assert_eq!(searched.search(&encoding(7), 3).unwrap(), gallery.search(&encoding(7), 3));
}
