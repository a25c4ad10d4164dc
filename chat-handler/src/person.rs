//! One connection of a person: the rooms that they are in over it, and which of them a request is for.
//!
//! A client of text or of protocol 1 is in one room, and its end is the connection's. One of protocol 2
//! enters and parts as it likes, and is told with each event which room it is about.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crate::hooks::Decision;
use crate::identity;
use crate::identity::counted::Counted;
use crate::journal;
use crate::occupant::{self, BadRequest, Bye, Connection, Event, Flow, Hello, Request};
use crate::settings::Settings;
use chat_store::name::Nick;
use chat_store::people::marks::Change;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;

mod channels;
mod conversations;
mod entering;
mod heartbeat;
mod hooks;
mod log_in;
mod marking;
mod moving;
mod own_rooms;
mod pass;
mod profile;
mod stays;
mod upkeep;
mod visit;
mod wish;

pub use channels::MAX_CHANNELS;
pub use profile::ProfileWish;
pub use stays::{Bell, MAX_ROOMS};
pub use visit::Visit;
pub use wish::{Entry, KeyRing, Wish};

use channels::Channels;
use heartbeat::Heartbeat;
use hooks::Pending;
use log_in::LogIn;
use own_rooms::OwnRooms;
use pass::Admission;
use profile::Held;
use stays::{From, Stays};

/// Takes events that are about a room, or about the connection.
pub trait Audience {
    /// Takes the next event. `room`: which one, for a client that is in many.
    fn put_from(&mut self, room: Option<&str>, event: &Event<'_>);
}

/// One connection of a person.
pub struct Person<'a> {
    settings: &'a Settings,
    visit: Visit<'a>,
    /// Their number under all names.
    number: PersonId,
    connection: Connection,
    heartbeat: Heartbeat,
    stays: Stays,
    /// Rooms that they asked for and are not in yet: each is told a lot, which the client must take first.
    entries: VecDeque<Entry>,
    /// The account that they are in by, if it is one of the chat's own.
    log_in: Option<LogIn>,
    /// Whether they moderate the site whatever the account is part of.
    moderates_by_session: bool,
    /// Whose messages are not counted as unread; their page hides them.
    uncounted: Vec<Nick>,
    /// `None`: they are in one room, or nobody knows them when they come back.
    own: Option<OwnRooms>,
    /// A program of the site is being asked.
    pending: Option<Box<Pending>>,
    /// And this is what it said, until that is done.
    decision: Option<Decision>,
    /// They came with a token, which is looked after.
    admission: Option<Box<Admission>>,
    /// `None`: they hear no channel.
    channels: Option<Box<Channels>>,
    /// How they are shown.
    held: Held,
    /// When they go to another machine, if they are to.
    goes_at: Option<Instant>,
}

impl<'a> Person<'a> {
    /// Somebody who is in no room yet.
    pub fn new(settings: &'a Settings, visit: Visit<'a>) -> Self {
        let mut person = Self {
            log_in: LogIn::of(settings, &visit.person),
            admission: Admission::of(settings, &visit.person).map(Box::new),
            moderates_by_session: visit.person.moderator
                && !identity::is_administrator(&settings.identity, &visit.person, visit.address),
            number: occupant::number_of(&visit.person, visit.client, visit.page),
            held: Held::of(&visit.person),
            connection: Connection::new(&settings.limits),
            settings,
            visit,
            heartbeat: Heartbeat::default(),
            stays: Stays::default(),
            entries: VecDeque::new(),
            uncounted: Vec::new(),
            own: None,
            pending: None,
            decision: None,
            channels: None,
            goes_at: None,
        };
        person.look_up_profile();
        if person.keep_public() {
            person.look_up_profile();
        }
        person
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
            self.stays.watch(Bell::Own);
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
        self.put_authenticated(to);
        self.put_profile(to);
        self.put_accepting(to);
        for mark in self.own.as_ref().map_or(&[][..], OwnRooms::all) {
            self.put_about(&mark.room, to);
        }
    }

    /// Does what the client wants.
    pub fn take(&mut self, wish: Wish<'_>, to: &mut dyn Audience) -> Flow {
        let flow = self.try_take(wish, to);
        // It was about this request, which may have come to nothing meanwhile.
        self.decision = None;
        flow
    }

    fn try_take(&mut self, wish: Wish<'_>, to: &mut dyn Audience) -> Flow {
        // Before they hear or do anything by an account that is theirs no more.
        if let end @ Flow::Bye(_) = self.check_log_in(to) {
            return end;
        }
        if let end @ Flow::Bye(_) = self.check_pass() {
            return end;
        }
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
                let plan = (title.as_deref(), whole_history);
                self.converse(&with, plan, msgid.as_deref(), to);
            }
            Wish::Accept(accept) => self.accept(accept, to),
            Wish::Ignored(names) => {
                let names = names.iter().filter_map(|name| Nick::parse(name).ok());
                self.uncounted = names.collect();
            }
            Wish::Subscribe(channel, since) => self.subscribe(&channel, since, to),
            Wish::Auth(token) => self.prolong(&token, to),
            Wish::Profile(wish) => self.change_profile(&wish, to),
            Wish::Unsubscribe(channel) => self.unsubscribe(&channel, to),
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
                    if let Request::Read { id, shows } = request {
                        // What is said later than now was not read yet.
                        self.change_mark(&room, Change::Read(id.min(RecordId::now())));
                        self.change_mark(&room, Change::Shows(shows == Some(true)));
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
                    // What it says holds in all rooms.
                    if self.is_asking() {
                        break;
                    }
                }
            }
            Wish::Ping(within) => {
                self.connection.charge_ping();
                if let Some(seconds) = within {
                    self.heartbeat.promise(seconds);
                }
                to.put_from(None, &Event::Pong(RecordId::now()));
            }
            Wish::Quit => return Flow::Bye(Bye::Quit),
        }
        Flow::Idle
    }

    fn apply(&mut self, place: usize, request: &Request<'_>, to: &mut dyn Audience) -> Flow {
        let decision = self.decision.clone();
        let mut question = None;
        let flow = self
            .stays
            .in_room(place, self.visit.many, to, |occupant, sink| {
                occupant.set_decision(decision);
                let flow = occupant.apply(request, sink);
                question = occupant.take_question();
                flow
            });
        if let Some(question) = question {
            self.begin_asking(*question, true);
        }
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
        if self.is_turn_of_channels() {
            self.follow_channel(budget, to);
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
        let asked = |occupant: &mut occupant::Occupant, _: &mut dyn occupant::Sink| {
            occupant.take_account_due()
        };
        if self.stays.in_room(place, self.visit.many, to, asked) == Some(true)
            && let end @ Flow::Bye(_) = self.check_log_in(to)
        {
            return end;
        }
        self.settle(place, flow, to)
    }

    /// Ends a stay that is over: with it, the connection of who is in one room.
    fn settle(&mut self, place: usize, flow: Flow, to: &mut dyn Audience) -> Flow {
        let Flow::Bye(bye) = flow else { return flow };
        if !self.visit.many || matches!(bye, Bye::Quit | Bye::LoggedOut | Bye::Expired) {
            return flow;
        }
        self.stays.in_room(place, true, to, |occupant, sink| {
            occupant::say_bye(bye, sink);
            occupant.leave(Some(bye));
        });
        match (self.stays.remove(place), bye) {
            (Some(room), Bye::Part) => self.change_mark(&room, Change::Gone),
            (Some(room), Bye::Moved) => self.entries.push_back(Entry::again(&room)),
            _ => {}
        }
        Flow::Idle
    }

    /// Whether there may be something new in a room.
    pub fn is_due(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.due)
            || self.stays.all().any(|stay| stay.due)
            || self
                .channels
                .as_ref()
                .is_some_and(|channels| channels.is_due())
    }

    /// How often [`Person::follow_next`] is called to hear of everything once.
    pub fn turns(&self) -> usize {
        let channels = self
            .channels
            .as_ref()
            .map_or(0, |channels| channels.count());
        self.stays.all().count() + channels + usize::from(self.own.is_some())
    }

    /// A bell has rung; [`Person::follow_next`] fetches what it is about.
    pub fn rang(&mut self, bell: Bell) {
        match bell {
            Bell::Own => {
                if let Some(own) = &mut self.own {
                    own.due = true;
                }
            }
            Bell::Channel(place) => {
                if let Some(channels) = &mut self.channels {
                    channels.rang(place);
                }
            }
            Bell::Room(place, wakeup) => self.stays.rang(place, wakeup),
        }
    }

    /// The bells whose descriptors are new, and nobody watches yet.
    pub fn take_unwatched(&mut self) -> Vec<Bell> {
        self.stays.take_unwatched()
    }

    /// The descriptor of a bell; `None`: the room was left meanwhile.
    pub fn bell(&self, bell: Bell) -> Option<BorrowedFd<'_>> {
        match bell {
            Bell::Own => self.own.as_ref().map(OwnRooms::bell),
            Bell::Channel(place) => self.channels.as_ref()?.bell(place),
            Bell::Room(place, wakeup) => self.stays.bell(place, wakeup),
        }
    }

    /// Wakes the others in rooms where anything was written: once for many records.
    pub fn ring(&mut self) {
        for stay in self.stays.all_mut() {
            stay.occupant.ring();
        }
    }

    /// Whether what they missed is still on its way.
    pub fn is_replaying(&self) -> bool {
        self.stays.all().any(|stay| stay.occupant.is_replaying())
    }

    /// How long nothing more is to be taken from the client.
    pub fn take_delay(&self) -> Duration {
        self.connection.take_delay()
    }

    /// The client was heard; or it could not be, since nobody listened.
    pub fn heard(&mut self) {
        self.heartbeat.heard();
    }

    /// Whether the client is not heard any more though it said that it would be.
    pub fn is_silent(&self) -> bool {
        self.heartbeat.silence().is_some()
    }

    /// The client did not answer pings, for as long as the daemon waits for that.
    pub fn was_unreachable(&mut self) {
        self.heartbeat.was_unreachable(self.visit.ping_timeout);
    }

    /// Leaves every room; `bye` is said to a client that is still there.
    pub fn leave(&mut self, bye: Option<Bye>, to: &mut dyn Audience) {
        if let Some(bye) = bye {
            occupant::say_bye(bye, &mut From { room: None, to });
        }
        let silence = self.heartbeat.whole_silence();
        let at_least = match bye {
            Some(Bye::Draining) => self.grace_for_the_way(),
            _ => Duration::ZERO,
        };
        for stay in self.stays.all_mut() {
            stay.occupant.wait_at_least(at_least);
            stay.occupant.was_silent_for(silence);
            stay.occupant.leave(bye);
        }
        self.connection.remember_pace();
    }
}
