//! How far a webhook has come in each room: a file in `state/hooks/`, replaced whole. It is behind what was posted by a
//! second at most, so that after a crash what was posted since comes once more, and nothing is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use chat_handler::settings::webhooks::DIR;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

/// The largest file that is read: a hundred thousand rooms with long names.
const MAX_BYTES: u64 = 32 << 20;

/// How far it has come.
#[derive(Debug)]
pub struct Places {
    path: PathBuf,
    /// What was said before is not told: when the webhook was made.
    since: RecordId,
    /// The receiver does not want it any more (410).
    is_off: bool,
    rooms: BTreeMap<RoomName, RecordId>,
    is_changed: bool,
}

/// Where that of a webhook is.
pub fn path_of(dirs: &Dirs, name: &str) -> PathBuf {
    dirs.state.join(DIR).join(name)
}

impl Places {
    /// Reads it; of a new webhook, from now on.
    ///
    /// # Errors
    /// It cannot be read, or cannot be made.
    pub fn load(dirs: &Dirs, name: &str) -> io::Result<Self> {
        let path = path_of(dirs, name);
        let mut places = Self {
            path,
            since: RecordId::now(),
            is_off: false,
            rooms: BTreeMap::new(),
            is_changed: false,
        };
        let bytes = file::read_whole(&places.path, MAX_BYTES)?;
        places.parse(&String::from_utf8_lossy(&bytes));
        // One that is not there is read as an empty one.
        if bytes.is_empty() {
            std::fs::create_dir_all(dirs.state.join(DIR))?;
            places.is_changed = true;
            places.save()?;
        }
        Ok(places)
    }

    fn parse(&mut self, text: &str) {
        for line in text.lines() {
            let Some((room, id)) = line.split_once('\t') else {
                self.is_off |= line == "off";
                continue;
            };
            let Some(id) = RecordId::parse(id.as_bytes()) else {
                continue;
            };
            match room {
                // No room is called so.
                "" => self.since = id,
                room => {
                    if let Ok(room) = RoomName::parse(room) {
                        self.rooms.insert(room, id);
                    }
                }
            }
        }
    }

    /// Writes it, if anything has changed.
    ///
    /// # Errors
    /// It cannot be written; it is as it was.
    pub fn save(&mut self) -> io::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        let mut text = String::new();
        if self.is_off {
            text.push_str("off\n");
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\t{}", self.since);
        for (room, id) in &self.rooms {
            let _ = writeln!(text, "{room}\t{id}");
        }
        file::replace(&self.path, text.as_bytes())?;
        self.is_changed = false;
        Ok(())
    }

    /// Everything up to here was posted.
    pub fn of(&self, room: &RoomName) -> RecordId {
        self.rooms.get(room).copied().unwrap_or(self.since)
    }

    /// Everything up to `id` was posted, or is to be posted again from there.
    pub fn set(&mut self, room: &RoomName, id: RecordId) {
        self.rooms.insert(room.clone(), id);
        self.is_changed = true;
    }

    /// Whether the receiver wants it no more.
    pub fn is_off(&self) -> bool {
        self.is_off
    }

    /// Switches it off, or on again.
    pub fn switch_off(&mut self, off: bool) {
        self.is_changed |= self.is_off != off;
        self.is_off = off;
    }
}
