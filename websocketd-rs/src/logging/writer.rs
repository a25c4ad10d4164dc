//! The queue between callers and the log's stream: bounded, and no caller waits for it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio;

use super::line::{Line, LineTime};
use crate::config::Format;

/// Bytes that may wait for a reader that is slow: about 5,000 lines, some seconds of a busy server.
const MAX_QUEUE: usize = 1 << 20;

/// The writer's stack: it formats nothing large.
const STACK: usize = 128 * 1024;

/// How long lines are gathered after the first one. Waking the writer costs the caller more than the line does, and a busy
/// server would do it twice for each connection; no reader notices the delay.
const GATHER: Duration = Duration::from_millis(10);

/// Where lines go.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File(File),
}

impl Output {
    /// `path`, to be appended to; without one stdout.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Stdout);
        };
        // Readable by the group only: addresses and queries of people stand in it.
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path);
        file.map(Self::File).map_err(|error| {
            io::Error::new(error.kind(), format!("open {}: {error}", path.display()))
        })
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stdout => stdio::stdout(),
            Self::File(file) => file.as_fd(),
        }
    }
}

/// Writes lines from a thread of its own.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    drained: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whole lines.
    text: String,
    format: Format,
    /// Lines that found no room.
    dropped: u64,
    /// The writer is between the first line and having written all: it need not be woken for more.
    writing: bool,
    clock: LineTime,
    /// Where the lines go from now on, until the writer has taken it.
    output: Option<Output>,
}

impl Writer {
    pub(super) fn start(output: Output, format: Format) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Self {
            shared: Arc::clone(&shared),
        };
        // Looked up here and not at the first line, which may come from a thread that must not wait for the disk.
        shared.lock().clock.zone = Some(TimeZone::system());
        shared.lock().format = format;
        #[expect(
            clippy::disallowed_methods,
            reason = "one of the two places that start threads: the log's writer"
        )]
        thread::Builder::new()
            .name("log".into())
            .stack_size(STACK)
            .spawn(move || shared.write_all(output))?;
        Ok(writer)
    }

    /// Sends the lines from now on, and those still queued, to `output`.
    pub(super) fn redirect(&self, output: Output, format: Format) {
        let mut queue = self.shared.lock();
        queue.output = Some(output);
        queue.format = format;
    }

    /// Queues a line, or drops it when the queue is full.
    pub(super) fn push(&self, line: &Line) {
        let mut guard = self.shared.lock();
        let queue = &mut *guard;
        if queue.text.len() >= MAX_QUEUE {
            queue.dropped += 1;
            return;
        }
        queue.append(line);
        let idle = !queue.writing;
        drop(guard);
        if idle {
            self.shared.filled.notify_one();
        }
    }

    /// Waits until everything queued is written, or `timeout` is over.
    pub(super) fn flush(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut queue = self.shared.lock();
        while queue.writing || !queue.text.is_empty() || queue.dropped > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return;
            };
            let waited = self.shared.drained.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Queue {
    fn append(&mut self, line: &Line) {
        let now = Timestamp::now();
        match self.format {
            Format::Classic => line.write_classic(&mut self.text, &mut self.clock, now),
            Format::Json => line.write_json(&mut self.text, now),
            Format::Journal => line.write_journal(&mut self.text),
        }
    }

    /// Reports, as a line of its own, how many found no room.
    fn report_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let mut line = Line::default();
            line.category.push_str("server");
            line.message =
                format!("{dropped} log lines were dropped: the log's reader is too slow");
            self.append(&line);
        }
    }

    /// Reports, as the last line, what could not be written before; a line that was cut is ended first.
    fn report_lost(&mut self, loss: &Loss) {
        if loss.is_torn {
            self.text.insert(0, '\n');
        }
        let mut line = Line::default();
        line.category.push_str("server");
        let reason = io::Error::from(loss.reason);
        let lines = loss.lines;
        line.message = format!("{lines} log lines could not be written: {reason}");
        self.append(&line);
    }
}

/// Lines that could not be written.
#[derive(Debug)]
struct Loss {
    lines: u64,
    reason: Errno,
    /// The last that was written is only a part of a line.
    is_torn: bool,
}

impl Loss {
    /// What is lost when of `text` only the first `written` bytes went out. `before` is an earlier loss, which `text` reports
    /// in its last line, and by a line end at its start if it was torn.
    fn after(before: Option<Self>, text: &str, written: usize, reason: Errno) -> Self {
        let (gone, rest) = text.as_bytes().split_at(written);
        let lines = memchr::memchr_iter(b'\n', rest).count() as u64;
        let Some(before) = before else {
            let is_torn = gone.last().is_some_and(|byte| *byte != b'\n');
            return Self {
                lines,
                reason,
                is_torn,
            };
        };
        let mending = u64::from(before.is_torn && written == 0);
        Self {
            lines: before.lines + lines - mending - 1,
            reason,
            is_torn: gone.last().map_or(before.is_torn, |byte| *byte != b'\n'),
        }
    }
}

impl Shared {
    /// A thread that panicked while it held the lock left whole lines behind: the log goes on.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's thread: takes all that has come within [`GATHER`] and writes it in one call. It ends with the process.
    fn write_all(&self, mut output: Output) {
        let mut taken = String::new();
        let mut loss: Option<Loss> = None;
        let mut queue = self.lock();
        loop {
            while queue.text.is_empty() && queue.dropped == 0 {
                queue.writing = false;
                self.drained.notify_all();
                queue = self
                    .filled
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            queue.writing = true;
            drop(queue);
            thread::sleep(GATHER);
            queue = self.lock();
            queue.report_dropped();
            if let Some(loss) = &loss {
                queue.report_lost(loss);
            }
            if let Some(new) = queue.output.take() {
                output = new;
            }
            std::mem::swap(&mut taken, &mut queue.text);
            drop(queue);
            loss = match write(output.fd(), taken.as_bytes()) {
                Ok(()) => None,
                Err((written, reason)) => Some(Loss::after(loss, &taken, written, reason)),
            };
            taken.clear();
            // A burst's memory is given back.
            taken.shrink_to(MAX_QUEUE / 16);
            queue = self.lock();
        }
    }
}

/// Writes all of it, if that can be done; if not, returns how much was written, and why not more. A closed pipe or a full
/// disk must not end the service: the lines are lost, which is reported as soon as there is room. Not by `std::io::Stdout`: its
/// buffer would cut lines at other places than ours.
fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), (usize, Errno)> {
    let mut at = 0;
    while at < bytes.len() {
        match rustix::io::write(fd, &bytes[at..]) {
            Ok(written) => at += written,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                // Another process made the shared pipe non-blocking.
                let _ = poll(&mut [PollFd::new(&fd, PollFlags::OUT)], None);
            }
            Err(error) => return Err((at, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_reader_that_stalls_costs_lines_that_are_counted() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(pipe));
        let writer = Writer::start(Output::File(file), Format::Classic).unwrap();
        let line = Line {
            message: "x".repeat(1000),
            ..Line::default()
        };
        // Nobody reads: if this waited, the test would not go on.
        for _ in 0..3000 {
            writer.push(&line);
        }
        let reading = thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        writer.flush(Duration::from_secs(60));
        writer.redirect(Output::Stdout, Format::Classic);
        // Taking the new output closes the pipe.
        writer.push(&Line {
            message: "the end of a test".into(),
            ..Line::default()
        });
        let text = reading.join().unwrap();
        let (told, kept): (Vec<&str>, Vec<&str>) = text
            .lines()
            .partition(|line| line.contains("log lines were dropped"));
        let count = told.iter().map(|line| {
            let message = line.rsplit(" | ").next().unwrap();
            message.split(' ').next().unwrap().parse::<usize>().unwrap()
        });
        assert!(kept.iter().all(|line| line.ends_with(&"x".repeat(1000))));
        assert_eq!(count.sum::<usize>() + kept.len(), 3000);
    }

    #[test]
    fn lost_lines_are_counted_over_several_failures() {
        let first = Loss::after(None, "one\ntwo\nthree\n", 5, Errno::NOSPC);
        assert_eq!((first.lines, first.is_torn), (2, true));
        let second = Loss::after(Some(first), "\nfour\n2 were lost\n", 0, Errno::NOSPC);
        assert_eq!((second.lines, second.is_torn), (3, true));
        let third = Loss::after(Some(second), "\nfive\n3 were lost\n", 6, Errno::NOSPC);
        assert_eq!((third.lines, third.is_torn), (3, false));
    }

    #[test]
    fn a_rotated_file_is_left_when_the_log_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("log"), dir.path().join("log.1"));
        let open = || Output::open(Some(&path)).unwrap();
        let line = |message: &str| Line {
            message: message.into(),
            ..Line::default()
        };
        let writer = Writer::start(open(), Format::Classic).unwrap();
        writer.push(&line("first"));
        writer.flush(Duration::from_secs(60));
        std::fs::rename(&path, &old).unwrap();
        writer.push(&line("second"));
        writer.flush(Duration::from_secs(60));
        writer.redirect(open(), Format::Json);
        writer.push(&line("third"));
        writer.flush(Duration::from_secs(60));
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert!(read(&old).ends_with("| second\n") && read(&old).contains("| first\n"));
        assert!(read(&path).starts_with("{\"") && read(&path).contains("third"));
        assert!(Output::open(Some(&dir.path().join("no/log"))).is_err());
    }
}
