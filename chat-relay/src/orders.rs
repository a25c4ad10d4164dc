//! Orders: what changes the state of all machines. They are performed in the order in which they were put, then written
//! to a log of their own, in the spool, which tells which were: so that none is performed late, or twice with others
//! between.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat_store::cluster::order::{self, Moment};
use chat_store::cluster::{Cluster, Refused};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::origins::{self, Origin};
use chat_store::log::room_log::{AppendError, RoomLog, Unsynced};
use chat_store::name::RoomName;
use chat_store::record::RecordId;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::journal;
use crate::rooms::{Applied, Entry};
use crate::tasks::Tasks;

/// How large the log becomes before it is rotated, in bytes. One file before it is kept.
const ROTATE_BYTES: u64 = 16 * 1024 * 1024;

/// What was performed.
#[derive(Debug, Default)]
struct Known {
    /// The greatest number of each machine.
    greatest: BTreeMap<String, RecordId>,
    /// The last order that took a room's log away, and its id. The log cannot tell any more what was in it.
    emptied: BTreeMap<RoomName, (Origin, RecordId)>,
}

impl Known {
    /// What the log whose live file is `live` tells behind `since`.
    fn read(live: &Path, since: RecordId) -> io::Result<Self> {
        let mut known = Self::default();
        origins::each_back(live, since, &mut |record| {
            let Some(origin) = Origin::of(record) else {
                return;
            };
            let greatest = known.greatest.entry(origin.node.clone()).or_default();
            *greatest = origin.number.max(*greatest);
            if let Some(room) = order::emptied_by(|key| record.attr(key), &record.text) {
                known.emptied.entry(room).or_insert((origin, record.id));
            }
        })?;
        Ok(known)
    }
}

/// The orders of this machine.
#[derive(Debug)]
pub struct Orders {
    /// Those of a machine alone: here they are performed.
    dirs: Dirs,
    log: RoomLog,
    /// What this machine is called in records.
    node: String,
    tasks: Tasks,
    /// What the log tells, once it was looked at.
    known: Option<Known>,
    is_unsynced: bool,
}

impl Orders {
    /// Those whose log is in the spool of `cluster`.
    pub fn new(dirs: &Dirs, cluster: &Arc<Cluster>, node: &str) -> Self {
        Self {
            node: node.to_owned(),
            tasks: Tasks::new(cluster),
            dirs: dirs.alone(),
            log: RoomLog::at(cluster.orders_log()),
            known: None,
            is_unsynced: false,
        }
    }

    /// Performs an order, unless that was done.
    ///
    /// # Errors
    /// It must be given again then.
    pub fn apply(
        &mut self,
        id: Option<RecordId>,
        since: RecordId,
        entry: &Entry,
    ) -> Result<Applied, AppendError> {
        let known = self.known(since)?;
        let (node, number) = (&entry.origin.node, entry.origin.number);
        if known
            .greatest
            .get(node)
            .is_some_and(|&known| known >= number)
        {
            return Ok(Applied::Known);
        }
        let moment = Moment(id.unwrap_or_else(RecordId::now));
        let value = |key: &str| entry.value(key).map(Cow::Owned);
        let settled = order::settled(&self.dirs, value).map_err(AppendError::Io)?;
        let is_for_others = order::is_for_others(|key| entry.value(key).map(Cow::Owned));
        let done = if is_for_others && *node == self.node {
            Ok(())
        } else {
            match order::perform(&self.dirs, moment, &entry.attrs, &entry.text) {
                Err(error) if is_for_good(&error) => {
                    journal::note(format_args!(
                        "an order of {node} cannot be performed: {error}"
                    ));
                    Err(Refused::NotWritten)
                }
                done => done.map_err(AppendError::Io)?,
            }
        };
        if let Some(file) = settled.filter(|_| done.is_ok()) {
            journal::note(format_args!(
                "{file} is as on {node} again: an engine had lost what was changed there, and what was changed here \
                 meanwhile is undone"
            ));
        }
        if is_for_others && done.is_ok() {
            self.tasks.look(&self.dirs).map_err(AppendError::Io)?;
        }
        let id = entry.with_draft(|draft| match id {
            Some(id) => self.log.append_at(id, draft),
            None => self.log.append(draft),
        })?;
        // Where there is no room for it, it is performed again: it must be in the log, from which an engine gets it back.
        self.known(since)?.greatest.insert(node.clone(), number);
        self.is_unsynced = true;
        if done.is_ok()
            && let Some(room) =
                order::emptied_by(|key| entry.value(key).map(Cow::Owned), &entry.text)
        {
            let last = (entry.origin.clone(), id);
            self.known(since)?.emptied.insert(room, last);
        }
        Ok(match done {
            Ok(()) => Applied::New(id),
            Err(why) => Applied::Refused(why),
        })
    }

    /// Whether an entry was in a room's log when an order took that away: of one machine by the numbers, else by the ids.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn took_away(
        &mut self,
        id: Option<RecordId>,
        since: RecordId,
        entry: &Entry,
    ) -> Result<bool, AppendError> {
        let last = self.known(since)?.emptied.get(&entry.room);
        Ok(last.is_some_and(|(order, emptied_at)| {
            if order.node == entry.origin.node {
                order.number >= entry.origin.number
            } else {
                id.is_some_and(|id| id <= *emptied_at)
            }
        }))
    }

    fn known(&mut self, since: RecordId) -> Result<&mut Known, AppendError> {
        if self.known.is_none() {
            let read = Known::read(self.log.path(), since);
            self.known = Some(read.map_err(AppendError::Io)?);
        }
        Ok(self.known.get_or_insert_default())
    }

    /// Has the tasks of this machine done by the settings in that file, also those that were left.
    ///
    /// # Errors
    /// Those of reading them.
    pub fn begin_tasks(&mut self, settings: PathBuf) -> io::Result<()> {
        self.tasks.begin(&self.dirs, settings)
    }

    /// As [`Tasks::go_on`].
    pub fn go_on(&mut self) {
        self.tasks.go_on();
    }

    /// Makes what was written survive a power cut, and rotates a log that is long.
    ///
    /// # Errors
    /// Those of fdatasync(2) and renaming; tried again with the next call.
    pub fn sync(&mut self) -> io::Result<()> {
        if !self.is_unsynced {
            return Ok(());
        }
        self.log.sync()?;
        self.rotate()
    }

    /// As [`Orders::sync`], by somebody else.
    ///
    /// # Errors
    /// Those of renaming.
    pub fn take_unsynced(&mut self) -> io::Result<Option<Unsynced>> {
        if self.is_unsynced {
            self.rotate()?;
        }
        // Of the file that it was written to.
        Ok(self.log.take_unsynced())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.is_unsynced = false;
        let live = self.log.path();
        let size = std::fs::metadata(live).map_or(0, |found| found.len());
        if size > ROTATE_BYTES {
            std::fs::rename(live, file::suffixed(live, ".1"))?;
            file::open(live, OFlags::RDWR | OFlags::CREATE)?;
            journal::note("the log of orders was rotated");
        }
        Ok(())
    }
}

/// Whether it fails again whenever it is tried, because of what it says and not of the disk: what stands behind it must
/// not wait for it. Other machines, where something else is in its place, may have performed it: it is told.
pub(crate) fn is_for_good(error: &io::Error) -> bool {
    // By kinds: one that says which file it is about has no number any more. The last has no kind.
    let kinds = [
        io::ErrorKind::InvalidInput,
        io::ErrorKind::InvalidData,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::InvalidFilename,
        io::ErrorKind::DirectoryNotEmpty,
        io::ErrorKind::AlreadyExists,
    ];
    kinds.contains(&error.kind()) || Errno::from_io_error(error) == Some(Errno::LOOP)
}
