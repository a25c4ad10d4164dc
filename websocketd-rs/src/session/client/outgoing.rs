//! Messages to server frames: pure, no I/O. All messages of one read become frames in one buffer, which leaves in one write.

use std::collections::VecDeque;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::decoder::MAX_CONTROL;
use crate::buffer::{self, Buffer};
use crate::session::framing::{Kind, Sink};

/// Longest header of a server frame (RFC 6455 section 5.2; servers don't mask).
const MAX_HEADER: usize = 10;

/// Pings of the program whose pongs are waited for. Of a program that sends more the oldest are forgotten.
const MAX_PINGED: usize = 32;

/// Room for a message that is read in place: the most that one read of a pipe gives by default (pipe(7)).
const MAX_IN_PLACE: usize = 64 * 1024;

/// Frames that wait to be written to the client, as bytes.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Initialized to its whole length; in use is `start..end`.
    buf: Buffer,
    start: usize,
    end: usize,
    /// Messages that were appended since they were last asked for.
    messages: u32,
    /// Payloads of the program's pings that no pong has answered, at most [`MAX_PINGED`]. Boxed: few sessions have any.
    #[expect(clippy::box_collection, reason = "a third of its size in each session")]
    pinged: Option<Box<VecDeque<Vec<u8>>>>,
}

impl Outgoing {
    /// Whether a pong answers a ping of the program. It answers those before, too (RFC 6455 section 5.5.3).
    pub fn take_pinged(&mut self, payload: &[u8]) -> bool {
        let Some(pinged) = &mut self.pinged else {
            return false;
        };
        let found = pinged.iter().position(|sent| sent == payload);
        if let Some(index) = found {
            pinged.drain(..=index);
        }
        if pinged.is_empty() {
            self.pinged = None;
        }
        found.is_some()
    }

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

    /// Appends a control frame; `payload` is cut at the 125 bytes that RFC 6455 section 5.5 allows.
    pub fn control(&mut self, opcode: Control, payload: &[u8]) {
        let len = payload.len().min(MAX_CONTROL);
        self.frame(OpCode::Control(opcode), &payload[..len]);
    }

    /// Appends `messages` messages as `bytes` that [`put_frame`] made.
    pub fn frames(&mut self, bytes: &[u8], messages: u32) {
        self.messages = self.messages.saturating_add(messages);
        self.reserve(bytes.len());
        self.buf[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
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
}

impl Sink for Outgoing {
    fn message(&mut self, kind: Kind, payload: &[u8]) {
        self.messages = self.messages.saturating_add(1);
        self.frame(OpCode::Data(opcode(kind)), payload);
    }

    fn space(&mut self) -> &mut [u8] {
        debug_assert!(self.is_empty(), "frames wait where the space would be");
        self.reserve(MAX_HEADER + MAX_IN_PLACE);
        &mut self.buf[MAX_HEADER..MAX_HEADER + MAX_IN_PLACE]
    }

    fn more_space(&mut self, n: usize, more: usize) -> &mut [u8] {
        let (start, len) = (MAX_HEADER + n, MAX_HEADER + n + more);
        self.reserve(len);
        &mut self.buf[start..len]
    }

    fn ping(&mut self, payload: &[u8]) {
        let pinged = self.pinged.get_or_insert_default();
        if pinged.len() == MAX_PINGED {
            pinged.pop_front();
        }
        pinged.push_back(payload.to_vec());
        self.control(Control::Ping, payload);
    }

    /// Puts the header before the payload, where there is room for the longest.
    fn filled(&mut self, kind: Kind, n: usize) {
        self.messages = self.messages.saturating_add(1);
        let (header, header_len) = header_of(OpCode::Data(opcode(kind)), n);
        self.start = MAX_HEADER - header_len;
        self.end = MAX_HEADER + n;
        self.buf[self.start..MAX_HEADER].copy_from_slice(&header[..header_len]);
    }
}

/// Appends a frame to `bytes`, for those that get the same.
pub fn put_frame(bytes: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    let (header, header_len) = header_of(opcode, payload.len());
    bytes.extend_from_slice(&header[..header_len]);
    bytes.extend_from_slice(payload);
}

/// The opcode of a message's first frame.
pub fn opcode(kind: Kind) -> Data {
    match kind {
        Kind::Text => Data::Text,
        Kind::Binary => Data::Binary,
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

#[cfg(test)]
mod tests;
