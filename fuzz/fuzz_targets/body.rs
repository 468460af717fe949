//! The body of a request: a refusal, or fields. The first line is the kind of content, the
//! rest the body; the server's own files are taken in, since they are a program's.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, unused, reason = "taken in whole")]
#[path = "../../crates/app/src/output.rs"]
mod output;

#[allow(dead_code, reason = "taken in whole")]
#[path = "."]
mod server {
    #[path = "../../crates/app/src/server/body.rs"]
    mod body;
    #[path = "../../crates/app/src/server/refusal.rs"]
    mod refusal;

    use std::sync::Arc;

    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_TYPE;

    const LARGEST: usize = 1 << 16;

    pub(crate) fn run(bytes: &[u8], runtime: &tokio::runtime::Runtime) {
        let at = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let (kind, content) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
        let mut request = Request::new(Body::from(content.to_vec()));
        if let Ok(kind) = HeaderValue::from_bytes(kind) {
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        let budget = Arc::new(body::Budget::new(LARGEST, 4 * LARGEST));
        let form = runtime.block_on(body::Form::read(request, &budget));
        if let Ok(mut form) = form {
            assert!(budget.held() >= content.len());
            let photos = form.files("photo");
            assert!(photos.iter().map(Vec::len).sum::<usize>() <= content.len());
            let _ = form.text("name");
        }
        assert_eq!(budget.held(), 0, "memory that is not given back");
    }
}

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| server::run(bytes, runtime));
});
