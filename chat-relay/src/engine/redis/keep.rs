//! What was written is made to survive a power cut, and places are kept in files, beside the way that messages go: a disk
//! that takes its time keeps nobody waiting who says something.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use chat_store::fs::file::{self, FileId};
use chat_store::log::room_log::Unsynced;

use super::shared::{Shared, locked};
use crate::journal;

/// Between two looks whether something failed before and is to be tried again.
const LOOK: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Debug, Default)]
struct Due {
    /// One for each file: what is given later is behind what was given before.
    logs: HashMap<FileId, Unsynced>,
    files: BTreeMap<PathBuf, String>,
    is_new: bool,
}

impl Due {
    fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.files.is_empty()
    }
}

/// Who does it.
#[derive(Debug, Default)]
pub struct Keeper {
    due: Mutex<Due>,
    changed: Condvar,
    /// Held by whoever does it: what was given first is done first.
    disk: Mutex<()>,
}

impl Keeper {
    /// Has the logs synced, then the file replaced.
    pub fn give(&self, logs: Vec<Unsynced>, file: Option<(PathBuf, String)>) {
        let mut due = locked(&self.due);
        due.logs
            .extend(logs.into_iter().map(|log| (log.file(), log)));
        due.files.extend(file);
        due.is_new = true;
        drop(due);
        self.changed.notify_all();
    }

    /// Whether all of it is done.
    pub fn is_idle(&self) -> bool {
        self.disk.try_lock().is_ok() && locked(&self.due).is_empty()
    }

    /// Does what is due, behind what is being done.
    pub fn finish(&self) {
        let _disk = locked(&self.disk);
        let Due { logs, files, .. } = std::mem::take(&mut *locked(&self.due));
        let mut are_synced = true;
        for (id, log) in logs {
            if let Err(error) = log.sync() {
                journal::note(format_args!("the logs' sync: {error}"));
                locked(&self.due).logs.entry(id).or_insert(log);
                are_synced = false;
            }
        }
        for (path, text) in files {
            let kept = are_synced.then(|| file::swap(&path, text.as_bytes()));
            if let Some(Err(error)) = &kept {
                journal::note(format_args!("{}: {error}", path.display()));
            }
            // No place is said to be reached that is not on the disk; what is given later counts.
            if !matches!(kept, Some(Ok(()))) {
                locked(&self.due).files.entry(path).or_insert(text);
            }
        }
    }

    /// Does what is given, until the end.
    pub fn run(&self, shared: &Shared) {
        while !shared.is_stopping() {
            let due = locked(&self.due);
            if due.is_new {
                drop(due);
            } else {
                let waited = self.changed.wait_timeout(due, LOOK);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
            self.finish();
        }
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use chat_store::fs::dirs::Dirs;
    use chat_store::log::room_log::RoomLog;
    use chat_store::name::RoomName;
    use chat_store::record::{Draft, Kind};

    use super::*;

    #[test]
    fn what_is_given_is_done_once_and_the_last_of_a_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let room = RoomName::lobby();
        let mut log = RoomLog::new(&dirs, &room);
        let keeper = Keeper::default();
        assert!(keeper.is_idle());
        let place = dir.path().join("place");
        for text in ["first", "second"] {
            log.append(&Draft::new(Kind::Say, "alice", text)).unwrap();
            let unsynced = log.take_unsynced();
            assert!(unsynced.is_some() && !log.is_unsynced());
            keeper.give(
                unsynced.into_iter().collect(),
                Some((place.clone(), text.to_owned())),
            );
        }
        assert!(log.take_unsynced().is_none());
        assert!(!keeper.is_idle() && !place.exists());
        // While the disk takes its time, who gives does not wait for it.
        let disk = locked(&keeper.disk);
        keeper.give(Vec::new(), None);
        assert!(!keeper.is_idle());
        drop(disk);
        keeper.finish();
        assert!(keeper.is_idle());
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "second");
        // What cannot be kept is tried again.
        std::fs::remove_file(&place).unwrap();
        std::fs::create_dir(&place).unwrap();
        keeper.give(Vec::new(), Some((place.clone(), "third".to_owned())));
        keeper.finish();
        assert!(!keeper.is_idle());
        std::fs::remove_dir(&place).unwrap();
        keeper.finish();
        assert!(keeper.is_idle());
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "third");
        // The mark says up to where the log is on the disk.
        let mark = dirs.run.join(format!("{}.synced", room.file_stem()));
        let last = chat_store::log::tail::Tail::at_end(&dirs, &room)
            .unwrap()
            .last_id();
        let mark = std::fs::read_to_string(mark).unwrap();
        assert!(mark.trim_end().ends_with(&last.to_string()), "{mark}");
    }
}
