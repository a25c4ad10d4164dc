//! Orders: what changes the state of all machines. They are performed in the order in which they were put, then written
//! to a log of their own, in the spool, which tells which were: so that none is performed late, or twice with others
//! between.

use std::collections::BTreeMap;
use std::io;

use chat_store::cluster::Cluster;
use chat_store::cluster::order::{self, Moment};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::origins;
use chat_store::log::room_log::{AppendError, RoomLog};
use chat_store::record::RecordId;
use rustix::fs::OFlags;

use crate::journal;
use crate::rooms::{Applied, Entry};

/// How large the log becomes before it is rotated, in bytes. One file before it is kept.
const ROTATE_BYTES: u64 = 16 * 1024 * 1024;

/// The orders of this machine.
#[derive(Debug)]
pub struct Orders {
    /// Those of a machine alone: here they are performed.
    dirs: Dirs,
    log: RoomLog,
    /// The greatest number of each machine in the log, once it was looked at.
    known: Option<BTreeMap<String, RecordId>>,
    is_unsynced: bool,
}

impl Orders {
    /// Those whose log is in the spool of `cluster`.
    pub fn new(dirs: &Dirs, cluster: &Cluster) -> Self {
        Self {
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
        if self.known.is_none() {
            let found = origins::greatest(self.log.path(), since);
            self.known = Some(found.map_err(AppendError::Io)?);
        }
        let known = self.known.get_or_insert_default();
        let (node, number) = (&entry.origin.node, entry.origin.number);
        if known.get(node).is_some_and(|&known| known >= number) {
            return Ok(Applied::Known);
        }
        let moment = Moment(id.unwrap_or_else(RecordId::now));
        let done = order::perform(&self.dirs, moment, &entry.attrs, &entry.text);
        let done = done.map_err(AppendError::Io)?;
        known.insert(node.clone(), number);
        let id = entry.with_draft(|draft| match id {
            Some(id) => self.log.append_at(id, draft),
            None => self.log.append(draft),
        })?;
        self.is_unsynced = true;
        Ok(match done {
            Ok(()) => Applied::New(id),
            Err(why) => Applied::Refused(why),
        })
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
