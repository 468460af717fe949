//! Why a server does not start.

use std::io;
use std::net::SocketAddr;

/// What can go wrong before the first request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Other machines could reach the server, and nothing would be asked of them.
    #[error("{listen} can be reached from other machines, so requests need a token")]
    TokenMissing {
        /// The address to listen on.
        listen: SocketAddr,
    },
    /// The store would search by an index that the server does not use.
    #[error("the server compares with everybody, exactly, in memory: a search index has no use")]
    IndexSearch,
    /// The system does not let it listen.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The threads of the server cannot be started.
    #[error("cannot start the server's threads")]
    Threads(#[source] io::Error),
    /// The enrolled people cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}
