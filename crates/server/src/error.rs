//! Why a server does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Errors of starting the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Other machines could reach the server, and nothing would be asked of them.
    #[error("{listen} can be reached from other machines, so requests need a token")]
    TokenMissing {
        /// The address to listen on.
        listen: SocketAddr,
    },
    /// A name that other machines can look up, and nothing would be asked of them.
    #[error("the host name {host:?} is for requests from other machines, which need a token")]
    HostWithoutToken {
        /// The name.
        host: String,
    },
    /// A door token without a token of full access.
    #[error("a token for the door needs another one beside it, for those who enroll and remove")]
    DoorTokenAlone,
    /// Both tokens are equal: a visitor's would have full access.
    #[error("the token for the door is the same as the one for everything")]
    TokensEqual,
    /// The store would search by an index that the server does not use.
    #[error("the server compares with everybody, exactly, in memory: a search index has no use")]
    IndexSearch,
    /// The system does not let it listen.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// Nothing can be appended to the audit log, or others can read it.
    #[error("{}: cannot be the audit log", path.display())]
    AuditLog {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The threads of the server cannot be started.
    #[error("cannot start the server's threads")]
    Threads(#[source] io::Error),
    /// The enrolled people cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}
