//! Hostile, slow and faulty clients.

use std::net::TcpStream;
use std::time::Duration;

use e2e::http::{Client, Request};
use e2e::server::{TestServer, bytes};
use e2e::{facenet, run};

const TOKEN: &str = "0123456789abcdef0123";

#[test]
fn other_machines_need_a_token() {
    let refused =
        run(facenet().args(["serve", "--listen", "0.0.0.0:0"]).env_remove("FACENET_TOKEN"));
    refused.with_code(2).with_error(&["FACENET_TOKEN", "--token-file"]);
    let short =
        run(facenet().args(["serve", "--listen", "0.0.0.0:0"]).env("FACENET_TOKEN", "short"));
    short.with_code(2).with_error(&["at least 16"]);

    let server = TestServer::start_with(&[], |command| {
        command.env("FACENET_TOKEN", TOKEN);
    });
    for path in ["/v1/people", "/metrics", "/openapi.json", "/v1/people/x", "/nothing"] {
        let answer = server.ask(&Request::get(path)).with_status(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let wrong = Request::get(path).with("Authorization", "Bearer 0123456789abcdef0124");
        server.ask(&wrong).with_status(401);
    }
    let right = Request::get("/v1/people").with("Authorization", &format!("Bearer {TOKEN}"));
    server.ask(&right).with_status(200);
    // The page, which asks for the token, and the health check need none.
    for path in ["/", "/door.js", "/door.css", "/healthz"] {
        server.ask(&Request::get(path)).with_status(200);
    }
}

#[test]
fn other_origins_and_hosts_are_refused() {
    let server = TestServer::with_people(&[]);
    let port = server.address().port();
    let people = |host: &str| Request::get("/v1/people").with("Host", host);
    for ours in [format!("localhost:{port}"), format!("127.0.0.1:{port}")] {
        server.ask(&people(&ours)).with_status(200);
    }
    // DNS rebinding: another host name that resolves to this address.
    for other in ["evil.example".to_owned(), format!("evil.example:{port}")] {
        for path in ["/v1/people", "/", "/healthz"] {
            server.ask(&Request::get(path).with("Host", &other)).with_status(403);
        }
    }
    // Cross-site requests from a form on another page.
    let post = |name: &str, value: &str| {
        let form = Request::form("/v1/people", &[("name", b"evil", false)]);
        server.ask(&form.with(name, value))
    };
    post("Origin", "http://evil.example").with_status(403);
    post("Origin", "null").with_status(403);
    post("Sec-Fetch-Site", "cross-site").with_status(403);
    post("Origin", &format!("http://127.0.0.1:{port}")).with_status(400);
}

#[test]
fn bodies_are_bounded() {
    let server = TestServer::with_people(&["--max-body", "1", "--max-pixels", "1"]);
    let before = server.memory();
    // 100 MiB with a Content-Length, and 100 MiB without.
    let declared = Request::post("/v1/recognize", "x").with("Content-Length", "104857600");
    assert_eq!(server.ask(&declared).with_status(413).json()["kind"], "too_large");
    let mut client = server.client();
    let head = Request::post("/v1/recognize", "").with("Transfer-Encoding", "chunked");
    let head = head.with("Content-Length-Left-Out", "x").head("127.0.0.1");
    let head = head.replace("Content-Length: 0\r\n", "");
    client.send_raw(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &vec![7; 1 << 16], b"\r\n"].concat();
    for _ in 0..1600 {
        if client.send_raw(&chunk).is_err() {
            break;
        }
    }
    // The answer is lost if the connection was reset by later chunks.
    if let Ok(answer) = client.receive() {
        answer.with_status(413);
    }
    // 1.4 megapixels where one is allowed.
    let mut large = std::io::Cursor::new(Vec::new());
    let gray = image::GrayImage::new(1400, 1000);
    gray.write_to(&mut large, image::ImageFormat::Png).unwrap();
    let answer = server.ask(&Request::post("/v1/recognize", large.into_inner()));
    assert_eq!(answer.with_status(413).json()["kind"], "too_large");
    if let (Some(before), Some(after)) = (before, server.memory()) {
        assert!(after - before < 32.0, "{before} MiB before, {after} after");
    }
    server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg"))).with_status(200);
}

/// Asks until there is an answer. A server that is flooded may close a connection whose request
/// it has not seen yet; a client asks again then.
#[track_caller]
fn ask_again(server: &TestServer, request: &Request) {
    let answered = (0..20).find_map(|_| server.client().send(request).ok());
    answered.unwrap_or_else(|| panic!("twenty times no answer: {}", server.log())).with_status(200);
}

#[test]
fn slow_and_silent_clients_do_not_block_others() {
    let server = TestServer::with_people(&["--queue", "4", "--connections", "64"]);
    // Each sends half a body and then nothing.
    let photo = bytes("obama-speech.jpg");
    let half = |mut client: Client| {
        let head = Request::post("/v1/recognize", photo.clone()).head("127.0.0.1");
        client.send_raw(head.as_bytes()).unwrap();
        client.send_raw(&photo[..photo.len() / 2]).unwrap();
        client
    };
    let mut slow: Vec<_> = (0..20).map(|_| half(server.client())).collect();
    // A thousand silent connections, of which 64 may be open.
    let idle: Vec<_> = (0..1000).map(|_| TcpStream::connect(server.address())).collect();
    for _ in 0..5 {
        ask_again(&server, &Request::post("/v1/recognize", photo.clone()));
    }
    // An incomplete body is answered with a timeout.
    let mut timeouts = 0;
    for client in &mut slow {
        timeouts += usize::from(client.receive().is_ok_and(|answer| answer.status == 408));
    }
    assert_eq!(timeouts, slow.len());
    drop(idle);
    ask_again(&server, &Request::get("/healthz"));
    let metrics = server.ask(&Request::get("/metrics")).text();
    assert!(metrics.contains("facenet_bodies_bytes 0\n"), "{metrics}");
}

/// Half a body on each of all connections keeps nobody out.
#[test]
fn half_sent_bodies_make_room_for_others() {
    let server = TestServer::with_people(&["--connections", "64", "--timeout", "3600"]);
    let photo = bytes("obama-speech.jpg");
    let request = Request::post("/v1/recognize", photo.clone());
    let mut half: Vec<_> = (0..64)
        .map(|_| {
            let mut client = server.client();
            client.send_raw(request.head("127.0.0.1").as_bytes()).unwrap();
            client.send_raw(&photo[..1000]).unwrap();
            client
        })
        .collect();
    (0..5).for_each(|_| ask_again(&server, &request));
    // A body that stops arriving is given up before the request's own time, which is an hour.
    let answered = half.iter_mut().filter_map(|client| client.receive().ok());
    let answered: Vec<_> = answered.map(|answer| answer.status).collect();
    assert!(answered.len() > 32 && answered.iter().all(|&status| status == 408), "{answered:?}");
    let metrics = server.ask(&Request::get("/metrics")).text();
    assert!(metrics.contains("facenet_bodies_bytes 0\n"), "{metrics}");
}

#[test]
fn many_at_once_are_answered_or_told_to_come_back() {
    let server = TestServer::with_people(&["--queue", "2"]);
    let photo = bytes("obama-speech.jpg");
    let request = Request::post("/v1/recognize", photo);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            let answer = server.ask(&request);
            (answer.status, answer.header("retry-after").map(str::to_owned))
        };
        let asked: Vec<_> = (0..24).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|(found, _)| *found == status).count();
    assert_eq!(count(200) + count(503), 24, "{statuses:?}");
    // Two in the queue, and one that did not have to wait.
    assert!(count(200) >= 3, "{statuses:?}");
    let has_retry_after =
        |(status, retry): &(u16, Option<String>)| *status != 503 || retry.is_some();
    assert!(statuses.iter().all(has_retry_after));
    server.ask(&request).with_status(200);
}

/// A short version of the fuzz target of bodies and heads.
#[test]
fn mutated_requests_do_not_end_the_server() {
    let server = TestServer::with_people(&[]);
    let photo = bytes("obama-speech.jpg");
    let form = Request::form("/v1/people", &[("name", b"x", false), ("photo", &photo, true)]);
    let mut whole = form.head("127.0.0.1").into_bytes();
    whole.extend(&photo);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..150 {
        let mut bytes = whole[..whole.len().min(3000)].to_vec();
        for _ in 0..4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = state as usize % bytes.len();
            match state >> 60 {
                0..6 => bytes[at] = (state >> 20) as u8,
                6..11 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, (state >> 30) as u8),
            }
        }
        let mut client = server.client();
        // The server may have closed it already.
        let _ = client.send_raw(&bytes);
    }
    server.ask(&Request::post("/v1/recognize", photo)).with_status(200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn running_requests_are_finished_at_shutdown() {
    let server = TestServer::with_people(&[]);
    let mut client = server.client();
    let photo = bytes("obama-speech.jpg");
    client
        .send_raw(Request::post("/v1/recognize", photo.clone()).head("127.0.0.1").as_bytes())
        .unwrap();
    client.send_raw(&photo[..1000]).unwrap();
    // The server waits for the rest of the body.
    let is_read =
        || !server.ask(&Request::get("/metrics")).text().contains("facenet_bodies_bytes 0\n");
    while !is_read() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let end = std::thread::spawn(move || server.end());
    std::thread::sleep(Duration::from_millis(300));
    client.send_raw(&photo[1000..]).unwrap();
    let answer = client.receive().unwrap().with_status(200).json();
    assert_eq!(answer["faces"][0]["person"], "barack");
    let (code, log) = end.join().unwrap();
    assert_eq!(code, Some(0), "{log}");
}
