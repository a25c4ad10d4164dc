//! The decoder's buffer, in which a message is unmasked and framed in place.
//!
//! It holds three regions, from left to right:
//!
//! ```text
//! |  ready: complete messages  |  message: assembled so far  |  gap  |  raw: not yet decoded  |  free  |
//! ^ready                       ^message                      ^end    ^raw                     ^raw_end
//! ```
//!
//! Every client frame has at least six bytes of header, and a framing adds no more than that to a message, so that what
//! goes to the program always fits before what is still to be read. The gap is never empty: the tail of a message whose
//! header was decoded earlier needs its place.

use crate::buffer::{self, BUFFER_SIZE, Buffer};
use crate::session::framing::{MAX_HEAD, MAX_TAIL};

/// Free bytes below which the buffer is compacted before the next read.
const MIN_FREE: usize = 4 * 1024;

/// Least bytes between what is decoded and what is not.
const GAP: usize = MAX_TAIL;

/// Least bytes of a client's frame before its payload (RFC 6455 section 5.2: two, and the mask).
const MIN_HEADER: usize = 6;

const _: () = assert!(MAX_HEAD + MAX_TAIL <= MIN_HEADER);

/// A buffer with no more than this in use is moved to one of that size while the session waits.
pub(super) const PARKED_MAX: usize = 2 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Regions {
    buf: Buffer,
    ready: usize,
    message: usize,
    /// Up to here the message is known to be UTF-8; at or behind `message`.
    valid: usize,
    end: usize,
    raw: usize,
    raw_end: usize,
}

impl Regions {
    pub(super) fn new(early: &[u8]) -> Self {
        let mut buf = Vec::new();
        if !early.is_empty() {
            buf.resize(GAP, 0);
            buf.extend_from_slice(early);
        }
        Self {
            ready: 0,
            message: 0,
            valid: 0,
            end: 0,
            raw: GAP.min(buf.len()),
            raw_end: buf.len(),
            buf: buf.into(),
        }
    }

    /// Complete messages.
    pub(super) fn ready(&self) -> &[u8] {
        &self.buf[self.ready..self.message]
    }

    /// Forgets the first `n` bytes of [`Self::ready`].
    pub(super) fn consume(&mut self, n: usize) {
        self.ready += n.min(self.message - self.ready);
    }

    /// Bytes that were not decoded yet.
    pub(super) fn raw(&self) -> &[u8] {
        &self.buf[self.raw..self.raw_end]
    }

    /// Drops the first `n` bytes of [`Self::raw`].
    pub(super) fn skip_raw(&mut self, n: usize) {
        self.raw += n.min(self.raw_end - self.raw);
    }

    /// Moves the first `n` bytes of [`Self::raw`] to the end of the message, and hands them to `change` there.
    pub(super) fn take_raw(&mut self, n: usize, change: impl FnOnce(&mut [u8])) {
        let to = self.end..self.end + n;
        self.buf.copy_within(self.raw..self.raw + n, to.start);
        change(&mut self.buf[to.clone()]);
        self.end = to.end;
        self.raw += n;
    }

    /// The message as far as it is assembled.
    pub(super) fn message_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.message..self.end]
    }

    /// Begins a message by its head, whose place is that of the frame header that was decoded just now.
    pub(super) fn push_head(&mut self, head: &[u8]) {
        self.push(head);
        self.valid = self.end;
    }

    /// Ends a message by its tail.
    pub(super) fn push_tail(&mut self, tail: &[u8]) {
        self.push(tail);
        self.message = self.end;
        self.valid = self.end;
    }

    /// Puts a whole record before the message that is assembled so far, in the place of a frame that was decoded just now.
    pub(super) fn insert(&mut self, head: &[u8], payload: &[u8]) -> &mut [u8] {
        let (start, len) = (self.message, head.len() + payload.len());
        debug_assert!(
            self.end + len <= self.raw,
            "written over what is not decoded"
        );
        self.buf.copy_within(start..self.end, start + len);
        self.buf[start..start + head.len()].copy_from_slice(head);
        self.buf[start + head.len()..start + len].copy_from_slice(payload);
        self.message += len;
        self.valid += len;
        self.end += len;
        &mut self.buf[start..start + len]
    }

    /// Drops the message that is assembled so far.
    pub(super) fn drop_message(&mut self) {
        (self.end, self.valid) = (self.message, self.message);
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        debug_assert!(end <= self.raw, "written over what is not decoded");
        self.buf[self.end..end].copy_from_slice(bytes);
        self.end = end;
    }

    /// Checks what of the message is new: whether it is UTF-8. A character may be cut only where more is to come.
    pub(super) fn is_text(&mut self, last: bool) -> bool {
        match std::str::from_utf8(&self.buf[self.valid..self.end]) {
            Ok(_) => self.valid = self.end,
            Err(error) if error.error_len().is_none() && !last => {
                self.valid += error.valid_up_to();
            }
            Err(_) => return false,
        }
        true
    }

    /// Drops what is known to be UTF-8 of a message that does not reach the program; a character that was cut stays.
    pub(super) fn drop_checked(&mut self) {
        self.buf.copy_within(self.valid..self.end, self.message);
        self.end -= self.valid - self.message;
        self.valid = self.message;
    }

    /// Room for more bytes of the client, or nothing while the program has to take what is ready first.
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.make_room();
        &mut self.buf[self.raw_end..]
    }

    /// Takes the `n` bytes that were read into [`Self::space`].
    pub(super) fn filled(&mut self, n: usize) {
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
    pub(super) fn live(&self) -> usize {
        self.end - self.ready + GAP + self.raw_end - self.raw
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buf.len()
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
    pub(super) fn park(&mut self) {
        if self.is_empty() {
            buffer::give(std::mem::take(&mut self.buf));
            self.reset();
            return;
        }
        if self.live() <= PARKED_MAX && self.buf.len() > PARKED_MAX {
            self.compact(Some(Buffer::zeroed(PARKED_MAX)));
        }
    }
}
