//! Tests of the page in a real browser, with a film as the camera. Without a browser they
//! print a notice and are skipped. FACENET_SCREENSHOTS names a folder for screenshots.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::http::Request;
use e2e::portrait;
use e2e::server::TestServer;

use crate::webdriver::{Browser, DESKTOP, Look, PHONE, visit};

/// Keys as WebDriver names them.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// Whether the photo is there and the bell can be rung.
const CAN_RING: &str = "return !document.querySelector('#ring').disabled";

/// A film of one photo as Motion JPEG: concatenated JPEG files.
fn film(photo: &str, folder: &Path) -> PathBuf {
    let photo = image::open(portrait(photo)).unwrap().into_rgb8();
    let mut frame = image::RgbImage::from_pixel(640, 480, image::Rgb([90, 100, 110]));
    let scale = 480.0 / photo.height() as f32;
    let width = (photo.width() as f32 * scale) as u32;
    let photo = image::imageops::resize(&photo, width, 480, image::imageops::FilterType::Triangle);
    image::imageops::overlay(&mut frame, &photo, i64::from(320 - width / 2), 0);
    let mut jpeg = std::io::Cursor::new(Vec::new());
    frame.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let path = folder.join("camera.mjpeg");
    fs::write(&path, jpeg.into_inner().repeat(30)).unwrap();
    path
}

#[test]
fn a_person_enrolls_from_a_file_and_is_recognized_by_the_camera() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(&[]);
    let film = film("obama-speech.jpg", folder.path());
    let Some(mut browser) = visit(&server, Some(&film), DESKTOP) else { return };
    browser.screenshot("empty-light");
    // The form is open because nobody is enrolled.
    let name = "Barack <b>Obama &amp;";
    browser.type_into("#name", name);
    browser.type_into("#files", portrait("obama-portrait.jpg").to_str().unwrap());
    browser.wait_for("#shots", "×");
    browser.click("#agreed");
    browser.screenshot("enroll-light");
    browser.click("#enroll-now");
    browser.wait_for("#enrolled", "lives here now");
    browser.wait_for("#people", name);
    browser.wait_for("#count", "1 resident");

    browser.click("#camera");
    browser.wait_for("#camera", "Stop camera");
    browser.screenshot("camera-light");
    browser.click("#ring");
    let verdict = browser.wait_for("#verdict", "home");
    assert_eq!(verdict, format!("Welcome home, {name}"));
    assert_eq!(browser.script("return document.querySelector('#house').dataset.state"), "open");
    // The face is drawn where it was found.
    let drawn = "const c = document.querySelector('#marks');
        const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return pixels.some((value) => value > 0)";
    assert_eq!(browser.script(drawn), true);
    // The landmarks are drawn, too: there are pixels inside the box.
    let inside = "const c = document.querySelector('#marks');
        const at = (x, y) => c.getContext('2d').getImageData(x, y, 1, 1).data[3] > 0;
        const inRow = (y) => [...Array(c.width).keys()].filter((x) => at(x, y));
        let most = 0;
        for (let y = 0; y < c.height; y += 2) {
          const xs = inRow(y);
          const [left, right] = [xs[0], xs.at(-1)];
          const middle = xs.filter((x) => x > left + 12 && x < right - 12).length;
          if (xs.length < (right - left) / 2) most = Math.max(most, middle);
        }
        return most";
    assert!(browser.script(inside).as_f64().unwrap() > 0.0);
    let label =
        browser.script("return document.querySelector('#gauge').getAttribute('aria-label')");
    assert!(label.as_str().unwrap().contains("the threshold is"), "{label}");
    browser.screenshot("open-light");
    browser.look(Look { dark: true, ..DESKTOP });
    browser.screenshot("open-dark");
    browser.look(PHONE);
    browser.screenshot("open-phone");
    browser.look(Look { dark: true, ..PHONE });
    browser.screenshot("open-phone-dark");
    // Nothing is wider than the phone.
    let overflow = "return document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.script(overflow), 0);

    // After the removal, the same face is a stranger.
    browser.look(DESKTOP);
    browser.click("#people .danger");
    browser.wait_for("#remove-dialog", "Remove");
    browser.screenshot("remove-light");
    browser.click("#remove-dialog [value=remove]");
    browser.wait_for("#count", "0 residents");
    browser.click("#ring");
    browser.wait_for("#verdict", "Please go away");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn strangers_and_photos_without_a_face_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let Some(mut browser) = visit(&server, None, DESKTOP) else { return };
    let ring = |browser: &mut Browser, photo: &Path| {
        browser.type_into("#photo", photo.to_str().unwrap());
        browser.script("document.querySelector('#verdict').textContent = ''");
        browser.wait_for("#view", "");
        browser.click("#ring");
    };
    ring(&mut browser, &portrait("collins-portrait.jpg"));
    browser.wait_for("#verdict", "Please go away");
    browser.wait_for("#reason", "I do not know this face");
    browser.screenshot("refused-light");
    browser.look(Look { dark: true, ..DESKTOP });
    browser.screenshot("refused-dark");
    let wall = folder.path().join("wall.png");
    image::RgbImage::from_pixel(300, 200, image::Rgb([200, 180, 160])).save(&wall).unwrap();
    ring(&mut browser, &wall);
    browser.wait_for("#verdict", "I see nobody");
    browser.screenshot("nobody-dark");
    let text = folder.path().join("text.jpg");
    fs::write(&text, "no picture").unwrap();
    browser.type_into("#photo", text.to_str().unwrap());
    browser.wait_for("#reason", "no photo that this browser can open");
    let heic = folder.path().join("IMG_1.HEIC");
    fs::write(&heic, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    browser.type_into("#photo", heic.to_str().unwrap());
    browser.wait_for("#reason", "IMG_1.HEIC is a HEIC photo");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn the_page_works_with_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let film = film("obama-speech.jpg", folder.path());
    let Some(mut browser) = visit(&server, Some(&film), DESKTOP) else { return };
    // Presses Tab until the focus is on the element.
    let walk_to = |browser: &mut Browser, id: &str| {
        for _ in 0..30 {
            browser.press(TAB);
            if browser.script("return document.activeElement.id") == id {
                return;
            }
        }
        panic!("the focus does not come to {id}");
    };
    walk_to(&mut browser, "camera");
    browser.press(ENTER);
    browser.wait_for("#camera", "Stop camera");
    walk_to(&mut browser, "ring");
    browser.screenshot("focus-light");
    browser.press(ENTER);
    browser.wait_for("#verdict", "Welcome home, barack");
}

#[test]
fn the_page_asks_for_the_token() {
    let token = "a token of twenty-one";
    let server = TestServer::start_with(&[], |command| {
        command.env("FACENET_TOKEN", token);
    });
    let Some(mut browser) = Browser::start(None) else { return };
    browser.look(PHONE);
    browser.open(&format!("http://{}/", server.address()));
    browser.wait_for("#token-dialog", "This door has a token");
    browser.screenshot("token-phone");
    // Whoever has no token can close the question, and is asked again at the next request.
    browser.press(ESCAPE);
    browser.wait_for("#reason", "token");
    let is_open = "return document.querySelector('#token-dialog').open";
    assert_eq!(browser.script(is_open), false);
    browser.type_into("#photo", portrait("obama-portrait.jpg").to_str().unwrap());
    browser.wait_until(CAN_RING);
    browser.click("#ring");
    browser.wait_for("#token-dialog", "This door has a token");
    browser.type_into("#token", &format!("a wrong one of many letters{ENTER}"));
    browser.wait_for("#token-wrong", "Try again");
    browser.screenshot("token-wrong-phone");
    browser.type_into("#token", &format!("{token}{ENTER}"));
    browser.wait_for("#verdict", "Please go away");
    browser.open(&format!("http://{}/", server.address()));
    browser.wait_for("#count", "0 residents");
}

fn choose(browser: &mut Browser, photo: &Path) {
    browser.type_into("#photo", photo.to_str().unwrap());
    browser.wait_until(CAN_RING);
}

/// The state of the door.
fn door(browser: &mut Browser) -> String {
    let state = browser.script("return document.querySelector('#house').dataset.state");
    state.as_str().unwrap().to_owned()
}

#[test]
fn the_door_closes_by_itself_and_no_face_rings_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let film = film("obama-speech.jpg", folder.path());
    let Some(mut browser) = visit(&server, Some(&film), DESKTOP) else { return };
    choose(&mut browser, &portrait("obama-portrait.jpg"));
    browser.click("#ring");
    browser.wait_for("#verdict", "Welcome home, barack");
    assert_eq!(door(&mut browser), "open");
    // What has rung cannot ring again, and is gone when the door closes.
    assert_eq!(browser.script(CAN_RING), false);
    let closed = "return document.querySelector('#house').dataset.state === 'closed'";
    browser.wait_until(closed);
    assert_eq!(browser.wait_for("#verdict", ""), "Who is there?");
    browser.wait_for("#hint", "No photo yet");
    assert_eq!(browser.script(CAN_RING), false);
    // A new photo clears the answer to the last one.
    choose(&mut browser, &portrait("obama-portrait.jpg"));
    browser.click("#ring");
    browser.wait_for("#verdict", "Welcome home, barack");
    choose(&mut browser, &portrait("collins-portrait.jpg"));
    assert_eq!(door(&mut browser), "closed");
    assert_eq!(browser.wait_for("#verdict", ""), "Who is there?");
    // The camera stays on, and rings as often as somebody comes.
    browser.click("#camera");
    browser.wait_for("#camera", "Stop camera");
    for _ in 0..2 {
        browser.wait_until(CAN_RING);
        browser.click("#ring");
        browser.wait_for("#verdict", "Welcome home, barack");
        browser.wait_for("#camera", "Stop camera");
    }
    browser.wait_until(closed);
    browser.wait_until("return !document.querySelector('#video').hidden");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn the_answer_is_on_the_screen_of_a_phone() {
    let server = TestServer::with_people(&[]);
    let Some(mut browser) = visit(&server, None, PHONE) else { return };
    choose(&mut browser, &portrait("obama-speech.jpg"));
    browser.script("document.querySelector('#ring').scrollIntoView({ block: 'end' })");
    browser.click("#ring");
    browser.wait_for("#verdict", "Welcome home, barack");
    browser.wait_until(
        "const { top, bottom } = document.querySelector('#verdict').getBoundingClientRect();
         return top >= 0 && bottom <= innerHeight",
    );
    browser.screenshot("answer-phone");
}

#[test]
fn one_photo_that_cannot_be_used_keeps_no_other_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_people(&[]);
    let Some(mut browser) = visit(&server, None, PHONE) else { return };
    let (text, wall) = (folder.path().join("text.jpg"), folder.path().join("wall.png"));
    fs::write(&text, "no picture").unwrap();
    image::RgbImage::from_pixel(300, 200, image::Rgb([200, 180, 160])).save(&wall).unwrap();
    browser.click("#enroll-part summary");
    browser.type_into("#name", "barack");
    let files = [&text, &wall, &portrait("obama-speech.jpg"), &portrait("collins-portrait.jpg")];
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    browser.type_into("#files", &files.join("\n"));
    browser.wait_for("#enrolled", "text.jpg");
    browser.wait_until("return document.querySelectorAll('#shots li').length === 3");
    browser.click("#agreed");
    browser.click("#enroll-now");
    browser.wait_for("#enrolled", "barack lives here now, with 2 photos");
    browser.wait_for("#shots", "No face to be seen");
    browser.wait_for("#shots", "Somebody else?");
    browser.screenshot("enroll-wrong-phone");
    // Whoever is sure says so; what shows nobody is left out.
    browser.click("#shots li button");
    browser.click("#unlike");
    browser.click("#enroll-now");
    browser.wait_for("#enrolled", "barack lives here now, with 3 photos");
    browser.wait_until("return document.querySelectorAll('#shots li').length === 0");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn a_visitors_page_shows_the_bell_and_no_residents() {
    let (token, door) = ("a token of twenty-one", "another of twenty-two");
    let server = TestServer::start_with(&[], |command| {
        command.env("FACENET_TOKEN", token).env("FACENET_DOOR_TOKEN", door);
    });
    let Some(mut browser) = Browser::start(None) else { return };
    browser.look(DESKTOP);
    browser.open(&format!("http://{}/", server.address()));
    browser.wait_for("#token-dialog", "This door has a token");
    browser.type_into("#token", &format!("{door}{ENTER}"));
    browser.wait_for("#visitor-note", "You may ring here");
    assert_eq!(browser.script("return document.querySelector('#enroll-part').hidden"), true);
    browser.screenshot("visitor-light");
    choose(&mut browser, &portrait("obama-speech.jpg"));
    browser.click("#ring");
    browser.wait_for("#verdict", "Please go away");
    browser.click("#other-token");
    browser.type_into("#token", &format!("{token}{ENTER}"));
    browser.wait_for("#count", "0 residents");
    assert_eq!(browser.script("return document.querySelector('#enroll-part').hidden"), false);
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}

#[test]
fn a_busy_server_is_asked_once_more() {
    let server = TestServer::with_people(&[]);
    let Some(mut browser) = visit(&server, None, DESKTOP) else { return };
    // The first `busy` requests are answered as a server does whose queue is full.
    let occupy = |browser: &mut Browser, busy: u32| {
        browser.script(&format!(
            "window.asked = 0;
             const real = window.real ??= window.fetch;
             const full = () => new Response(
               JSON.stringify({{ error: 'too many requests are waiting', kind: 'busy' }}),
               {{ status: 503, headers: {{ 'Retry-After': '1' }} }});
             window.fetch = (...request) =>
               ++window.asked > {busy} ? real(...request) : Promise.resolve(full());"
        ));
        browser.type_into("#photo", portrait("obama-speech.jpg").to_str().unwrap());
        browser.wait_until(CAN_RING);
        browser.click("#ring");
    };
    occupy(&mut browser, 1);
    browser.wait_for("#verdict", "Welcome home, barack");
    assert_eq!(browser.script("return window.asked"), 2);
    occupy(&mut browser, 10);
    browser.wait_for("#reason", "Many are at the door");
    assert_eq!(browser.script("return window.asked"), 2);
}

#[test]
fn the_page_is_complete_and_its_policy_is_strict() {
    let server = TestServer::start(&[]);
    let page = server.ask(&Request::get("/")).with_status(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["/", "/door.js", "/door.css", "/icon.svg"] {
        let part = server.ask(&Request::get(path)).with_status(200);
        assert_eq!(part.header("x-content-type-options"), Some("nosniff"));
        // The page loads nothing; the SVG namespace is not an address.
        let text = part.text().replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
    }
}
