//! A WebSocket client as plain as the HTTP one.

#![expect(clippy::unwrap_used, reason = "a client that cannot do its part fails its test")]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use auralis_tests::http::read;
use serde_json::Value;

/// One connection to `/ws`.
pub struct Socket(pub BufReader<TcpStream>);

impl Socket {
    pub fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let upgrade = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(upgrade.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let answer = read(&mut stream, false).unwrap();
        assert_eq!(answer.status, 101);
        // The answer to this very key, from RFC 6455, §1.3.
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Socket(stream)
    }

    /// Sends a frame with this first byte, masked with zeros.
    pub fn send(&mut self, first: u8, payload: &[u8]) -> std::io::Result<()> {
        let mut frame = vec![first];
        match payload.len() {
            n @ 0..126 => frame.push(0x80 | n as u8),
            n => {
                frame.push(0xff);
                frame.extend((n as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.get_mut().write_all(&frame)
    }

    /// The next frame: its opcode and payload; none when the server hung up.
    pub fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let length = match head[1] {
            n @ 0..126 => u64::from(n),
            126 => {
                let mut bytes = [0; 2];
                self.0.read_exact(&mut bytes).ok()?;
                u64::from(u16::from_be_bytes(bytes))
            }
            _ => {
                let mut bytes = [0; 8];
                self.0.read_exact(&mut bytes).ok()?;
                u64::from_be_bytes(bytes)
            }
        };
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[0] & 0x0f, payload))
    }

    /// The next event that `is` says.
    pub fn event(&mut self, name: &str) -> Value {
        loop {
            let (opcode, payload) = self.next().unwrap_or_else(|| panic!("hung up before {name}"));
            if opcode == 1 {
                let event: Value = serde_json::from_slice(&payload).unwrap();
                crate::openapi::contract::hold_event(&event);
                if event["event"] == name {
                    return event;
                }
            }
        }
    }

    /// Reads until the server hangs up.
    pub fn drained(mut self) {
        while self.next().is_some() {}
    }
}
