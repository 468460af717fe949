//! Who may ask.
//!
//! On this machine only, a page of some other site, open in a browser here, is the
//! stranger to fear: it can send requests to `127.0.0.1`, and with a name of its own
//! that it lets point there (DNS rebinding) even read the answers. So `Host` must be a
//! name of this machine, and a request that a browser sends for another site, which
//! `Origin` and `Sec-Fetch-Site` tell, is refused. Beyond this machine every request has
//! to carry a token, but those for the page itself, which tells nothing.

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::state::State;
use crate::{Token, page};

/// What the guard goes by.
pub(crate) struct Guard {
    /// Whether only this machine can reach us.
    pub(crate) loopback: bool,
    /// Further names of ours.
    pub(crate) hosts: Vec<String>,
    /// What requests have to carry.
    pub(crate) token: Option<Token>,
}

/// Lets a request through, or refuses it.
pub(crate) async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let open = page::is_part(path) || path == "/healthz";
    match state.guard.judge(request.headers(), host, open) {
        Ok(()) => next.run(request).await,
        Err(api_error) => api_error.into_response(),
    }
}

impl Guard {
    /// `authority` is the one of the request's own line; `open` says that no token is
    /// needed.
    fn judge(
        &self,
        headers: &HeaderMap,
        authority: Option<String>,
        open: bool,
    ) -> Result<(), ApiError> {
        let forbidden = |error: &str| ApiError::new(StatusCode::FORBIDDEN, "forbidden", error);
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
        let host = authority.as_deref().or(text(header::HOST)).unwrap_or_default();
        if (self.loopback || !self.hosts.is_empty()) && !self.is_ours(host) {
            return Err(forbidden(
                "the request is for another host; `facenet serve --host NAME` adds a name",
            ));
        }
        let foreign = || forbidden("the request comes from a page of another site");
        if let Some(origin) = text(header::ORIGIN)
            && origin.split_once("://").is_none_or(|(_, origin)| origin != host)
        {
            return Err(foreign());
        }
        if matches!(
            text(header::HeaderName::from_static("sec-fetch-site")),
            Some("cross-site" | "same-site")
        ) && !open
        {
            return Err(foreign());
        }
        match &self.token {
            Some(token) if !open && !carries(headers, token) => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "expected the header `Authorization: Bearer TOKEN` with the server's token",
            )),
            _ => Ok(()),
        }
    }

    /// Whether a `Host` is a name of ours, with any port.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            // Not the colons of a bare IPv6 address.
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&name)
            || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn carries(headers: &HeaderMap, token: &Token) -> bool {
    let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let Some((scheme, given)) = value.and_then(|value| value.split_at_checked(7)) else {
        return false;
    };
    scheme.eq_ignore_ascii_case(b"bearer ") && token.is(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(token: Option<&str>) -> Guard {
        let token = token.map(|text| Token::new(text).unwrap());
        Guard { loopback: true, hosts: vec!["door.example".into()], token }
    }

    fn judged(guard: &Guard, headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        guard.judge(&map, None, false).map_or_else(|api_error| api_error.status.as_u16(), |()| 200)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in ["localhost:8080", "127.0.0.1", "[::1]:80", "[::1]", "Door.Example:1"] {
            assert_eq!(judged(&guard(None), &[("host", ours)]), 200, "{ours}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "", "::1"] {
            assert_eq!(judged(&guard(None), &[("host", other)]), 403, "{other}");
        }
        assert_eq!(judged(&guard(None), &[]), 403);
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = ("host", "localhost:8080");
        let origin = |origin| judged(&guard(None), &[host, ("origin", origin)]);
        assert_eq!(origin("http://localhost:8080"), 200);
        for other in ["http://localhost:81", "http://evil.example", "null", "localhost:8080"] {
            assert_eq!(origin(other), 403, "{other}");
        }
        let site = |site| judged(&guard(None), &[host, ("sec-fetch-site", site)]);
        assert_eq!([site("same-origin"), site("none"), site("cross-site")], [200, 200, 403]);
    }

    #[test]
    fn a_token_must_be_right_to_the_last_letter() {
        let guard = guard(Some("0123456789abcdef"));
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
}
