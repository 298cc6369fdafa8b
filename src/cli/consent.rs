//! Listens on loopback for the redirect after an administrator has decided about consent (facts 4.4).

use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::access::consent_link::Decision;
use crate::access::consent_link::decision;

/// A redirect is some hundred bytes.
const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// A browser sends its request at once.
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);
const PATH: &str = "/consent";

/// Where the administrator's browser is redirected to.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    port: u16,
}

impl Listener {
    /// Listens on a free port.
    pub async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.context("listening on a loopback port")?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// The address to redirect to. The service accepts any port of a registered `http://localhost`.
    pub fn redirect(&self) -> String {
        format!("http://localhost:{}{PATH}", self.port)
    }

    /// Waits for a decision about this request; what else arrives is answered and ignored.
    pub async fn decision(&self, state: &str) -> Decision {
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                continue;
            };
            let query = tokio::time::timeout(REQUEST_DEADLINE, query(&mut stream)).await;
            let decided = match query {
                Ok(Some(query)) => decision(&query, state),
                _ => Decision::Foreign,
            };
            answer(&mut stream, &decided).await;
            if decided != Decision::Foreign {
                return decided;
            }
        }
    }
}

/// The query of a request for the path.
async fn query(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut part).await.ok()?;
        if count == 0 || request.len() + count > REQUEST_BYTES_MAX {
            return None;
        }
        request.extend_from_slice(&part[..count]);
    }
    let text = String::from_utf8(request).ok()?;
    let target = text.lines().next()?.strip_prefix("GET ")?;
    let target = target.split(' ').next()?;
    let (path, query) = target.split_once('?')?;
    (path == PATH).then(|| query.to_owned())
}

async fn answer(stream: &mut TcpStream, decided: &Decision) {
    let (status, text) = match decided {
        Decision::Given => ("200 OK", "Consent was given. You can close this page."),
        Decision::Refused(_) => ("200 OK", "No consent was given. You can close this page."),
        Decision::Foreign => (
            "404 Not Found",
            "This page belongs to no request for consent.",
        ),
    };
    let body = format!("<!doctype html><title>touchpoint</title><p>{text}</p>\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}
