//! The rooms that a connection is in, each at a place of its own: what wakes it is reported by place.

use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::Audience;
use crate::occupant::{Event, Occupant, Sink, Wakeup};

/// The most rooms at once.
pub const MAX_ROOMS: usize = 50;

/// What wakes a person's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// The person's own, which is of no room.
    Own,
    /// That of the channel at this place.
    Channel(usize),
    /// Of the room at this place, one of its.
    Room(usize, Wakeup),
}

/// Somebody's stay in a room.
pub(super) struct Stay {
    /// The room's name.
    pub(super) name: Box<str>,
    pub(super) occupant: Occupant,
    /// There may be something new.
    pub(super) due: bool,
}

/// An audience, for events of one room or of none.
pub(super) struct From<'a> {
    pub(super) room: Option<&'a str>,
    pub(super) to: &'a mut dyn Audience,
}

impl Sink for From<'_> {
    fn put(&mut self, event: &Event<'_>) {
        self.to.put_from(self.room, event);
    }
}

/// All stays of a connection.
#[derive(Default)]
pub(super) struct Stays {
    places: Vec<Option<Stay>>,
    /// Where to look for the next room that is due, so that a busy one keeps no other waiting.
    next: usize,
    /// Descriptors that nobody watches yet.
    unwatched: Vec<Bell>,
}

impl Stays {
    pub(super) fn add(&mut self, occupant: Occupant) {
        let stay = Stay {
            name: occupant.room().into(),
            occupant,
            due: true,
        };
        let free = self.places.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            // One more, not some more: most people are in one room.
            self.places.reserve_exact(1);
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[place] = Some(stay);
        self.watch_again(place, &Wakeup::ALL);
    }

    /// Takes a stay away: whoever it was leaves the room, whose name it gives.
    pub(super) fn remove(&mut self, place: usize) -> Option<Box<str>> {
        let is_of_it = |bell: &Bell| matches!(bell, Bell::Room(at, _) if *at == place);
        self.unwatched.retain(|bell| !is_of_it(bell));
        self.places.get_mut(place)?.take().map(|stay| stay.name)
    }

    /// Where the stay in `room` is.
    pub(super) fn find(&self, room: &str) -> Option<usize> {
        let is_it = |stay: &Option<Stay>| stay.as_ref().is_some_and(|stay| *stay.name == *room);
        self.places.iter().position(is_it)
    }

    /// Who they are in `room`.
    pub(super) fn of(&self, room: &str) -> Option<&Occupant> {
        let mut all = self.all();
        all.find(|stay| *stay.name == *room)
            .map(|stay| &stay.occupant)
    }

    pub(super) fn is_full(&self) -> bool {
        self.all().count() >= MAX_ROOMS
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Stay> {
        self.places.iter().flatten()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Stay> {
        self.places.iter_mut().flatten()
    }

    /// All places, taken or not.
    pub(super) fn places(&self) -> Range<usize> {
        0..self.places.len()
    }

    /// Does something in a room; what it says goes to `to`, for a client of many rooms with the room's
    /// name. `None`: nobody is there.
    pub(super) fn in_room<T>(
        &mut self,
        place: usize,
        many: bool,
        to: &mut dyn Audience,
        act: impl FnOnce(&mut Occupant, &mut dyn Sink) -> T,
    ) -> Option<T> {
        let stay = self.places.get_mut(place)?.as_mut()?;
        let room = many.then_some(&*stay.name);
        Some(act(&mut stay.occupant, &mut From { room, to }))
    }

    /// There may be something new in a room.
    pub(super) fn set_due(&mut self, place: usize) {
        if let Some(Some(stay)) = self.places.get_mut(place) {
            stay.due = true;
        }
    }

    /// Whether the files of a room are to be looked at by `until`.
    pub(super) fn is_look_due(&self, place: usize, until: Instant) -> bool {
        let stay = self.places.get(place).and_then(Option::as_ref);
        stay.is_some_and(|stay| stay.occupant.must_look() || stay.occupant.look_at() <= until)
    }

    /// The next room that is due; it is not any more.
    pub(super) fn next_due(&mut self) -> Option<usize> {
        let count = self.places.len();
        let mut places = (self.next..count).chain(0..self.next.min(count));
        let is_due = |stay: &Option<Stay>| stay.as_ref().is_some_and(|stay| stay.due);
        let place = places.find(|&place| is_due(&self.places[place]))?;
        if let Some(stay) = &mut self.places[place] {
            stay.due = false;
        }
        self.next = place + 1;
        Some(place)
    }

    pub(super) fn rang(&mut self, place: usize, wakeup: Wakeup) {
        if let Some(Some(stay)) = self.places.get_mut(place) {
            stay.occupant.rang(wakeup);
            stay.due = true;
        }
    }

    pub(super) fn bell(&self, place: usize, wakeup: Wakeup) -> Option<BorrowedFd<'_>> {
        let stay = self.places.get(place)?.as_ref()?;
        Some(stay.occupant.bell(wakeup))
    }

    /// These have another descriptor from now on.
    pub(super) fn watch_again(&mut self, place: usize, wakeups: &[Wakeup]) {
        let again = wakeups.iter().map(|&wakeup| Bell::Room(place, wakeup));
        self.unwatched.extend(again);
    }

    pub(super) fn watch(&mut self, bell: Bell) {
        self.unwatched.push(bell);
    }

    pub(super) fn take_unwatched(&mut self) -> Vec<Bell> {
        std::mem::take(&mut self.unwatched)
    }
}
