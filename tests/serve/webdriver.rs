//! A real browser, driven over WebDriver (<https://www.w3.org/TR/webdriver2/>).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::http::{Client, Request};
use e2e::server::TestServer;
use serde_json::{Value, json};

/// Timeout of a change in the page.
const PATIENCE: Duration = Duration::from_secs(120);

/// WebDriver's key of an element reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    session: String,
}

/// Size and theme of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

pub(crate) const DESKTOP: Look = Look { width: 1280, height: 860, dark: false };
pub(crate) const PHONE: Look = Look { width: 390, height: 844, dark: false };

/// Opens the server's page in a browser, if there is one.
pub(crate) fn visit(server: &TestServer, film: Option<&Path>, look: Look) -> Option<Browser> {
    let mut browser = Browser::start(film)?;
    browser.look(look);
    browser.open(&format!("http://{}/", server.address()));
    browser.wait_for("#count", "resident");
    Some(browser)
}

impl Browser {
    /// Starts Chromium with a film as the camera. Without Chromium or chromedriver it prints
    /// a notice and returns none.
    pub(crate) fn start(film: Option<&Path>) -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|name| Command::new(name).arg("--version").output().is_ok());
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let (Some(chromium), Ok(mut driver)) = (chromium, driver) else {
            test_support::skipped("there is no Chromium, or no chromedriver");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        // The driver would stop at a closed pipe, so the rest is read.
        std::thread::spawn(move || lines.for_each(drop));
        let port: u16 = port.expect("chromedriver names its port");
        let mut client = Client::connect(([127, 0, 0, 1], port).into()).unwrap();
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            "--use-fake-device-for-media-stream".to_owned(),
        ];
        if let Some(film) = film {
            arguments.push(format!("--use-file-for-fake-video-capture={}", film.display()));
        }
        let options = json!({ "binary": which(chromium), "args": arguments });
        let logs = json!({ "browser": "ALL" });
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options,
                                   "goog:loggingPrefs": logs });
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } }).to_string();
        let answer = client.send(&Request::post("/session", body)).unwrap().json();
        let session = answer["value"]["sessionId"].as_str();
        let session = session.unwrap_or_else(|| panic!("{answer}")).to_owned();
        Some(Self { driver, client, session })
    }

    /// Sends a command of the session; returns its value.
    #[track_caller]
    fn command(&mut self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let path = format!("/session/{}{path}", self.session);
        let request = match method {
            "GET" => Request::get(&path),
            _ => Request::post(&path, body.to_string()),
        };
        let answer = self.client.send(&request).unwrap().json()["value"].clone();
        match answer.get("error") {
            Some(error) => Err(format!("{error}: {}", answer["message"])),
            None => Ok(answer),
        }
    }

    #[track_caller]
    fn post(&mut self, path: &str, body: &Value) -> Value {
        self.command("POST", path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// Sets the window's size and theme.
    pub(crate) fn look(&mut self, look: Look) {
        let Look { width, height, dark } = look;
        self.chrome(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
        let theme = if dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": theme });
        self.chrome("Emulation.setEmulatedMedia", &json!({ "features": [feature] }));
    }

    fn chrome(&mut self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Runs the body of a JavaScript function; returns its value.
    #[track_caller]
    pub(crate) fn script(&mut self, body: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": body, "args": [] }))
    }

    #[track_caller]
    fn element(&mut self, selector: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Clicks on an element, which must be visible.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element; for a file input, the text is a path.
    #[track_caller]
    pub(crate) fn type_into(&mut self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses keys at the current focus.
    pub(crate) fn press(&mut self, keys: &str) {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Waits until an element's text contains `words`; returns the text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, selector: &str, words: &str) -> String {
        let begin = Instant::now();
        loop {
            let query = serde_json::to_string(selector).unwrap();
            let text = self.script(&format!("return document.querySelector({query})?.innerText"));
            let text = text.as_str().unwrap_or_default().to_owned();
            if text.contains(words) {
                return text;
            }
            let answer = self.script("return document.querySelector('.answer').innerText");
            assert!(
                begin.elapsed() < PATIENCE,
                "{selector} says {text:?}, not {words:?}; {answer}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the body of a JavaScript function returns true.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, body: &str) {
        let begin = Instant::now();
        while self.script(body) != true {
            assert!(begin.elapsed() < PATIENCE, "{body} stays false");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for what takes a film to its end, or twice.
    #[track_caller]
    pub(crate) fn wait_long(&mut self, body: &str) {
        let begin = Instant::now();
        while self.script(body) != true {
            assert!(begin.elapsed() < 2 * PATIENCE, "{body} stays false");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Takes a screenshot of the whole page if FACENET_SCREENSHOTS is set.
    pub(crate) fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("FACENET_SCREENSHOTS") else { return };
        // The animation of the door takes a second.
        std::thread::sleep(Duration::from_millis(1500));
        let shot = self.chrome(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": true }),
        );
        let bytes = decode_base64(shot["data"].as_str().unwrap());
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// Errors in the browser's console so far, except HTTP errors, such as that there is no
    /// face: the page shows them.
    pub(crate) fn console_errors(&mut self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({ "type": "browser" })).unwrap();
        let lines = log.as_array().unwrap().iter();
        let severe = lines.filter(|line| line["level"] == "SEVERE");
        let errors = severe.map(|line| line["message"].to_string());
        errors.filter(|error| !error.contains("Failed to load resource")).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser, which would survive its driver.
        let path = format!("/session/{}", self.session);
        let _ = self.client.send(&Request::new("DELETE", &path));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn which(name: &str) -> String {
    let found = Command::new("which").arg(name).output().unwrap();
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// Decodes base64.
fn decode_base64(text: &str) -> Vec<u8> {
    let value = |byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|&byte| byte != b'=').map(value).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, &digit| bits << 6 | u32::from(digit));
        let bits = bits << (6 * (4 - group.len()) as u32);
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
