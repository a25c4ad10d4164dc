//! A stream cut into lines: pure, no I/O.

use std::borrow::Cow;

use super::{BUFFER_SIZE, Buffer, give, take};

/// Free bytes below which the buffer is compacted or grown before the next read.
const MIN_FREE: usize = 4 * 1024;

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
            self.buf = take();
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
        self.next_until(b'\n')
    }

    /// What stands before the next `delimiter`; as [`Self::next_line`] where that is a newline.
    pub fn next_until(&mut self, delimiter: u8) -> Option<&[u8]> {
        let found = memchr::memchr(delimiter, &self.buf[self.scanned..self.end]);
        let Some(len) = found else {
            self.scanned = self.end;
            return None;
        };
        let end = self.scanned + len;
        let line = &self.buf[self.start..end];
        (self.start, self.scanned) = (end + 1, end + 1);
        let return_before = line.strip_suffix(b"\r").filter(|_| delimiter == b'\n');
        Some(return_before.unwrap_or(line))
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
            give(std::mem::take(&mut self.buf));
        } else if live < MIN_FREE && self.buf.len() >= BUFFER_SIZE {
            let small = self.buf[self.start..self.end].to_vec();
            give(std::mem::replace(&mut self.buf, small.into()));
        } else {
            return;
        }
        self.scanned -= self.start;
        (self.start, self.end) = (0, live);
    }
}

/// The line as UTF-8; `Owned` when bytes had to be replaced.
pub fn text_of(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(chunks: &[&[u8]], max_line: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for chunk in chunks {
            for piece in chunk.chunks(MIN_FREE) {
                lines.space(max_line)[..piece.len()].copy_from_slice(piece);
                lines.filled(piece.len());
                while let Some(line) = lines.next_line() {
                    out.push(line.to_vec());
                }
                lines.park();
            }
        }
        out.extend(lines.take_rest().map(<[u8]>::to_vec));
        out
    }

    #[test]
    fn one_newline_and_one_carriage_return_are_taken_off() {
        let lines = lines_of(&[b"a\r\n\nb\r\r\nc\rd\n", b"no new", b"line"], 100);
        assert_eq!(lines, [&b"a"[..], b"", b"b\r", b"c\rd", b"no newline"]);
    }

    #[test]
    fn a_long_line_comes_whole_however_it_is_read() {
        let long = vec![b'x'; 900_000];
        let lines = lines_of(&[b"first\n", &long, b"\nlast"], 1 << 20);
        assert_eq!(lines, [&b"first"[..], &long, b"last"]);
    }

    #[test]
    fn what_grew_is_given_back() {
        let mut lines = Lines::default();
        lines.space(1 << 20)[..4].copy_from_slice(b"tail");
        lines.filled(4);
        lines.park();
        assert!(lines.buf.len() < MIN_FREE);
        assert_eq!(lines.take_rest(), Some(&b"tail"[..]));
    }
}
