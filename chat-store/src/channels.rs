//! Channels: what the site's programs tell pages, beside the rooms and in none of them.
//!
//! A channel is a topic that many hear, or one account's, on all its devices. Its log is `channels/NAME.log`, of the
//! same form as a room's and as durable: who was away resumes behind the last event they have seen. The directory is
//! for the service's user alone, and who lists rooms or people meets none of it. An account's channel is called by the
//! account's number, so that no account's name reaches a path.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::bell::{self, Bell};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::room_log::{AppendError, LOCK_TIMEOUT, RoomLog, Stored};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{Draft, Kind, attrs};

mod name;
mod plain;
mod stem;

pub use name::{ChannelName, Pattern};
pub use stem::{CHANNEL, Stem};

/// The longest data of an event, in bytes.
pub const MAX_DATA: usize = 4 * 1024;
/// The longest word for what an event is.
const MAX_EV: usize = 64;
/// What the logs' names end with.
const LOG: &str = ".log";

/// An event to be told.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Which program tells it: a name of the chat's own, as `server` or `api:KID`.
    pub from: &'a str,
    /// Its account, in whose scope `msgid` is.
    pub account: Option<&'a str>,
    /// The program's own id of it: told again, it is there once.
    pub msgid: Option<&'a str>,
    /// What it is: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
    pub ev: &'a str,
    /// JSON. Whether it is, the caller has seen to.
    pub data: &'a str,
}

/// Why an event was not told.
#[derive(Debug)]
pub enum ChannelError {
    /// No event can be called so.
    BadEv,
    /// Its data have more than [`MAX_DATA`] bytes.
    TooLong,
    /// The log or its directory.
    Log(AppendError),
    /// The directory.
    Io(io::Error),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadEv => write!(
                f,
                "what an event is has 1 to {MAX_EV} of A-Z a-z 0-9 . _ : -"
            ),
            Self::TooLong => write!(f, "the data of an event have at most {MAX_DATA} bytes"),
            Self::Log(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ChannelError {}

impl From<AppendError> for ChannelError {
    fn from(error: AppendError) -> Self {
        Self::Log(error)
    }
}

impl From<io::Error> for ChannelError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The log of a channel.
pub fn log(dirs: &Dirs, channel: &ChannelName) -> PathBuf {
    dirs.channels.join(format!("{}{LOG}", channel.file_stem()))
}

/// Tells an event, and wakes who hears the channel. It survives a power cut when this returns.
///
/// # Errors
/// It was not told then, unless syncing alone failed: told again with its `msgid` it is there once.
pub fn tell(dirs: &Dirs, channel: &ChannelName, event: &Event<'_>) -> Result<Stored, ChannelError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    if !(1..=MAX_EV).contains(&event.ev.len()) || !event.ev.bytes().all(good) {
        return Err(ChannelError::BadEv);
    }
    let data = plain::in_one_field(event.data);
    if data.len() > MAX_DATA {
        return Err(ChannelError::TooLong);
    }
    dirs::create_private(&dirs.channels)?;
    let mut log = RoomLog::at(log(dirs, channel));
    let stem = channel.file_stem();
    let extra = [(attrs::EV, Some(event.ev))];
    let draft = Draft {
        msgid: event.msgid,
        account: event.account,
        extra: &extra,
        ..Draft::new(Kind::Event, event.from, &data)
    };
    if let Some(cluster) = &dirs.cluster {
        let extra = [(attrs::EV, Some(event.ev)), (CHANNEL, Some(&*stem))];
        let draft = Draft {
            extra: &extra,
            ..draft
        };
        let stored = match log.find_sent(&draft)? {
            Some(id) => Stored::Already(id),
            // The relay writes it, and rings.
            None => cluster.give(&RoomName::lobby(), &draft, true)?,
        };
        log.sync_found()?;
        return Ok(stored);
    }
    let stored = log.append_once(&draft)?;
    match stored {
        Stored::New(_) => log.sync()?,
        Stored::Already(_) => log.sync_found()?,
    }
    // Also for one that was there: whoever told it may have died before it rang.
    bell::ring_at(&bell_of(dirs, channel))?;
    Ok(stored)
}

/// The log of what is told to one person.
pub fn log_of(dirs: &Dirs, person: &PersonId) -> PathBuf {
    dirs.channels
        .join(format!("{}{LOG}", name::stem_of(person)))
}

/// The live logs of all channels.
///
/// # Errors
/// Those of reading the directory; a missing one holds none.
pub fn logs(dirs: &Dirs) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(&dirs.channels) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut logs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(LOG)) {
            logs.push(path);
        }
    }
    logs.sort_unstable();
    Ok(logs)
}

/// The bell of a channel, hung up while somebody hears it.
#[derive(Debug)]
pub struct ChannelBell {
    path: PathBuf,
    bell: Bell,
}

impl ChannelBell {
    /// Hangs it up.
    ///
    /// # Errors
    /// Those of making the directory and of [`Bell::open`].
    pub fn open(dirs: &Dirs, channel: &ChannelName) -> io::Result<Self> {
        dirs::create_private(&dirs.run_of_channels())?;
        let path = bell_of(dirs, channel);
        let bell = Bell::open(&path)?;
        // So that the last who waits at it knows that nobody else does.
        lock::try_hold(&bell, Share::Shared)?;
        Ok(Self { path, bell })
    }

    /// As [`Bell::reopen_if_replaced`].
    ///
    /// # Errors
    /// As [`Bell::reopen_if_replaced`].
    pub fn reopen_if_replaced(&mut self) -> io::Result<bool> {
        if self.bell.is_in_place()? {
            return Ok(false);
        }
        if let Some(dir) = self.path.parent() {
            dirs::create_private(dir)?;
        }
        let replaced = self.bell.reopen_if_replaced()?;
        lock::try_hold(&self.bell, Share::Shared)?;
        Ok(replaced)
    }
}

impl AsFd for ChannelBell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

impl Drop for ChannelBell {
    fn drop(&mut self) {
        // The last one. Who comes at this moment finds that out at their next poll.
        if lock::try_hold(&self.bell, Share::Exclusive).unwrap_or(false) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn bell_of(dirs: &Dirs, channel: &ChannelName) -> PathBuf {
    bell_at(dirs, &channel.file_stem())
}

fn bell_at(dirs: &Dirs, stem: &str) -> PathBuf {
    dirs.run_of_channels().join(format!("{stem}.bell"))
}

/// Deletes what was told to one person; how many files.
///
/// # Errors
/// Those of reading the directory and of unlink(2).
pub fn forget(dirs: &Dirs, person: &PersonId) -> io::Result<usize> {
    let mut count = 0;
    for path in files_of(&log_of(dirs, person))? {
        std::fs::remove_file(path)?;
        count += 1;
    }
    Ok(count)
}

/// Deletes the live log of what was told to one person if nothing stands in it. Whether it did.
///
/// # Errors
/// Those of the files, and `TimedOut` if others hold the log's lock all the time.
pub fn forget_empty(dirs: &Dirs, person: &PersonId) -> io::Result<bool> {
    let path = log_of(dirs, person);
    let log = match file::open(&path, OFlags::RDWR) {
        Err(Errno::NOENT) => return Ok(false),
        opened => opened?.0,
    };
    // Whoever writes has done so before, or sees that it is gone.
    let Some(_lock) = lock::take(&log, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let is_empty = log.metadata()?.len() == 0 && file::is_at(&log, &path)?;
    if is_empty {
        std::fs::remove_file(path)?;
    }
    Ok(is_empty)
}

/// A log with its rotated files, packed ones too.
fn files_of(live: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(dir), Some(name)) = (live.parent(), live.file_name()) else {
        return Ok(Vec::new());
    };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let found = entry.file_name();
        if found
            .as_encoded_bytes()
            .starts_with(name.as_encoded_bytes())
        {
            files.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
