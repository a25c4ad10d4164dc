//! Lines from the client: bounded, and read only when something is there.

use std::os::fd::AsFd;

use rustix::io::Errno;

/// Bytes asked for at a time: what a pipe holds by default.
const READ_BYTES: usize = 64 * 1024;

/// What the buffer keeps between lines; a longer line gives its memory back.
const KEPT_BYTES: usize = 4 * 1024;

/// What a line holds besides its longest field: the other fields, and the escapes of a text whose
/// every character is written as six.
const ENVELOPE_BYTES: usize = 4 * 1024;

/// Bytes that one character of a message may take on the wire (`\u0041`).
const ESCAPED_BYTES: usize = 6;

/// One line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub enum RawLine {
    /// Its bytes, without the line end.
    Complete(Vec<u8>),
    /// It was longer than allowed, and has been skipped.
    TooLong,
    /// More must be read first.
    Incomplete,
    /// There will be no more.
    End,
}

/// What the client has sent and nobody has taken yet.
#[derive(Debug)]
pub struct Input {
    max_line: usize,
    buffer: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// Up to where no line end was found.
    searched: usize,
    /// Within a line that is too long already.
    skipping: bool,
    ended: bool,
}

impl Input {
    /// For messages of `max_message` characters and signals of `max_signal` bytes.
    pub fn new(max_message: usize, max_signal: usize) -> Self {
        let max_line = max_signal.max(max_message * ESCAPED_BYTES) + ENVELOPE_BYTES;
        Self {
            max_line,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Reads once. Call it only when it cannot block. False: the client will send no more.
    ///
    /// # Errors
    /// Those of read(2) that mean something is wrong.
    pub fn read(&mut self, fd: impl AsFd) -> rustix::io::Result<bool> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        let old = self.buffer.len();
        self.buffer.reserve(READ_BYTES);
        let read = rustix::io::read(fd, rustix::buffer::spare_capacity(&mut self.buffer));
        let result = match read {
            Ok(0) => {
                self.ended = true;
                Ok(false)
            }
            Ok(_) | Err(Errno::INTR | Errno::AGAIN) => Ok(true),
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        };
        if self.skipping && self.buffer.len() > old {
            self.skip_to_line_end();
        }
        result
    }

    /// Takes the next line.
    pub fn next_line(&mut self) -> RawLine {
        let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) else {
            return self.without_line_end();
        };
        let end = self.searched + at;
        let line = &self.buffer[self.start..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let taken = if line.len() > self.max_line {
            RawLine::TooLong
        } else {
            RawLine::Complete(line.to_vec())
        };
        self.start = end + 1;
        self.searched = self.start;
        if self.start == self.buffer.len() {
            self.give_back();
        }
        taken
    }

    fn without_line_end(&mut self) -> RawLine {
        self.searched = self.buffer.len();
        let length = self.buffer.len() - self.start;
        if length > self.max_line {
            self.skipping = true;
            self.give_back();
            return RawLine::TooLong;
        }
        if !self.ended {
            return RawLine::Incomplete;
        }
        if length == 0 {
            return RawLine::End;
        }
        // The last line of somebody who types into a pipe by hand has no end.
        let line = self.buffer[self.start..].to_vec();
        self.give_back();
        RawLine::Complete(line)
    }

    /// The rest of a line that is too long has been reported already.
    fn skip_to_line_end(&mut self) {
        match memchr::memchr(b'\n', &self.buffer) {
            Some(end) => {
                self.buffer.drain(..=end);
                self.skipping = false;
                self.searched = 0;
            }
            None => self.give_back(),
        }
    }

    fn give_back(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BYTES);
        self.start = 0;
        self.searched = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    /// What comes out when `chunks` go in one after the other.
    fn lines(input: &mut Input, chunks: &[Vec<u8>]) -> Vec<RawLine> {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let mut found = Vec::new();
        let mut drain = |input: &mut Input| loop {
            match input.next_line() {
                RawLine::Incomplete => break false,
                RawLine::End => break true,
                line => found.push(line),
            }
        };
        for chunk in chunks {
            writer.write_all(chunk).expect("room in the pipe");
            if !chunk.is_empty() {
                assert!(input.read(&reader).expect("readable"));
            }
            drain(input);
        }
        drop(writer);
        while !drain(input) {
            input.read(&reader).expect("readable");
        }
        found
    }

    fn text(line: &str) -> RawLine {
        RawLine::Complete(line.as_bytes().to_vec())
    }

    #[test]
    fn lines_are_cut_at_line_ends_only() {
        let mut input = Input::new(1, 1);
        let chunks = [b"on".to_vec(), b"e\r\n\ntw\ro\nla".to_vec(), b"st".to_vec()];
        assert_eq!(
            lines(&mut input, &chunks),
            [text("one"), text(""), text("tw\ro"), text("last")]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_and_skipped() {
        let mut input = Input::new(1, 1);
        let long = vec![b'x'; ENVELOPE_BYTES];
        let chunks = [
            long.clone(),
            long.clone(),
            long.clone(),
            b"y\nnext\n".to_vec(),
        ];
        assert_eq!(lines(&mut input, &chunks), [RawLine::TooLong, text("next")]);
        assert!(input.buffer.capacity() <= READ_BYTES + KEPT_BYTES);
        let mut input = Input::new(1, 1);
        assert_eq!(
            lines(
                &mut input,
                &[[long.as_slice(), &long, b"\nnext\n"].concat()]
            ),
            [RawLine::TooLong, text("next")]
        );
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(sent in proptest::collection::vec("[a-z\\r]{0,12}", 1..12), cuts in proptest::collection::vec(0usize..120, 0..8)) {
            let bytes = sent.join("\n").into_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                chunks.push(bytes[from..cut].to_vec());
                from = cut;
            }
            let whole = lines(&mut Input::new(1, 1), &[bytes]);
            prop_assert_eq!(lines(&mut Input::new(1, 1), &chunks), whole);
        }
    }
}
