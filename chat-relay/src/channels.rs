//! The logs of this machine's channels, as the relay writes them: what a program tells on one machine is heard on all.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use chat_store::channels::{self, Stem};
use chat_store::fs::dirs::{self, Dirs};
use chat_store::log::origins;
use chat_store::log::room_log::{AppendError, RoomLog, Stored, Unsynced};
use chat_store::record::RecordId;

use crate::journal;
use crate::rooms::{Applied, Entry};

/// Logs that are kept open; of more all are closed, and opened anew by what comes.
const MAX_OPEN: usize = 256;

#[derive(Debug)]
struct Channel {
    log: RoomLog,
    /// The greatest number of each machine in the log.
    known: BTreeMap<String, RecordId>,
}

/// All of them, as far as they are open.
#[derive(Debug)]
pub struct Channels {
    dirs: Dirs,
    open: BTreeMap<Stem, Channel>,
    /// Channels whose hearers are to be woken.
    touched: BTreeSet<Stem>,
}

impl Channels {
    /// Those of `dirs`, of a machine alone.
    pub fn new(dirs: &Dirs) -> Self {
        Self {
            dirs: dirs.alone(),
            open: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Writes an event to its channel's log, as [`Rooms::apply`](crate::rooms::Rooms::apply) does with a room's record.
    /// `None`: it is none, or of no channel that there can be.
    ///
    /// # Errors
    /// It is not in the log then.
    pub fn apply(
        &mut self,
        id: Option<RecordId>,
        since: RecordId,
        entry: &Entry,
    ) -> Option<Result<Applied, AppendError>> {
        let stem = Stem::parse(&entry.value(channels::CHANNEL)?)?;
        Some(self.write(id, since, entry, stem))
    }

    fn write(
        &mut self,
        id: Option<RecordId>,
        since: RecordId,
        entry: &Entry,
        stem: Stem,
    ) -> Result<Applied, AppendError> {
        let channel = self.channel(&stem, since).map_err(AppendError::Io)?;
        let (node, number) = (&entry.origin.node, entry.origin.number);
        if channel
            .known
            .get(node)
            .is_some_and(|&known| known >= number)
        {
            return Ok(Applied::Known);
        }
        let stored = entry.with_draft(|draft| match id {
            Some(id) => channel.log.append_at(id, draft).map(Stored::New),
            None => channel.log.append_once(draft),
        })?;
        channel.known.insert(node.clone(), number);
        Ok(match stored {
            Stored::New(id) => {
                self.touched.insert(stem);
                Applied::New(id)
            }
            Stored::Already(id) => Applied::Again(id),
        })
    }

    fn channel(&mut self, stem: &Stem, since: RecordId) -> io::Result<&mut Channel> {
        if !self.open.contains_key(stem) {
            if self.open.len() >= MAX_OPEN {
                self.sync()?;
                self.open.clear();
            }
            dirs::create_private(&self.dirs.channels)?;
            let log = RoomLog::at(stem.log(&self.dirs));
            let known = origins::greatest(log.path(), since)?;
            self.open.insert(stem.clone(), Channel { log, known });
        }
        self.open
            .get_mut(stem)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Wakes who hears the channels that have something new.
    pub fn ring(&mut self) {
        for stem in std::mem::take(&mut self.touched) {
            if let Err(error) = stem.ring(&self.dirs) {
                journal::note(format_args!("a channel was not rung: {error}"));
            }
        }
    }

    /// As [`Channels::sync`], by somebody else.
    pub fn take_unsynced(&mut self) -> impl Iterator<Item = Unsynced> {
        let logs = self.open.values_mut();
        logs.filter_map(|channel| channel.log.take_unsynced())
    }

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// Those of fdatasync(2); tried again with the next call.
    pub fn sync(&mut self) -> io::Result<()> {
        for channel in self.open.values_mut() {
            channel.log.sync()?;
        }
        Ok(())
    }
}
