//! Which rooms' logs have grown: one descriptor for all of them, and a look at all names now and then.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::rooms;
use chat_store::name::RoomName;
use chat_store::state;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// All rooms are looked at so often, whatever the kernel says: what it forgot to say is found then.
const LOOK: Duration = Duration::from_secs(30);
/// Bytes of events that are read at once.
const BUFFER: usize = 16 * 1024;

/// Watches the logs of some rooms, or of all that everybody may see.
#[derive(Debug)]
pub struct Watch {
    dirs: Dirs,
    rooms: Option<Vec<RoomName>>,
    inotify: OwnedFd,
    look_at: Instant,
}

impl Watch {
    /// Begins to watch; at first all rooms may have grown.
    ///
    /// # Errors
    /// Those of inotify(7).
    pub fn new(dirs: &Dirs, rooms: Option<Vec<RoomName>>) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let watch = Self {
            dirs: dirs.clone(),
            rooms,
            inotify,
            look_at: Instant::now(),
        };
        watch.watch_all()?;
        Ok(watch)
    }

    /// A directory that is not there yet is found at a later look.
    fn watch_all(&self) -> io::Result<()> {
        let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let named = self.rooms.iter().flatten();
        let closed = named
            .filter(|room| room.is_closed())
            .map(|room| closed::dirs_of(&self.dirs, room).rooms);
        for dir in std::iter::once(self.dirs.rooms.clone()).chain(closed) {
            match inotify::add_watch(&self.inotify, &dir, flags) {
                Ok(_) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for `limit` at most, and gives the rooms that may have grown.
    ///
    /// # Errors
    /// Those of reading the directories.
    pub fn wait(&mut self, limit: Duration) -> io::Result<BTreeSet<RoomName>> {
        let limit = limit.min(self.look_at.saturating_duration_since(Instant::now()));
        let timeout = Timespec::try_from(limit).unwrap_or_default();
        let mut fds = [PollFd::new(&self.inotify, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(names) = self.names()? else {
            return self.all();
        };
        if Instant::now() >= self.look_at {
            return self.all();
        }
        let mut grown = BTreeSet::new();
        for name in names {
            if let Some(stem) = name.strip_suffix(".log") {
                let room = RoomName::parse(stem).ok().filter(RoomName::is_closed);
                grown.extend(room.or_else(|| state::name_of(&self.dirs, stem)));
            }
        }
        if let Some(rooms) = &self.rooms {
            grown.retain(|room| rooms.contains(room));
        }
        Ok(grown)
    }

    /// The names that the kernel told; `None`: it could not keep them all.
    fn names(&self) -> io::Result<Option<BTreeSet<String>>> {
        let mut names = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => return Ok(None),
                Ok(event) => {
                    let name = event.file_name().and_then(|name| name.to_str().ok());
                    names.extend(name.map(str::to_owned));
                }
                Err(Errno::AGAIN) => return Ok(Some(names)),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn all(&mut self) -> io::Result<BTreeSet<RoomName>> {
        self.look_at = Instant::now() + LOOK;
        self.watch_all()?;
        match &self.rooms {
            Some(rooms) => Ok(rooms.iter().cloned().collect()),
            None => rooms::all(&self.dirs),
        }
    }
}
