//! Connections that break: a layer between the server and its sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use axum::serve::Listener;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What a connection shall do with the answer that comes next.
#[derive(Debug, Default)]
struct Plan {
    /// Bytes after which it ends.
    left: Option<usize>,
    /// Ends once the answer is sent.
    is_last: bool,
}

/// The hand on one connection.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Mutex<Plan>>);

impl Control {
    /// Ends the connection after this many further bytes.
    pub fn cut_at(&self, bytes: usize) {
        self.plan().left = Some(bytes);
    }

    /// Ends the connection after the answer.
    pub fn cut_after(&self) {
        self.plan().is_last = true;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections that can be broken.
#[derive(Debug)]
pub struct Sockets(pub TcpListener);

/// A connection that can be broken.
#[derive(Debug)]
pub struct Breakable {
    stream: TcpStream,
    control: Control,
}

impl Listener for Sockets {
    type Io = Breakable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Breakable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let control = Control::default();
        (Breakable { stream, control }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Sockets>> for Control {
    fn connect_info(stream: IncomingStream<'_, Sockets>) -> Self {
        stream.io().control.clone()
    }
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.control.plan().is_last {
            // The other side seems to have gone.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.control.plan().left;
        let room = left.unwrap_or(usize::MAX).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let (now, _) = bytes.split_at(room);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, now))?;
        if let Some(left) = left {
            self.control.plan().left = Some(left - written);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
