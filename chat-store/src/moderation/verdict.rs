//! What is in force against one person, in a room and in all of them.

use std::io;
use std::path::PathBuf;

use super::{BANS, Entry, Extent, MAX_BYTES, Measure, Person, Right};
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, Stamp};
use crate::name::SERVER;
use crate::record::RecordId;

/// What is in force against one person, kept up to date cheaply.
#[derive(Debug)]
pub struct Verdict {
    /// The list of the room, and the one of all rooms.
    paths: [PathBuf; 2],
    seen: Option<[Option<Stamp>; 2]>,
    /// Why they may not be here.
    pub ban: Option<Entry>,
    /// Why they may not speak.
    pub mute: Option<Entry>,
}

impl Verdict {
    /// Nothing is known yet: call [`Verdict::refresh`].
    pub fn new<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>) -> Self {
        Self {
            paths: [
                at.into().path(dirs, BANS),
                Extent::Everywhere.path(dirs, BANS),
            ],
            seen: None,
            ban: None,
            mute: None,
        }
    }

    /// Reads the measures again if they changed, and lets go of what is over. Two stat(2) if not.
    /// After a change of nick use [`Verdict::new`].
    ///
    /// # Errors
    /// Those of reading the file. What was in force stays so.
    pub fn refresh(&mut self, person: &Person<'_>) -> io::Result<()> {
        let now = RecordId::now();
        let stamps = [Stamp::at(&self.paths[0])?, Stamp::at(&self.paths[1])?];
        if self.seen != Some(stamps) {
            let mut entries = Vec::new();
            for ((path, stamp), is_room) in self.paths.iter().zip(stamps).zip([true, false]) {
                // Most rooms have none.
                if stamp.is_none() {
                    continue;
                }
                let text = file::read_whole(path, MAX_BYTES)?;
                let lines = text.split(|&byte| byte == b'\n').filter_map(Entry::parse);
                let holds = |entry: &Entry| {
                    entry.is_in_force(now)
                        && !(is_room && spares(entry, person))
                        && entry.is_against(person)
                };
                entries.extend(lines.filter(holds));
            }
            let mut first = |measure| {
                let found = entries.iter().position(|entry| entry.measure == measure);
                found.map(|at| entries.swap_remove(at))
            };
            (self.ban, self.mute) = (first(Measure::Ban), first(Measure::Mute));
            self.seen = Some(stamps);
        }
        self.ban.take_if(|entry| !entry.is_in_force(now));
        self.mute.take_if(|entry| !entry.is_in_force(now));
        Ok(())
    }
}

impl Verdict {
    /// What stands against it, as of the last [`Verdict::refresh`].
    pub fn may(&self, right: Right) -> Option<&Entry> {
        let mute = self.mute.as_ref().filter(|_| right == Right::Speak);
        self.ban.as_ref().or(mute)
    }
}

/// Who moderates the site is above those who moderate one room; the server's shell is above both.
fn spares(entry: &Entry, person: &Person<'_>) -> bool {
    person.moderates_all && entry.by != SERVER
}

impl Entry {
    /// Whether it is against this person.
    pub fn is_against(&self, person: &Person<'_>) -> bool {
        let same = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
        same(self.account.as_deref(), person.account)
            || same(self.person.as_deref(), person.number)
            || self.is_by_name(person)
            || self.is_by_address(person)
    }

    /// A name is anybody's: against an account or a guest who is known, it holds for guests alone.
    fn is_by_name(&self, person: &Person<'_>) -> bool {
        let is_guest = self.guests_only && (self.person.is_some() || self.address.is_some());
        let counts = person.account.is_none() || (self.account.is_none() && !is_guest);
        let nick = self.nick.as_ref().filter(|_| counts);
        nick.is_some_and(|nick| nick.key() == person.nick.key())
    }

    fn is_by_address(&self, person: &Person<'_>) -> bool {
        let address = person.address.and_then(|address| address.parse().ok());
        let counts = !self.guests_only || person.account.is_none();
        let network = self.address.filter(|_| counts);
        network
            .zip(address)
            .is_some_and(|(network, address)| network.contains(address))
    }
}
