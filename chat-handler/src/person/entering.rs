//! Coming into rooms.

use super::stays::From;
use super::{Audience, Entry, MAX_ROOMS, Person};
use crate::journal;
use crate::occupant::{self, Arrival, Code, Refusal, Sink as _};
use chat_store::closed::Keys;
use chat_store::name::RoomName;
use chat_store::people::marks::Change;

impl Person<'_> {
    /// Comes into a room. False: they are in none then, and that was told.
    pub fn enter(&mut self, entry: &Entry, to: &mut dyn Audience) -> bool {
        let mut sink = From {
            room: self.visit.many.then_some(&*entry.asked),
            to,
        };
        match self.try_enter(entry, &mut sink) {
            Ok(()) => true,
            Err(refusal) => {
                sink.put(&refusal.event());
                let (code, reason) = (refusal.code.as_str(), refusal.reason);
                journal::note(format_args!("refused ({code}): {reason}"));
                false
            }
        }
    }

    fn try_enter(&mut self, entry: &Entry, sink: &mut From<'_>) -> Result<(), Refusal> {
        self.look_up_profile();
        let wished = entry.room.as_ref();
        let wished = wished.map_err(|error| Refusal::new(Code::BadRoom, error))?;
        let seeker = self.seeker(Keys {
            invitation: entry.keys.invitation.as_deref(),
            password: entry.keys.password.as_deref(),
        });
        // Somebody who goes on to other rooms has found them there just now.
        if self.stays.all().next().is_none() {
            self.settings.dirs().create()?;
        }
        let way = occupant::find_room(self.settings, &seeker, wished)?;
        let room = way.room.clone();
        if self.stays.find(room.as_str()).is_some() {
            return Ok(());
        }
        self.bring_mark(wished, &room);
        if self.stays.is_full() {
            return Err(Refusal::new(Code::RoomsAtOnce, &MAX_ROOMS));
        }
        let visit = &self.visit;
        let arrival = Arrival {
            asked: &entry.asked,
            person: &visit.person,
            nick: visit.nick.as_deref(),
            number: &self.number,
            client: visit.client,
            page: visit.page,
            address: visit.address,
            from: visit.from,
            when: &(visit.when)(),
            since: entry.since,
            history: entry.history,
            whole_history: visit.whole_history,
            mark: self.own.as_ref().and_then(|own| own.of(room.as_str())),
            grace: visit.grace,
            uncounted: &self.uncounted,
        };
        let mut sink = From {
            room: sink.room.map(|_| room.as_str()),
            to: sink.to,
        };
        let (settings, connection) = (self.settings, &mut self.connection);
        let occupant = occupant::enter(settings, connection, way, arrival, &mut sink)?;
        if let Some(own) = &mut self.own
            && own.of(room.as_str()).is_none()
        {
            own.change(&room, Change::Read(occupant.came_at()));
        }
        self.stays.add(occupant);
        Ok(())
    }

    /// Of a room that has gone to another place: how far they had read goes along.
    fn bring_mark(&mut self, old: &RoomName, room: &RoomName) {
        let has_moved = old.is_closed() != room.is_closed();
        let Some(own) = self.own.as_mut().filter(|_| has_moved) else {
            return;
        };
        let Some(mark) = own.of(old.as_str()).cloned() else {
            return;
        };
        if own.of(room.as_str()).is_none() {
            own.change(room, Change::Read(mark.read));
            own.change(room, Change::Level(mark.level));
        }
        own.change(old, Change::Gone);
    }

    /// Whether they have asked for rooms that they are not in yet. Nothing else is to be taken from the client until
    /// they are.
    pub fn is_entering(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Comes into the next of these rooms, unless somebody is asked first.
    pub fn enter_next(&mut self, to: &mut dyn Audience) {
        if self.asks_first() {
            return;
        }
        if let Some(entry) = self.entries.pop_front() {
            self.enter_decided(&entry, to);
        }
    }
}
