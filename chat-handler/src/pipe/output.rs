//! Lines to the client: what does not fit into the pipe waits here, bounded, and no write blocks.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::wire::Out;

/// Waiting bytes from which nothing more is read from the room: the log is the buffer, not we.
pub const FULL_BYTES: usize = 64 * 1024;

/// Waiting bytes from which nothing more is read from the client either: answers to what it asks
/// are all it can make us keep.
pub const STUFFED_BYTES: usize = 256 * 1024;

/// What the buffer keeps when all is written.
pub const KEPT_BYTES: usize = 4 * 1024;

/// A write of this size does not block once poll(2) says that the pipe is writable (pipe(7):
/// `PIPE_BUF`); for outputs whose writes cannot be made non-blocking.
const ATOMIC_BYTES: usize = 4096;

/// How long the last lines may wait for a slow client before the process ends without it.
const FINISH_TIMEOUT: Duration = Duration::from_millis(500);

/// How an output is written without waiting for its reader.
#[derive(Debug)]
enum Way {
    /// Our own open description of a pipe or terminal, non-blocking. The one we were given may be
    /// shared with the shell or a wrapper, which would be surprised by `O_NONBLOCK`.
    Own(OwnedFd),
    /// The given one, in small pieces, each after poll(2) said it fits.
    Pieces,
    /// The given one: files do not block.
    Whole,
}

/// The client's end of the conversation.
#[derive(Debug)]
pub struct Output<'fd> {
    given: BorrowedFd<'fd>,
    way: Way,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are written already.
    written: usize,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing waits.
    All,
    /// The reader must read first.
    Waiting,
    /// There is no reader any more.
    Closed,
}

impl<'fd> Output<'fd> {
    /// Writes to `given`, normally stdout.
    pub fn new(given: BorrowedFd<'fd>) -> Self {
        Self {
            given,
            way: way(given),
            buffer: Vec::new(),
            written: 0,
        }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.written
    }

    /// The descriptor to watch for room.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match &self.way {
            Way::Own(fd) => fd.as_fd(),
            Way::Pieces | Way::Whole => self.given,
        }
    }

    /// One write of what waits and the piece; how much of the piece is written. Errors are met again
    /// by [`Output::flush`].
    fn write_straight(&mut self, piece: &[u8]) -> usize {
        let fd = match &self.way {
            Way::Own(fd) => fd.as_fd(),
            Way::Whole => self.given,
            Way::Pieces => return 0,
        };
        let slices = [
            IoSlice::new(&self.buffer[self.written..]),
            IoSlice::new(piece),
        ];
        let Ok(count) = rustix::io::writev(fd, &slices) else {
            return 0;
        };
        let waited = self.waiting();
        self.written += count.min(waited);
        self.forget_written();
        count.saturating_sub(waited)
    }

    /// Writes as much as fits: one write when all of it does.
    pub fn flush(&mut self) -> Flushed {
        while self.waiting() > 0 {
            let bytes = &self.buffer[self.written..];
            let written = match &self.way {
                Way::Own(fd) => rustix::io::write(fd, bytes),
                Way::Whole => rustix::io::write(self.given, bytes),
                Way::Pieces if !self.is_writable() => Err(Errno::AGAIN),
                Way::Pieces => {
                    rustix::io::write(self.given, &bytes[..bytes.len().min(ATOMIC_BYTES)])
                }
            };
            match written {
                Ok(count) => self.written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.forget_written();
                    return Flushed::Waiting;
                }
                Err(_) => return Flushed::Closed,
            }
        }
        self.forget_written();
        Flushed::All
    }

    /// Writes what waits, for a moment: the last lines of a process that ends.
    pub fn finish(&mut self) {
        let deadline = Instant::now() + FINISH_TIMEOUT;
        while self.flush() == Flushed::Waiting {
            let left = deadline.saturating_duration_since(Instant::now());
            let fd = self.fd();
            let mut fds = [PollFd::new(&fd, PollFlags::OUT)];
            if left.is_zero() || poll(&mut fds, Some(&timespec(left))).is_err() {
                return;
            }
        }
    }

    fn is_writable(&self) -> bool {
        let mut fds = [PollFd::new(&self.given, PollFlags::OUT)];
        // An error is told by the write.
        poll(&mut fds, Some(&timespec(Duration::ZERO))) != Ok(0)
    }

    fn forget_written(&mut self) {
        self.buffer.drain(..self.written);
        self.written = 0;
        if self.buffer.is_empty() {
            self.buffer.shrink_to(KEPT_BYTES);
        }
    }
}

impl Out for Output<'_> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// What the reader takes at once goes straight from where it is, with what waits before it: a heap
    /// that has held a list of a thousand stays that large.
    fn pass(&mut self, piece: &[u8]) {
        let passed = if piece.len() < KEPT_BYTES {
            0
        } else {
            self.write_straight(piece)
        };
        self.buffer.extend_from_slice(&piece[passed..]);
    }
}

/// A duration as the kernel takes it.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().cast_signed(),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

fn way(given: BorrowedFd<'_>) -> Way {
    let kind = rustix::fs::fstat(given).map(|stat| FileType::from_raw_mode(stat.st_mode));
    match kind {
        Ok(FileType::Fifo | FileType::CharacterDevice) => {
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&given));
            // Refused when the pipe is another user's (the daemon is root, we are not).
            rustix::fs::open(path, flags, Mode::empty()).map_or(Way::Pieces, Way::Own)
        }
        Ok(FileType::RegularFile) => Way::Whole,
        _ => Way::Pieces,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    /// Fills `output` with more than any pipe holds, and gives what a reader gets in the end.
    fn overfill(output: &mut Output<'_>, reader: &mut impl std::io::Read) {
        let sent: Vec<u8> = (0..2_000_000u32).map(|n| (n % 251) as u8).collect();
        output.buffer().extend_from_slice(&sent);
        drain(output, reader, &sent);
        assert!(output.buffer.capacity() <= KEPT_BYTES);
    }

    /// Reads until all of `sent` has come, some of which `output` holds back.
    fn drain(output: &mut Output<'_>, reader: &mut impl std::io::Read, sent: &[u8]) {
        assert_eq!(output.flush(), Flushed::Waiting);
        let mut got = vec![0; sent.len()];
        let mut have = 0;
        while have < sent.len() {
            have += reader.read(&mut got[have..]).expect("readable");
            output.flush();
        }
        assert!(got == sent);
        assert_eq!((output.flush(), output.waiting()), (Flushed::All, 0));
    }

    #[test]
    fn a_full_pipe_blocks_nobody_and_loses_nothing() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut output = Output::new(writer.as_fd());
        assert!(matches!(output.way, Way::Own(_)));
        overfill(&mut output, &mut reader);
        let flags = rustix::fs::fcntl_getfl(&writer).expect("flags");
        assert!(
            !flags.contains(OFlags::NONBLOCK),
            "the given description must stay as it was"
        );
    }

    #[test]
    fn pieces_do_not_block_either() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut output = Output {
            way: Way::Pieces,
            ..Output::new(writer.as_fd())
        };
        overfill(&mut output, &mut reader);
        let (mut reader, writer) = UnixStream::pair().expect("a pair");
        let mut output = Output::new(writer.as_fd());
        assert!(matches!(output.way, Way::Pieces));
        overfill(&mut output, &mut reader);
    }

    #[test]
    fn a_large_piece_keeps_its_place() {
        for way in [None, Some(Way::Pieces)] {
            let (mut reader, writer) = std::io::pipe().expect("a pipe");
            let mut output = Output::new(writer.as_fd());
            output.way = way.unwrap_or(output.way);
            let piece = vec![b'x'; 10 * KEPT_BYTES];
            let mut sent = Vec::new();
            // More than the pipe holds, and nobody reads yet.
            for _ in 0..4 {
                output.buffer().extend_from_slice(b"before");
                output.pass(&piece);
                sent.extend_from_slice(b"before");
                sent.extend_from_slice(&piece);
            }
            drain(&mut output, &mut reader, &sent);
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_told() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut output = Output::new(writer.as_fd());
        output.buffer().extend_from_slice(b"x\n");
        assert_eq!(output.flush(), Flushed::Closed);
    }

    #[test]
    fn a_file_is_appended_to() {
        let mut file = tempfile::tempfile().expect("a file");
        let mut output = Output::new(file.as_fd());
        output.buffer().extend_from_slice(b"one\n");
        assert_eq!(output.flush(), Flushed::All);
        output.buffer().extend_from_slice(b"two\n");
        assert_eq!(output.flush(), Flushed::All);
        drop(output);
        let mut text = String::new();
        std::io::Seek::rewind(&mut file).expect("seekable");
        file.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "one\ntwo\n");
    }
}
