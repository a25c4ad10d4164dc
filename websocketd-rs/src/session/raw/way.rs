//! The bytes of one direction that were read and not written yet: pure.

use crate::buffer::{self, Buffer};

/// One direction. It owns a buffer only while bytes wait in it.
#[derive(Debug, Default)]
pub(super) struct Way {
    buf: Buffer,
    start: usize,
    end: usize,
    /// Nothing follows what waits.
    pub(super) is_over: bool,
}

impl Way {
    /// What is to be written next.
    pub(super) fn pending(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Whether all is written.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Marks `n` bytes as written.
    pub(super) fn consume(&mut self, n: usize) {
        self.start += n;
    }

    /// Room for the next read, where nothing waits.
    pub(super) fn space(&mut self) -> &mut [u8] {
        debug_assert!(self.is_empty(), "bytes wait where the next would go");
        if self.buf.is_empty() {
            self.buf = buffer::take();
        }
        &mut self.buf
    }

    /// Takes the `n` bytes that were read into [`Self::space`].
    pub(super) fn filled(&mut self, n: usize) {
        (self.start, self.end) = (0, n);
    }

    /// Takes away what waits.
    pub(super) fn take_pending(&mut self) -> Vec<u8> {
        let pending = self.pending().to_vec();
        self.start = self.end;
        pending
    }

    /// Gives the buffer back while nothing waits.
    pub(super) fn park(&mut self) {
        if self.is_empty() {
            buffer::give(std::mem::take(&mut self.buf));
            (self.start, self.end) = (0, 0);
        }
    }
}

impl Drop for Way {
    /// Gives the buffer to the next session of this thread.
    fn drop(&mut self) {
        self.start = self.end;
        self.park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_kept_and_the_buffer_is_not() {
        let mut way = Way::default();
        way.space()[..3].copy_from_slice(b"abc");
        way.filled(3);
        way.consume(1);
        way.park();
        assert_eq!(way.pending(), b"bc");
        assert_eq!(way.take_pending(), b"bc");
        way.park();
        assert!(way.is_empty() && way.buf.is_empty());
    }
}
