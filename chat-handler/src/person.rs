//! One connection of a person: the rooms that they are in over it, and which of them a request is for.
//!
//! A client of text or of protocol 1 is in one room, and its end is the connection's. One of protocol 2
//! enters and parts as it likes, and is told with each event which room it is about.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crate::identity;
use crate::identity::counted::Counted;
use crate::journal;
use crate::occupant::{
    self, AboutRoom, Arrival, BadRequest, Bye, Code, Connection, Event, Flow, Hello, Reading,
    Refusal, Request, Seeker, Sink as _,
};
use crate::settings::Settings;
use crate::wording::Line;
use chat_store::closed::{self, Keys};
use chat_store::name::RoomName;
use chat_store::people::consent::{self, Accept};
use chat_store::people::marks::Change;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;

mod own_rooms;
mod stays;
mod wish;

pub use stays::{Bell, MAX_ROOMS};
pub use wish::{Entry, KeyRing, Wish};

use own_rooms::OwnRooms;
use stays::{From, Stays};

/// Takes events that are about a room, or about the connection.
pub trait Audience {
    /// Takes the next event. `room`: which one, for a client that is in many.
    fn put_from(&mut self, room: Option<&str>, event: &Event<'_>);
}

/// Who comes, and how.
pub struct Visit<'a> {
    /// Who they turned out to be.
    pub person: identity::Person,
    /// What they want to be called, if nobody else said who they are.
    pub nick: Option<String>,
    /// The browser's token: whose messages it sends again.
    pub client: Option<&'a str>,
    /// The open page's token: which presence it left behind.
    pub page: Option<&'a str>,
    /// The peer, for bans; empty: unknown.
    pub address: &'a str,
    /// The client as the proxies saw it, for the list of entries.
    pub from: &'a str,
    /// Now, in the administrator's time, for the list of entries.
    pub when: &'a dyn Fn() -> String,
    /// Whether comings and goings are part of their history.
    pub whole_history: bool,
    /// Whether they can be in many rooms at once.
    pub many: bool,
    /// How long they may be gone, when their connection is lost, before the others are told.
    pub grace: Duration,
}

/// One connection of a person.
pub struct Person<'a> {
    settings: &'a Settings,
    visit: Visit<'a>,
    /// Their number under all names.
    number: PersonId,
    connection: Connection,
    stays: Stays,
    /// Rooms that they asked for and are not in yet: each is told a lot, which the client must take first.
    entries: VecDeque<Entry>,
    /// `None`: they are in one room, or nobody knows them when they come back.
    own: Option<OwnRooms>,
}

impl<'a> Person<'a> {
    /// Somebody who is in no room yet.
    pub fn new(settings: &'a Settings, visit: Visit<'a>) -> Self {
        Self {
            number: occupant::number_of(&visit.person, visit.client, visit.page),
            connection: Connection::new(&settings.limits),
            settings,
            visit,
            stays: Stays::default(),
            entries: VecDeque::new(),
            own: None,
        }
    }

    /// Says who they are to a client that is not in a room from the start.
    pub fn greet(&mut self, to: &mut dyn Audience) {
        if !self.visit.many {
            return;
        }
        let person = &self.visit.person;
        let wished = occupant::wished_nick(person, self.visit.nick.as_deref());
        // Who is not known when they come back has nothing that is kept.
        let known = PersonId::of(person.account.as_deref(), self.visit.client);
        self.own = known.and_then(|number| {
            let counted = Counted::of(person, self.visit.address);
            let opened = OwnRooms::open(self.settings.dirs(), number, counted);
            // Without it they can talk all the same.
            opened
                .map_err(|error| journal::note(format_args!("a person's rooms: {error}")))
                .ok()
        });
        if self.own.is_some() {
            self.stays.watch(Bell::OWN);
        }
        let hello = Hello {
            name: wished.as_str(),
            account: person.account.as_deref(),
            person: self.number.as_str(),
            now: RecordId::now(),
            limits: &self.settings.limits,
            most_rooms: MAX_ROOMS,
            rooms: self.own.as_ref().map_or(&[], OwnRooms::all),
        };
        to.put_from(None, &Event::Hello(&hello));
        self.put_accepting(to);
        for mark in self.own.as_ref().map_or(&[][..], OwnRooms::all) {
            self.put_about(&mark.room, to);
        }
    }

    /// Tells from whom they accept conversations, if not from everybody.
    fn put_accepting(&self, to: &mut dyn Audience) {
        let number = self.seeker(Keys::default()).number();
        let accept = number.map(|number| consent::of(&self.settings.dirs(), &number));
        if let Some(Ok(accept)) = accept
            && accept != Accept::default()
        {
            to.put_from(None, &Event::Accepting(accept));
        }
    }

    /// Tells what a room of theirs is that is for some only.
    fn put_about(&self, room: &RoomName, to: &mut dyn Audience) {
        let Some(you) = self.seeker(Keys::default()).number() else {
            return;
        };
        match closed::find(&self.settings.dirs(), room) {
            Ok(Some(found)) if found.circle.member(&you).is_some() => {
                let (circle, you, people) = (&found.circle, &you, false);
                let about = AboutRoom {
                    circle,
                    you,
                    people,
                };
                to.put_from(Some(room.as_str()), &Event::About(&about));
            }
            Ok(_) => {}
            Err(error) => journal::note(format_args!("a person's rooms: {error}")),
        }
    }

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
        let wished = entry.room.as_ref();
        let wished = wished.map_err(|error| Refusal::new(Code::BadRoom, error))?;
        let visit = &self.visit;
        let seeker = self.seeker(Keys {
            invitation: entry.keys.invitation.as_deref(),
            password: entry.keys.password.as_deref(),
        });
        let way = occupant::find_room(self.settings, &seeker, wished)?;
        let room = way.room.clone();
        if self.stays.find(room.as_str()).is_some() {
            return Ok(());
        }
        if self.stays.is_full() {
            return Err(Refusal::new(Code::RoomsAtOnce, &MAX_ROOMS));
        }
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

    /// Whether they have asked for rooms that they are not in yet. Nothing else is to be taken from the client until they are.
    pub fn is_entering(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Comes into the next of these rooms.
    pub fn enter_next(&mut self, to: &mut dyn Audience) {
        if let Some(entry) = self.entries.pop_front() {
            self.enter(&entry, to);
        }
    }

    /// Does what the client wants.
    pub fn take(&mut self, wish: Wish<'_>, to: &mut dyn Audience) -> Flow {
        match wish {
            Wish::Enter(entries) => {
                for _ in &entries {
                    self.connection.charge_room();
                }
                self.entries.extend(entries);
            }
            Wish::Converse {
                with,
                title,
                whole_history,
                msgid,
            } => {
                self.connection.charge_room();
                let made = {
                    let seeker = self.seeker(Keys::default());
                    let title = title.as_deref();
                    occupant::converse(self.settings, &seeker, &with, title, whole_history)
                };
                match made {
                    Ok(room) => self.enter_opened(&room, msgid.as_deref(), to),
                    Err(refusal) => {
                        if let Event::Bye { line, .. } = refusal.event() {
                            let (code, msgid) = (refusal.code, msgid.as_deref());
                            to.put_from(None, &Event::Error { code, line, msgid });
                        }
                    }
                }
            }
            Wish::Accept(accept) => self.accept(accept, to),
            Wish::Part(room) => match self.stays.find(&room) {
                Some(place) => return self.settle(place, Flow::Bye(Bye::Part), to),
                // One that they cannot enter any more is to be theirs no more either.
                None if self.is_own(&room) => {
                    self.change_mark(&room, Change::Gone);
                    let room = Some(&*room);
                    occupant::say_bye(Bye::Part, &mut From { room, to });
                }
                None => self.reject(&BadRequest::not_in_room(&room, None), to),
            },
            Wish::In(Some(room), request) => match self.stays.find(&room) {
                Some(place) => {
                    if let Request::Read(id) = request {
                        // What is said later than now was not read yet.
                        self.change_mark(&room, Change::Read(id.min(RecordId::now())));
                    }
                    return self.apply(place, &request, to);
                }
                None => self.reject(&BadRequest::not_in_room(&room, request.msgid()), to),
            },
            Wish::Notify(room, level) => self.change_mark(&room, Change::Level(level)),
            Wish::In(None, request) => {
                if let Request::Nick(name) = &request {
                    // Of rooms that are entered later, too.
                    self.visit.nick = Some(name.clone().into_owned());
                }
                for place in self.stays.places() {
                    if let end @ Flow::Bye(_) = self.apply(place, &request, to) {
                        return end;
                    }
                }
            }
            Wish::Ping => {
                self.connection.charge_ping();
                to.put_from(None, &Event::Pong(RecordId::now()));
            }
            Wish::Quit => return Flow::Bye(Bye::Quit),
        }
        Flow::Idle
    }

    fn is_own(&self, room: &str) -> bool {
        self.own.as_ref().is_some_and(|own| own.of(room).is_some())
    }

    /// Keeps from whom they accept conversations, and tells what holds.
    fn accept(&mut self, accept: Accept, to: &mut dyn Audience) {
        self.connection.charge_room();
        let Some(person) = self.seeker(Keys::default()).number() else {
            let (code, line) = (Code::AnonymousRefused, Line::AnonymousRefused);
            return to.put_from(
                None,
                &Event::Error {
                    code,
                    line,
                    msgid: None,
                },
            );
        };
        // Of who has just come nothing may be kept yet.
        if let Some(own) = &mut self.own {
            own.save();
        }
        let dirs = self.settings.dirs();
        let kept = consent::set(&dirs, &person, accept).and_then(|_| consent::of(&dirs, &person));
        match kept {
            Ok(holds) => to.put_from(None, &Event::Accepting(holds)),
            Err(error) => {
                let (code, reason) = (Code::NotSaved, error.to_string());
                let line = Line::NotSaved(&reason);
                to.put_from(
                    None,
                    &Event::Error {
                        code,
                        line,
                        msgid: None,
                    },
                );
            }
        }
    }

    fn seeker<'s>(&'s self, keys: Keys<'s>) -> Seeker<'s> {
        Seeker {
            person: &self.visit.person,
            nick: self.visit.nick.as_deref(),
            client: self.visit.client,
            address: self.visit.address,
            keys,
        }
    }

    /// Comes into a room that they have just made, or have had for long.
    fn enter_opened(&mut self, room: &RoomName, msgid: Option<&str>, to: &mut dyn Audience) {
        if let Some(msgid) = msgid {
            let (id, duplicate) = (None, false);
            let ack = Event::Ack {
                msgid,
                id,
                duplicate,
            };
            to.put_from(Some(room.as_str()), &ack);
        }
        let entry = Entry {
            asked: room.as_str().to_owned(),
            room: Ok(room.clone()),
            since: None,
            keys: KeyRing::default(),
            history: None,
        };
        self.enter(&entry, to);
    }

    fn change_mark(&mut self, room: &str, change: Change) {
        let known = self
            .own
            .as_mut()
            .map(|own| own.of(room).map(|mark| mark.room.clone()));
        if let (Some(own), Some(Some(room))) = (&mut self.own, known) {
            own.change(&room, change);
        }
    }

    /// Passes on what their other connections have read, entered and parted.
    fn put_marks(&mut self, to: &mut dyn Audience) {
        let news = self.own.as_mut().map(OwnRooms::news);
        for (room, mark) in news.unwrap_or_default() {
            if mark.is_some() && self.stays.of(room.as_str()).is_none() {
                self.put_about(&room, to);
            }
            let room = room.as_str();
            let reading = mark.map(|mark| match self.stays.of(room) {
                Some(occupant) => occupant.reading_now(&mark),
                None => Reading::uncounted(&mark),
            });
            to.put_from(Some(room), &Event::Mark(reading));
        }
    }

    fn apply(&mut self, place: usize, request: &Request<'_>, to: &mut dyn Audience) -> Flow {
        let flow = self
            .stays
            .in_room(place, self.visit.many, to, |occupant, sink| {
                occupant.apply(request, sink)
            });
        // Its own record is in the log by now.
        self.stays.set_due(place);
        let opened =
            |occupant: &mut occupant::Occupant, _: &mut dyn occupant::Sink| occupant.take_opened();
        let opened = self.stays.in_room(place, self.visit.many, to, opened);
        if let Some(Some(room)) = opened.filter(|_| self.visit.many) {
            self.enter_opened(&room, None, to);
        }
        self.settle(place, flow.unwrap_or(Flow::Idle), to)
    }

    /// Takes what is no request.
    pub fn reject(&mut self, bad: &BadRequest<'_>, to: &mut dyn Audience) {
        self.connection.reject(bad, &mut From { room: None, to });
    }

    /// Passes on what is new in the next of the rooms, up to about `budget` bytes of records.
    pub fn follow_next(&mut self, budget: usize, to: &mut dyn Audience) -> Flow {
        if self.own.as_ref().is_some_and(|own| own.due) {
            self.put_marks(to);
            return Flow::Idle;
        }
        let Some(place) = self.stays.next_due() else {
            return Flow::Idle;
        };
        let flow = self
            .stays
            .in_room(place, self.visit.many, to, |occupant, sink| {
                occupant.follow(budget, sink)
            });
        let flow = flow.unwrap_or(Flow::Idle);
        if flow == Flow::More {
            self.stays.set_due(place);
        }
        self.settle(place, flow, to)
    }

    /// Ends a stay that is over: with it, the connection of who is in one room.
    fn settle(&mut self, place: usize, flow: Flow, to: &mut dyn Audience) -> Flow {
        let Flow::Bye(bye) = flow else { return flow };
        if !self.visit.many || bye == Bye::Quit {
            return flow;
        }
        self.stays.in_room(place, true, to, |occupant, sink| {
            occupant::say_bye(bye, sink);
            occupant.leave(Some(bye));
        });
        if let Some(room) = self.stays.remove(place)
            && bye == Bye::Part
        {
            self.change_mark(&room, Change::Gone);
        }
        Flow::Idle
    }

    /// Whether there may be something new in a room.
    pub fn is_due(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.due) || self.stays.all().any(|stay| stay.due)
    }

    /// How often [`Person::follow_next`] is called to hear of everything once.
    pub fn turns(&self) -> usize {
        self.stays.all().count() + usize::from(self.own.is_some())
    }

    /// A bell has rung; [`Person::follow_next`] fetches what it is about.
    pub fn rang(&mut self, bell: Bell) {
        match &mut self.own {
            Some(own) if bell == Bell::OWN => own.due = true,
            _ => self.stays.rang(bell),
        }
    }

    /// The bells whose descriptors are new, and nobody watches yet.
    pub fn take_unwatched(&mut self) -> Vec<Bell> {
        self.stays.take_unwatched()
    }

    /// The descriptor of a bell; `None`: the room was left meanwhile.
    pub fn bell(&self, bell: Bell) -> Option<BorrowedFd<'_>> {
        match &self.own {
            Some(own) if bell == Bell::OWN => Some(own.bell()),
            _ => self.stays.bell(bell),
        }
    }

    /// Wakes the others in rooms where anything was written: once for many records.
    pub fn ring(&mut self) {
        for stay in self.stays.all_mut() {
            stay.occupant.ring();
        }
    }

    /// Syncs what was written a while ago.
    pub fn sync_if_due(&mut self, to: &mut dyn Audience) {
        if let Some(own) = &mut self.own
            && own.save_at().is_some_and(|at| at <= Instant::now())
        {
            own.save();
        }
        for place in self.stays.places() {
            self.stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    occupant.sync_if_due(sink);
                });
        }
    }

    /// When [`Person::ring`], [`Person::sync_if_due`] or [`Person::poll`] must be called at the latest.
    pub fn due_at(&self) -> Option<Instant> {
        let looks = self.stays.all().map(|stay| stay.occupant.look_at());
        let rooms = self.stays.all().filter_map(|stay| stay.occupant.due_at());
        rooms
            .chain(looks)
            .chain(self.own.as_ref().and_then(OwnRooms::save_at))
            .min()
    }

    /// Whether what they missed is still on its way.
    pub fn is_replaying(&self) -> bool {
        self.stays.all().any(|stay| stay.occupant.is_replaying())
    }

    /// How long nothing more is to be taken from the client.
    pub fn take_delay(&self) -> Duration {
        self.connection.take_delay()
    }

    /// Looks after files that somebody may have taken away, and tries again what failed: in rooms where that is due by `until`.
    ///
    /// # Errors
    /// They have been banned meanwhile from their only room, by somebody who did not ring.
    pub fn poll(&mut self, until: Instant, to: &mut dyn Audience) -> Result<(), Bye> {
        let is_somewhere = self.stays.all().next().is_some();
        let mut places = self.stays.places();
        if is_somewhere && !places.any(|place| self.stays.is_look_due(place, until)) {
            return Ok(());
        }
        if self.own.as_mut().is_some_and(OwnRooms::reopen_if_replaced) {
            self.stays.watch(Bell::OWN);
        }
        for place in self.stays.places() {
            if !self.stays.is_look_due(place, until) {
                continue;
            }
            let polled = self
                .stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    occupant.poll(sink)
                });
            self.stays.set_due(place);
            match polled {
                Some(Ok(replaced)) => self.stays.watch_again(place, &replaced),
                Some(Err(bye)) => {
                    if let Flow::Bye(bye) = self.settle(place, Flow::Bye(bye), to) {
                        return Err(bye);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Leaves every room; `bye` is said to a client that is still there.
    pub fn leave(&mut self, bye: Option<Bye>, to: &mut dyn Audience) {
        if let Some(bye) = bye {
            occupant::say_bye(bye, &mut From { room: None, to });
        }
        for stay in self.stays.all_mut() {
            stay.occupant.leave(bye);
        }
        self.connection.remember_pace();
    }
}
