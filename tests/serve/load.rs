//! Many clients, and many requests: nothing fails and nothing grows.

use std::time::{Duration, Instant};

use e2e::door::{Door, bytes};
use e2e::http::Request;

/// `clients` ask for `time`; returns how many answers there were. Each must be right.
fn ask_for(door: &Door, clients: usize, time: Duration) -> usize {
    let photos = [("obama-speech.jpg", "barack"), ("biden-portrait.jpg", "joe")]
        .map(|(photo, name)| (Request::post("/v1/recognize", bytes(photo)), name));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let client = |number: usize| {
            let (request, name) = &photos[number % photos.len()];
            let mut client = door.client();
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
    let door = Door::inhabited(&["--log", "off"]);
    let answers = ask_for(&door, 50, Duration::from_secs(3));
    println!("{answers} answers in 3 s");
    assert!(answers >= 50);
}

#[test]
#[ignore = "takes a minute"]
fn fifty_clients_are_served_for_a_minute() {
    let door = Door::inhabited(&["--log", "off"]);
    let answers = ask_for(&door, 50, Duration::from_secs(60));
    println!("{answers} answers in 60 s, {:?} MiB", door.memory());
    assert!(answers >= 50);
}

/// Memory after `requests` against that after the first hundred.
fn growth(requests: usize) {
    let door = Door::inhabited(&["--log", "off"]);
    let photo = bytes("obama-speech.jpg");
    // Cut down to the face: the detector then takes a fraction of the time.
    let picture = image::load_from_memory(&photo).unwrap().crop_imm(100, 190, 330, 340);
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture
        .resize(110, 110, image::imageops::FilterType::Triangle)
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    let request = Request::post("/v1/recognize", jpeg.into_inner());
    let mut client = door.client();
    let mut after_hundred = None;
    for number in 1..=requests {
        client.send(&request).unwrap().with_status(200);
        if number == 100 {
            after_hundred = door.memory();
        }
    }
    if let (Some(before), Some(after)) = (after_hundred, door.memory()) {
        println!("{before:.1} MiB after 100 requests, {after:.1} after {requests}");
        assert!(after < 1.05 * before, "{before} MiB after 100, {after} after {requests}");
    }
}

#[test]
fn memory_does_not_grow() {
    growth(400);
}

#[test]
#[ignore = "takes minutes"]
fn memory_does_not_grow_over_ten_thousand_requests() {
    growth(10_000);
}
