//! The body of a request: refused, or taken apart into fields. The first line is the kind of
//! content, the rest the body.

#![no_main]

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use server::fuzzing::{BodyRead, read_body};

const LARGEST: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    }
    let at = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (kind, content) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let mut request = Request::new(Body::from(content.to_vec()));
    if let Ok(kind) = HeaderValue::from_bytes(kind) {
        request.headers_mut().insert(CONTENT_TYPE, kind);
    }
    let read = RUNTIME.with(|runtime| runtime.block_on(read_body(request, LARGEST)));
    let BodyRead { photos, held: [during, after] } = read;
    if let Some(photos) = photos {
        assert!(during >= content.len());
        assert!(photos.iter().sum::<usize>() <= content.len());
    }
    assert_eq!(after, 0, "memory that is not given back");
});
