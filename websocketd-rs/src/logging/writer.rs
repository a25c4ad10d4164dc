//! The queue between those who log and the stream that is written: bounded, never waited for.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned, tz::TimeZone};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio;

use super::line::{self, Line};

/// Bytes that may wait for a reader that is slow: about 5,000 lines, some seconds of a busy server.
const MAX_QUEUE: usize = 1 << 20;

/// The writer's stack: it formats nothing large.
const STACK: usize = 128 * 1024;

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
    /// Lines that found no room.
    dropped: u64,
    /// The writer is between taking lines and having written them.
    writing: bool,
    /// The second that `timestamp` stands for: a busy log formats it once.
    second: i64,
    timestamp: String,
    zone: Option<TimeZone>,
}

impl Writer {
    pub(super) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        // Looked up here and not at the first line, which may come from a thread that must not wait for the disk.
        shared.lock().zone = Some(TimeZone::system());
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".into())
            .stack_size(STACK)
            .spawn(move || writer.write_all())?;
        Ok(Self { shared })
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
        while queue.writing || !queue.text.is_empty() {
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
        if now.as_second() != self.second || self.timestamp.is_empty() {
            self.second = now.as_second();
            let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
            self.timestamp = line::timestamp(&Zoned::new(now, zone));
        }
        line.write_classic(&mut self.text, &self.timestamp);
    }

    /// Tells, as a line of its own, how many found no room.
    fn tell_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let mut line = Line::default();
            line.category.push_str("server");
            line.message =
                format!("{dropped} log lines were dropped: the log's reader is too slow");
            self.append(&line);
        }
    }
}

impl Shared {
    /// A thread that panicked while it held the lock left whole lines behind: the log goes on.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's thread: takes all that is queued and writes it in one call. It ends with the process.
    fn write_all(&self) {
        let mut taken = String::new();
        let mut queue = self.lock();
        loop {
            while queue.text.is_empty() {
                queue.writing = false;
                self.drained.notify_all();
                queue = self
                    .filled
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            queue.writing = true;
            queue.tell_dropped();
            std::mem::swap(&mut taken, &mut queue.text);
            drop(queue);
            write_stdout(taken.as_bytes());
            taken.clear();
            // A burst's memory is given back.
            taken.shrink_to(MAX_QUEUE / 16);
            queue = self.lock();
        }
    }
}

/// Writes to stdout, whoever shares it. A reader that went away is not worth the service: the lines are lost, as they are with
/// `>/dev/null`. Not by `std::io::Stdout`: its buffer would cut lines at other places than ours.
fn write_stdout(mut bytes: &[u8]) {
    let stdout = stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(stdout, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                // Somebody made the shared pipe non-blocking.
                let _ = poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None);
            }
            Err(_) => return,
        }
    }
}
