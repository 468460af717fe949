//! Connections: so many at a time, none of them idle for long.
//!
//! When there are too many, the one that has been without a request for longest makes
//! room, but not before it had a moment to be heard: a request that has arrived may not
//! have been read yet. A client that opens a thousand and says nothing keeps nobody out,
//! then.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tower::ServiceExt;

/// A request's head has so long to arrive, and a connection so long to send one.
const HEAD: Duration = Duration::from_secs(15);

/// Requests in hand have so long to finish when the server ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// After the system refused a connection, it has so long to recover.
const RECOVERY: Duration = Duration::from_millis(50);

/// A connection without a request stays open at least so long: time for one that has
/// arrived to be read, and for an answer to be written.
const MOMENT: Duration = Duration::from_millis(100);

/// Connections that may wait to be taken in. Beyond the queue, which is 128 by
/// default, a client of TCP asks again after 1, 2, 4 … seconds: behind a thousand silent
/// connections five requests took 8 s, and take 5 s with this.
const QUEUE: u32 = 4096;

/// An open connection.
#[derive(Debug, Default)]
struct Connection {
    close: Notify,
}

/// The open connections, by the time at which they were last without a request.
#[derive(Debug, Default)]
struct Open {
    next: u64,
    idle: BTreeMap<u64, Idle>,
    count: usize,
}

/// A connection without a request.
#[derive(Debug)]
struct Idle {
    since: Instant,
    connection: Arc<Connection>,
}

type Shared = Arc<Mutex<Open>>;

fn locked(open: &Shared) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Open {
    /// The connection waits for a request from now on; returns its place.
    fn rest(&mut self, connection: &Arc<Connection>) -> u64 {
        let place = self.next;
        self.next += 1;
        let idle = Idle { since: Instant::now(), connection: Arc::clone(connection) };
        self.idle.insert(place, idle);
        place
    }
}

/// Begins to listen.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that was just ended leaves connections behind that would keep the next out;
    // elsewhere than on Unix, the word means that two may have the same address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Serves until `shutdown` ends, then lets requests in hand finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let open = Shared::default();
    tokio::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(RECOVERY).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        if make_room(&open, most).await {
            admit(stream, router.clone(), &open, &graceful);
        }
    }
    drop(listener);
    tracing::info!("closing");
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}

/// Whether there is room for another connection, if need be by closing one.
async fn make_room(open: &Shared, most: usize) -> bool {
    loop {
        let early = {
            let mut open = locked(open);
            if open.count < most {
                return true;
            }
            let Some(oldest) = open.idle.first_entry() else { return false };
            let early = MOMENT.saturating_sub(oldest.get().since.elapsed());
            if early.is_zero() {
                oldest.remove().connection.close.notify_one();
                return true;
            }
            early
        };
        tokio::time::sleep(early).await;
    }
}

fn admit(stream: TcpStream, router: Router, open: &Shared, graceful: &GracefulShutdown) {
    // Answers are short; waiting to fill packets would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = Arc::new(Connection::default());
    let place = Arc::new(Mutex::new({
        let mut open = locked(open);
        open.count += 1;
        open.rest(&connection)
    }));
    let served = {
        let (open, connection, place) =
            (Arc::clone(open), Arc::clone(&connection), Arc::clone(&place));
        service_fn(move |request: hyper::Request<Incoming>| {
            let (open, connection, place) =
                (Arc::clone(&open), Arc::clone(&connection), Arc::clone(&place));
            let router = router.clone();
            async move {
                let at = *place.lock().unwrap_or_else(PoisonError::into_inner);
                locked(&open).idle.remove(&at);
                let response = router.oneshot(request.map(Body::new)).await;
                let at = locked(&open).rest(&connection);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = at;
                response
            }
        })
    };
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), served);
    let http = graceful.watch(http);
    let open = Arc::clone(open);
    tokio::spawn(async move {
        tokio::select! {
            // How a connection ends is its client's affair.
            _ = http => {}
            () = connection.close.notified() => {}
        }
        let mut open = locked(&open);
        open.count -= 1;
        let at = *place.lock().unwrap_or_else(PoisonError::into_inner);
        open.idle.remove(&at);
    });
}
