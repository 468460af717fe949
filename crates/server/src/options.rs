//! What a server is started with.

use std::net::{Ipv4Addr, SocketAddr};
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
    /// What requests have to carry; needed beyond loopback addresses.
    pub token: Option<Token>,
    /// Bounds.
    pub limits: Limits,
}

impl Default for Options {
    /// This machine only, on port 8080, without a token.
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self { listen, hosts: Vec::new(), token: None, limits: Limits::default() }
    }
}

impl Options {
    /// Checks that what is open to other machines asks for a token.
    ///
    /// # Errors
    /// [`Error::TokenMissing`].
    pub fn check(&self) -> Result<(), Error> {
        match self.is_local() || self.token.is_some() {
            true => Ok(()),
            false => Err(Error::TokenMissing { listen: self.listen }),
        }
    }

    /// Whether only this machine can reach the address.
    pub(crate) fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

/// What requests may ask of the machine.
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
#[derive(Clone, Debug)]
pub struct Token([u8; 32]);

/// A text that is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has {found} bytes, expected at least {LEAST_TOKEN}")]
pub struct TokenTooShort {
    /// Its length.
    found: usize,
}

impl Token {
    /// Checks a token's length.
    ///
    /// # Errors
    /// When it could be guessed.
    pub fn new(text: &str) -> Result<Self, TokenTooShort> {
        match text.len() {
            found @ ..LEAST_TOKEN => Err(TokenTooShort { found }),
            _ => Ok(Self(Sha256::digest(text.as_bytes()).into())),
        }
    }

    /// Whether this is the token, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        given.ct_eq(&self.0).into()
    }
}
