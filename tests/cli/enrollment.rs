//! `facenet enroll`: who is enrolled as whom.

use std::fs;

use e2e::{portrait, run};

use crate::enrolled::Setup;

#[test]
fn more_photos_are_added_to_a_person() {
    let setup = Setup::with_people();
    let mut enroll = setup.facenet(&["enroll", "barack", "--consent", "by word", "--json"]);
    let row = run(enroll.arg(portrait("obama-speech.jpg"))).with_code(0).json().remove(0);
    assert_eq!((&row["added"], &row["photos"]), (&1.into(), &2.into()));
    let row = setup.run(&["gallery", "show", "barack", "--json"]).with_code(0).json().remove(0);
    assert_eq!((&row["photos"], &row["photos_kept"]), (&2.into(), &0.into()));
    assert_eq!(row["consent"], "by word");
    // The mean of both photos is nearer to each than they are to one another.
    let ended = setup.recognize("obama-speech.jpg").with_code(0);
    let distance = ended.stdout.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(distance.parse::<f32>().unwrap() < 0.5, "{ended}");
}

#[test]
fn enrolling_a_face_under_a_second_name_warns() {
    let setup = Setup::with_people();
    let ended = setup.enroll("impostor", "obama-speech.jpg").with_code(0);
    assert!(ended.stderr.contains("impostor resembles the enrolled barack"), "{ended}");
}

#[test]
fn another_persons_photo_is_refused_unless_forced() {
    let setup = Setup::new();
    let mut enroll = setup.facenet(&["enroll", "barack"]);
    for photo in ["obama-portrait.jpg", "obama-speech.jpg", "collins-portrait.jpg"] {
        enroll.arg(portrait(photo));
    }
    let ended = run(&mut enroll).with_code(2);
    let ended = ended.with_error(&["collins-portrait.jpg", "somebody else than barack", "away"]);
    assert!(
        !ended.stderr.contains("obama-speech.jpg") && ended.stderr.contains("--force"),
        "{ended}"
    );
    assert!(!setup.file("people.redb").exists());
    let ended = run(enroll.arg("--force")).with_code(0);
    assert!(ended.stderr.contains("warning: ") && ended.stderr.contains("collins"), "{ended}");
    assert!(ended.stdout.starts_with("barack is enrolled with 3 photos."), "{ended}");
    // What is stored is compared with, too.
    let setup = Setup::with_people();
    let ended = setup.enroll("barack", "biden-portrait.jpg").with_code(2);
    ended.with_error(&["biden-portrait.jpg", "somebody else than barack"]);
    setup.recognize("obama-speech.jpg").with_code(0);
    let ended = setup.enroll("barack", "obama-speech.jpg").with_code(0);
    assert!(ended.stdout.starts_with("1 photo added to barack, who has 2 photos now."), "{ended}");
}

#[test]
fn the_same_photo_again_adds_nothing() {
    let setup = Setup::with_people();
    let mut enroll = setup.facenet(&["enroll", "barack", "--json"]);
    for _ in 0..3 {
        enroll.arg(portrait("obama-portrait.jpg"));
    }
    let row = run(enroll.arg(portrait("obama-speech.jpg"))).with_code(0).json().remove(0);
    assert_eq!((&row["added"], &row["copies"], &row["photos"]), (&1.into(), &3.into(), &2.into()));
    let ended = setup.enroll("barack", "obama-speech.jpg").with_code(0);
    assert!(ended.stdout.starts_with("Nothing was added: barack has this already"), "{ended}");
    // An import can be repeated.
    let file = setup.file("people.jsonl");
    let file = file.to_str().unwrap();
    setup.run(&["gallery", "export", file]).with_code(0);
    let other = Setup::new();
    for new in ["3 new photos", "0 new photos"] {
        let ended = other.run(&["gallery", "import", file]).with_code(0);
        assert!(ended.stdout.contains(&format!("2 people imported with {new}.")), "{ended}");
    }
    assert_eq!(other.run(&["gallery", "show", "barack", "--json"]).json()[0]["photos"], 2);
}

#[test]
fn a_failed_enrollment_changes_nothing() {
    let setup = Setup::new();
    setup.recognize("obama-speech.jpg").with_code(2).with_error(&["nobody is enrolled yet"]);
    for name in ["", "../../x", "a\nb", "\u{1b}[2J", &"x".repeat(10_000)] {
        let ended = setup.enroll(name, "obama-portrait.jpg").with_code(2);
        assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
    }
    let text = setup.file("text.jpg");
    fs::write(&text, "no photo").unwrap();
    run(setup.facenet(&["enroll", "kian"]).arg(&text)).with_code(2).with_error(&["text.jpg"]);
    assert!(!setup.file("people.redb").exists());
    // One usable photo is enough; the other is reported.
    let mut enroll = setup.facenet(&["enroll", "kian"]);
    let ended = run(enroll.arg(&text).arg(portrait("collins-portrait.jpg"))).with_code(0);
    assert!(ended.stderr.contains("left out"), "{ended}");
}

#[test]
fn a_check_names_what_wants_attention() {
    let setup = Setup::with_people();
    let ended = setup.run(&["gallery", "check"]).with_code(1);
    for words in ["barack has one photo: enroll further", "most alike are barack and joe"] {
        assert!(ended.stdout.contains(words), "{words}\n{ended}");
    }
    let mut wrong = setup.facenet(&["enroll", "joe", "--force"]);
    run(wrong.arg(portrait("collins-portrait.jpg"))).with_code(0);
    let row = setup.run(&["gallery", "check", "--json"]).with_code(1).json().remove(0);
    let findings = row["findings"].as_array().unwrap();
    let kinds: Vec<_> = findings.iter().map(|f| f["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"unlike") && kinds.contains(&"few_photos"), "{row}");
    assert_eq!(
        (&row["people"], &row["faces"], &row["compared"]),
        (&2.into(), &3.into(), &2.into())
    );
    assert!(row["fpir"]["value"].as_f64().unwrap() < 0.01, "{row}");
}
