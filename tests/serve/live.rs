//! Tests of the page's guide and of the door that watches, with films as the camera. Without a
//! browser they print a notice and are skipped.

use std::time::{Duration, Instant};

use e2e::http::Request;
use e2e::server::TestServer;

use crate::films::{Scene, film};
use crate::webdriver::{Browser, DESKTOP, Look, PHONE, visit};

/// A head that turns both ways and comes closer.
fn all_poses() -> [Scene<'static>; 5] {
    let straight = Scene::of("obama-portrait.jpg", 3);
    [
        straight,
        Scene { turn: 35.0, ..straight },
        Scene { turn: -35.0, ..straight },
        Scene { scale: 1.4, ..straight },
        Scene { light: 18, ..straight },
    ]
}

/// Writes down what the door says from now on.
const LISTEN: &str = "window.said = [];
    new MutationObserver(() => said.push(document.querySelector('#verdict').textContent))
      .observe(document.querySelector('#verdict'), { childList: true, characterData: true });";

fn said(browser: &mut Browser) -> Vec<String> {
    let said = browser.script("return window.said");
    let said = said.as_array().unwrap().iter();
    said.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_guide_takes_five_photos_by_itself_and_tries_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(&[]);
    let film = film(&all_poses(), folder.path());
    let Some(mut browser) = visit(&server, Some(&film), PHONE) else { return };
    // The guide asks for a name and a yes first.
    browser.click("#guide");
    assert_eq!(browser.script("return document.querySelector('#guide-dialog').open"), false);
    browser.type_into("#name", "Barack");
    browser.click("#agreed");
    browser.click("#guide");
    browser.wait_for("#guide-title", "Photos of Barack");
    // What is there and what is missing is shown.
    browser.wait_for("#poses", "Straight ahead ✓");
    browser.wait_for("#poses", "Another look");
    browser.screenshot("guide-phone");
    let overflow = "return document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.script(overflow), 0);
    browser.wait_long("return document.querySelectorAll('#poses .done').length >= 3");
    browser.look(DESKTOP);
    browser.screenshot("guide-light");
    browser.look(Look { dark: true, ..PHONE });
    browser.wait_long("return /The door knows you, Barack/.test(document.querySelector('#guide-hint').textContent)");
    browser.screenshot("guide-proof-phone-dark");
    browser.click("#guide-end");
    browser.wait_for("#count", "1 resident");
    let person = server.ask(&Request::get("/v1/people/Barack")).with_status(200).json();
    assert_eq!(person["photos"], 5);
    // The camera is off.
    assert_eq!(
        browser.script("return document.querySelector('#guide-video').srcObject"),
        serde_json::Value::Null
    );
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn the_guide_says_what_to_change_and_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(&[]);
    let far = Scene { scale: 0.45, ..Scene::of("obama-speech.jpg", 6) };
    let film = film(&[Scene::empty(6), far], folder.path());
    let Some(mut browser) = visit(&server, Some(&film), DESKTOP) else { return };
    browser.type_into("#name", "Barack");
    browser.click("#agreed");
    browser.click("#guide");
    browser.wait_for("#guide-hint", "I see nobody");
    browser.wait_for("#guide-hint", "Come a little closer");
    browser.screenshot("guide-closer");
    // Who cannot do what is asked for takes the photo as it is.
    browser.click("#guide-take");
    browser.wait_until("return document.querySelectorAll('#poses .done').length === 1");
    browser.press("\u{e00c}");
    browser.wait_until("return !document.querySelector('#guide-dialog').open");
    browser.wait_until("return document.querySelectorAll('#shots li').length === 1");
    browser.wait_for("#count", "0 residents");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn a_watching_door_decides_once_a_visit() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let film = film(
        &[
            Scene::empty(4),
            Scene::of("obama-speech.jpg", 12),
            Scene::empty(6),
            Scene::of("collins-portrait.jpg", 16),
        ],
        folder.path(),
    );
    let Some(mut browser) = visit(&server, Some(&film), PHONE) else { return };
    browser.script(LISTEN);
    browser.click("#watch");
    browser.wait_for("#watch", "Stop watching");
    browser.wait_for("#reason", "I am watching");
    browser.wait_long("return said.includes('Welcome home, barack')");
    browser.screenshot("live-open-phone");
    browser.wait_long("return said.includes('Please go away')");
    browser.look(DESKTOP);
    browser.screenshot("live-refused");
    browser.wait_long("return said.filter((text) => text === 'Welcome home, barack').length === 2");
    let said = said(&mut browser);
    // It closes by itself between the decisions, and decides once about each visit.
    let decisions: Vec<_> = said.iter().filter(|text| *text != "Who is there?").collect();
    assert_eq!(decisions, ["Welcome home, barack", "Please go away", "Welcome home, barack"]);
    let closed = said.iter().filter(|text| *text == "Who is there?").count();
    assert!(closed >= 2, "{said:?}");
    browser.click("#watch");
    browser.wait_for("#watch", "Watch by itself");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn a_challenge_is_met_by_a_turn_of_the_head_and_not_by_a_photo() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let server = TestServer::with_people(&["--challenge", "--audit-log", log.to_str().unwrap()]);
    // Each look of the page is a line.
    let looks = || std::fs::read_to_string(&log).unwrap().lines().count();
    let [straight, left, right, ..] = all_poses();
    let moving = film(&[straight, left, right], folder.path());
    let Some(mut browser) = visit(&server, Some(&moving), DESKTOP) else { return };
    browser.script(LISTEN);
    browser.click("#camera");
    browser.wait_for("#camera", "Stop camera");
    // The bell leads to the same question.
    browser.click("#ring");
    browser.wait_for("#verdict", "Turn your head to your");
    browser.screenshot("challenge-light");
    browser.wait_long("return said.includes('Welcome home, barack')");
    drop(browser);

    let held_up = film(&[Scene::of("obama-speech.jpg", 5)], folder.path());
    let Some(mut browser) = visit(&server, Some(&held_up), DESKTOP) else { return };
    browser.script(LISTEN);
    browser.click("#watch");
    browser.wait_for("#verdict", "Turn your head to your");
    // So many, one after another with a pause, are longer than the challenge's ten seconds.
    let (before, begin) = (looks(), Instant::now());
    while looks() < before + 35 {
        assert!(begin.elapsed() < Duration::from_secs(240), "{} looks", looks() - before);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!said(&mut browser).contains(&"Welcome home, barack".to_owned()));
    browser.click("#watch");
    let photo = e2e::portrait("obama-speech.jpg");
    browser.type_into("#photo", photo.to_str().unwrap());
    browser.wait_until("return !document.querySelector('#ring').disabled");
    browser.click("#ring");
    browser.wait_for("#verdict", "Come before the camera");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn a_resident_is_renamed_searched_and_loses_a_photo() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let photo = |name: &str, photo: &str| {
        let path = format!("/v1/people?name={name}&keep_photos=true&unlike=accept");
        server.ask(&Request::post(&path, e2e::server::bytes(photo))).with_status(201);
    };
    photo("barack", "obama-speech.jpg");
    for name in ["anna", "berta", "clara", "dora"] {
        photo(name, "collins-portrait.jpg");
    }
    let film = film(&[Scene::empty(1)], folder.path());
    let Some(mut browser) = visit(&server, Some(&film), PHONE) else { return };
    // Faces of photos that are kept, once they are in sight.
    browser.wait_until("return document.querySelectorAll('#people li').length >= 5");
    browser.script("document.querySelector('#people').scrollIntoView()");
    browser.wait_until("return document.querySelectorAll('#people .face img').length >= 1");
    browser.type_into("#search", "BARA");
    browser.wait_until("return document.querySelectorAll('#people li').length === 1");
    browser.click("#people [data-edit]");
    browser.wait_until("return document.querySelectorAll('#photos li').length === 2");
    browser.wait_until("return document.querySelectorAll('#photos img').length === 1");
    browser.screenshot("person-phone");
    browser.click("#photos .danger");
    browser.wait_for("#person-note", "Photo 1 is gone");
    browser.wait_until("return document.querySelectorAll('#photos li').length === 1");
    browser.click("#photos .danger");
    browser.wait_for("#person-note", "only photo");
    browser.script("document.querySelector('#new-name').value = ''");
    browser.type_into("#new-name", "joe\u{e007}");
    browser.wait_for("#person-note", "Somebody else has this name");
    browser.script("document.querySelector('#new-name').value = ''");
    browser.type_into("#new-name", "Barack O.\u{e007}");
    browser.wait_for("#person-title", "Barack O.");
    browser.click("#person-end");
    browser.wait_for("#people", "Barack O.");
    browser.wait_for("#people", "1 photo");
    browser.wait_for("#count", "6 residents");
    let overflow = "return document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.script(overflow), 0);
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}
