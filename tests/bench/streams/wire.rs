//! As much of an HTTP client as costs next to nothing: it shares the processors
//! with the server that it loads.

use std::io::{Error, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A client takes little before it reads it: what the system would hold for it
/// would hide a server that is late.
const RECEIVED: u32 = 128 << 10;
/// Bytes read at a time.
pub const READ: usize = 64 << 10;

/// How a body ends that comes in pieces (RFC 9112, §7.1).
const LAST: &[u8] = b"0\r\n\r\n";

/// A connection, and what was read of it beyond the last headers.
pub struct Wire {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
    /// The bytes in the buffer that nobody has seen yet.
    start: usize,
    end: usize,
}

impl Wire {
    /// A new connection of the `n`th client, from an address of its own.
    pub async fn connect(address: SocketAddr, n: usize) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // All of 127.0.0.0/8 is this machine.
        let own = [127, 0, 1 + (n / 250) as u8, 1 + (n % 250) as u8];
        socket.bind((own, 0).into())?;
        socket.set_recv_buffer_size(RECEIVED)?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, address, buffer: vec![0; READ], start: 0, end: 0 })
    }

    /// Asks for `path`; the length of the body that follows, if that is known.
    pub async fn get(&mut self, path: &str) -> Result<Option<u64>> {
        let asked = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.stream.write_all(asked.as_bytes()).await?;
        (self.start, self.end) = (0, 0);
        loop {
            let n = self.stream.read(&mut self.buffer[self.end..]).await?;
            self.end += n;
            let head = &self.buffer[..self.end];
            if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                self.start = at + 4;
                return length(&String::from_utf8_lossy(&head[..at]));
            }
            if n == 0 {
                return Err(Error::other("the headers never ended"));
            }
        }
    }

    /// Reads some of the body; nothing: that was all of the connection.
    pub async fn read(&mut self) -> Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = self.stream.read(&mut self.buffer).await?;
        }
        let start = std::mem::replace(&mut self.start, self.end);
        Ok(&self.buffer[start..self.end])
    }

    /// Reads so many bytes of a body, or a few more.
    pub async fn drain(&mut self, mut left: u64) -> Result<()> {
        while left > 0 {
            left = left.saturating_sub(self.some().await?.len() as u64);
        }
        Ok(())
    }

    /// Reads a body that comes in pieces to its end.
    pub async fn drain_pieces(&mut self) -> Result<()> {
        let mut last = Vec::with_capacity(2 * LAST.len());
        while last != LAST {
            let some = self.some().await?;
            last.extend_from_slice(&some[some.len().saturating_sub(LAST.len())..]);
            last.drain(..last.len().saturating_sub(LAST.len()));
        }
        Ok(())
    }

    async fn some(&mut self) -> Result<&[u8]> {
        match self.read().await? {
            [] => Err(Error::other("the body ends too soon")),
            some => Ok(some),
        }
    }
}

fn length(head: &str) -> Result<Option<u64>> {
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(Error::other(format!("not what was asked for: {head}")));
    }
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(lengths.next().and_then(|(_, value)| value.parse().ok()))
}
