//! What a server is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// How a server is reached, and what it asks of requests.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Further names of this machine that requests may have in `Host`.
    pub hosts: Vec<String>,
    /// Token of full access; needed beyond loopback addresses.
    pub token: Option<Token>,
    /// Token that allows detection, recognition and verification only.
    pub door_token: Option<Token>,
    /// Whether nobody can be enrolled, renamed or removed over HTTP, and no photo removed.
    pub read_only: bool,
    /// Whether the page's door opens only after a random turn of the head: a hurdle for a photo
    /// that is held up, not a measured liveness check.
    pub challenge: bool,
    /// The file to append a line of JSON to for each decision.
    pub audit_log: Option<PathBuf>,
    /// Bounds.
    pub limits: Limits,
}

impl Default for Options {
    /// This machine only, on port 8080, without a token.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            hosts: Vec::new(),
            token: None,
            door_token: None,
            read_only: false,
            challenge: false,
            audit_log: None,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// Checks that what other machines can reach asks for a token, and that a visitor's token
    /// is not the only one.
    ///
    /// # Errors
    /// [`Error::TokenMissing`], [`Error::HostWithoutToken`], [`Error::DoorTokenAlone`],
    /// [`Error::TokensEqual`].
    pub fn check(&self) -> Result<(), Error> {
        match (&self.token, &self.door_token) {
            (None, Some(_)) => return Err(Error::DoorTokenAlone),
            (Some(token), Some(door)) if token == door => return Err(Error::TokensEqual),
            (Some(_), _) => return Ok(()),
            (None, None) => {}
        }
        if !self.is_local() {
            return Err(Error::TokenMissing { listen: self.listen });
        }
        match self.hosts.iter().find(|host| !is_own_name(host)) {
            Some(host) => Err(Error::HostWithoutToken { host: host.clone() }),
            None => Ok(()),
        }
    }

    /// Whether only this machine can reach the address.
    pub(crate) fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

/// Whether a name in `Host` always means the machine itself.
pub(crate) fn is_own_name(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let is_loopback = |address: IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(is_loopback)
}

/// Limits of what requests may take of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a request's body.
    pub body_bytes: usize,
    /// Most pixels of a photo.
    pub pixels: u64,
    /// From a request's head to its answer.
    pub timeout: Duration,
    /// Requests that may wait for a free core; more are answered 503.
    pub queue: usize,
    /// Connections that may be open; beyond, the one that is idle longest is closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            pixels: 50_000_000,
            timeout: Duration::from_secs(30),
            queue: 64,
            connections: 512,
        }
    }
}

/// Fewest bytes of a token.
const LEAST_TOKEN: usize = 16;

/// A token's SHA-256: comparing hashes tells nothing about the token's length either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It could be guessed.
    #[error("the token has {found} bytes, expected at least {LEAST_TOKEN}")]
    TooShort {
        /// Its length.
        found: usize,
    },
    /// Browsers and other programs cannot send it in a header, or not all in the same way.
    #[error("the token has {found:?} in it, expected ASCII letters, digits, signs and spaces")]
    Unsendable {
        /// The first such character.
        found: char,
    },
}

impl Token {
    /// Checks a token.
    ///
    /// # Errors
    /// When it could be guessed, or no browser can send it.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if let Some(found) = text.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(TokenError::Unsendable { found });
        }
        match text.len() {
            found @ ..LEAST_TOKEN => Err(TokenError::TooShort { found }),
            _ => Ok(Self(Sha256::digest(text.as_bytes()).into())),
        }
    }

    /// Whether this is the token, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        given.ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_sent_and_not_be_guessed() {
        Token::new("a token of twenty-one").unwrap();
        assert_eq!(Token::new("short"), Err(TokenError::TooShort { found: 5 }));
        for (text, found) in [("ein Schlüssel, der lang ist", 'ü'), ("one line\nand another", '\n')]
        {
            assert_eq!(Token::new(text), Err(TokenError::Unsendable { found }));
        }
    }

    #[test]
    fn who_can_be_reached_from_elsewhere_needs_a_token() {
        let token = |text| Some(Token::new(text).unwrap());
        let open = Options::default();
        open.check().unwrap();
        let listen = SocketAddr::from(([0, 0, 0, 0], 8080));
        let everywhere = Options { listen, ..Options::default() };
        assert!(matches!(everywhere.check(), Err(Error::TokenMissing { .. })));
        let everywhere = Options { token: token("0123456789abcdef"), ..everywhere };
        everywhere.check().unwrap();
        // A name that others can look up leads a proxy, or another site's page, here.
        let named = |host: &str| Options { hosts: vec![host.to_owned()], ..Options::default() };
        named("LOCALHOST").check().unwrap();
        let error = named("door.example").check().unwrap_err();
        assert!(error.to_string().contains("door.example"), "{error}");
        Options { token: token("0123456789abcdef"), ..named("door.example") }.check().unwrap();
        // Of two keys, one has to be the master's.
        let door = Options { door_token: token("a visitor's token"), ..Options::default() };
        assert!(matches!(door.check(), Err(Error::DoorTokenAlone)));
        let same = Options { token: token("a visitor's token"), ..door.clone() };
        assert!(matches!(same.check(), Err(Error::TokensEqual)));
        Options { token: token("0123456789abcdef"), ..door }.check().unwrap();
    }
}
