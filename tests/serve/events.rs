//! Tests of the stream of decisions.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::http::Request;
use e2e::server::{TestServer, bytes};

/// Asks to listen; the answer's head, and what follows.
fn ask(server: &TestServer) -> (String, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    stream.write_all(head.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "the answer ended: {head}");
    }
    (head, stream)
}

/// Listens; returns after the answer's head.
fn listen(server: &TestServer) -> BufReader<TcpStream> {
    let (head, stream) = ask(server);
    for part in ["HTTP/1.1 200", "content-type: text/event-stream", "x-accel-buffering: no"] {
        assert!(head.contains(part), "{head}");
    }
    stream
}

/// The next line that begins so.
fn next_line(stream: &mut BufReader<TcpStream>, start: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended before {start:?}");
        if line.starts_with(start) {
            return line;
        }
    }
}

#[test]
fn who_listens_hears_each_decision() {
    let server = TestServer::with_people(&[]);
    let mut streams = [listen(&server), listen(&server)];
    server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg"))).with_status(200);
    let claim = Request::post("/v1/verify?name=joe", bytes("obama-speech.jpg"));
    server.ask(&claim).with_status(200);
    for stream in &mut streams {
        for (key, value) in [("person", "barack"), ("verdict", "different")] {
            assert_eq!(next_line(stream, "event:").trim_end(), "event: decision");
            let data = next_line(stream, "data:");
            let json: serde_json::Value = serde_json::from_str(&data["data:".len()..]).unwrap();
            assert_eq!(json[key], value, "{json}");
        }
    }
    // So many and no more; one that leaves makes room.
    let mut more: Vec<_> = (0..14).map(|_| listen(&server)).collect();
    let refused = server.ask(&Request::get("/v1/events")).with_status(503);
    assert!(refused.text().contains("too many"), "{}", refused.text());
    more.pop();
    let begin = Instant::now();
    loop {
        let (head, stream) = ask(&server);
        if head.contains("HTTP/1.1 200") {
            more.push(stream);
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "no room: {head}");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.ask(&Request::get("/v1/events")).with_status(503);
    // A server that ends does not wait for them.
    let begin = Instant::now();
    assert_eq!(server.end().0, Some(0));
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}

#[test]
fn a_visitor_hears_nothing() {
    let [token, door] = ["the token of whoever lives here", "the token of whoever rings here"];
    let server = TestServer::start_with(&[], |command| {
        command.env("FACENET_TOKEN", token).env("FACENET_DOOR_TOKEN", door);
    });
    let ask = Request::get("/v1/events").with("Authorization", &format!("Bearer {door}"));
    server.ask(&ask).with_status(403);
    server.ask(&Request::get("/v1/events")).with_status(401);
}
