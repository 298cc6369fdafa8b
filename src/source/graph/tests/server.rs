//! A server on loopback whose answers are a function of the request, and which notes what it saw.

use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::model::mail::ContentLevel;
use crate::model::selection::Headers;
use crate::model::selection::Selection;
use crate::source::graph::client::Client;
use crate::source::graph::credential::Credential;
use crate::source::graph::settings::GraphSettings;
use crate::source::graph::settings::Limits;

/// A request as it arrived; header names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub connection: u16,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_sign_in(&self) -> bool {
        self.target.ends_with("/oauth2/v2.0/token")
    }
}

/// An answer. With a gate it is held back until the gate gives a permit.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub gate: Option<Arc<Semaphore>>,
    /// Sends only half of the body, then hangs up.
    pub is_cut: bool,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into().into_bytes(),
            gate: None,
            is_cut: false,
        }
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::status(
            status,
            format!(r#"{{"error":{{"code":"{code}","message":"x"}}}}"#),
        )
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A running server.
pub(crate) struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Serves `answer`; where that gives nothing: a token to who signs in, else 404.
    ///
    /// `answer` gets the server's own URL, the request, and how many of the same target came
    /// before.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&str, &Seen, usize) -> Option<Reply> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, notes, base) = (Arc::new(answer), Arc::clone(&seen), url.clone());
        tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let (answer, notes, base) = (Arc::clone(&answer), Arc::clone(&notes), base.clone());
                tokio::spawn(async move {
                    serve(stream, peer.port(), |seen| {
                        let mut notes = notes.lock().unwrap();
                        let before = notes.iter().filter(|s: &&Seen| s.target == seen.target);
                        let before = before.count();
                        notes.push(seen.clone());
                        let reply = answer(&base, &seen, before);
                        at_home(reply.unwrap_or_else(|| standard(&seen)), &base, &seen)
                    })
                    .await;
                });
            }
        });
        Self { url, seen }
    }

    /// Requests so far, sign-ins left out.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        let all = self.seen.lock().unwrap();
        all.iter()
            .filter(|seen| !seen.is_sign_in())
            .cloned()
            .collect()
    }

    /// Sign-ins so far.
    pub(crate) fn sign_ins(&self) -> Vec<Seen> {
        let all = self.seen.lock().unwrap();
        all.iter()
            .filter(|seen| seen.is_sign_in())
            .cloned()
            .collect()
    }

    /// What a client of this server is configured with, with waits that a test can afford.
    pub(crate) fn settings(&self) -> GraphSettings {
        let limits = Limits {
            backoff: std::time::Duration::from_millis(1),
            backoff_cap: std::time::Duration::from_millis(2),
            ..Limits::standard()
        };
        GraphSettings {
            name: "contoso".into(),
            tenant_id: "contoso.example".into(),
            client_id: "app".into(),
            credential: Credential::Secret("s&cret=".into()),
            login_url: self.url.clone(),
            graph_url: self.url.clone(),
            page_size: 100,
            authorities: None,
            limits,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.settings()).unwrap()
    }
}

/// A token of an hour.
pub(crate) fn token(text: &str) -> Reply {
    Reply::ok(format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{text}"}}"#
    ))
}

/// Links of an answer name what was requested under this name where it does not know its own.
const HERE: &str = "https://graph.example";

fn at_home(mut reply: Reply, base: &str, seen: &Seen) -> Reply {
    if let Ok(text) = std::str::from_utf8(&reply.body)
        && text.contains(HERE)
    {
        let path = seen.target.split('?').next().unwrap();
        reply.body = text.replace(HERE, &format!("{base}{path}")).into_bytes();
    }
    reply
}

fn standard(seen: &Seen) -> Reply {
    if seen.is_sign_in() {
        token("t1")
    } else {
        Reply::error(404, "ErrorItemNotFound")
    }
}

async fn serve(mut stream: TcpStream, connection: u16, answer: impl Fn(Seen) -> Reply) {
    let mut buffer = Vec::new();
    while let Some(seen) = request(&mut stream, &mut buffer, connection).await {
        let reply = answer(seen);
        if let Some(gate) = &reply.gate {
            gate.acquire().await.unwrap().forget();
        }
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\n",
            reply.status,
            reply.body.len()
        );
        for (name, value) in &reply.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head += "\r\n";
        let sent = if reply.is_cut {
            reply.body.len() / 2
        } else {
            reply.body.len()
        };
        let whole = [head.as_bytes(), &reply.body[..sent]].concat();
        if stream.write_all(&whole).await.is_err() || reply.is_cut {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>, connection: u16) -> Option<Seen> {
    loop {
        let head_end = buffer.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = head_end {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length = length.map_or(0, |(_, value)| value.parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
                buffer.drain(..end + 4 + length);
                return Some(Seen {
                    method: first.next()?.to_owned(),
                    target: first.next()?.to_owned(),
                    headers,
                    body,
                    connection,
                });
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// What is requested of a mail, without its header fields.
pub(crate) fn selected(content: ContentLevel) -> Selection {
    Selection {
        content,
        headers: Headers::Left,
    }
}
