//! The page, in a real browser with a film for a camera: skipped, aloud, where there is
//! none. With FACENET_SCREENSHOTS, pictures of its states go to that folder.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::door::Door;
use e2e::http::Request;
use e2e::portrait;

use crate::webdriver::{Browser, Look};

const DESKTOP: Look = Look { width: 1280, height: 860, dark: false };
const PHONE: Look = Look { width: 390, height: 844, dark: false };

/// Keys as WebDriver names them.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// A film of one picture: JPEG files end to end, which is Motion JPEG.
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

/// A browser at the door.
fn visit(door: &Door, film: Option<&Path>, look: Look) -> Option<Browser> {
    let mut browser = Browser::start(film)?;
    browser.look(look);
    browser.open(&format!("http://{}/", door.address()));
    browser.wait_for("#count", "resident");
    Some(browser)
}

/// What the console complains about, but for answers of the server that are errors and
/// are shown as such.
fn faults(browser: &mut Browser) -> Vec<String> {
    let mut complaints = browser.complaints();
    complaints.retain(|line| !line.contains("Failed to load resource"));
    complaints
}

#[test]
fn somebody_enrols_from_a_file_and_comes_home_before_the_camera() {
    let folder = tempfile::tempdir().unwrap();
    let door = Door::start(&[]);
    let film = film("obama-speech.jpg", folder.path());
    let Some(mut browser) = visit(&door, Some(&film), DESKTOP) else { return };
    browser.picture("empty-light");
    // The form is open, for nobody lives here yet.
    let name = "Barack <b>Obama &amp;";
    browser.type_into("#name", name);
    browser.type_into("#files", portrait("obama-portrait.jpg").to_str().unwrap());
    browser.wait_for("#shots", "×");
    browser.click("#agreed");
    browser.picture("enrol-light");
    browser.click("#enroll-now");
    browser.wait_for("#enrolled", "lives here now");
    browser.wait_for("#people", name);
    browser.wait_for("#count", "1 resident");

    browser.click("#camera");
    browser.wait_for("#camera", "Stop camera");
    browser.picture("camera-light");
    browser.click("#ring");
    let verdict = browser.wait_for("#verdict", "home");
    assert_eq!(verdict, format!("Welcome home, {name}"));
    assert_eq!(browser.script("return document.querySelector('#house').dataset.state"), "open");
    // The face is drawn where it was found.
    let drawn = "const c = document.querySelector('#marks');
        const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return pixels.some((value) => value > 0)";
    assert_eq!(browser.script(drawn), true);
    // So are its points: inside the box, where a frame alone leaves nothing.
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
    browser.picture("open-light");
    browser.look(Look { dark: true, ..DESKTOP });
    browser.picture("open-dark");
    browser.look(PHONE);
    browser.picture("open-phone");
    browser.look(Look { dark: true, ..PHONE });
    browser.picture("open-phone-dark");
    // Nothing is wider than the phone.
    let overflow = "return document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.script(overflow), 0);

    // Removed, the same face is a stranger's.
    browser.look(DESKTOP);
    browser.click("#people button");
    browser.wait_for("#remove-dialog", "Remove");
    browser.picture("remove-light");
    browser.click("#remove-dialog [value=remove]");
    browser.wait_for("#count", "0 residents");
    browser.click("#ring");
    browser.wait_for("#verdict", "Please go away");
    assert_eq!(faults(&mut browser), Vec::<String>::new());
}

#[test]
fn strangers_are_sent_away_and_walls_are_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let door = Door::inhabited(&[]);
    let Some(mut browser) = visit(&door, None, DESKTOP) else { return };
    let ring = |browser: &mut Browser, photo: &Path| {
        browser.type_into("#photo", photo.to_str().unwrap());
        browser.script("document.querySelector('#verdict').textContent = ''");
        browser.wait_for("#view", "");
        browser.click("#ring");
    };
    ring(&mut browser, &portrait("collins-portrait.jpg"));
    browser.wait_for("#verdict", "Please go away");
    browser.wait_for("#reason", "the door opens below");
    browser.picture("refused-light");
    browser.look(Look { dark: true, ..DESKTOP });
    browser.picture("refused-dark");
    let wall = folder.path().join("wall.png");
    image::RgbImage::from_pixel(300, 200, image::Rgb([200, 180, 160])).save(&wall).unwrap();
    ring(&mut browser, &wall);
    browser.wait_for("#verdict", "I see nobody");
    browser.picture("nobody-dark");
    let text = folder.path().join("text.jpg");
    fs::write(&text, "no picture").unwrap();
    browser.type_into("#photo", text.to_str().unwrap());
    browser.wait_for("#reason", "no picture that the browser can read");
    assert_eq!(faults(&mut browser), Vec::<String>::new());
}

#[test]
fn the_keyboard_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let door = Door::inhabited(&[]);
    let film = film("obama-speech.jpg", folder.path());
    let Some(mut browser) = visit(&door, Some(&film), DESKTOP) else { return };
    // Tab until the focus is on what is wanted, as a user without a mouse does.
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
    browser.picture("focus-light");
    browser.press(ENTER);
    browser.wait_for("#verdict", "Welcome home, barack");
}

#[test]
fn a_door_with_a_token_asks_for_it() {
    let token = "a token of twenty-one";
    let door = Door::start_with(&[], |command| {
        command.env("FACENET_TOKEN", token);
    });
    let Some(mut browser) = Browser::start(None) else { return };
    browser.look(PHONE);
    browser.open(&format!("http://{}/", door.address()));
    browser.wait_for("#token-dialog", "This door has a token");
    browser.picture("token-phone");
    browser.type_into("#token", &format!("{token}{ENTER}"));
    browser.wait_for("#count", "0 residents");
}

#[test]
fn the_page_is_whole_and_strict() {
    let door = Door::start(&[]);
    let page = door.ask(&Request::get("/")).with_status(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["/", "/door.js", "/door.css", "/icon.svg"] {
        let part = door.ask(&Request::get(path)).with_status(200);
        assert_eq!(part.header("x-content-type-options"), Some("nosniff"));
        // Nothing comes from elsewhere; a name space is no address.
        let text = part.text().replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
    }
}
