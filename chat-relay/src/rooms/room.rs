//! One room: its log, and what stands beside it because a record says so.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use chat_store::fs::dirs::Dirs;
use chat_store::log::erase;
use chat_store::log::origins::{self, Origin};
use chat_store::log::room_log::{self, AppendError, RoomLog, Stored};
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind, Record, RecordId, attrs};
use chat_store::state;

use super::Entry;
use crate::journal;
use crate::orders;
use crate::said::Said;
use crate::spool;

/// One room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: RoomName,
    pub(super) dirs: Dirs,
    pub(super) log: RoomLog,
    pub(super) bell: PathBuf,
    /// The greatest number of each machine in the log.
    pub(super) known: BTreeMap<String, RecordId>,
    /// What was said of late.
    said: Said,
    /// A record that is in the log, and what it changes is not changed yet.
    pub(super) owed: Option<(Origin, RecordId)>,
    /// Under which id the last record of a kind was put in order first, of those that set something.
    set: BTreeMap<&'static str, RecordId>,
    /// When it was used last, in entries.
    pub(super) used: u64,
}

/// What a record changes beside the log.
#[derive(Debug)]
struct Change {
    kind: Kind,
    text: String,
    /// Of a `clear` record: what was said is deleted.
    deletes: bool,
    /// The record that it is about.
    target: Option<RecordId>,
    /// Under which id it was put in order first.
    at: RecordId,
}

impl Change {
    /// That of an entry which was put in order as `id`.
    fn of_entry(id: RecordId, entry: &Entry) -> Self {
        Self::of(id, entry.kind, &entry.text, |key| entry.value(key))
    }

    /// That of a record in the log.
    fn of_record(record: &Record<'_>) -> Self {
        let value = |key: &str| record.attr(key).map(Into::into);
        Self::of(record.id, record.kind, &record.text, value)
    }

    fn of(id: RecordId, kind: Kind, text: &str, value: impl Fn(&str) -> Option<String>) -> Self {
        let id_in = |key| RecordId::parse(value(key)?.as_bytes());
        Self {
            kind,
            text: text.to_owned(),
            deletes: value(attrs::DELETE).is_some(),
            target: id_in(attrs::TARGET),
            at: id_in(attrs::WAS).unwrap_or(id),
        }
    }

    /// Whether what it said was overwritten: nothing can be made of it any more.
    fn is_blank(&self) -> bool {
        !self.text.is_empty() && self.text.trim().is_empty()
    }

    /// Whether only the last one of its kind counts.
    fn sets(&self) -> bool {
        matches!(self.kind, Kind::Topic | Kind::Slow)
    }
}

impl Room {
    /// The one of this name, whose directories are `dirs`; of its log is looked at what is behind `since`. What the
    /// last record says is done again: who wrote it may have been killed before that was done.
    pub(super) fn open(dirs: Dirs, name: &RoomName, since: RecordId) -> io::Result<Self> {
        dirs.create()?;
        let mut room = Self {
            name: name.clone(),
            bell: dirs.bell(name),
            log: RoomLog::own(&dirs, name),
            dirs,
            known: BTreeMap::new(),
            said: Said::default(),
            owed: None,
            set: BTreeMap::new(),
            used: 0,
        };
        let mut last = None;
        let live = room.log.path().to_owned();
        origins::each_back(&live, since, &mut |record| {
            room.said.add_before(record);
            if let Some(Origin { node, number }) = Origin::of(record) {
                let greatest: &mut RecordId = room.known.entry(node).or_default();
                *greatest = number.max(*greatest);
                let change = Change::of_record(record);
                room.note(&change);
                last.get_or_insert((record.id, change));
            }
        })?;
        // Behind it is what no relay has written: then it was done.
        if let Some((id, change)) = last
            && !change.is_blank()
            && spool::last_of(&live)? == id
            && let Err(error) = room.change(id, &change)
        {
            if may_pass(&error) {
                return Err(error);
            }
            journal::note(format_args!("the state of {name}: {error}"));
        }
        Ok(room)
    }

    /// Writes a record, unless it is there: by its sender's own id, whoever has submitted it.
    pub(super) fn append(
        &mut self,
        id: Option<RecordId>,
        draft: &Draft<'_>,
    ) -> Result<Stored, AppendError> {
        let Some(id) = id else {
            return self.log.append_once(draft);
        };
        if self.said.may_hold(draft)
            && let Some(found) = self.log.find_sent(draft).map_err(AppendError::Io)?
        {
            return Ok(Stored::Already(found));
        }
        let id = self.log.append_at(id, draft)?;
        self.said.add(draft);
        Ok(Stored::New(id))
    }

    /// Keeps what the room remembers of a record when it has gone from the log, where it stands under `id`; it was put
    /// in order as `given`.
    pub(super) fn remember(
        &mut self,
        id: RecordId,
        given: Option<RecordId>,
        entry: &Entry,
    ) -> io::Result<()> {
        let change = Change::of_entry(given.unwrap_or(id), entry);
        self.note(&change);
        self.change(id, &change)
    }

    fn note(&mut self, change: &Change) {
        if change.sets() {
            let last = self.set.entry(change.kind.as_str()).or_default();
            *last = change.at.max(*last);
        }
    }

    /// Does it; done again it does nothing more.
    fn change(&mut self, id: RecordId, change: &Change) -> io::Result<()> {
        let (dirs, name) = (&self.dirs, &self.name);
        // What an engine had lost and was put back is older than what was said since, wherever it stands.
        let last = self.set.get(change.kind.as_str());
        if last.is_some_and(|last| *last > change.at) {
            return Ok(());
        }
        match change.kind {
            Kind::Topic => state::set_topic(dirs, name, &change.text),
            Kind::Slow => state::set_slow(dirs, name, state::slow_of(&change.text)),
            Kind::Clear => {
                if change.deletes {
                    erase::everything(self.log.path(), id)?;
                }
                state::set_cleared(dirs, name, id)
            }
            Kind::Pin | Kind::Unpin => match change.target {
                Some(target) => state::change_pins(dirs, name, |pins| {
                    pins.retain(|&pin| pin != target);
                    if change.kind == Kind::Pin {
                        pins.insert(0, target);
                    }
                }),
                None => Ok(()),
            },
            Kind::Redact => match RecordId::parse(change.text.as_bytes()) {
                Some(target) => {
                    room_log::blank_all(self.log.path(), target)?;
                    if state::pins(dirs, name)?.contains(&target) {
                        let unpin = |pins: &mut Vec<_>| pins.retain(|&pin| pin != target);
                        state::change_pins(dirs, name, unpin)?;
                    }
                    Ok(())
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Whether what failed is tried again until it is done. What nobody may do on this machine would stop all rooms for one.
pub(super) fn may_pass(error: &io::Error) -> bool {
    !orders::is_for_good(error) && error.kind() != io::ErrorKind::PermissionDenied
}
