//! The shell that puts the simulated tenant on a loopback socket.

use std::future;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::Uri;
use axum::response::Response as HttpResponse;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::random;
use crate::sim::batch;
use crate::sim::control;
use crate::sim::faults::connection::Control;
use crate::sim::faults::connection::Sockets;
use crate::sim::gzip::gzipped;
use crate::sim::journal;
use crate::sim::recording::Recording;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::guid;
use crate::sim::shared::Shared;
use crate::sim::tenant::State;
use crate::sim::wire::Wire;
use crate::sim::world::World;

/// A body is handed to the socket in pieces of this size, so that it counts as in flight until
/// the client has drained it.
const PIECE: usize = 64 * 1024;
/// Bodies below this are not worth compressing.
const GZIP_MIN: usize = 600;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Port on 127.0.0.1; 0 = any that is free.
    pub port: u16,
    /// Where the simulated clock stands; `None` = the start of the world.
    pub at: Option<Timestamp>,
    /// Where requests and answers are written to.
    pub record: Option<PathBuf>,
}

/// A tenant that is being served until this is dropped.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Running {
    /// Moves the simulated clock forward; it never goes back. Returns where it stands.
    pub fn advance(&self, until: Timestamp) -> Timestamp {
        let mut state = self.shared.state();
        state.now = state.now.max(until);
        state.now
    }

    /// The world that is served.
    pub fn world(&self) -> &World {
        &self.shared.world
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts to serve a world on loopback, inside the current tokio runtime.
pub async fn start(world: World, options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let recording = match &options.record {
        Some(path) => Some(Recording::create(path)?),
        None => None,
    };
    let now = options.at.unwrap_or_else(|| world.start());
    let state = Mutex::new(State::new(&world, now));
    let shared = Arc::new(Shared {
        world,
        state,
        journal: Mutex::default(),
        recording,
        begun: (clock::now(), clock::monotonic()),
    });
    let router = Router::new()
        .fallback(serve)
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<Control>();
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(Sockets(listener), router).await {
            tracing::error!(%error, "the simulated tenant stopped serving");
        }
    });
    Ok(Running {
        address,
        shared,
        task,
    })
}

/// Gives the slot of a mailbox free when the body is drained or dropped.
struct Slot {
    shared: Arc<Shared>,
    mailbox: usize,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.state().drained(self.mailbox);
    }
}

async fn serve(
    ConnectInfo(control): ConnectInfo<Control>,
    Extract(shared): Extract<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> HttpResponse {
    let request = Request {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers: lower(&headers),
        body: body.to_vec(),
    };
    if request.path.starts_with("/_sim/") {
        let held = Held {
            _slot: None,
            wire: Wire::Whole,
            control,
        };
        return finish(&shared, &request, control::answer(&shared, &request), held);
    }
    let host = request.header("host").unwrap_or("127.0.0.1").to_owned();
    let answer = shared
        .state()
        .answer(&shared.world, &request, &host, shared.wall());
    let slots: Vec<Slot> = answer
        .slots
        .iter()
        .map(|mailbox| Slot {
            shared: Arc::clone(&shared),
            mailbox: *mailbox,
        })
        .collect();
    let slot = answer.held.map(|mailbox| Slot {
        shared: Arc::clone(&shared),
        mailbox,
    });
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    // The gateway has gathered the answers to all items of a batch.
    drop(slots);
    shared.journal().add(journal::Entry {
        n: 0,
        method: request.method.clone(),
        path: request.path.clone(),
        query: journal::without_tokens(&request.query),
        parts: batch::urls(&request),
        mailbox: answer
            .mailbox
            .map(|number| shared.world.people[number].id.clone()),
        status: answer.response.status,
        items: answer.response.items,
        bytes: answer.response.body.len(),
        prefer: request.header("prefer").map(ToOwned::to_owned),
        in_flight: answer.in_flight,
        fault: answer.fault,
    });
    if let Some(recording) = &shared.recording
        && let Err(error) = recording.add(&request, &answer.response, answer.fault)
    {
        tracing::error!(%error, "a request could not be recorded");
    }
    if let Wire::CutAt(bytes) = answer.wire {
        control.cut_at(bytes);
    }
    let held = Held {
        _slot: slot,
        wire: answer.wire,
        control,
    };
    finish(&shared, &request, answer.response, held)
}

fn lower(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .keys()
        .map(|name| {
            let values: Vec<&str> = headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect();
            (name.as_str().to_owned(), values.join(","))
        })
        .collect()
}

/// `Date` is the simulated clock's: it is the tenant's time that requests see.
fn finish(shared: &Shared, request: &Request, response: Response, held: Held) -> HttpResponse {
    let seconds = u64::try_from(shared.state().now.0 / SECOND).unwrap_or(0);
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    let mut builder = HttpResponse::builder()
        .status(response.status)
        .header("date", date);
    let has_id = response
        .headers
        .iter()
        .any(|(name, _)| *name == "request-id");
    if !has_id {
        builder = builder.header("request-id", guid(random::bits(), random::bits()));
    }
    if let Some(id) = request.header("client-request-id") {
        builder = builder.header("client-request-id", id);
    }
    for (name, value) in &response.headers {
        builder = builder.header(*name, value);
    }
    let gzip = request
        .header("accept-encoding")
        .is_some_and(|text| text.contains("gzip"));
    let mut bytes = response.body;
    let is_packed = response
        .headers
        .iter()
        .any(|(name, _)| *name == "content-encoding");
    if gzip
        && !is_packed
        && bytes.len() >= GZIP_MIN
        && let Some(packed) = gzipped(&bytes)
    {
        bytes = packed;
        builder = builder.header("content-encoding", "gzip");
    }
    let length = match held.wire {
        Wire::LongLength => bytes.len() + 1000,
        Wire::ShortLength => bytes.len() / 2,
        _ => bytes.len(),
    };
    builder = builder.header("content-length", length);
    let pieces = Pieces {
        whole: bytes.len(),
        bytes: Bytes::from(bytes),
        held,
    };
    let body = Body::from_stream(stream::unfold(pieces, Pieces::next));
    builder.body(body).unwrap_or_default()
}

/// What is held until a body is drained or dropped.
struct Held {
    _slot: Option<Slot>,
    wire: Wire,
    control: Control,
}

/// What is left of a body.
struct Pieces {
    whole: usize,
    bytes: Bytes,
    held: Held,
}

/// Before a body fails the server waits so long: what it holds of the body is on its way by then;
/// at once nothing of it would be sent.
const ON_ITS_WAY: Duration = Duration::from_millis(10);

/// Pieces of a body that drips.
const DRIPS: usize = 10;

impl Pieces {
    /// The next piece, or what the connection does instead.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        let is_half = self.bytes.len() <= self.whole / 2;
        match self.held.wire {
            Wire::CutInBody if is_half => {
                tokio::time::sleep(ON_ITS_WAY).await;
                let error = io::ErrorKind::ConnectionReset.into();
                return Some((Err(error), self));
            }
            Wire::Stalls if is_half => future::pending().await,
            Wire::Drips(time) => {
                tokio::time::sleep(Duration::from_millis(time / DRIPS as u64)).await;
            }
            _ => {}
        }
        if self.bytes.is_empty() {
            if self.held.wire == Wire::LongLength {
                tokio::time::sleep(ON_ITS_WAY).await;
            }
            return None;
        }
        let size = match self.held.wire {
            Wire::CutInBody | Wire::Stalls => self.whole.div_ceil(2),
            Wire::Drips(_) => self.whole.div_ceil(DRIPS),
            _ => PIECE,
        };
        let piece = self.bytes.split_to(size.min(self.bytes.len()));
        if self.bytes.is_empty() && self.held.wire == Wire::CutAfter {
            self.held.control.cut_after();
        }
        Some((Ok(piece), self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpStream;

    async fn exchange(address: &str, request: &str) -> Vec<u8> {
        let host = address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let text = format!("{request}\r\nconnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        reply
    }

    #[tokio::test]
    async fn it_answers_on_loopback_compresses_on_demand_and_logs_no_token() {
        let running = start(World::generated(1, 16), Options::default())
            .await
            .unwrap();
        let now = exchange(&running.address, "GET /_sim/now HTTP/1.1\r\nhost: sim.test").await;
        let now = String::from_utf8_lossy(&now).into_owned();
        assert!(now.contains("2026-03-02T02:00:00Z"), "{now}");
        assert!(now.contains("date: Mon, 02 Mar 2026 02:00:00 GMT"), "{now}");
        assert_eq!(running.advance(Timestamp(0)), running.world().start());

        let token = crate::sim::token::sign(running.world(), Timestamp(i64::MAX));
        let request = format!(
            "GET /v1.0/users?$top=999&$skiptoken=0 HTTP/1.1\r\nhost: sim.test\r\nauthorization: Bearer {token}\r\naccept-encoding: gzip"
        );
        let reply = exchange(&running.address, &request).await;
        let head = String::from_utf8_lossy(&reply).into_owned();
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-encoding: gzip"));
        let (_, log) = running.shared.journal().since(0);
        let log = serde_json::to_string(&log).unwrap();
        assert!(log.contains("/v1.0/users") && !log.contains(&token) && !log.contains("skiptoken"));
    }
}
