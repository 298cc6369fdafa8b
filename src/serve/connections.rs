//! Connections of readers: as many as there may be at the same time, and none that waits without end
//! for its request.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tower_service::Service as _;

/// Further ones wait until one of these ends.
const AT_ONCE: u32 = 256;
/// A request whose head takes longer is not waited for; nor is the next one of a connection.
const HEAD_MAX: Duration = Duration::from_secs(15);
/// A connection is closed after this time whatever it does: a reader may take the answer slowly.
const LIFE_MAX: Duration = Duration::from_mins(10);
/// Answers that take longer are not finished when the program ends.
const FINISH_MAX: Duration = Duration::from_secs(5);
/// After a connection that could not be accepted: there are too many open files, say.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers the requests of all connections until `ended`.
pub(super) async fn answer(listener: TcpListener, router: Router, ended: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let permits = Arc::new(Semaphore::new(AT_ONCE as usize));
    tokio::select! {
        () = accept(&listener, &router, &permits, &stopped) => {}
        () = ended => {}
    }
    stop.send_replace(true);
    // When all permits are there, no connection is left.
    let _all = tokio::time::timeout(FINISH_MAX, permits.acquire_many(AT_ONCE)).await;
}

async fn accept(
    listener: &TcpListener,
    router: &Router,
    permits: &Arc<Semaphore>,
    stopped: &watch::Receiver<bool>,
) {
    // The permits are never closed.
    while let Ok(permit) = Arc::clone(permits).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (router, stopped) = (router.clone(), stopped.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    let answering = connection(stream, peer, router, stopped);
                    let _late = tokio::time::timeout(LIFE_MAX, answering).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // What goes wrong with a connection concerns its reader, who sees it.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
