//! Client frames to program bytes, in place: pure, no I/O.
//!
//! Every client frame has at least six bytes of header, and a message adds one byte at the most (the newline),
//! so that what goes to the program always fits before what is still to be read. The buffer holds three
//! regions, from left to right:
//!
//! ```text
//! |  ready: complete messages  |  message: assembled so far  |  gap  |  raw: not yet decoded  |  free  |
//! ^ready                       ^message                      ^end    ^raw                     ^raw_end
//! ```
//!
//! The gap is never empty: the newline of a message whose header was decoded earlier needs its place.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::buffer::{self, BUFFER_SIZE, Buffer};

/// Longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL: usize = 125;

/// Free bytes below which the buffer is compacted before the next read.
const MIN_FREE: usize = 4 * 1024;

/// Least bytes between what is decoded and what is not: a newline's place.
const GAP: usize = 1;

/// A buffer with no more than this in use is moved to one of that size while the session waits.
const PARKED_MAX: usize = 2 * 1024;

/// What a decoder accepts.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which of text and binary messages reach the program; the others are read and dropped.
    pub kind: Kind,
    /// Largest message in bytes, also reassembled.
    pub max_message: usize,
    /// Most frames of one message.
    pub max_fragments: usize,
}

/// The two kinds of messages (RFC 6455 section 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opcode 1: UTF-8, a newline is added.
    Text,
    /// Opcode 2: as it is.
    Binary,
}

/// What [`Decoder::decode`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// All that has come is decoded: read on.
    NeedBytes,
    /// A ping, to be answered with the same payload.
    Ping(Payload),
    /// A pong: a sign of life.
    Pong,
    /// The client closes, with this code if it gave one.
    Close(Option<u16>),
}

/// What a control frame carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// Why the client's bytes can't be accepted; each ends the session with its own close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Close code 1002, with what was wrong.
    Protocol(&'static str),
    /// Close code 1007.
    NotUtf8,
    /// Close code 1009.
    TooBig,
    /// Close code 1008.
    TooManyFragments,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// At the start of a frame.
    Header,
    /// Inside the payload of a data frame.
    Data(Frame),
    /// Inside the payload of a control frame.
    Control {
        opcode: Control,
        mask: [u8; 4],
        len: usize,
    },
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    mask: [u8; 4],
    remaining: usize,
    is_final: bool,
}

/// The message that is being assembled.
#[derive(Debug, Clone, Copy)]
struct Message {
    kind: Kind,
    fragments: usize,
    /// Bytes announced by the headers so far.
    size: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Decoder {
    rules: Rules,
    state: State,
    current: Option<Message>,
    buf: Buffer,
    ready: usize,
    message: usize,
    /// Up to here the message is known to be UTF-8; at or behind `message`.
    valid: usize,
    end: usize,
    raw: usize,
    raw_end: usize,
    /// Messages that came whole since they were last asked for.
    finished: u32,
}

impl Decoder {
    /// A decoder that has already received `early`.
    pub fn new(rules: Rules, early: &[u8]) -> Self {
        let mut buf = Vec::new();
        if !early.is_empty() {
            buf.resize(GAP, 0);
            buf.extend_from_slice(early);
        }
        Self {
            rules,
            state: State::Header,
            current: None,
            ready: 0,
            message: 0,
            valid: 0,
            end: 0,
            raw: GAP.min(buf.len()),
            raw_end: buf.len(),
            finished: 0,
            buf: buf.into(),
        }
    }

    /// Bytes for the program.
    pub fn ready(&self) -> &[u8] {
        &self.buf[self.ready..self.message]
    }

    /// How many messages of either kind came whole since the last call.
    pub fn take_finished(&mut self) -> u32 {
        std::mem::take(&mut self.finished)
    }

    /// Marks the first `n` bytes of [`Self::ready`] as written.
    pub fn consume(&mut self, n: usize) {
        self.ready += n.min(self.message - self.ready);
    }

    /// Marks all of [`Self::ready`] as written: nobody reads it any more.
    pub fn discard(&mut self) {
        self.ready = self.message;
    }

    /// Room for more bytes of the client, or nothing while the program has to take what is ready first.
    pub fn space(&mut self) -> &mut [u8] {
        self.make_room();
        &mut self.buf[self.raw_end..]
    }

    /// Tells that `n` bytes were read into [`Self::space`].
    pub fn filled(&mut self, n: usize) {
        self.raw_end += n;
    }

    fn make_room(&mut self) {
        if self.buf.len() - self.raw_end >= MIN_FREE {
            return;
        }
        if self.is_empty() && self.buf.len() >= BUFFER_SIZE {
            self.reset();
            return;
        }
        let live = self.live();
        if live + MIN_FREE <= BUFFER_SIZE.max(self.buf.len()) {
            let target = if self.buf.len() < BUFFER_SIZE {
                Some(buffer::take())
            } else {
                None
            };
            self.compact(target);
        } else if self.ready == self.message {
            // One message that is larger than the buffer. It grows by what has come, not by what a header claims.
            let len = self.buf.len() * 2;
            self.compact(None);
            self.buf.grow(len);
        }
    }

    /// Moves what is in use to the left end, or to the left end of another buffer.
    fn compact(&mut self, target: Option<Buffer>) {
        let (ready, raw) = (self.ready..self.end, self.raw..self.raw_end);
        let end = ready.len();
        let raw_start = end + GAP;
        let raw_end = raw_start + raw.len();
        if let Some(mut target) = target {
            target[..end].copy_from_slice(&self.buf[ready]);
            target[raw_start..raw_end].copy_from_slice(&self.buf[raw]);
            buffer::give(std::mem::replace(&mut self.buf, target));
        } else {
            self.buf.copy_within(ready, 0);
            self.buf.copy_within(raw, raw_start);
        }
        self.message -= self.ready;
        self.valid -= self.ready;
        self.ready = 0;
        (self.end, self.raw, self.raw_end) = (end, raw_start, raw_end);
    }

    /// Bytes in use, with the gap.
    fn live(&self) -> usize {
        self.end - self.ready + GAP + self.raw_end - self.raw
    }

    fn is_empty(&self) -> bool {
        self.ready == self.end && self.raw == self.raw_end
    }

    fn reset(&mut self) {
        let raw = GAP.min(self.buf.len());
        (self.ready, self.message, self.valid, self.end) = (0, 0, 0, 0);
        (self.raw, self.raw_end) = (raw, raw);
    }

    /// Gives back what memory is not needed while the session waits.
    pub fn park(&mut self) {
        if self.is_empty() {
            buffer::give(std::mem::take(&mut self.buf));
            self.reset();
            return;
        }
        if self.live() <= PARKED_MAX && self.buf.len() > PARKED_MAX {
            self.compact(Some(Buffer::zeroed(PARKED_MAX)));
        }
    }

    /// Decodes on until a control frame was found or more bytes are needed.
    ///
    /// # Errors
    /// Where the client broke RFC 6455 or a limit. The decoder is of no use then.
    pub fn decode(&mut self) -> Result<Event, Violation> {
        loop {
            match self.state {
                State::Header => {
                    if !self.header()? {
                        return Ok(Event::NeedBytes);
                    }
                }
                State::Data(frame) => {
                    if !self.data(frame)? {
                        return Ok(Event::NeedBytes);
                    }
                }
                State::Control { opcode, mask, len } => {
                    return self.control(opcode, mask, len);
                }
            }
        }
    }

    /// RFC 6455 section 5.2; `false` when the header has not come whole.
    fn header(&mut self) -> Result<bool, Violation> {
        let raw = &self.buf[self.raw..self.raw_end];
        check_first_bytes(raw)?;
        let mut cursor = Cursor::new(raw);
        let (header, len) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return Ok(false),
            Err(_) => return Err(Violation::Protocol("reserved opcode")),
        };
        let header_len = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        if header_len != header.len(len) {
            return Err(Violation::Protocol("length not in its shortest form"));
        }
        let mask = header
            .mask
            .ok_or(Violation::Protocol("frame without mask"))?;
        self.raw += header_len;
        match header.opcode {
            OpCode::Control(opcode) => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                self.state = State::Control { opcode, mask, len };
            }
            OpCode::Data(opcode) => {
                let remaining = self.begin(opcode, len)?;
                self.state = State::Data(Frame {
                    mask,
                    remaining,
                    is_final: header.is_final,
                });
            }
        }
        Ok(true)
    }

    /// Checks that a data frame of `len` bytes may come now, and counts it.
    fn begin(&mut self, opcode: Data, len: u64) -> Result<usize, Violation> {
        let mut message = match (opcode, self.current) {
            (Data::Continue, Some(message)) => message,
            (Data::Continue, None) => {
                return Err(Violation::Protocol("continuation of no message"));
            }
            (_, Some(_)) => return Err(Violation::Protocol("message inside a message")),
            (Data::Text, None) => Message {
                kind: Kind::Text,
                fragments: 0,
                size: 0,
            },
            (_, None) => Message {
                kind: Kind::Binary,
                fragments: 0,
                size: 0,
            },
        };
        let len = usize::try_from(len).map_err(|_| Violation::TooBig)?;
        message.size = message.size.checked_add(len).ok_or(Violation::TooBig)?;
        message.fragments += 1;
        if message.size > self.rules.max_message {
            return Err(Violation::TooBig);
        }
        if message.fragments > self.rules.max_fragments {
            return Err(Violation::TooManyFragments);
        }
        self.current = Some(message);
        Ok(len)
    }

    /// Unmasks what has come of a data frame; `false` when there is more to come.
    fn data(&mut self, mut frame: Frame) -> Result<bool, Violation> {
        let message = self
            .current
            .ok_or(Violation::Protocol("data outside a message"))?;
        let n = frame.remaining.min(self.raw_end - self.raw);
        let is_kept = message.kind == self.rules.kind;
        // Text is looked at even when nobody gets it: what is not UTF-8 fails the connection (RFC 6455 section 8.1).
        if is_kept || message.kind == Kind::Text {
            let to = self.end..self.end + n;
            self.buf.copy_within(self.raw..self.raw + n, to.start);
            unmask(&mut self.buf[to.clone()], frame.mask);
            self.end = to.end;
        }
        self.raw += n;
        frame.remaining -= n;
        frame.mask.rotate_left(n % 4);
        let last = frame.is_final && frame.remaining == 0;
        if message.kind == Kind::Text {
            self.validate(last)?;
            if !is_kept {
                self.forget_valid();
            }
        }
        if frame.remaining > 0 {
            self.state = State::Data(frame);
            return Ok(false);
        }
        if last {
            self.finish(message.kind);
        }
        self.state = State::Header;
        Ok(true)
    }

    /// Checks what of the message is new; a character may be cut only where more is to come.
    fn validate(&mut self, last: bool) -> Result<(), Violation> {
        match std::str::from_utf8(&self.buf[self.valid..self.end]) {
            Ok(_) => self.valid = self.end,
            Err(error) if error.error_len().is_none() && !last => {
                self.valid += error.valid_up_to();
            }
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }

    /// Drops what is known to be UTF-8 of a message that nobody gets; a character that was cut stays.
    fn forget_valid(&mut self) {
        self.buf.copy_within(self.valid..self.end, self.message);
        self.end -= self.valid - self.message;
        self.valid = self.message;
    }

    fn finish(&mut self, kind: Kind) {
        self.current = None;
        self.finished = self.finished.saturating_add(1);
        if kind != self.rules.kind {
            return;
        }
        if kind == Kind::Text {
            self.buf[self.end] = b'\n';
            self.end += 1;
        }
        self.message = self.end;
        self.valid = self.end;
    }

    /// Takes a control frame once it has come whole.
    fn control(&mut self, opcode: Control, mask: [u8; 4], len: usize) -> Result<Event, Violation> {
        if self.raw_end - self.raw < len {
            return Ok(Event::NeedBytes);
        }
        let mut bytes = [0; MAX_CONTROL];
        let payload = &mut bytes[..len];
        payload.copy_from_slice(&self.buf[self.raw..self.raw + len]);
        unmask(payload, mask);
        self.raw += len;
        self.state = State::Header;
        match opcode {
            Control::Ping => {
                let len = u8::try_from(len).unwrap_or(0);
                Ok(Event::Ping(Payload { bytes, len }))
            }
            Control::Close => close_code(&bytes[..len]).map(Event::Close),
            _ => Ok(Event::Pong),
        }
    }
}

/// What the first two bytes of a frame tell is refused without waiting for the rest.
fn check_first_bytes(raw: &[u8]) -> Result<(), Violation> {
    let Some(&first) = raw.first() else {
        return Ok(());
    };
    if first & 0x70 != 0 {
        return Err(Violation::Protocol("reserved bit without an extension"));
    }
    let opcode = OpCode::from(first & 0x0f);
    if matches!(
        opcode,
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_))
    ) {
        return Err(Violation::Protocol("reserved opcode"));
    }
    let is_control = matches!(opcode, OpCode::Control(_));
    if is_control && first & 0x80 == 0 {
        return Err(Violation::Protocol("fragmented control frame"));
    }
    let Some(&second) = raw.get(1) else {
        return Ok(());
    };
    if second & 0x80 == 0 {
        return Err(Violation::Protocol("frame without mask"));
    }
    if is_control && usize::from(second & 0x7f) > MAX_CONTROL {
        return Err(Violation::Protocol("control frame over 125 bytes"));
    }
    // The most significant bit of a 64-bit length must be 0.
    if second & 0x7f == 127 && raw.get(2).is_some_and(|byte| byte & 0x80 != 0) {
        return Err(Violation::Protocol("length over 63 bits"));
    }
    Ok(())
}

/// RFC 6455 sections 5.5.1 and 7.4: nothing, or an allowed code and a UTF-8 reason.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_at_checked(2) else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(Violation::Protocol("close code of one byte"))
        };
    };
    let code = u16::from_be_bytes([code[0], code[1]]);
    if !CloseCode::from(code).is_allowed() {
        return Err(Violation::Protocol("close code that must not be sent"));
    }
    std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Some(code))
}

/// RFC 6455 section 5.3, eight bytes at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests;
