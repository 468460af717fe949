//! Connections over a socket, with a route that answers when the test lets it.

use std::sync::Arc;

use axum::routing::get;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use super::*;

/// Sends a request on a new connection.
async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the connection ends.
async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[test]
fn a_connection_too_many_is_answered_503_while_the_others_are_at_work() {
    Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let [begun, release, end] = [(); 3].map(|()| Arc::new(Notify::new()));
        let slow = {
            let (begun, release) = (Arc::clone(&begun), Arc::clone(&release));
            move || async move {
                begun.notify_one();
                release.notified().await;
                "done"
            }
        };
        let router = Router::new().route("/slow", get(slow)).route("/", get(|| async { "hello" }));
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::clone(&end);
        let served = tokio::spawn(async move {
            serve(listener, router, 1, async move { ended.notified().await }).await;
        });
        let first = ask(address, "/slow").await;
        begun.notified().await;
        // The only connection is at work.
        for _ in 0..3 {
            let refused = answer(ask(address, "/").await).await;
            assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
            assert!(
                refused.contains("retry-after: 1") && refused.contains("\"busy\""),
                "{refused}"
            );
        }
        release.notify_one();
        assert!(answer(first).await.ends_with("done"));
        // Now there is room again, perhaps after the first has been closed.
        assert!(answer(ask(address, "/").await).await.ends_with("hello"));
        end.notify_one();
        served.await.unwrap();
    });
}
