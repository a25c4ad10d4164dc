//! Program bytes to server frames: pure, no I/O.
//!
//! All complete lines of one read become frames in one buffer, which leaves in one write.

use std::borrow::Cow;

use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::buffer::{self, BUFFER_SIZE, Buffer};

/// Longest header of a server frame (RFC 6455 section 5.2; servers don't mask).
const MAX_HEADER: usize = 10;

/// Longest binary message: the most that one read of a pipe gives by default (pipe(7)).
const MAX_BINARY: usize = 64 * 1024;

/// Free bytes below which the line buffer is compacted or grown before the next read.
const MIN_FREE: usize = 4 * 1024;

/// A line is longer than the limit: the program's fault, and the end of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTooLong;

/// Frames that wait to be written to the client, as bytes.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Initialized to its whole length; in use is `start..end`.
    buf: Buffer,
    start: usize,
    end: usize,
    /// Messages that were appended since they were last asked for.
    messages: u32,
}

impl Outgoing {
    /// How many messages were appended since the last call.
    pub fn take_messages(&mut self) -> u32 {
        std::mem::take(&mut self.messages)
    }

    /// What is to be written next.
    pub fn pending(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Whether all is written.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Marks `n` bytes as written; when that was all, the buffer can be filled anew.
    pub fn consume(&mut self, n: usize) {
        self.start += n.min(self.end - self.start);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Marks all as written.
    pub fn discard(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Gives the buffer back while the session waits.
    pub fn park(&mut self) {
        if self.is_empty() {
            buffer::give(std::mem::take(&mut self.buf));
            (self.start, self.end) = (0, 0);
        }
    }

    /// Appends a text message.
    pub fn text(&mut self, payload: &[u8]) {
        self.messages = self.messages.saturating_add(1);
        self.frame(OpCode::Data(Data::Text), payload);
    }

    /// Appends a control frame; `payload` is cut at the 125 bytes that RFC 6455 section 5.5 allows.
    pub fn control(&mut self, opcode: Control, payload: &[u8]) {
        let len = payload.len().min(super::decoder::MAX_CONTROL);
        self.frame(OpCode::Control(opcode), &payload[..len]);
    }

    fn frame(&mut self, opcode: OpCode, payload: &[u8]) {
        let (header, header_len) = header_of(opcode, payload.len());
        self.reserve(header_len + payload.len());
        for bytes in [&header[..header_len], payload] {
            self.buf[self.end..self.end + bytes.len()].copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    fn reserve(&mut self, len: usize) {
        if self.buf.is_empty() {
            self.buf = buffer::take();
        }
        let needed = self.end + len;
        if needed > self.buf.len() {
            self.buf.grow(needed.max(self.buf.len() * 2));
        }
    }

    /// Room for one read of a program whose every read is a binary message. To be called only while
    /// [`Self::is_empty`], and followed by [`Self::binary_filled`] when something was read.
    pub fn binary_space(&mut self) -> &mut [u8] {
        self.reserve(MAX_HEADER + MAX_BINARY);
        &mut self.buf[MAX_HEADER..MAX_HEADER + MAX_BINARY]
    }

    /// Makes one binary message of the `n` bytes that were read into [`Self::binary_space`], by putting the
    /// header before them: the payload is never copied.
    pub fn binary_filled(&mut self, n: usize) {
        self.messages = self.messages.saturating_add(1);
        let (header, header_len) = header_of(OpCode::Data(Data::Binary), n);
        self.start = MAX_HEADER - header_len;
        self.end = MAX_HEADER + n;
        self.buf[self.start..MAX_HEADER].copy_from_slice(&header[..header_len]);
    }
}

fn header_of(opcode: OpCode, len: usize) -> ([u8; MAX_HEADER], usize) {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let mut bytes = [0; MAX_HEADER];
    header
        .format(len as u64, &mut &mut bytes[..])
        .expect("ten bytes hold any header without mask");
    (bytes, header.len(len as u64))
}

/// Which stream of the program a line is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub struct Lines {
    buf: Buffer,
    start: usize,
    /// Up to here there is no newline.
    scanned: usize,
    end: usize,
}

impl Lines {
    /// Room for more bytes of the program. Takes a buffer, and grows it up to `max_line`.
    pub fn space(&mut self, max_line: usize) -> &mut [u8] {
        if self.buf.is_empty() {
            self.buf = buffer::take();
        }
        if self.buf.len() - self.end < MIN_FREE {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.scanned -= self.start;
            self.start = 0;
            if self.buf.len() - self.end < MIN_FREE {
                let len = (self.buf.len() * 2).min(max_line.saturating_add(BUFFER_SIZE));
                self.buf.grow(len.max(self.end + MIN_FREE));
            }
        }
        &mut self.buf[self.end..]
    }

    /// Tells that `n` bytes were read into [`Self::space`].
    pub fn filled(&mut self, n: usize) {
        self.end += n;
    }

    /// Bytes of the line that has not ended yet.
    pub fn pending(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// The next complete line, without its newline and one carriage return before that.
    pub fn next_line(&mut self) -> Option<&[u8]> {
        let found = memchr::memchr(b'\n', &self.buf[self.scanned..self.end]);
        let Some(len) = found else {
            self.scanned = self.end;
            return None;
        };
        let newline = self.scanned + len;
        let line = &self.buf[self.start..newline];
        (self.start, self.scanned) = (newline + 1, newline + 1);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Takes what is left at the end of the stream as a line, if it is not empty.
    pub fn take_rest(&mut self) -> Option<&[u8]> {
        let rest = self.start..self.end;
        (self.start, self.scanned) = (self.end, self.end);
        (!rest.is_empty()).then(|| &self.buf[rest])
    }

    /// Forgets `n` bytes of the line that has not ended yet.
    pub fn skip(&mut self, n: usize) {
        self.start += n.min(self.end - self.start);
        self.scanned = self.scanned.max(self.start);
    }

    /// Gives back what memory is not needed while the session waits.
    pub fn park(&mut self) {
        let live = self.end - self.start;
        if live == 0 {
            buffer::give(std::mem::take(&mut self.buf));
        } else if live < MIN_FREE && self.buf.len() >= BUFFER_SIZE {
            let small = self.buf[self.start..self.end].to_vec();
            buffer::give(std::mem::replace(&mut self.buf, small.into()));
        } else {
            return;
        }
        self.scanned -= self.start;
        (self.start, self.end) = (0, live);
    }
}

/// The line as UTF-8, which a text message must be (RFC 6455 section 5.6); `Owned` when bytes had to be replaced.
pub fn text_of(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

/// A line of `--passstderr`.
pub fn tagged(source: Source, text: &str) -> String {
    let stream = match source {
        Source::Stdout => "stdout",
        Source::Stderr => "stderr",
    };
    format!("{{\"stream\":\"{stream}\",\"data\":{}}}", json!(text))
}

#[cfg(test)]
mod tests;
