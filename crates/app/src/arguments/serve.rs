//! Arguments of `facenet serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Admission, StoreChoice};

/// Serve recognition over HTTP, with a web page for people.
///
/// Listens only on this machine by default. With another address in --listen, with --host,
/// or behind a proxy, every request needs the token of FACENET_TOKEN or --token-file. A
/// second token, of FACENET_DOOR_TOKEN or --door-token-file, is for those who only ring. The
/// page is at the printed address, the description of the interface at /openapi.json.
///
/// There is no liveness check: a photo of an enrolled person is accepted, too. Not for
/// sole authentication.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// File whose first line is the token that requests need [default: the variable
    /// FACENET_TOKEN; without --listen and --host no token is needed]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File whose first line is a token for the door: it detects, recognizes and verifies, and
    /// neither lists nor changes who is enrolled [default: the variable FACENET_DOOR_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub(crate) door_token_file: Option<PathBuf>,
    /// Enroll, rename and remove nobody over HTTP, and remove none of their photos
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Additional host name of the server that requests may have in Host; needs a token
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    #[command(flatten)]
    pub(crate) admission: Admission,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// The page's door opens only to who turns their head to a side that it names: a hurdle
    /// for a photo that is held up, not a measured liveness check; programs that use the
    /// interface are not asked
    #[arg(long)]
    pub(crate) challenge: bool,
    /// File to append a line of JSON to for each decision: time, name or stranger, distance,
    /// threshold, verdict [default: none is kept]
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
    /// Format of the log on stderr
    #[arg(long, value_enum, default_value_t = LogForm::Text)]
    pub(crate) log: LogForm,
}

/// Limits of a request.
#[derive(Clone, Debug, Args)]
pub(crate) struct Limits {
    /// Most mebibytes of a request's body
    #[arg(long, value_name = "MIB", default_value = "16")]
    pub(crate) max_body: NonZeroUsize,
    /// Most megapixels of a photo
    #[arg(long, value_name = "MP", default_value = "50")]
    pub(crate) max_pixels: NonZeroUsize,
    /// Seconds that a request may take from its first byte to its answer
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub(crate) timeout: NonZeroUsize,
    /// Requests that may wait for a free core; more are answered 503
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) queue: NonZeroUsize,
    /// Connections that may be open; beyond, the one that is idle longest is closed
    #[arg(long, value_name = "N", default_value = "512")]
    pub(crate) connections: NonZeroUsize,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people
    Text,
    /// One JSON object a line
    Json,
    /// None
    Off,
}
