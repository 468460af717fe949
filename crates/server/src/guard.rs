//! Authorization: checks `Host`, `Origin` and the token of each request.
//!
//! On this machine only, a page of some other site, open in a browser here, is the
//! main threat: it can send requests to `127.0.0.1`, and with a name of its own
//! that it lets point there (DNS rebinding) even read the answers. So `Host` must be a
//! name of this machine, and a request that a browser sends for another site, which
//! `Origin` and `Sec-Fetch-Site` tell, is refused. So is what comes through a proxy, which
//! hands the requests of other machines on. Beyond this machine every request has
//! to carry a token, but those for the page itself, which tells nothing. There may be two
//! tokens: one for everything, and one for visitors, who ring.

use std::sync::Arc;

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::body::Budget;
use crate::client::Client;
use crate::options::is_own_name;
use crate::{Token, page};

/// Headers that proxies add.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Configuration of the guard.
pub(crate) struct Guard {
    /// Whether only this machine can reach us.
    pub(crate) loopback: bool,
    /// Further names of ours.
    pub(crate) hosts: Vec<String>,
    /// The token of full access; needed beyond loopback.
    pub(crate) token: Option<Token>,
    /// The token that allows detection, recognition and verification only.
    pub(crate) door_token: Option<Token>,
    /// Whether nobody may change anything.
    pub(crate) read_only: bool,
}

/// Role of the sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A visitor with the door's token, or somebody without a token who asks for the page.
    Visitor,
    /// Full access.
    Resident,
}

/// Purpose of a request, which decides what its sender must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The page itself, or whether the server runs: for everybody.
    Page,
    /// Detection, recognition and verification.
    Ring,
    /// Reading: people, encodings, metrics. Changes nothing.
    Read,
    /// To enroll or remove somebody.
    Change,
}

impl Purpose {
    fn of(method: &Method, path: &str) -> Self {
        match path {
            "/healthz" | "/readyz" => Self::Page,
            path if page::is_part(path) => Self::Page,
            "/v1/recognize" | "/v1/verify" | "/v1/detect" | "/v1/access" | "/openapi.json" => {
                Self::Ring
            }
            "/v1/encode" => Self::Read,
            _ if method.is_safe() => Self::Read,
            _ => Self::Change,
        }
    }
}

/// Lets a request through, or refuses it. Routes find the [`Role`] and the [`Client`] among its
/// extensions.
pub(crate) async fn check(
    Shared((guard, budget)): Shared<(Arc<Guard>, Arc<Budget>)>,
    mut request: Request,
    next: Next,
) -> Response {
    match guard.judge(&request) {
        Ok(role) => {
            let client = Client::of(&request);
            request.extensions_mut().insert(role);
            request.extensions_mut().insert(client);
            next.run(request).await
        }
        Err(refusal) => {
            let (parts, body) = request.into_parts();
            budget.discard(body, parts.extensions.get()).await;
            refusal.into_response()
        }
    }
}

impl Guard {
    /// Judges a request: its sender's role, or a refusal.
    fn judge<B>(&self, request: &axum::http::Request<B>) -> Result<Role, ApiError> {
        let purpose = Purpose::of(request.method(), request.uri().path());
        self.expect_own_page(request, purpose)?;
        if purpose == Purpose::Page {
            return Ok(Role::Visitor);
        }
        let role = self.role(request)?;
        match purpose {
            Purpose::Page | Purpose::Ring => Ok(role),
            _ if role == Role::Visitor => {
                Err(forbidden("this token allows /v1/recognize, /v1/verify and /v1/detect only"))
            }
            Purpose::Change if self.read_only => {
                let error = "the server is read-only: people cannot be enrolled or removed";
                Err(ApiError::new(StatusCode::FORBIDDEN, "read_only", error))
            }
            Purpose::Read | Purpose::Change => Ok(role),
        }
    }

    /// Whether this role may send requests of this purpose.
    pub(crate) fn allows(&self, role: Role, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Page | Purpose::Ring => true,
            Purpose::Read => role == Role::Resident,
            Purpose::Change => role == Role::Resident && !self.read_only,
        }
    }

    /// Refuses requests for other hosts, and those that a browser sends for other sites.
    fn expect_own_page<B>(
        &self,
        request: &axum::http::Request<B>,
        purpose: Purpose,
    ) -> Result<(), ApiError> {
        let text =
            |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
        let authority = request.uri().authority().map(|authority| authority.as_str());
        let host = authority.or(text(header::HOST)).unwrap_or_default();
        if (self.loopback || !self.hosts.is_empty()) && !self.is_ours(host) {
            return Err(forbidden(
                "the request is for another host; `facenet serve --host NAME` adds a name",
            ));
        }
        let foreign = "the request comes from a page of another site";
        if let Some(origin) = text(header::ORIGIN)
            && origin.split_once("://").is_none_or(|(_, origin)| origin != host)
        {
            return Err(forbidden(foreign));
        }
        let site = text(header::HeaderName::from_static("sec-fetch-site"));
        if matches!(site, Some("cross-site" | "same-site")) && purpose != Purpose::Page {
            return Err(forbidden(foreign));
        }
        Ok(())
    }

    /// Role by the request's token; without tokens, the user of this machine.
    fn role<B>(&self, request: &axum::http::Request<B>) -> Result<Role, ApiError> {
        let Some(token) = &self.token else {
            return match is_forwarded(request) {
                false => Ok(Role::Resident),
                true => Err(forbidden(
                    "the request comes through a proxy, from another machine perhaps: give the \
                     server a token (FACENET_TOKEN or --token-file)",
                )),
            };
        };
        let given = bearer(request.headers());
        match (given, &self.door_token) {
            (Some(given), _) if token.is(given) => Ok(Role::Resident),
            (Some(given), Some(door)) if door.is(given) => Ok(Role::Visitor),
            _ => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "expected the header `Authorization: Bearer TOKEN` with the server's token",
            )),
        }
    }

    /// Whether a `Host` is a name of ours, with any port.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            // Not the colons of a bare IPv6 address.
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        is_own_name(name) || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn forbidden(error: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", error)
}

/// Whether a proxy handed the request on, as far as can be seen: it says so in a header, or
/// speaks HTTP/1.0, as no browser does and nginx did by default before 1.29.7. A proxy that
/// does neither is taken for this machine.
fn is_forwarded<B>(request: &axum::http::Request<B>) -> bool {
    request.version() == Version::HTTP_10
        || FORWARDED.iter().any(|name| request.headers().contains_key(*name))
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, given) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";
    const DOOR: &str = "fedcba9876543210";

    fn guard(tokens: &[&str]) -> Guard {
        let mut tokens = tokens.iter().map(|text| Token::new(text).unwrap());
        let (token, door_token) = (tokens.next(), tokens.next());
        let hosts = vec!["door.example".into()];
        Guard { loopback: true, hosts, token, door_token, read_only: false }
    }

    fn asked(
        guard: &Guard,
        [method, path]: [&str; 2],
        headers: &[(&'static str, &str)],
    ) -> (u16, &'static str) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match guard.judge(&request.body(()).unwrap()) {
            Ok(_) => (200, ""),
            Err(error) => (error.status.as_u16(), error.kind),
        }
    }

    fn judged(guard: &Guard, headers: &[(&'static str, &str)]) -> u16 {
        asked(guard, ["GET", "/v1/people"], headers).0
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in ["localhost:8080", "127.0.0.1", "[::1]:80", "[::1]", "Door.Example:1"] {
            assert_eq!(judged(&guard(&[]), &[("host", ours)]), 200, "{ours}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "", "::1"] {
            assert_eq!(judged(&guard(&[]), &[("host", other)]), 403, "{other}");
        }
        assert_eq!(judged(&guard(&[]), &[]), 403);
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = ("host", "localhost:8080");
        let origin = |origin| judged(&guard(&[]), &[host, ("origin", origin)]);
        assert_eq!(origin("http://localhost:8080"), 200);
        for other in ["http://localhost:81", "http://evil.example", "null", "localhost:8080"] {
            assert_eq!(origin(other), 403, "{other}");
        }
        let site = |site| judged(&guard(&[]), &[host, ("sec-fetch-site", site)]);
        assert_eq!([site("same-origin"), site("none"), site("cross-site")], [200, 200, 403]);
    }

    #[test]
    fn a_token_must_be_right_to_the_last_letter() {
        let guard = guard(&[TOKEN]);
        let with = |value| judged(&guard, &[("host", "localhost"), ("authorization", value)]);
        assert_eq!(with("Bearer 0123456789abcdef"), 200);
        assert_eq!(with("bearer 0123456789abcdef"), 200);
        for wrong in
            ["Bearer 0123456789abcdeg", "Bearer ", "Basic 0123456789abcdef", "0123456789abcdef"]
        {
            assert_eq!(with(wrong), 401, "{wrong}");
        }
        assert_eq!(judged(&guard, &[("host", "localhost")]), 401);
    }

    #[test]
    fn what_a_proxy_hands_on_needs_a_token() {
        let host = ("host", "localhost:8080");
        for header in FORWARDED {
            let forwarded = [host, (header, "192.0.2.1")];
            assert_eq!(judged(&guard(&[]), &forwarded), 403, "{header}");
            let with_token = [&forwarded[..], &[("authorization", "Bearer 0123456789abcdef")]];
            assert_eq!(judged(&guard(&[TOKEN]), &with_token.concat()), 200, "{header}");
            // The page itself tells nothing, and says what is wrong.
            assert_eq!(asked(&guard(&[]), ["GET", "/"], &forwarded).0, 200, "{header}");
        }
        let old = Request::builder().uri("/v1/people").version(Version::HTTP_10);
        let old = old.header("host", "localhost").body(()).unwrap();
        assert_eq!(guard(&[]).judge(&old).unwrap_err().status, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_visitor_rings_and_does_nothing_else() {
        let mut guard = guard(&[TOKEN, DOOR]);
        let headers = |token: &str| {
            [("host", "localhost"), ("authorization", token)]
                .map(|(name, value)| (name, value.to_owned()))
        };
        let status = |guard: &Guard, token: &str, asks: [&str; 2]| {
            let headers = headers(&format!("Bearer {token}"));
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
            asked(guard, asks, &headers)
        };
        for asks in [
            ["POST", "/v1/recognize"],
            ["POST", "/v1/verify"],
            ["POST", "/v1/detect"],
            ["GET", "/v1/access"],
        ] {
            assert_eq!(status(&guard, DOOR, asks).0, 200, "{asks:?}");
            assert_eq!(status(&guard, TOKEN, asks).0, 200, "{asks:?}");
            assert_eq!(status(&guard, "another token of sixteen", asks).0, 401, "{asks:?}");
        }
        let looks = [["GET", "/v1/people"], ["POST", "/v1/encode"], ["GET", "/metrics"]];
        let changes = [["POST", "/v1/people"], ["DELETE", "/v1/people/kian"]];
        for asks in looks.iter().chain(&changes) {
            assert_eq!(status(&guard, DOOR, *asks), (403, "forbidden"), "{asks:?}");
            assert_eq!(status(&guard, TOKEN, *asks).0, 200, "{asks:?}");
        }
        guard.read_only = true;
        for asks in looks {
            assert_eq!(status(&guard, TOKEN, asks).0, 200, "{asks:?}");
        }
        for asks in changes {
            assert_eq!(status(&guard, TOKEN, asks), (403, "read_only"), "{asks:?}");
        }
    }
}
