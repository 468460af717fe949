//! The recipes of `docs/proxy.md`, with the real proxies. They are skipped, with a notice, where
//! these are not installed.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::http::{Client, Request};
use e2e::server::{TestServer, bytes};

const TOKEN: &str = "the token of whoever lives here";

/// A proxy in front of a server, which is killed on drop.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// Starts a program, and waits until it listens.
    fn start(mut command: Command, address: SocketAddr) -> Option<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            test_support::skipped(format_args!("there is no {:?}", command.get_program()));
            return None;
        };
        let proxy = Self { child, address };
        let begin = Instant::now();
        while Client::connect(address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(120), "the proxy does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(proxy)
    }

    fn ask(&self, request: Request) -> e2e::http::Answer {
        let host = format!("door.example:{}", self.address.port());
        let mut client = Client::connect(self.address).unwrap();
        client.send(&request.with("Host", &host)).unwrap()
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The recipe of this language in the page, for this server at another address.
fn recipe(language: &str, server: &TestServer) -> String {
    let page = fs::read_to_string(e2e::root().join("docs/proxy.md")).unwrap();
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    let recipe = rest.split_once("```").unwrap().0;
    assert!(recipe.contains("127.0.0.1:8080"), "{recipe}");
    recipe.replace("127.0.0.1:8080", &server.address().to_string())
}

fn server() -> TestServer {
    TestServer::start_with(&["--host", "door.example"], |command| {
        command.env("FACENET_TOKEN", TOKEN);
    })
}

/// What holds behind each proxy.
fn check(proxy: &Proxy) {
    let with_token = |request: Request| request.with("Authorization", &format!("Bearer {TOKEN}"));
    let page = proxy.ask(Request::get("/door/")).with_status(200).text();
    assert!(page.contains("src=\"door.js\""), "{page}");
    // Below a path, the slash has to be there for what is beside the page.
    let redirected = proxy.ask(Request::get("/door"));
    assert!([301, 302, 308].contains(&redirected.status), "{}", redirected.status);
    assert!(redirected.header("location").unwrap().ends_with("/door/"));
    for part in ["door.js", "door.css", "icon.svg"] {
        proxy.ask(Request::get(&format!("/door/{part}"))).with_status(200);
    }
    proxy.ask(Request::get("/door/v1/people")).with_status(401);
    // As a browser sends it from the page.
    let origin = format!("https://door.example:{}", proxy.address.port());
    let enroll = Request::post("/door/v1/people?name=barack", bytes("obama-portrait.jpg"));
    proxy.ask(with_token(enroll).with("Origin", &origin)).with_status(201);
    let ring = || with_token(Request::post("/door/v1/recognize", bytes("obama-speech.jpg")));
    let answer = proxy.ask(ring().with("Origin", &origin)).with_status(200).json();
    assert_eq!(answer["faces"][0]["person"], "barack");
    proxy.ask(ring().with("Origin", "https://evil.example")).with_status(403);
}

#[test]
fn the_recipe_for_nginx_works() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    // Without TLS, which is no affair of this server's.
    let recipe = recipe("nginx", &server).replace("listen 443 ssl;", &format!("listen {address};"));
    let recipe: String = recipe
        .lines()
        .filter(|line| !line.contains("ssl_certificate"))
        .map(|l| format!("{l}\n"))
        .collect();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .collect();
    let configuration = format!(
        "daemon off; pid {}; error_log {}; worker_processes 1;
         events {{ worker_connections 64; }}
         http {{ access_log off; {temporary} {recipe} }}",
        at("pid"),
        at("error.log")
    );
    // Workers without root's rights have to reach the folder.
    let configuration = match is_root(folder.path()) {
        true => format!("user root; {configuration}"),
        false => configuration,
    };
    fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
    let Some(proxy) = Proxy::start(command, address) else { return };
    check(&proxy);
}

#[cfg(unix)]
fn is_root(folder: &Path) -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder).unwrap()) == 0
}

#[cfg(not(unix))]
fn is_root(_: &Path) -> bool {
    false
}

#[test]
fn the_recipe_for_caddy_works() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let site = format!("http://door.example:{}", address.port());
    let recipe = recipe("caddy", &server).replace("door.example {", &format!("{site} {{"));
    let configuration = format!("{{\nadmin off\nauto_https off\n}}\n{recipe}");
    fs::write(folder.path().join("Caddyfile"), configuration).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(folder.path().join("Caddyfile"));
    command.env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
    let Some(proxy) = Proxy::start(command, address) else { return };
    check(&proxy);
}
