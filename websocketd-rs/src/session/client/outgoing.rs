//! Messages to server frames: pure, no I/O. All messages of one read become frames in one buffer, which leaves in one write.

use std::collections::VecDeque;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::decoder::MAX_CONTROL;
use super::kept::Kept;
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
    /// What few sessions have. Boxed, so that it takes a word of the others.
    rare: Option<Box<Rare>>,
}

/// What few sessions have.
#[derive(Debug, Default)]
struct Rare {
    /// Payloads of the program's pings that no pong has answered, at most [`MAX_PINGED`].
    pinged: VecDeque<Vec<u8>>,
    /// What another connection may have to go on with, `--linger`.
    kept: Option<Box<Kept>>,
}

/// What a text message of a lingering session's program begins with once more if it begins with it: those that begin with one are
/// the daemon's own.
const OWN: u8 = 0;

impl Outgoing {
    /// For a client whose session lingers.
    pub fn keeping(kept: Box<Kept>) -> Self {
        let rare = Rare {
            kept: Some(kept),
            ..Rare::default()
        };
        Self {
            rare: Some(Box::new(rare)),
            ..Self::default()
        }
    }

    /// What is kept of a session that lingers.
    pub fn kept(&mut self) -> Option<&mut Kept> {
        self.rare.as_mut()?.kept.as_deref_mut()
    }

    /// The same for whoever goes on with it.
    pub fn take_kept(&mut self) -> Option<Box<Kept>> {
        self.rare.as_mut()?.kept.take()
    }

    /// What waits for the program beside what was decoded just now.
    pub fn backlog(&self) -> &[u8] {
        self.kept_ref().map_or(&[], Kept::backlog)
    }

    /// Whether nothing more is to come for the time being.
    pub fn is_full(&self) -> bool {
        self.kept_ref().is_some_and(Kept::is_full)
    }

    fn kept_ref(&self) -> Option<&Kept> {
        self.rare.as_ref()?.kept.as_deref()
    }

    /// Appends a message of the daemon's own, which nobody counts.
    pub fn announce(&mut self, message: &str) {
        self.frame(OpCode::Data(Data::Text), message.as_bytes());
    }

    /// Appends what is not acknowledged, once more.
    pub fn repeat(&mut self) {
        let rare = self.rare.take();
        if let Some(kept) = rare.as_ref().and_then(|rare| rare.kept.as_ref()) {
            for bytes in kept.frames() {
                self.append(bytes);
            }
        }
        self.rare = rare;
    }

    /// Appends what the daemon has to say of acknowledgements.
    pub fn acknowledge(&mut self) {
        let Some(kept) = self.kept() else {
            return;
        };
        let due = kept.take_due();
        if let Some(ping) = due.ping {
            self.control(Control::Ping, ping.as_bytes());
        }
        if let Some(report) = due.report {
            self.announce(&report);
        }
    }

    /// Whether a pong answers a ping of the program. It answers those before, too (RFC 6455 section 5.5.3).
    pub fn take_pinged(&mut self, payload: &[u8]) -> bool {
        let Some(Rare { pinged, .. }) = self.rare.as_deref_mut() else {
            return false;
        };
        let found = pinged.iter().position(|sent| sent == payload);
        if let Some(index) = found {
            pinged.drain(..=index);
        }
        if pinged.is_empty() && self.kept_ref().is_none() {
            self.rare = None;
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
        if let Some(kept) = self.kept() {
            kept.park();
        }
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
        self.append(bytes);
    }

    fn append(&mut self, bytes: &[u8]) {
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

    /// The same for one that may have to be sent again.
    fn keep(&mut self, kind: Kind, payload: &[u8]) {
        let is_mistakable = kind == Kind::Text && payload.first() == Some(&OWN);
        let marked = is_mistakable.then(|| [&[OWN], payload].concat());
        let payload = marked.as_deref().unwrap_or(payload);
        let opcode = OpCode::Data(opcode(kind));
        if let Some(kept) = self.kept() {
            let (header, header_len) = header_of(opcode, payload.len());
            kept.push(&header[..header_len], payload);
        }
        self.frame(opcode, payload);
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
        if self.kept_ref().is_some() {
            return self.keep(kind, payload);
        }
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
        let pinged = &mut self.rare.get_or_insert_default().pinged;
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
        if let Some(kept) = self.rare.as_mut().and_then(|rare| rare.kept.as_mut()) {
            kept.push(&header[..header_len], &self.buf[MAX_HEADER..self.end]);
        }
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
