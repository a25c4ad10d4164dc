//! One program that is asked one thing. Nothing here waits.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::Hook;
use super::reply::{self, Fault, MAX_REPLY, Reply};
use super::start::{self, Started};

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;
/// How often it is looked whether a killed process has gone, and between two looks.
const REAP_TRIES: u32 = 20;
const REAP_PAUSE: Duration = Duration::from_millis(1);

/// One program that is asked one thing.
#[derive(Debug)]
pub(super) struct Call {
    hook: Hook,
    /// What tells the reply to it from others.
    id: String,
    question: Vec<u8>,
    written: usize,
    /// The most characters of a new text.
    most: usize,
    /// What it prints is an answer.
    is_command: bool,
    stream: Option<UnixStream>,
    /// A process that was started for it and has not been reaped.
    process: Option<Pid>,
    got: Vec<u8>,
    /// It says no more.
    ended: bool,
    /// Nobody watches the descriptor yet.
    unwatched: bool,
}

impl Call {
    /// Begins to ask. `file`: the argument of a program that is started.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(super) fn start(
        hook: &Hook,
        (id, question): (String, Vec<u8>),
        file: Option<&str>,
        (most, is_command): (usize, bool),
    ) -> Result<Self, Fault> {
        let mut call = Self {
            hook: hook.clone(),
            id,
            question,
            written: 0,
            most,
            is_command,
            stream: None,
            process: None,
            got: Vec::new(),
            ended: false,
            unwatched: false,
        };
        call.connect(file)?;
        Ok(call)
    }

    fn connect(&mut self, file: Option<&str>) -> Result<(), Fault> {
        let started = match &self.hook {
            Hook::Unix(path) => start::connect(path),
            Hook::Exec(path) => start::spawn(path, file),
        };
        if let Started::Connected(stream, process) = started? {
            (self.stream, self.process) = (Some(stream), process);
            self.unwatched = true;
        }
        Ok(())
    }

    /// Does what can be done just now. `None`: there is no reply yet.
    ///
    /// # Errors
    /// There will be none.
    pub(super) fn step(&mut self) -> Result<Option<Reply>, Fault> {
        if self.stream.is_none() {
            self.connect(None)?;
        }
        self.write();
        self.read()?;
        if matches!(self.hook, Hook::Exec(_)) {
            return self.of_program();
        }
        // What stands behind the line's end came with it, and is more than a reply.
        let is_whole = self.ended || self.got.contains(&b'\n');
        is_whole
            .then(|| reply::parse(&self.got, &self.id, self.most))
            .transpose()
    }

    fn write(&mut self) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        while self.written < self.question.len() {
            match stream.write(&self.question[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // One that does not care what it is asked may answer all the same.
                Err(_) => self.written = self.question.len(),
            }
            if self.written >= self.question.len() && self.process.is_some() {
                // `read` in a shell, `cat` and json.load(stdin) all come to an end.
                let _ = stream.shutdown(Shutdown::Write);
            }
        }
    }

    fn read(&mut self) -> Result<(), Fault> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        while !self.ended {
            let mut chunk = [0; CHUNK];
            match stream.read(&mut chunk) {
                Ok(0) => self.ended = true,
                Ok(count) => self.got.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.ended = true,
            }
            if self.got.len() > MAX_REPLY {
                return Err(Fault::TooLong);
            }
        }
        Ok(())
    }

    /// Of a program that was started: when it has ended, and its status is known.
    fn of_program(&mut self) -> Result<Option<Reply>, Fault> {
        if !self.ended {
            return Ok(None);
        }
        if let Some(process) = self.process {
            let status = match waitpid(process, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => return Ok(None),
                Ok(WaitStatus::Exited(_, status)) => Some(status),
                Ok(_) | Err(_) => None,
            };
            self.process = None;
            if !self.got.trim_ascii_start().starts_with(b"{") {
                return reply::of_status(&self.got, status, self.most, self.is_command).map(Some);
            }
        }
        reply::parse(&self.got, &self.id, self.most).map(Some)
    }

    /// The descriptor to watch, edge-triggered for both directions, if nobody does yet.
    pub(super) fn take_unwatched(&mut self) -> Option<BorrowedFd<'_>> {
        let new = std::mem::take(&mut self.unwatched);
        self.stream.as_ref().filter(|_| new).map(UnixStream::as_fd)
    }

    /// Whether no descriptor tells when there is more to do: it is tried again in a moment.
    pub(super) fn is_blind(&self) -> bool {
        self.stream.is_none() || self.ended
    }

    /// The descriptor, for who waits for this alone.
    pub(super) fn stream(&self) -> Option<BorrowedFd<'_>> {
        self.stream
            .as_ref()
            .filter(|_| !self.ended)
            .map(UnixStream::as_fd)
    }

    /// Whether something of the question is still to be written.
    pub(super) fn is_writing(&self) -> bool {
        self.written < self.question.len()
    }
}

impl Drop for Call {
    /// Whatever it started goes with it.
    fn drop(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        // It may have gone by itself just now.
        let _ = killpg(process, Signal::SIGKILL);
        for _ in 0..REAP_TRIES {
            match waitpid(process, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => std::thread::sleep(REAP_PAUSE),
                // Reaped; or the kernel holds it, and it goes with us.
                _ => return,
            }
        }
    }
}
