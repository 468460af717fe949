//! Who may do what: two tokens, a server that is read only, requests through a proxy.

use e2e::http::{Answer, Request};
use e2e::server::{TestServer, bytes};
use e2e::{facenet, run};

const TOKEN: &str = "the token of whoever lives here";
const DOOR: &str = "the token of whoever rings here";

fn with_tokens(arguments: &[&str]) -> TestServer {
    TestServer::start_with(arguments, |command| {
        command.env("FACENET_TOKEN", TOKEN).env("FACENET_DOOR_TOKEN", DOOR);
    })
}

fn ask(server: &TestServer, request: Request, token: &str) -> Answer {
    server.ask(&request.with("Authorization", &format!("Bearer {token}")))
}

#[test]
fn a_door_token_rings_and_does_nothing_else() {
    let server = with_tokens(&[]);
    let enroll = || Request::post("/v1/people?name=barack", bytes("obama-portrait.jpg"));
    let refused = ask(&server, enroll(), DOOR).with_status(403).json();
    assert_eq!(refused["kind"], "forbidden");
    ask(&server, enroll(), TOKEN).with_status(201);
    for request in [
        Request::get("/v1/people"),
        Request::get("/v1/people/barack"),
        Request::new("DELETE", "/v1/people/barack"),
        Request::post("/v1/encode", bytes("obama-speech.jpg")),
        Request::get("/metrics"),
    ] {
        ask(&server, request, DOOR).with_status(403);
    }
    let recognize = |photo: &str, token: &str| {
        let answer = ask(&server, Request::post("/v1/recognize", bytes(photo)), token);
        answer.with_status(200).json()["faces"][0].clone()
    };
    let known = recognize("obama-speech.jpg", DOOR);
    assert_eq!(
        (&known["person"], &known["candidates"][0]["name"]),
        (&"barack".into(), &"barack".into())
    );
    // A visitor does not learn whom a stranger resembles.
    let stranger = recognize("collins-portrait.jpg", DOOR);
    assert!(stranger["person"].is_null() && stranger["candidates"] == serde_json::json!([]));
    assert_eq!(recognize("collins-portrait.jpg", TOKEN)["candidates"][0]["name"], "barack");
    let claim = Request::post("/v1/verify?name=barack", bytes("obama-speech.jpg"));
    assert_eq!(ask(&server, claim, DOOR).with_status(200).json()["same"], true);

    let access = |token: &str| {
        let access = ask(&server, Request::get("/v1/access"), token).with_status(200).json();
        ["ring", "list", "change"].map(|key| access[key].as_bool().unwrap())
    };
    assert_eq!((access(TOKEN), access(DOOR)), ([true; 3], [true, false, false]));
    ask(&server, Request::get("/v1/access"), "a token of nobody's").with_status(401);
    server.ask(&Request::get("/readyz")).with_status(200);
}

#[test]
fn a_read_only_server_enrolls_and_removes_nobody() {
    let server = with_tokens(&["--read-only"]);
    let enroll = Request::post("/v1/people?name=barack", bytes("obama-portrait.jpg"));
    let answer = ask(&server, enroll, TOKEN).with_status(403).json();
    assert_eq!(answer["kind"], "read_only");
    ask(&server, Request::new("DELETE", "/v1/people/barack"), TOKEN).with_status(403);
    ask(&server, Request::get("/v1/people"), TOKEN).with_status(200);
    let access = ask(&server, Request::get("/v1/access"), TOKEN).json();
    assert_eq!((&access["list"], &access["change"]), (&true.into(), &false.into()));
}

#[test]
fn what_a_proxy_hands_on_is_refused_without_a_token() {
    let server = TestServer::with_people(&[]);
    for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto"] {
        for request in [Request::get("/v1/people"), Request::new("DELETE", "/v1/people/barack")] {
            let answer = server.ask(&request.with(header, "192.0.2.1")).with_status(403).json();
            assert!(answer["error"].as_str().unwrap().contains("proxy"), "{answer}");
        }
    }
    // As nginx asks unless its configuration says otherwise.
    let mut client = server.client();
    client.send_raw(b"GET /v1/people HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    client.receive().unwrap().with_status(403);
    let server = with_tokens(&["--host", "door.example"]);
    let forwarded = Request::get("/v1/people").with("X-Forwarded-For", "192.0.2.1");
    let forwarded = forwarded.with("Host", "door.example");
    server.ask(&forwarded.clone()).with_status(401);
    ask(&server, forwarded, TOKEN).with_status(200);
}

#[test]
fn options_that_would_let_strangers_in_are_refused_at_the_start() {
    let serve = |arguments: &[&str], variables: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = facenet();
        command.args(["serve", "--listen", "127.0.0.1:0", "--db"]);
        command.arg(folder.path().join("people.redb")).args(arguments);
        command.env_remove("FACENET_TOKEN").env_remove("FACENET_DOOR_TOKEN");
        run(command.envs(variables.iter().copied())).with_code(2)
    };
    serve(&["--host", "door.example"], &[]).with_error(&["door.example", "FACENET_TOKEN"]);
    let door = ("FACENET_DOOR_TOKEN", DOOR);
    serve(&[], &[door]).with_error(&["--token-file"]);
    serve(&[], &[door, ("FACENET_TOKEN", DOOR)]).with_error(&["the same"]);
    // A token that no browser can send, or not each in the same way.
    let foreign = ("FACENET_TOKEN", "ein Schlüssel, der lang genug ist");
    serve(&[], &[foreign]).with_error(&["FACENET_TOKEN", "'ü'", "ASCII"]);
}
