//! The lines of a file from a place backwards or forwards, in blocks: the cost is that of the lines
//! that are read, not of the file.

use std::fs::File;
use std::io;

use memchr::{memchr, memrchr};

use crate::fs::file;
use crate::record::MAX_LINE;

/// The first and the largest block, in bytes: a page of 20 lines is one small read, a long search
/// has few system calls. Larger ones would not be quicker, and what the heap has once held stays
/// with the process.
const BLOCK_MIN: u64 = 4 * 1024;
const BLOCK_MAX: u64 = 8 * 1024;

/// Looks that are taken at a log which is truncated again and again.
const LOOKS: u32 = 16;

/// Looks again if the file was truncated under the look (`UnexpectedEof`, see [`Backward::next`]), as
/// copytruncate does without asking anybody: what was cut is in the copy by then.
///
/// # Errors
/// Those of `look`.
pub fn until_whole<T>(mut look: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..LOOKS {
        match look() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            result => return result,
        }
    }
    look()
}

/// Complete lines, last first. What follows the last line end before the start is not given, and
/// neither is a line of more than [`MAX_LINE`] bytes.
#[derive(Debug)]
pub struct Backward<'f> {
    file: &'f File,
    /// Where `buffer` starts in the file.
    base: u64,
    buffer: Vec<u8>,
    /// Where the lines not yet given end in `buffer`.
    end: usize,
    block: u64,
    /// The end of the buffer belongs to a line that is not given: torn, or too long.
    skip: bool,
}

impl<'f> Backward<'f> {
    /// The lines that end at or before `end`.
    pub fn new(file: &'f File, end: u64) -> Self {
        Self {
            file,
            base: end,
            buffer: Vec::new(),
            end: 0,
            block: BLOCK_MIN,
            skip: true,
        }
    }

    /// The place and the bytes (with the line end) of the line before the one given last.
    ///
    /// # Errors
    /// Those of pread(2); `UnexpectedEof` if the file was cut meanwhile.
    // It lends its buffer, so it cannot be an Iterator.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        loop {
            // The last byte is the line's own end, unless nothing is known about the end yet.
            let own_end = usize::from(!self.skip);
            let search = &self.buffer[..self.end.saturating_sub(own_end)];
            let start = match memrchr(b'\n', search) {
                Some(at) => at + 1,
                None if self.base > 0 => {
                    self.load()?;
                    continue;
                }
                None if self.end == 0 => return Ok(None),
                None => 0,
            };
            let line = start..self.end;
            self.end = start;
            if !std::mem::take(&mut self.skip) && line.len() <= MAX_LINE {
                return Ok(Some((self.base + line.start as u64, &self.buffer[line])));
            }
        }
    }

    /// Puts the block before the buffer into it.
    fn load(&mut self) -> io::Result<()> {
        if self.skip || self.end > MAX_LINE {
            (self.skip, self.end) = (true, 0);
        }
        let count = self.block.min(self.base);
        let room = usize::try_from(count).expect("a block fits into memory");
        self.buffer
            .resize(self.end.max(self.buffer.len()).max(room + self.end), 0);
        self.buffer.copy_within(..self.end, room);
        let filled = file::read_at(self.file, &mut self.buffer[..room], self.base - count)?;
        if filled < room {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.base -= count;
        self.end += room;
        self.block = (self.block * 2).min(BLOCK_MAX);
        Ok(())
    }
}

/// Lines in order. The last one is not given if it has no line end.
#[derive(Debug)]
pub struct Forward<'f> {
    file: &'f File,
    base: u64,
    buffer: Vec<u8>,
    start: usize,
    skip: bool,
}

impl<'f> Forward<'f> {
    /// The lines from `start`, which is where a line starts.
    pub fn new(file: &'f File, start: u64) -> Self {
        Self {
            file,
            base: start,
            buffer: Vec::new(),
            start: 0,
            skip: false,
        }
    }

    /// The lines that start after the first line end at or after `place`.
    pub fn after(file: &'f File, place: u64) -> Self {
        Self {
            skip: true,
            ..Self::new(file, place)
        }
    }

    /// The place and the bytes (with the line end) of the next line.
    ///
    /// # Errors
    /// Those of pread(2).
    // It lends its buffer, so it cannot be an Iterator.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        loop {
            let Some(length) = memchr(b'\n', &self.buffer[self.start..]) else {
                if self.load()? {
                    continue;
                }
                return Ok(None);
            };
            let line = self.start..=self.start + length;
            self.start = line.end() + 1;
            if !std::mem::take(&mut self.skip) && length < MAX_LINE {
                return Ok(Some((self.base + *line.start() as u64, &self.buffer[line])));
            }
        }
    }

    /// Reads on; false at the end of the file.
    fn load(&mut self) -> io::Result<bool> {
        if self.skip || self.buffer.len() - self.start > MAX_LINE {
            (self.skip, self.start) = (true, self.buffer.len());
        }
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.start = 0;
        let kept = self.buffer.len();
        let block = if self.base == 0 && kept == 0 {
            BLOCK_MIN
        } else {
            BLOCK_MAX
        };
        self.buffer.resize(
            kept + usize::try_from(block).expect("a block fits into memory"),
            0,
        );
        let filled = file::read_at(self.file, &mut self.buffer[kept..], self.base + kept as u64)?;
        self.buffer.truncate(kept + filled);
        Ok(filled > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn written(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    type Lines = Vec<(u64, Vec<u8>)>;

    fn backward(file: &File, end: u64) -> Lines {
        let mut reader = Backward::new(file, end);
        let mut lines = Vec::new();
        while let Some((at, line)) = reader.next().unwrap() {
            lines.push((at, line.to_vec()));
        }
        lines.reverse();
        lines
    }

    fn forward(mut reader: Forward<'_>) -> Lines {
        let mut lines = Vec::new();
        while let Some((at, line)) = reader.next().unwrap() {
            lines.push((at, line.to_vec()));
        }
        lines
    }

    fn model(bytes: &[u8]) -> Lines {
        let mut at = 0;
        let mut lines = Vec::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if line.ends_with(b"\n") && line.len() <= MAX_LINE {
                lines.push((at, line.to_vec()));
            }
            at += line.len() as u64;
        }
        lines
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = vec![b'x'; MAX_LINE * 3];
        for (before, after) in [
            (&b"a\n"[..], &b"b\n"[..]),
            (b"", b"b\n"),
            (b"a\n", b""),
            (b"a\nq", b"w"),
        ] {
            let bytes = [before, &long, b"\n", after].concat();
            let file = written(&bytes);
            assert_eq!(forward(Forward::new(&file, 0)), model(&bytes));
            assert_eq!(backward(&file, bytes.len() as u64), model(&bytes));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn both_ways_give_the_same_lines(lengths in proptest::collection::vec(0usize..9_000, 0..12), torn in 0usize..5_000) {
            let mut bytes = Vec::new();
            for length in lengths {
                bytes.resize(bytes.len() + length, b'x');
                bytes.push(b'\n');
            }
            let whole = bytes.len() as u64;
            bytes.resize(bytes.len() + torn, b'y');
            let file = written(&bytes);
            let model = model(&bytes);
            prop_assert_eq!(&forward(Forward::new(&file, 0)), &model);
            prop_assert_eq!(&backward(&file, bytes.len() as u64), &model);
            prop_assert_eq!(&backward(&file, whole), &model);
            let middle = whole / 2;
            let later: Lines = model.into_iter().filter(|(at, _)| *at > middle).collect();
            prop_assert_eq!(forward(Forward::after(&file, middle)), later);
        }
    }
}
