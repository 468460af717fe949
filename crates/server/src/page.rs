//! The page: files inside the program, without anything from elsewhere.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Scripts and styles are ours alone; images also those that the page itself draws.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
struct Part {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const PARTS: [Part; 7] = [
    Part { path: "/", kind: "text/html; charset=utf-8", text: include_str!("page/door.html") },
    Part {
        path: "/door.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("page/door.css"),
    },
    Part { path: "/door.js", kind: SCRIPT, text: include_str!("page/door.js") },
    Part { path: "/guide.js", kind: SCRIPT, text: include_str!("page/guide.js") },
    Part { path: "/live.js", kind: SCRIPT, text: include_str!("page/live.js") },
    Part { path: "/person.js", kind: SCRIPT, text: include_str!("page/person.js") },
    Part { path: "/icon.svg", kind: "image/svg+xml", text: include_str!("page/icon.svg") },
];

/// The paths of the page's files.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.path)
}

/// Whether the path is of the page.
pub(crate) fn is_part(path: &str) -> bool {
    paths().any(|part| part == path)
}

/// A file of the page.
pub(crate) fn part(path: &str) -> Option<Response> {
    let part = PARTS.iter().find(|part| part.path == path)?;
    Some(([(header::CONTENT_TYPE, part.kind)], part.text).into_response())
}

/// Headers of every answer.
pub(crate) fn headers() -> [(HeaderName, HeaderValue); 7] {
    let named = HeaderName::from_static;
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (named("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (named("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (named("permissions-policy"), HeaderValue::from_static("camera=(self), microphone=()")),
    ]
}
