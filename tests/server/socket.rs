//! A WebSocket client as plain as the HTTP one.

#![expect(clippy::unwrap_used, reason = "a client that cannot do its part fails its test")]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use auralis_tests::http::read;
use serde_json::Value;

/// One connection to `/ws`.
pub struct Socket<S = TcpStream>(pub BufReader<S>);

impl Socket {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Socket::over(stream, &address.to_string())
    }
}

impl<S: Read + Write> Socket<S> {
    /// One over a connection to the server, asked for by this name.
    pub fn over(mut stream: S, host: &str) -> Self {
        let upgrade = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
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

    /// Says a command.
    pub fn say(&mut self, command: &Value) {
        self.send(0x81, command.to_string().as_bytes()).unwrap();
    }

    /// The next thing that is told of a stream, or that is sent of it.
    pub fn heard(&mut self) -> Heard {
        loop {
            let (opcode, payload) = self.next().expect("the server hung up");
            match opcode {
                1 => {
                    let event: Value = serde_json::from_slice(&payload).unwrap();
                    crate::openapi::contract::hold_event(&event);
                    let kinds = ["state", "opened", "ended", "error", "pong"];
                    if kinds.iter().any(|kind| event["event"] == *kind) {
                        return Heard::Told(event);
                    }
                }
                2 => return Heard::Sound(Sound::of(&payload)),
                8 => return Heard::Closed(u16::from_be_bytes([payload[0], payload[1]])),
                _ => {}
            }
        }
    }

    /// Reads until the server hangs up.
    pub fn drained(mut self) {
        while self.next().is_some() {}
    }
}

/// What comes over a socket.
#[derive(Debug)]
pub enum Heard {
    Told(Value),
    Sound(Sound),
    /// With this code.
    Closed(u16),
}

/// A message of sound.
#[derive(Debug, PartialEq)]
pub struct Sound {
    pub epoch: u32,
    pub sequence: u32,
    pub first_frame: u64,
    pub is_last: bool,
    /// As interleaved bytes, which is how a WAV of floats has them.
    pub frames: Vec<u8>,
    /// Bytes of the message.
    pub len: usize,
}

impl Sound {
    fn of(bytes: &[u8]) -> Self {
        let number = |at: usize, len: usize| {
            bytes[at..at + len].iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        };
        let n_frames = number(16, 4) as usize;
        assert_eq!(bytes.len(), 24 + 8 * n_frames);
        let (left, right) = bytes[24..].split_at(4 * n_frames);
        let pairs = left.chunks(4).zip(right.chunks(4));
        Sound {
            epoch: number(0, 4) as u32,
            sequence: number(4, 4) as u32,
            first_frame: number(8, 8),
            is_last: number(20, 4) == 1,
            frames: pairs.flat_map(|(left, right)| [left, right].concat()).collect(),
            len: bytes.len(),
        }
    }
}
