//! What a process waits for: a list of sources, each with the token under which epoll reports it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;

use super::output::timespec;
use crate::person::Bell;

/// Events taken from the kernel at once; more are taken with the next wait.
const EVENTS: usize = 8;

/// Something that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Stdin,
    Stdout,
    Signals,
    /// A program of the site that is asked something.
    Hook,
    /// A bell of a room.
    Bell(Bell),
}

/// What one wait brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) source: Source,
    pub(super) flags: EventFlags,
}

/// The epoll instance and the sources in it; a source's token is its position in the list.
#[derive(Debug)]
pub(super) struct Sources {
    epoll: OwnedFd,
    list: Vec<Source>,
}

impl Sources {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            list: Vec::new(),
        })
    }

    /// Adds a source, or adds it again with a new descriptor: the old one left epoll when it was closed.
    ///
    /// # Errors
    /// Those of `epoll_ctl(2)`; `EPERM` for files, which cannot be waited for.
    pub(super) fn add(
        &mut self,
        source: Source,
        fd: impl AsFd,
        flags: EventFlags,
    ) -> Result<(), Errno> {
        let token = self.token(source);
        epoll::add(&self.epoll, fd, token, flags)
    }

    /// Reports other events of a source from now on.
    pub(super) fn change(
        &mut self,
        source: Source,
        fd: BorrowedFd<'_>,
        flags: EventFlags,
    ) -> Result<(), Errno> {
        let token = self.token(source);
        epoll::modify(&self.epoll, fd, token, flags)
    }

    /// Takes a source out; it may be added again.
    pub(super) fn remove(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        epoll::delete(&self.epoll, fd)
    }

    fn token(&mut self, source: Source) -> EventData {
        let known = self.list.iter().position(|known| *known == source);
        let at = known.unwrap_or_else(|| {
            self.list.push(source);
            self.list.len() - 1
        });
        EventData::new_u64(at as u64)
    }

    /// Waits for `limit` at most, and gives what is ready to `take`. How many they were.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)` that mean something is wrong.
    pub(super) fn wait(&self, limit: Duration, take: &mut dyn FnMut(Ready)) -> io::Result<usize> {
        let mut events = [epoll::Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        }; EVENTS];
        let count = match epoll::wait(&self.epoll, &mut events, Some(&timespec(limit))) {
            Ok(count) => count,
            Err(Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in &events[..count] {
            // The kernel packs the structure: its fields are copied, not lent.
            let (flags, token) = (event.flags, event.data);
            let at = usize::try_from(token.u64()).unwrap_or(usize::MAX);
            if let Some(&source) = self.list.get(at) {
                take(Ready { source, flags });
            }
        }
        Ok(count)
    }
}
