//! How far this machine has written what the engine has: a hint, the room logs are the truth.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use chat_store::channels;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::rooms;
use chat_store::record::RecordId;

use crate::{node, spool};

/// The most that is read of a file, in bytes.
const MAX_BYTES: u64 = 256;
/// How far is read again what was written before a connection was lost.
const AGAIN: Duration = Duration::from_secs(60);
/// The same after the machine went down: what was written may not have reached the disk. Also how far back it is
/// looked what an engine has lost.
pub const REPAIR: Duration = Duration::from_secs(600);

/// What stood in the logs behind the cursor when the machine went down: of each file as much was on the disk as
/// happened to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    after: RecordId,
    until: RecordId,
}

impl Doubt {
    fn of(after: RecordId, until: RecordId) -> Option<Self> {
        (after < until).then_some(Self { after, until })
    }

    /// Whether the record with this id is among it.
    pub fn has(self, id: RecordId) -> bool {
        self.after < id && id <= self.until
    }
}

/// How far this machine has come.
#[derive(Debug, Clone)]
pub struct Cursor {
    path: PathBuf,
    boot: String,
    saved: RecordId,
    doubt: Option<Doubt>,
    /// The last entry that has been written here.
    pub at: RecordId,
    /// How far before that reading begins again.
    again: Duration,
}

impl Cursor {
    /// As it was kept; else as far as the room logs go, as on a machine that has got them from another.
    ///
    /// # Errors
    /// Those of reading the logs.
    pub fn load(dirs: &Dirs) -> io::Result<Self> {
        let path = dirs.state.join("relay.cursor");
        let boot = node::boot()?;
        let kept = file::read_whole(&path, MAX_BYTES).unwrap_or_default();
        let kept = String::from_utf8_lossy(&kept).into_owned();
        let (id, kept_boot) = kept
            .trim_end()
            .split_once(' ')
            .unwrap_or((kept.trim_end(), ""));
        let doubt = |after| io::Result::Ok(Doubt::of(after, greatest(dirs)?));
        let (at, again, doubt) = match RecordId::parse(id.as_bytes()) {
            Some(at) if kept_boot == boot => (at, AGAIN, None),
            Some(at) => (at, REPAIR, doubt(at)?),
            None => (greatest(dirs)?, REPAIR, doubt(RecordId::ZERO)?),
        };
        Ok(Self {
            path,
            boot,
            saved: RecordId::ZERO,
            doubt,
            at,
            again,
        })
    }

    /// Where the logs may have holes; `None`: nowhere.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Whether the machine has been down since it came so far.
    pub fn was_down(&self) -> bool {
        self.again == REPAIR
    }

    /// Where to read from after a connection was lost.
    pub fn start(&self) -> RecordId {
        earlier(self.at, self.again)
    }

    /// Everything from [`Cursor::start`] on has been read again.
    pub fn caught_up(&mut self) {
        self.again = AGAIN;
    }

    /// Its file and what is to stand in it, for somebody else to write; `None`: it stands there.
    pub fn take(&mut self) -> Option<(PathBuf, String)> {
        if self.saved == self.at {
            return None;
        }
        self.saved = self.at;
        Some((self.path.clone(), format!("{} {}\n", self.at, self.boot)))
    }
}

/// An id that much earlier.
pub fn earlier(id: RecordId, time: Duration) -> RecordId {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    RecordId::from_micros(id.as_micros().saturating_sub(micros))
}

/// The log of each room and channel.
///
/// # Errors
/// Those of reading the directories.
pub fn logs(dirs: &Dirs) -> io::Result<BTreeSet<PathBuf>> {
    let mut logs: BTreeSet<_> = rooms::all(dirs)?
        .iter()
        .map(|room| dirs.room_log(room))
        .collect();
    for room in closed::all(dirs)? {
        logs.insert(closed::dirs_of(dirs, &room).room_log(&room));
    }
    logs.extend(channels::logs(dirs)?);
    Ok(logs)
}

fn greatest(dirs: &Dirs) -> io::Result<RecordId> {
    let mut greatest = RecordId::ZERO;
    let orders = dirs.cluster.iter().map(|it| it.orders_log());
    for live in logs(dirs)?.into_iter().chain(orders) {
        greatest = greatest.max(spool::last_of(&live)?);
    }
    Ok(greatest)
}

#[cfg(test)]
mod tests {
    use chat_store::log::room_log::RoomLog;
    use chat_store::name::RoomName;
    use chat_store::record::{Draft, Kind};

    use super::*;

    #[test]
    fn after_a_power_cut_more_is_read_again_and_without_a_cursor_the_logs_tell() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        assert_eq!(Cursor::load(&dirs).unwrap().at, RecordId::ZERO);
        let draft = Draft::new(Kind::Say, "alice", "hello");
        let last = RoomLog::new(&dirs, &RoomName::lobby())
            .append(&draft)
            .unwrap();
        let mut cursor = Cursor::load(&dirs).unwrap();
        assert_eq!(cursor.at, last);
        cursor.at = last.next();
        let (path, text) = cursor.take().unwrap();
        file::swap(&path, text.as_bytes()).unwrap();
        assert_eq!(cursor.take(), None);
        // "1b4e28ba-2fa1-11d2-883f-0016d3cca427": random(4).
        assert_eq!(cursor.boot.len(), 36, "{:?}", cursor.boot);
        let same_boot = Cursor::load(&dirs).unwrap();
        assert_eq!((same_boot.at, same_boot.doubt()), (last.next(), None));
        assert!(!same_boot.was_down());
        assert_eq!(same_boot.start(), earlier(last.next(), AGAIN));
        let place = last.previous();
        std::fs::write(&cursor.path, format!("{place} another-boot\n")).unwrap();
        let doubt = Cursor::load(&dirs).unwrap().doubt().unwrap();
        assert!(doubt.has(last) && !doubt.has(place) && !doubt.has(last.next()));
        std::fs::write(&cursor.path, format!("{last} another-boot\n")).unwrap();
        let mut other_boot = Cursor::load(&dirs).unwrap();
        assert_eq!(other_boot.start(), earlier(last, REPAIR));
        assert_eq!((other_boot.doubt(), other_boot.was_down()), (None, true));
        other_boot.caught_up();
        assert_eq!(other_boot.start(), earlier(last, AGAIN));
    }
}
