//! Connections: so many at a time, none of them idle for long.
//!
//! When there are too many, the one that has waited for its client for longest makes
//! room, but not before it had a moment to be heard: a request that has arrived may not
//! have been read yet. A client that opens a thousand and says nothing, or sends half a
//! body on each, keeps nobody out, then. Where all of them are at work, a further one is
//! answered 503.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::client::Peer;

pub(crate) use open::OpenConnection;
use open::{OpenConnections, Room};

mod open;

/// A request's head has so long to arrive, and a connection so long to send one.
const HEAD: Duration = Duration::from_secs(15);

/// Requests in hand have so long to finish when the server ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// After the system refused a connection, it has so long to recover.
const RECOVERY: Duration = Duration::from_millis(50);

/// Connections that may wait to be taken in. Beyond the queue, which is 128 by
/// default, a client of TCP asks again after 1, 2, 4 … seconds: behind a thousand silent
/// connections five requests took 8 s, and take 5 s with this.
const QUEUE: u32 = 4096;

/// A newcomer waits so long for one that may be closed, and is refused then: a little longer
/// than a body may pause.
const ROOM: Duration = Duration::from_millis(1200);

/// Connections that may be refused at a time. Beyond, they are only closed.
const REFUSALS: usize = 64;

/// A refused client has so long to read why.
const REFUSAL: Duration = Duration::from_secs(1);

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
    let open = OpenConnections::default();
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, Peer(peer.ip())),
                Err(_) => {
                    tokio::time::sleep(RECOVERY).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        let room = tokio::select! {
            room = tokio::time::timeout(ROOM, make_room(&open, most)) => room.unwrap_or(false),
            () = &mut shutdown => break,
        };
        match room {
            true => admit(stream, peer, router.clone(), &open, &graceful),
            false => refuse(stream, &refusals),
        }
    }
    drop(listener);
    tracing::info!("closing");
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}

/// Whether there is room for another connection, if need be by closing one.
async fn make_room(open: &OpenConnections, most: usize) -> bool {
    loop {
        match open.make_room(most) {
            Room::Free => return true,
            Room::In(early) => tokio::time::sleep(early).await,
            Room::None => return false,
        }
    }
}

fn admit(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    open: &OpenConnections,
    graceful: &GracefulShutdown,
) {
    // Answers are short; waiting to fill packets would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = open.add();
    let served = {
        let connection = connection.clone();
        service_fn(move |mut request: hyper::Request<Incoming>| {
            let (connection, router) = (connection.clone(), router.clone());
            async move {
                connection.work();
                request.extensions_mut().insert(connection.clone());
                request.extensions_mut().insert(peer);
                let response = router.oneshot(request.map(Body::new)).await;
                connection.rest();
                response
            }
        })
    };
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), served);
    let http = graceful.watch(http);
    tokio::spawn(async move {
        tokio::select! {
            // How a connection ends is its client's affair.
            _ = http => {}
            () = connection.closed() => {}
        }
        connection.remove();
    });
}

/// Says that there are too many connections, and lets the client read it.
fn refuse(mut stream: TcpStream, refusals: &Arc<Semaphore>) {
    let Ok(permit) = Arc::clone(refusals).try_acquire_owned() else { return };
    tokio::spawn(async move {
        let body =
            r#"{"error":"too many connections; try again later","kind":"busy","status":503}"#;
        let answer = format!(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
             retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let say = async {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await?;
            // To close with bytes unread would reset the connection before the answer is read.
            let mut unread = [0; 4096];
            while stream.read(&mut unread).await? > 0 {}
            io::Result::Ok(())
        };
        // A client that does not listen is not waited for.
        let _ = tokio::time::timeout(REFUSAL, say).await;
        drop(permit);
    });
}

#[cfg(test)]
mod tests;
