//! Just enough of RFC 6455 for a client that must cost next to nothing.
//!
//! One mask and one handshake key for all: the servers cannot tell, and the load program has no random numbers to make.

use std::io;
use std::ops::Range;

/// A line to the program, a line from it.
pub const TEXT: u8 = 1;
/// Bytes.
pub const BINARY: u8 = 2;
/// The end.
pub const CLOSE: u8 = 8;
const PING: u8 = 9;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The key and its answer that RFC 6455 section 1.3 computes.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Longest response head that is taken.
const MAX_HEAD: usize = 16 * 1024;

/// The upgrade request for `path`, with further header `fields`, each of which ends its line.
pub fn request(path: &str, fields: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
}

/// Appends one whole masked message.
pub fn append_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    if let Ok(len @ 0..=125) = u8::try_from(payload.len()) {
        out.push(0x80 | len);
    } else if let Ok(len) = u16::try_from(payload.len()) {
        out.push(0x80 | 0x7e);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(0x80 | 0x7f);
        out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    }
    out.extend_from_slice(&MASK);
    let start = out.len();
    out.extend_from_slice(payload);
    let [a, b, c, d] = MASK;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = out[start..].as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(MASK) {
        *byte ^= mask;
    }
    // The remainder of eight may be five to seven long.
    for (byte, mask) in rest.iter_mut().skip(4).zip(MASK) {
        *byte ^= mask;
    }
}

/// A frame of the server; its payload is in the [`Inbox`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is; 0 continues the last.
    pub opcode: u8,
    /// Where in [`Inbox::bytes`] the payload is.
    pub payload: Range<usize>,
}

impl Frame {
    /// Text, binary, or more of it.
    pub fn is_data(&self) -> bool {
        self.opcode <= BINARY
    }

    /// Needs no answer here: no test is so quiet that a server would ping, but some may at once.
    pub fn is_control(&self) -> bool {
        self.opcode >= PING
    }
}

/// What has come from the server and is not read yet.
#[derive(Debug)]
pub struct Inbox {
    buf: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    /// An empty one that takes up to `capacity` bytes at once; it grows for longer frames.
    pub fn new(capacity: usize) -> Self {
        Self {
            buf: vec![0; capacity],
            start: 0,
            end: 0,
        }
    }

    /// Where to read to.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.buf.len() - self.end < self.buf.len() / 2 {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end > self.buf.len() / 2 {
                self.buf.resize(self.buf.len() * 2, 0);
            }
        }
        &mut self.buf[self.end..]
    }

    /// Tells that `n` bytes were read into [`Self::space`].
    pub fn filled(&mut self, n: usize) {
        self.end += n;
    }

    /// The bytes of a frame.
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buf[range]
    }

    /// The next frame that has come whole.
    pub fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let bytes = &self.buf[self.start..self.end];
        let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else {
            return Ok(None);
        };
        if first & 0x70 != 0 || second & 0x80 != 0 {
            return Err(io::Error::other("no frame that a server may send"));
        }
        let (header, len) = match second {
            126 => match bytes.get(2..4) {
                Some(len) => (4, u64::from(u16::from_be_bytes([len[0], len[1]]))),
                None => return Ok(None),
            },
            127 => match bytes.get(2..).and_then(<[u8]>::first_chunk) {
                Some(len) => (10, u64::from_be_bytes(*len)),
                None => return Ok(None),
            },
            len => (2, u64::from(len)),
        };
        let len = usize::try_from(len).map_err(io::Error::other)?;
        if bytes.len() - header < len {
            return Ok(None);
        }
        let payload = self.start + header..self.start + header + len;
        self.start = payload.end;
        Ok(Some(Frame {
            opcode: first & 0x0f,
            payload,
        }))
    }

    /// Takes a line without its newline, where no WebSocket is spoken.
    pub fn next_line(&mut self) -> Option<Range<usize>> {
        let len = memchr::memchr(b'\n', &self.buf[self.start..self.end])?;
        let line = self.start..self.start + len;
        self.start = line.end + 1;
        Some(line)
    }

    /// Takes the response head once it has come whole; `false` until then.
    ///
    /// # Errors
    /// When it is no 101, with its first line.
    pub fn take_head(&mut self) -> io::Result<bool> {
        let bytes = &self.buf[self.start..self.end];
        let Some(len) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() > MAX_HEAD {
                Err(io::Error::other("the response head does not end"))
            } else {
                Ok(false)
            };
        };
        let head = &bytes[..len];
        if !head.starts_with(b"HTTP/1.1 101") || memchr::memmem::find(head, ACCEPT).is_none() {
            let first = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            return Err(io::Error::other(format!(
                "no upgrade: {}",
                String::from_utf8_lossy(first)
            )));
        }
        self.start += len + 4;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(inbox: &mut Inbox, bytes: &[u8]) {
        inbox.space()[..bytes.len()].copy_from_slice(bytes);
        inbox.filled(bytes.len());
    }

    #[test]
    fn frames_are_masked_by_the_byte() {
        for len in [0, 1, 5, 7, 8, 13, 125, 126, 65_536] {
            let payload: Vec<u8> = (0..=255).cycle().take(len).collect();
            let mut frame = Vec::new();
            append_frame(&mut frame, TEXT, &payload);
            let masked = &frame[frame.len() - len..];
            let plain: Vec<u8> = masked
                .iter()
                .zip(MASK.iter().cycle())
                .map(|(byte, mask)| byte ^ mask)
                .collect();
            assert_eq!(plain, payload);
        }
    }

    #[test]
    fn a_frame_comes_whole_in_however_many_pieces() {
        let payload = vec![b'x'; 300];
        let mut bytes = vec![0x81, 126, 1, 44];
        bytes.extend_from_slice(&payload);
        bytes.extend_from_slice(&[0x82, 1, 7]);
        let mut inbox = Inbox::new(64);
        let mut seen = Vec::new();
        for byte in bytes {
            put(&mut inbox, &[byte]);
            while let Some(frame) = inbox.next_frame().unwrap() {
                seen.push((frame.opcode, inbox.bytes(frame.payload).to_vec()));
            }
        }
        assert_eq!(seen, [(TEXT, payload), (BINARY, vec![7])]);
    }

    #[test]
    fn a_refused_upgrade_is_told() {
        let mut inbox = Inbox::new(256);
        put(&mut inbox, b"HTTP/1.1 429 Too Many Requests\r\n\r\n");
        let error = inbox.take_head().unwrap_err().to_string();
        assert_eq!(error, "no upgrade: HTTP/1.1 429 Too Many Requests");
    }
}
