//! The behaviors: each function is a test, which is given a place where nobody is enrolled.

use facenet::matching::Encoding;
use store::{Access, Enrollment, Error, NewTemplate};

use crate::Open;
use crate::fixtures::{encoding, enrollment, filled, model, name, open};

/// A name and the test of that name.
type Behavior = (&'static str, fn(&Open<'_>));

/// From the list of which [`conformance_tests`](crate::conformance_tests) makes
/// tests: a function that is missing there is never used, which is a warning.
const BEHAVIORS: &[Behavior] = crate::conformance_tests!(@list table ());

/// Tests one behavior.
///
/// # Panics
/// When the store does not show it.
pub fn run(behavior: &str, at: &Open<'_>) {
    let (_, test) = BEHAVIORS.iter().find(|(name, _)| *name == behavior).unwrap();
    test(at);
}

fn people_are_read_as_they_were_enrolled(at: &Open<'_>) {
    let mut store = open(at, Access::Write).unwrap();
    assert!(store.is_empty().unwrap());
    let consent = Some("agreed in writing".to_owned());
    let mut first = Enrollment { consent: consent.clone(), at: Some(77), ..enrollment(&[1, 2]) };
    first.templates[1].photo = Some(b"a photo".to_vec());
    store.enroll(&name("Zoë"), &first).unwrap();
    store.enroll(&name("Zoe\u{308}"), &enrollment(&[3])).unwrap();
    store.enroll(&name("kian"), &enrollment(&[4])).unwrap();
    // A note is kept until another replaces it; an empty one removes it.
    let note = |note: &str| Enrollment { consent: Some(note.to_owned()), ..enrollment(&[4]) };
    for (given, kept) in [(note("one"), Some("one")), (enrollment(&[4]), Some("one"))] {
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
    assert!(matches!(store.person(&name("joe")), Err(Error::PersonNotFound { .. })));
    // Without photos, and in the order of bytes.
    let mut seen = Vec::new();
    store
        .for_each(|person| {
            assert!(person.templates.iter().all(|template| template.photo.is_none()));
            seen.push((person.name.as_str().to_owned(), person.templates.len()));
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, [("Zoë".to_owned(), 3), ("kian".to_owned(), 1)]);
}

/// The same photo again adds nothing, whichever way it comes.
fn copies_do_not_count(at: &Open<'_>) {
    let mut store = open(at, Access::Write).unwrap();
    let (kian, joe) = (name("kian"), name("joe"));
    store.enroll(&kian, &enrollment(&[1, 1, 2, 1])).unwrap();
    store.enroll(&kian, &enrollment(&[2, 3])).unwrap();
    let (again, other) = (enrollment(&[3, 4]), enrollment(&[4]));
    store.enroll_all([(&kian, &again), (&kian, &other), (&joe, &other)]).unwrap();
    // A note that comes with a copy is kept.
    let note = Enrollment { consent: Some("by word".to_owned()), ..enrollment(&[4]) };
    store.enroll(&kian, &note).unwrap();
    let person = store.person(&kian).unwrap();
    assert_eq!(person.encodings(), [1, 2, 3, 4].map(encoding));
    assert_eq!(person.consent.as_deref(), Some("by word"));
    // Somebody else may have the same.
    assert_eq!(store.person(&joe).unwrap().encodings(), [encoding(4)]);
    assert_eq!(store.template_count().unwrap(), 5);
    assert_eq!(store.gallery().unwrap().faces(), 5);
}

fn purge_leaves_nobody(at: &Open<'_>) {
    let mut store = filled(at, 50);
    store.purge().unwrap();
    assert!(store.is_empty().unwrap());
    store.enroll(&name("kian"), &enrollment(&[1])).unwrap();
    assert_eq!(store.len().unwrap(), 1);
}

fn removed_and_renamed_people_are_not_found(at: &Open<'_>) {
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
        assert!(matches!(store.person(&name(gone)), Err(Error::PersonNotFound { .. })));
    }
}

fn invalid_requests_change_nothing(at: &Open<'_>) {
    let mut store = filled(at, 3);
    let (known, unknown) = (name("resident-0001"), name("nobody"));
    let not_found = |result: Result<(), Error>| {
        assert!(matches!(result, Err(Error::PersonNotFound { .. })), "{result:?}");
    };
    not_found(store.remove(&[known.clone(), unknown.clone()]));
    not_found(store.rename(&unknown, &name("x")));
    let taken = store.rename(&known, &name("resident-0002"));
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    let none = store.enroll(&name("x"), &Enrollment::default());
    assert!(matches!(none, Err(Error::InvalidTemplates { .. })));
    let thousand = enrollment(&(100..1100).collect::<Vec<_>>());
    let many = store.enroll(&known, &thousand);
    assert!(matches!(many, Err(Error::TooManyTemplates { found: 1001, .. })));
    let note = Enrollment { consent: Some("x".repeat(4097)), ..enrollment(&[1]) };
    assert!(matches!(store.enroll(&known, &note), Err(Error::ConsentTooLong { .. })));
    let note = Enrollment { consent: Some("a\0b".to_owned()), ..enrollment(&[1]) };
    assert!(matches!(store.enroll(&known, &note), Err(Error::ConsentHasNul { .. })));
    let change = store.rewrite(|_| Err("no".into()));
    assert!(matches!(change, Err(Error::Callback { .. })));
    // All or none.
    let (x, y) = (enrollment(&[5]), Enrollment::default());
    assert!(store.enroll_all([(&unknown, &x), (&known, &y)]).is_err());
    assert!(store.enroll_all([(&unknown, &x), (&known, &thousand)]).is_err());
    assert_eq!(store.len().unwrap(), 3);
}

fn templates_of_another_model_are_refused_until_they_are_rewritten(at: &Open<'_>) {
    let mut store = filled(at, 2);
    let photo = NewTemplate { encoding: encoding(5), photo: Some(vec![1, 2]) };
    let kept = Enrollment { templates: vec![photo], ..Enrollment::default() };
    store.enroll(&name("kept"), &kept).unwrap();
    drop(store);
    let error = at(&model("b"), Access::Write).unwrap().expect_model(&model("b")).unwrap_err();
    let text = error.to_string();
    for words in ["happyhouse aaaaaaaaaaaa", "happyhouse bbbbbbbbbbbb", "gallery rebuild"] {
        assert!(text.contains(words), "{text}");
    }
    let mut store = at(&model("b"), Access::Write).unwrap();
    store
        .rewrite_for_model(&model("b"), |mut person| {
            let kept = person.templates[0].photo.is_some();
            person.templates[0].encoding = encoding(6);
            Ok(kept.then_some(person))
        })
        .unwrap();
    drop(store);
    let store = at(&model("b"), Access::Read).unwrap().expect_model(&model("b")).unwrap();
    assert_eq!(store.len().unwrap(), 1);
    let kept = store.person(&name("kept")).unwrap();
    assert_eq!(kept.encodings(), [encoding(6)]);
    assert_eq!(kept.templates[0].photo, Some(vec![1, 2]));
}

fn a_rewrite_may_swap_names_and_remove_people(at: &Open<'_>) {
    let mut store = filled(at, 4);
    let names = ["resident-0000", "resident-0001", "resident-0002"].map(name);
    store
        .rewrite(|mut person| {
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

/// A search returns what one in memory does, to the last bit and with every tie.
fn searches_are_exact(at: &Open<'_>) {
    let mut store = filled(at, 300);
    // A hundred people who look the same, and one who is enrolled in two parts.
    let twins: Vec<_> = (0..100).map(|n| name(&format!("twin {n:03}"))).collect();
    let twin = enrollment(&[7]);
    store.enroll_all(twins.iter().map(|name| (name, &twin))).unwrap();
    let (a, b) = (enrollment(&[1000, 1001]), enrollment(&[1002]));
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
    let index = open(at, Access::Read).unwrap().into_index().unwrap();
    assert_eq!(index.len().unwrap(), 401);
    assert_eq!(index.search(&encoding(7), 3).unwrap(), gallery.search(&encoding(7), 3));
}

fn two_names_of_one_person_become_one(at: &Open<'_>) {
    let mut store = filled(at, 3);
    let at_time = |seeds: &[u64], time| Enrollment { at: Some(time), ..enrollment(seeds) };
    let mut early = at_time(&[20, 21], 100);
    early.consent = Some("agreed".to_owned());
    early.templates[0].photo = Some(b"a photo".to_vec());
    store.enroll(&name("anne"), &early).unwrap();
    store.enroll(&name("anna"), &at_time(&[22, 21], 200)).unwrap();
    let merged = store.merge(&[name("anne")], &name("anna")).unwrap();
    drop(store);
    let mut store = open(at, Access::Write).unwrap();
    let anna = store.person(&name("anna")).unwrap();
    assert_eq!(anna, merged);
    assert_eq!((anna.enrolled, anna.consent.as_deref()), (100, Some("agreed")));
    // The photo that both have is kept once; photo files go along.
    assert_eq!(anna.encodings(), [20, 22, 21].map(encoding));
    assert_eq!(anna.templates[0].photo.as_deref(), Some(b"a photo".as_slice()));
    assert!(matches!(store.person(&name("anne")), Err(Error::PersonNotFound { .. })));
    assert_eq!(store.len().unwrap(), 4);
    // What cannot be merged changes nothing.
    let nobody = store.merge(&[name("resident-0001"), name("joe")], &name("anna")).unwrap_err();
    assert!(matches!(nobody, Error::PersonNotFound { .. }), "{nobody}");
    let same = store.merge(&[name("anna")], &name("anna")).unwrap_err();
    assert!(same.is_rejection() && same.to_string().contains("anna"), "{same}");
    assert_eq!((store.len().unwrap(), store.person(&name("anna")).unwrap()), (4, merged));
}

fn single_photos_can_be_removed(at: &Open<'_>) {
    let mut store = filled(at, 2);
    let kian = name("kian");
    store.enroll(&kian, &enrollment(&[10, 11, 12, 13])).unwrap();
    let left = store.remove_photos(&kian, &[1, 3]).unwrap();
    assert_eq!(left.encodings(), [11, 13].map(encoding));
    for (numbers, words) in [(&[0][..], "photo 0"), (&[2, 3], "1 to 2"), (&[1, 2], "all photos")] {
        let error = store.remove_photos(&kian, numbers).unwrap_err();
        assert!(error.is_rejection() && error.to_string().contains(words), "{error}");
    }
    // By its encoding, whatever its number is by now.
    let gone = store.remove_photo(&kian, &encoding(12)).unwrap_err();
    assert!(gone.is_rejection() && gone.to_string().contains("no such photo"), "{gone}");
    store.enroll(&kian, &enrollment(&[14])).unwrap();
    let left = store.remove_photo(&kian, &encoding(13)).unwrap();
    assert_eq!(left.encodings(), [11, 14].map(encoding));
    drop(store);
    let store = open(at, Access::Read).unwrap();
    assert_eq!(store.person(&kian).unwrap(), left);
    assert_eq!(store.len().unwrap(), 3);
}

fn people_whose_photos_are_old_are_found(at: &Open<'_>) {
    let mut store = open(at, Access::Write).unwrap();
    for (who, seed, time) in [("early", 1, 100), ("late", 2, 300), ("again", 3, 100)] {
        let at = Some(time);
        store.enroll(&name(who), &Enrollment { at, ..enrollment(&[seed]) }).unwrap();
    }
    store.enroll(&name("again"), &Enrollment { at: Some(250), ..enrollment(&[4]) }).unwrap();
    let older = |time| store.older_than(time).unwrap();
    assert!(older(100).is_empty());
    assert_eq!(older(101), [name("early")]);
    assert_eq!(older(251), [name("again"), name("early")]);
    assert_eq!(older(301).len(), 3);
}
