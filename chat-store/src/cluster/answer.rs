//! What became of a submission, told to who waits for it: a FIFO of each process that has submitted something.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::bell::Bell;
use crate::fs::file;
use crate::record::RecordId;

/// How the FIFOs are called.
const SUFFIX: &str = ".answer";
/// The longest answer, in bytes: two ids and a word. Less than `PIPE_BUF`, so that it comes in one piece.
const MAX_ANSWER: usize = 128;
/// How old a FIFO is that nobody reads before it is removed: its owner may be making it.
const STALE: Duration = Duration::from_secs(60);

/// Processes whose FIFOs are kept open at most: of one more all are closed.
const MAX_OPEN: usize = 64;

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is in the room's log, under this id.
    Stored(RecordId),
    /// It was there already, under this id.
    Again(RecordId),
    /// It is not, and will not be.
    Refused(Refused),
}

/// Why a submission was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It came too late.
    Expired,
    /// The name is somebody's on another machine.
    Taken,
    /// The room has as many members as allowed, on all machines together.
    Full,
    /// Its sender is no member of the room any more.
    NotMember,
    /// The file was changed on another machine just before.
    Conflict,
    /// The engine's memory is full.
    NoMemory,
    /// The room's log could not be written here.
    NotWritten,
    /// No engine puts anything in order just now. What one was given before may still come.
    Away,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Expired,
        Self::Taken,
        Self::Full,
        Self::NotMember,
        Self::Conflict,
        Self::NoMemory,
        Self::NotWritten,
        Self::Away,
    ];

    /// A word for programs, stable.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Taken => "taken",
            Self::Full => "full",
            Self::NotMember => "not-member",
            Self::Conflict => "conflict",
            Self::NoMemory => "no-memory",
            Self::NotWritten => "not-written",
            Self::Away => "away",
        }
    }

    /// What a word says.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "it came too late, send it again",
            Self::Taken => "somebody has this name on another server",
            Self::Full => "the room is full",
            Self::NotMember => "this room does not have you in its list, come in again",
            Self::Conflict => "it was changed on another server just now, try again",
            Self::NoMemory => "the servers' memory is full, send it again later",
            Self::NotWritten => "the server may not write the room's log, tell its administrator",
            Self::Away => "this server is cut off from the others, send it again in a moment",
        })
    }
}

impl Answer {
    fn to_line(self, number: RecordId) -> String {
        match self {
            Self::Stored(id) => format!("{number} stored {id}\n"),
            Self::Again(id) => format!("{number} again {id}\n"),
            Self::Refused(why) => format!("{number} refused {}\n", why.code()),
        }
    }

    /// A line without its end.
    fn parse(line: &[u8]) -> Option<(RecordId, Self)> {
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let number = RecordId::parse(words.next()?.as_bytes())?;
        let (word, value) = (words.next()?, words.next()?);
        let id = || RecordId::parse(value.as_bytes());
        let answer = match word {
            "stored" => Self::Stored(id()?),
            "again" => Self::Again(id()?),
            "refused" => Self::Refused(Refused::parse(value)?),
            _ => return None,
        };
        Some((number, answer))
    }
}

/// Tells who waits for it. False: nobody does any more.
///
/// # Errors
/// Those of open(2) and write(2); who waits tries again after a while.
pub fn answer(run: &Path, to: &str, number: RecordId, answer: Answer) -> io::Result<bool> {
    Answers::default().answer(run, to, number, answer)
}

/// Who was told something of late: the same processes say something again and again, and their FIFOs are kept open.
#[derive(Debug, Default)]
pub struct Answers {
    open: BTreeMap<String, OwnedFd>,
}

impl Answers {
    /// As [`answer`].
    ///
    /// # Errors
    /// As [`answer`].
    pub fn answer(
        &mut self,
        run: &Path,
        to: &str,
        number: RecordId,
        answer: Answer,
    ) -> io::Result<bool> {
        if !to.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Ok(false);
        }
        if self.open.len() >= MAX_OPEN {
            self.open.clear();
        }
        let fifo = match self.open.entry(to.to_owned()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => {
                let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
                match rustix::fs::open(path_of(run, to), flags, Mode::empty()) {
                    Ok(fifo) => free.insert(fifo),
                    Err(Errno::NXIO | Errno::NOENT) => return Ok(false),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        match file::write_once(&*fifo, answer.to_line(number).as_bytes()) {
            Ok(_) => Ok(true),
            // Nobody reads it: they gave up long ago.
            Err(Errno::AGAIN) => Ok(false),
            Err(error) => {
                self.open.remove(to);
                if error == Errno::PIPE {
                    return Ok(false);
                }
                Err(error.into())
            }
        }
    }
}

/// Removes what processes left that were killed.
///
/// # Errors
/// Those of reading the directory.
pub fn sweep_answers(run: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(run)? {
        let path = entry?.path();
        let is_answer = path
            .as_os_str()
            .as_encoded_bytes()
            .ends_with(SUFFIX.as_bytes());
        let made = std::fs::symlink_metadata(&path).and_then(|found| found.modified());
        let age = |made| SystemTime::now().duration_since(made).unwrap_or_default();
        if !is_answer || made.is_ok_and(|made| age(made) < STALE) {
            continue;
        }
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        if matches!(
            rustix::fs::open(&path, flags, Mode::empty()),
            Err(Errno::NXIO)
        ) {
            let _ = rustix::fs::unlink(&path);
        }
    }
    Ok(())
}

fn path_of(run: &Path, name: &str) -> PathBuf {
    run.join(format!("{name}{SUFFIX}"))
}

/// Where the answers to one process come.
#[derive(Debug)]
pub(super) struct Ear {
    name: String,
    path: PathBuf,
    // Both ends, so that it neither blocks nor ends when the relay does.
    fifo: Bell,
    /// What came and is no whole line yet.
    rest: Vec<u8>,
}

impl Ear {
    pub(super) fn open(run: &Path) -> io::Result<Self> {
        let (process, now) = (std::process::id(), RecordId::now().as_micros());
        let name = format!("{process}-{now}");
        let path = path_of(run, &name);
        Ok(Self {
            fifo: Bell::make(&path)?,
            name,
            path,
            rest: Vec::new(),
        })
    }

    /// What a submission names.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The answer to one submission; those to earlier ones, which were given up, are dropped. `None`: it has not come
    /// by then.
    pub(super) fn wait_for(
        &mut self,
        number: RecordId,
        until: Instant,
    ) -> io::Result<Option<Answer>> {
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.rest) {
                let found = Answer::parse(&self.rest[..end]);
                self.rest.drain(..=end);
                if let Some((of, answer)) = found
                    && of == number
                {
                    return Ok(Some(answer));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.read(left)?;
        }
    }

    fn read(&mut self, limit: Duration) -> io::Result<()> {
        let fd = self.fifo.as_fd();
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        match rustix::event::poll(
            &mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)],
            Some(&limit),
        ) {
            Ok(0) | Err(Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; MAX_ANSWER];
        match rustix::io::read(fd, &mut bytes) {
            Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = rustix::fs::unlink(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_gets_the_answer_to_what_they_asked() {
        let dir = tempfile::tempdir().unwrap();
        let mut ear = Ear::open(dir.path()).unwrap();
        let (one, two) = (RecordId::from_micros(7), RecordId::from_micros(8));
        for (number, what) in [
            (one, Answer::Stored(two)),
            (two, Answer::Refused(Refused::Taken)),
        ] {
            assert!(answer(dir.path(), ear.name(), number, what).unwrap());
        }
        let until = Instant::now() + Duration::from_secs(10);
        let got = ear.wait_for(two, until).unwrap();
        assert_eq!(got, Some(Answer::Refused(Refused::Taken)));
        assert_eq!(ear.wait_for(one, Instant::now()).unwrap(), None);
    }

    #[test]
    fn nobody_is_answered_who_has_gone_or_is_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let ear = Ear::open(dir.path()).unwrap();
        let name = ear.name().to_owned();
        drop(ear);
        let what = Answer::Again(RecordId::from_micros(7));
        for to in [&name, "../x", ""] {
            assert!(!answer(dir.path(), to, RecordId::from_micros(7), what).unwrap());
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
