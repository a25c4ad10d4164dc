//! A log that this machine's relay writes, because the site is on several machines; and what the relay writes.

use std::path::Path;

use super::{AppendError, RoomLog, Stored};
use crate::cluster::MEMBER;
use crate::fs::dirs::Dirs;
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{Draft, Kind, RecordId, attrs};

/// Writes a record whose id is not the one that it has on other machines: who saw it there is to know it again.
pub(super) fn write_late(draft: &Draft<'_>, given: RecordId, id: RecordId, line: &mut Vec<u8>) {
    let was = given.to_string();
    let mut extra = draft.extra.to_vec();
    // The first one counts, here and where it is read.
    if extra.iter().all(|(key, _)| *key != attrs::WAS) {
        extra.push((attrs::WAS, Some(&was)));
    }
    let late = Draft {
        extra: &extra,
        ..*draft
    };
    late.write_to(id, line);
}

impl RoomLog {
    /// The log of `room`, written here whatever the site is on: for the relay.
    pub fn own(dirs: &Dirs, room: &RoomName) -> Self {
        Self {
            relay: None,
            ..Self::new(dirs, room)
        }
    }

    /// Whether the relay writes it, which also rings the room's bell.
    pub fn is_relayed(&self) -> bool {
        self.relay.is_some()
    }

    /// Appends that somebody has left. On several machines it is a record only if they are on none any more.
    ///
    /// # Errors
    /// As [`RoomLog::append`].
    pub fn append_quit(
        &mut self,
        nick: &str,
        person: Option<&PersonId>,
        account: Option<&str>,
    ) -> Result<RecordId, AppendError> {
        let person = person.filter(|_| self.is_relayed());
        let member = [(MEMBER, person.map(PersonId::as_str))];
        self.append(&Draft {
            account,
            extra: &member,
            ..Draft::new(Kind::Quit, nick, "")
        })
    }

    /// Whether nothing can be put in order just now.
    pub fn is_isolated(&self) -> bool {
        let relay = self.relay.as_ref();
        relay.is_some_and(|(cluster, _)| !cluster.is_up())
    }

    /// Appends a record under `id`, or the next one if the log has gone beyond that.
    ///
    /// # Errors
    /// As [`RoomLog::append`].
    pub fn append_at(&mut self, id: RecordId, draft: &Draft<'_>) -> Result<RecordId, AppendError> {
        self.given = Some(id);
        let stored = self.store(draft, &|_, _| Ok(None));
        self.given = None;
        stored.map(Stored::id)
    }

    pub(super) fn submit_once(&mut self, draft: &Draft<'_>) -> Result<Stored, AppendError> {
        let live = self.live.clone();
        let failed = |error| AppendError::of_io(error, Path::new(&live));
        // The engine knows those of the last hours; this log all that a log without a relay would look at.
        match self.find_sent(draft).map_err(failed)? {
            Some(id) => Ok(Stored::Already(id)),
            None => self.submit(draft),
        }
    }

    pub(super) fn submit(&mut self, draft: &Draft<'_>) -> Result<Stored, AppendError> {
        if draft.kind.is_personal() {
            return Err(AppendError::Personal);
        }
        let Some((cluster, room)) = &self.relay else {
            return Err(AppendError::Isolated);
        };
        let stored = cluster.submit(room, draft)?;
        self.floor = self.floor.max(stored.id());
        self.unsynced = Some(stored.id());
        Ok(stored)
    }
}
