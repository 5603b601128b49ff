//! What hyper answers by itself, to what is no HTTP, passes no gate. Here, on
//! its way to the socket, such an answer gets what every answer bears.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::gate;

/// A connection. Until its first request reaches the service, whatever is
/// written is an answer of hyper's own; after that nothing is touched.
pub struct Dressed<T> {
    io: T,
    served: Arc<AtomicBool>,
    /// A dressed answer, and how much of it is written.
    pending: Vec<u8>,
    n_written: usize,
}

impl<T> Dressed<T> {
    /// `io`, until `served` says that a request came through.
    pub fn new(io: T, served: Arc<AtomicBool>) -> Self {
        Dressed { io, served, pending: Vec::new(), n_written: 0 }
    }
}

impl<T: AsyncWrite + Unpin> Dressed<T> {
    /// Writes what is still pending.
    fn poll_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.n_written < self.pending.len() {
            let n = ready!(Pin::new(&mut self.io).poll_write(context, &self.pending[self.n_written..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.n_written += n;
        }
        Poll::Ready(Ok(()))
    }
}

/// An answer without a body, with the headers that it lacks.
fn dress(answer: &[u8]) -> Vec<u8> {
    let Some(head) = answer.strip_suffix(b"\r\n\r\n") else { return answer.to_vec() };
    let mut dressed = head.to_vec();
    for (name, value) in gate::always() {
        dressed.extend_from_slice(format!("\r\n{name}: {value}").as_bytes());
    }
    dressed.extend_from_slice(b"\r\n\r\n");
    dressed
}

impl<T: AsyncRead + Unpin> AsyncRead for Dressed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Dressed<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(context))?;
        if self.served.load(Ordering::Acquire) {
            return Pin::new(&mut self.io).poll_write_vectored(context, parts);
        }
        let answer: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        self.pending = dress(&answer);
        self.n_written = 0;
        // It is ours now; what does not go out at once goes out with the flush.
        if let Poll::Ready(Err(error)) = self.poll_pending(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(answer.len()))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
