//! Many messages under way on one connection: throughput, and whether anything stalls.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::client::{Endpoint, PATIENCE, request};
use crate::figures::Figures;
use crate::proc::{Cpu, Group};
use crate::ws::{self, Inbox};

/// Enough for what comes in one read, many times over.
const CAPACITY: usize = 1 << 20;

/// Most bytes that are prepared before they can be written.
const OUT_MAX: usize = 256 * 1024;

/// What is sent again and again.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Text; else binary.
    pub text: bool,
    /// Bytes of a message.
    pub size: usize,
    /// Bytes of a line within it, with its newline; what comes back is a message for each. For text only.
    pub line: usize,
    /// Messages under way.
    pub depth: usize,
}

impl Shape {
    /// Short text lines.
    pub const LINES: Self = Self {
        text: true,
        size: 63,
        line: 64,
        depth: 128,
    };
    /// One message of 65,536 lines: the handler answers before it has read all.
    pub const LONG: Self = Self {
        text: true,
        size: (4 << 20) - 1,
        line: 64,
        depth: 1,
    };

    /// Binary messages of `size` with `depth` under way.
    pub const fn binary(size: usize, depth: usize) -> Self {
        Self {
            text: false,
            size,
            line: 0,
            depth,
        }
    }

    /// Bytes that come back for one message, without newlines.
    fn echoed(self) -> usize {
        if self.text {
            let lines = (self.size + 1) / self.line;
            lines * (self.line - 1)
        } else {
            self.size
        }
    }

    fn payload(self) -> Vec<u8> {
        let mut payload: Vec<u8> = (b'a'..=b'z').cycle().take(self.size).collect();
        if self.text {
            for newline in (self.line - 1..self.size).step_by(self.line) {
                payload[newline] = b'\n';
            }
        }
        payload
    }
}

/// What one message comes back as, again and again, however it is cut.
struct Expected {
    bytes: Vec<u8>,
    at: usize,
    text: bool,
}

impl Expected {
    /// Compares what came; the bytes of it that count. websocat leaves the newlines in, and puts several lines into one
    /// message: they do not count.
    fn take(&mut self, piece: &[u8]) -> io::Result<usize> {
        if !self.text || memchr::memchr(b'\n', piece).is_none() {
            return self.compare(piece);
        }
        piece
            .split(|&byte| byte == b'\n')
            .map(|line| self.compare(line))
            .sum()
    }

    fn compare(&mut self, mut piece: &[u8]) -> io::Result<usize> {
        let len = piece.len();
        while !piece.is_empty() {
            let n = piece.len().min(self.bytes.len() - self.at);
            if piece[..n] != self.bytes[self.at..self.at + n] {
                return Err(io::Error::other("what came back differs"));
            }
            self.at = (self.at + n) % self.bytes.len();
            piece = &piece[n..];
        }
        Ok(len)
    }
}

struct Pipeline {
    stream: TcpStream,
    inbox: Inbox,
    frame: Vec<u8>,
    out: Vec<u8>,
    /// Bytes of `out` that are written.
    written: usize,
    /// Messages that may be sent now.
    credit: usize,
    expected: Expected,
    /// Payload bytes that have come back.
    received: u64,
}

/// Keeps `shape.depth` messages under way for `duration`, then takes what is still to come.
pub fn run(
    endpoint: &Endpoint,
    group: &Group,
    shape: Shape,
    duration: Duration,
) -> io::Result<Figures> {
    let upgraded = request(endpoint, "/", "")?.upgraded(CAPACITY)?;
    upgraded.stream.set_nonblocking(true)?;
    let payload = shape.payload();
    let mut frame = Vec::new();
    ws::append_frame(
        &mut frame,
        if shape.text { ws::TEXT } else { ws::BINARY },
        &payload,
    );
    let mut bytes = payload;
    bytes.retain(|&byte| !shape.text || byte != b'\n');
    let mut pipeline = Pipeline {
        stream: upgraded.stream,
        inbox: upgraded.inbox,
        frame,
        out: Vec::new(),
        written: 0,
        credit: shape.depth,
        expected: Expected {
            bytes,
            at: 0,
            text: shape.text,
        },
        received: 0,
    };
    let warm = Instant::now() + duration / 5;
    pipeline.work(shape, Some(warm))?;
    let (start, before) = (Instant::now(), group.cpu());
    let bytes_then = pipeline.received;
    pipeline.work(shape, Some(start + duration))?;
    let (elapsed, after) = (start.elapsed(), group.cpu());
    let bytes = pipeline.received - bytes_then;
    // A message longer than the run must come back whole all the same.
    pipeline.work(shape, None)?;
    Ok(figures(shape, bytes, elapsed, (before, after)))
}

fn figures(shape: Shape, bytes: u64, elapsed: Duration, (before, after): (Cpu, Cpu)) -> Figures {
    let seconds = elapsed.as_secs_f64();
    let mut figures = Figures::default();
    if shape.text {
        let messages = bytes / (shape.line as u64 - 1);
        figures.set("k messages/s", messages as f64 / seconds / 1e3);
        let (all, server) = after.each_since(before, messages.max(1));
        figures.set("CPU us/message", all);
        figures.set("server CPU us/message", server);
    } else {
        figures.set("MB/s", bytes as f64 / seconds / 1e6);
        let (all, server) = after.each_since(before, (bytes >> 20).max(1));
        figures.set("CPU us/MiB", all);
        figures.set("server CPU us/MiB", server);
    }
    figures
}

impl Pipeline {
    /// Until `deadline`; or, without one, until nothing is under way.
    fn work(&mut self, shape: Shape, deadline: Option<Instant>) -> io::Result<()> {
        let unit = shape.echoed() as u64;
        let mut alive = Instant::now();
        loop {
            let moved = self.receive(unit)? | self.send(deadline.is_some())?;
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline)
                || (deadline.is_none() && self.credit == shape.depth)
            {
                return Ok(());
            }
            if moved {
                alive = now;
                continue;
            }
            if now - alive > PATIENCE {
                return Err(io::Error::other("stalled: nothing moves any more"));
            }
            self.wait()?;
        }
    }

    fn receive(&mut self, unit: u64) -> io::Result<bool> {
        match self.stream.read(self.inbox.space()) {
            Ok(0) => return Err(io::Error::other("the server closed the connection")),
            Ok(n) => self.inbox.filled(n),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        let units = self.received / unit;
        while let Some(frame) = self.inbox.next_frame()? {
            if frame.is_data() {
                let piece = self.expected.take(self.inbox.bytes(frame.payload))?;
                self.received += piece as u64;
            } else if !frame.is_control() {
                return Err(io::Error::other("the server closed the session"));
            }
        }
        self.credit += usize::try_from(self.received / unit - units).unwrap_or(usize::MAX);
        Ok(true)
    }

    fn send(&mut self, more: bool) -> io::Result<bool> {
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
            while more && self.credit > 0 && self.out.len() < OUT_MAX {
                self.out.extend_from_slice(&self.frame);
                self.credit -= 1;
            }
            if self.out.is_empty() {
                return Ok(false);
            }
        }
        match self.stream.write(&self.out[self.written..]) {
            Ok(n) => self.written += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn wait(&mut self) -> io::Result<()> {
        let mut flags = PollFlags::IN;
        if self.written < self.out.len() {
            flags |= PollFlags::OUT;
        }
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        poll(&mut [PollFd::new(&self.stream, flags)], Some(&timeout))?;
        Ok(())
    }
}
