//! Load tests: many clients and many requests, without errors and without growth of memory.

use std::time::{Duration, Instant};

use e2e::http::Request;
use e2e::server::{TestServer, bytes};

/// Sends requests from `clients` clients for `time`; checks and counts the answers.
fn ask_for(server: &TestServer, clients: usize, time: Duration) -> usize {
    let photos = [("obama-speech.jpg", "barack"), ("biden-portrait.jpg", "joe")]
        .map(|(photo, name)| (Request::post("/v1/recognize", bytes(photo)), name));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let client = |number: usize| {
            let (request, name) = &photos[number % photos.len()];
            let mut client = server.client();
            let mut answers = 0;
            while begin.elapsed() < time {
                let answer = client.send(request).unwrap().with_status(200).json();
                assert_eq!(answer["faces"][0]["person"], *name);
                answers += 1;
            }
            answers
        };
        let clients: Vec<_> =
            (0..clients).map(|number| scope.spawn(move || client(number))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    })
}

#[test]
fn fifty_clients_are_served() {
    let server = TestServer::with_people(&["--log", "off"]);
    let answers = ask_for(&server, 50, Duration::from_secs(3));
    println!("{answers} answers in 3 s");
    assert!(answers >= 50);
}

#[test]
#[ignore = "takes a minute"]
fn fifty_clients_are_served_for_a_minute() {
    let server = TestServer::with_people(&["--log", "off"]);
    let answers = ask_for(&server, 50, Duration::from_secs(60));
    println!("{answers} answers in 60 s, {:?} MiB", server.memory());
    assert!(answers >= 50);
}

/// Compares the memory after `requests` with that after the first hundred.
fn check_memory(requests: usize) {
    let server = TestServer::with_people(&["--log", "off"]);
    let photo = bytes("obama-speech.jpg");
    // Cropped to the face, so that the detector takes a fraction of the time.
    let photo = image::load_from_memory(&photo).unwrap().crop_imm(100, 190, 330, 340);
    let mut jpeg = std::io::Cursor::new(Vec::new());
    photo
        .resize(110, 110, image::imageops::FilterType::Triangle)
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    let request = Request::post("/v1/recognize", jpeg.into_inner());
    let mut client = server.client();
    let mut ask = |times: usize| {
        for _ in 0..times {
            client.send(&request).unwrap().with_status(200);
        }
        server.memory().expect("/proc tells it")
    };
    let before = ask(100);
    let after = ask(requests - 100);
    println!("{before:.1} MiB after 100 requests, {after:.1} after {requests}");
    assert!(after < 1.05 * before, "{before} MiB after 100, {after} after {requests}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn memory_does_not_grow() {
    check_memory(400);
}

#[test]
#[ignore = "takes minutes"]
fn memory_does_not_grow_over_ten_thousand_requests() {
    check_memory(10_000);
}
