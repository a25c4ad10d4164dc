//! The room logs of this machine, as the relay writes them: each entry once, whatever is given again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chat_store::bell::Ringer;
use chat_store::closed;
use chat_store::cluster::{Cluster, Refused};
use chat_store::fs::dirs::Dirs;
use chat_store::log::origins::Origin;
use chat_store::log::room_log::{AppendError, Stored, Unsynced};
use chat_store::name::RoomName;
use chat_store::record::{Attrs, Draft, Kind, RecordId, attrs};

use crate::channels::Channels;
use crate::files::Files;
use crate::journal;
use crate::members::{Members, Row};
use crate::orders::Orders;
use crate::targets;

mod room;

use room::{Room, may_pass};

/// Logs that are kept open. Who speaks in more rooms than that at a time has one closed for another.
const MAX_OPEN: usize = 512;

/// Something that was put in order, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The room.
    pub room: RoomName,
    /// Who submitted it.
    pub origin: Origin,
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub from: String,
    /// Its attributes, as they are written.
    pub attrs: String,
    /// The text.
    pub text: String,
    /// The member whose state it changes.
    pub member: Option<String>,
    /// Which machines hold that member from then on; none: they are no member any more. `None`: it changes no member.
    pub holders: Option<Vec<String>>,
    /// It is no record, and nothing of it is written.
    pub quiet: bool,
}

impl Entry {
    /// The value of an attribute.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let found = Attrs::new(&self.attrs).find(|(name, value)| *name == key && !value.is_empty());
        found.map(|(_, value)| value.into_owned())
    }

    /// Gives it as a record to be written.
    pub fn with_draft<T>(&self, give: impl FnOnce(&Draft<'_>) -> T) -> T {
        let origin = self.origin.to_text();
        let pairs: Vec<_> = Attrs::new(&self.attrs).collect();
        let value = |key: &str| {
            let found = pairs.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| &**value)
        };
        let known = [
            attrs::MSGID,
            attrs::ACCOUNT,
            attrs::CLIENT,
            attrs::COLOR,
            attrs::ORIGIN,
        ];
        let is_inner = |key: &str| known.contains(&key) || key.starts_with(attrs::FOR_MACHINES);
        let rest = pairs.iter().filter(|(key, _)| !is_inner(key));
        let rest: Vec<_> = rest.map(|(key, value)| (*key, Some(&**value))).collect();
        give(&Draft {
            msgid: value(attrs::MSGID),
            account: value(attrs::ACCOUNT),
            client: value(attrs::CLIENT),
            color: value(attrs::COLOR),
            origin: Some(&origin),
            extra: &rest,
            ..Draft::new(self.kind, &self.from, &self.text)
        })
    }
}

/// What became of an entry here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is in the log now.
    New(RecordId),
    /// Its sender's message with the same `msgid` is there already.
    Again(RecordId),
    /// It was there already.
    Known,
    /// It does not hold: all machines see that alike.
    Refused(Refused),
}

/// All of them, as far as they are open.
#[derive(Debug)]
pub struct Rooms {
    dirs: Dirs,
    orders: Orders,
    channels: Channels,
    members: Members,
    /// What is missing here of what messages have with them; `None`: there is no other machine.
    files: Option<Arc<Files>>,
    open: BTreeMap<RoomName, Room>,
    /// How far back it is looked which entries a log has, when it is opened.
    since: RecordId,
    /// What was put in order up to here was given before this connection to the engine.
    given: RecordId,
    count: u64,
    /// Rooms whose people are to be woken.
    touched: BTreeSet<RoomName>,
    ringer: Ringer,
    /// Rooms with records that are not on the disk for certain.
    unsynced: BTreeSet<RoomName>,
}

impl Rooms {
    /// Those of `dirs`. What was put in order before `since` is not given again.
    pub fn new(dirs: &Dirs, cluster: &Arc<Cluster>, node: &str, since: RecordId) -> Self {
        Self {
            orders: Orders::new(dirs, cluster, node),
            channels: Channels::new(dirs),
            members: Members::new(node, cluster),
            files: None,
            dirs: dirs.alone(),
            open: BTreeMap::new(),
            since,
            given: RecordId::ZERO,
            count: 0,
            touched: BTreeSet::new(),
            ringer: Ringer::default(),
            unsynced: BTreeSet::new(),
        }
    }

    /// Has the files noted that messages name from here on.
    pub fn watch_files(&mut self, files: &Arc<Files>) {
        self.files = Some(Arc::clone(files));
    }

    /// Writes an entry to its room's log: under `id`, or, if there is none, where it comes now, unless its sender has
    /// said it before.
    ///
    /// # Errors
    /// It is not in the log then.
    pub fn apply(&mut self, id: Option<RecordId>, entry: &Entry) -> Result<Applied, AppendError> {
        let is_again = id.is_some_and(|id| id <= self.given);
        self.members.follow(&self.dirs, entry, is_again);
        if entry.quiet {
            return Ok(Applied::Known);
        }
        if entry.kind == Kind::Order {
            let applied = self.orders.apply(id, self.since, entry)?;
            self.forget_gone();
            return Ok(applied);
        }
        if entry.kind == Kind::Event {
            let applied = self.channels.apply(id, self.since, entry);
            return applied.unwrap_or(Ok(Applied::Refused(Refused::NotWritten)));
        }
        if self.orders.took_away(id, self.since, entry)? {
            return Ok(Applied::Known);
        }
        if !closed::is_there(&self.dirs, &entry.room) {
            return Ok(Applied::Refused(Refused::NotMember));
        }
        let own = closed::dirs_of(&self.dirs, &entry.room);
        let entry = &*targets::here(&own, entry).map_err(AppendError::Io)?;
        let files = self.files.clone();
        let room = self.room(&entry.room)?;
        let owed = room.owed.take_if(|(origin, _)| *origin == entry.origin);
        let greatest = room.known.get(&entry.origin.node);
        if owed.is_none() && greatest.is_some_and(|&number| number >= entry.origin.number) {
            return Ok(Applied::Known);
        }
        let given = id;
        let stored = match owed {
            Some((_, id)) => Ok(Stored::New(id)),
            None => entry.with_draft(|draft| room.append(id, draft)),
        };
        let stored = match stored {
            // The room is elsewhere on all machines, for good; nor does a line get shorter by waiting.
            Err(AppendError::Moved | AppendError::TooLong) => {
                return Ok(Applied::Refused(Refused::NotMember));
            }
            stored => stored?,
        };
        let Origin { node, number } = &entry.origin;
        room.known.insert(node.clone(), *number);
        match stored {
            Stored::New(id) => {
                // Before anybody is woken: who sees the record may ask for what it says.
                if let Err(error) = room.remember(id, given, entry) {
                    // A line may find room where a file does not, and a log may be rotated just then. One machine alone
                    // tells who waits; of several none may stay behind.
                    if given.is_some() && may_pass(&error) {
                        room.owed = Some((entry.origin.clone(), id));
                        return Err(match error.kind() {
                            io::ErrorKind::StorageFull => AppendError::DiskFull,
                            _ => AppendError::Io(error),
                        });
                    }
                    journal::note(format_args!("the state of {}: {error}", entry.room));
                }
                if let Some(files) = &files {
                    files.named(&room.dirs, id, entry);
                }
                self.touched.insert(entry.room.clone());
                self.unsynced.insert(entry.room.clone());
                Ok(Applied::New(id))
            }
            Stored::Already(id) => Ok(Applied::Again(id)),
        }
    }

    /// Brings who is on other machines into line with the whole table of members.
    ///
    /// # Errors
    /// Those of reading the rooms.
    pub fn reconcile(&mut self, table: &[Row]) -> io::Result<()> {
        self.members.reconcile(&self.dirs, table)
    }

    /// As [`Orders::begin_tasks`].
    ///
    /// # Errors
    /// As [`Orders::begin_tasks`].
    pub fn begin_tasks(&mut self, settings: PathBuf) -> io::Result<()> {
        self.orders.begin_tasks(settings)
    }

    /// Lets go of rooms that an order has taken away or elsewhere.
    fn forget_gone(&mut self) {
        self.open.retain(|_, room| room.log.path().exists());
    }

    /// Looks back to `since` at least in logs that are opened from here on.
    pub fn guard(&mut self, since: RecordId) {
        self.since = self.since.max(since);
    }

    /// What is put in order is given from here on, and up to `given` again. Looks back to `since` in logs that are opened
    /// from here on, which may be further than before.
    pub fn begin_again(&mut self, since: RecordId, given: RecordId) {
        (self.since, self.given) = (since, given);
    }

    /// Wakes who follows the rooms that have something new, once for many records.
    ///
    /// # Errors
    /// The first that could not be rung: its people look by themselves after a while.
    pub fn ring(&mut self) -> io::Result<()> {
        self.members.settle(&self.dirs);
        if let Err(error) = self.members.sweep(&self.dirs) {
            journal::note(format_args!("people who are gone: {error}"));
        }
        self.channels.ring();
        self.orders.go_on();
        let mut result = Ok(());
        for name in std::mem::take(&mut self.touched) {
            if let Some(room) = self.open.get(&name)
                && let Err(error) = self.ringer.ring_at(&room.bell)
            {
                result = Err(error);
            }
        }
        result
    }

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// Those of fdatasync(2); tried again with the next call.
    pub fn sync(&mut self) -> io::Result<()> {
        self.orders.go_on();
        self.orders.sync()?;
        self.channels.sync()?;
        while let Some(name) = self.unsynced.first().cloned() {
            if let Some(room) = self.open.get_mut(&name) {
                room.log.sync()?;
            }
            self.unsynced.remove(&name);
        }
        Ok(())
    }

    /// As [`Rooms::sync`], by somebody else.
    ///
    /// # Errors
    /// Those of rotating the log of orders.
    pub fn take_unsynced(&mut self) -> io::Result<Vec<Unsynced>> {
        let of_orders = self.orders.take_unsynced()?;
        let mut all: Vec<_> = of_orders.into_iter().collect();
        all.extend(self.channels.take_unsynced());
        for name in std::mem::take(&mut self.unsynced) {
            let room = self.open.get_mut(&name);
            all.extend(room.and_then(|room| room.log.take_unsynced()));
        }
        Ok(all)
    }

    fn room(&mut self, name: &RoomName) -> Result<&mut Room, AppendError> {
        if !self.open.contains_key(name) {
            self.make_room();
            let room = Room::open(closed::dirs_of(&self.dirs, name), name, self.since);
            let room = room.map_err(AppendError::Io)?;
            self.open.insert(name.clone(), room);
        }
        self.count += 1;
        let count = self.count;
        let room = self.open.get_mut(name).ok_or(AppendError::Busy)?;
        room.used = count;
        Ok(room)
    }

    /// Closes the log that was used longest ago, if there are too many.
    fn make_room(&mut self) {
        if self.open.len() < MAX_OPEN {
            return;
        }
        let oldest = self.open.iter().min_by_key(|(_, room)| room.used);
        if let Some(name) = oldest.map(|(name, _)| name.clone()) {
            if let Some(mut room) = self.open.remove(&name) {
                // What it knew is read again from the log when it is opened again.
                let _ = room.log.sync();
                if self.touched.remove(&name) {
                    let _ = self.ringer.ring_at(&room.bell);
                }
            }
            self.unsynced.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests;
