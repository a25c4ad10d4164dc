//! The channels that a connection hears: what programs tell, beside the rooms.
//!
//! Each has a follower of its log and a bell, as a room has; who hears none has neither.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use super::{Audience, Bell, Person};
use crate::journal;
use crate::occupant::{Code, Event};
use crate::wording::Line;
use chat_store::channels::{self, ChannelBell, ChannelName};
use chat_store::fs::dirs::Dirs;
use chat_store::log::tail::{Progress, Tail};
use chat_store::record::{Kind, RecordId};

/// The most at once: each costs two descriptors, and a wake-up for each event.
pub const MAX_CHANNELS: usize = 8;

/// From one look after the files of who is in no room to the next; nobody is woken for it.
const PAUSE: Duration = Duration::from_secs(30);

/// Before every event of a channel in which nothing was told yet.
const BEGINNING: RecordId = RecordId::from_micros(1);

/// One that is heard.
struct Heard {
    name: ChannelName,
    tail: Tail,
    bell: ChannelBell,
    /// There may be something new.
    due: bool,
}

/// All of them, each at a place of its own.
#[derive(Default)]
pub(super) struct Channels {
    places: [Option<Heard>; MAX_CHANNELS],
    /// Where to look for the next that is due.
    next: usize,
    /// A room has its turn first.
    has_had_turn: bool,
    /// When its files were looked after last; `None`: not yet.
    looked_at: Option<Instant>,
}

impl Channels {
    fn all(&self) -> impl Iterator<Item = &Heard> {
        self.places.iter().flatten()
    }

    pub(super) fn count(&self) -> usize {
        self.all().count()
    }

    pub(super) fn is_due(&self) -> bool {
        self.all().any(|heard| heard.due)
    }

    pub(super) fn rang(&mut self, place: usize) {
        if let Some(Some(heard)) = self.places.get_mut(place) {
            heard.due = true;
        }
    }

    pub(super) fn bell(&self, place: usize) -> Option<BorrowedFd<'_>> {
        Some(self.places.get(place)?.as_ref()?.bell.as_fd())
    }

    fn find(&self, name: &str) -> Option<usize> {
        let is_it =
            |heard: &Option<Heard>| heard.as_ref().is_some_and(|it| it.name.as_str() == name);
        self.places.iter().position(is_it)
    }

    /// The next that is due; it is not any more.
    fn next_due(&mut self) -> Option<&mut Heard> {
        let is_due = |heard: &Option<Heard>| heard.as_ref().is_some_and(|heard| heard.due);
        let mut places = (self.next..MAX_CHANNELS).chain(0..self.next);
        let place = places.find(|&place| is_due(&self.places[place]))?;
        self.next = (place + 1) % MAX_CHANNELS;
        let heard = self.places[place].as_mut()?;
        heard.due = false;
        Some(heard)
    }
}

/// The bell first: what is told from then on rings it.
fn open(dirs: &Dirs, name: ChannelName, since: Option<RecordId>) -> io::Result<Heard> {
    let bell = ChannelBell::open(dirs, &name)?;
    let log = channels::log(dirs, &name);
    let tail = match since {
        Some(since) => Tail::after_in(log, since)?,
        None => Tail::at_end_of(log)?,
    };
    Ok(Heard {
        name,
        tail,
        bell,
        due: true,
    })
}

impl Person<'_> {
    /// Hears a channel, from behind `since` on.
    pub(super) fn subscribe(
        &mut self,
        wished: &str,
        since: Option<RecordId>,
        to: &mut dyn Audience,
    ) {
        self.connection.charge_room();
        let refuse = |code: Code, line: Line<'_>, to: &mut dyn Audience| {
            let (channel, why) = (wished, Some((code, line)));
            to.put_from(None, &Event::Unsubscribed { channel, why });
        };
        let Some(name) = ChannelName::parse(wished) else {
            return refuse(Code::BadChannel, Line::BadChannel, to);
        };
        if !self.may_hear(&name) {
            return refuse(Code::NotAllowed, Line::NotAllowed(wished), to);
        }
        let known = self.channels.as_ref().and_then(|it| it.find(wished));
        if known.is_some() {
            return;
        }
        let places = &mut self.channels.get_or_insert_default().places;
        let Some(place) = places.iter().position(Option::is_none) else {
            return refuse(Code::TooMany, Line::TooMany(MAX_CHANNELS), to);
        };
        match open(&self.settings.dirs(), name, since) {
            Ok(heard) => {
                let last = heard.tail.last_id().max(BEGINNING);
                places[place] = Some(heard);
                self.stays.watch(Bell::Channel(place));
                let channel = wished;
                to.put_from(None, &Event::Subscribed { channel, last });
            }
            Err(error) => {
                journal::note(format_args!("a channel cannot be heard: {error}"));
                refuse(Code::Storage, Line::NotRead(wished), to);
            }
        }
    }

    /// Hears it no more.
    pub(super) fn unsubscribe(&mut self, channel: &str, to: &mut dyn Audience) {
        if let Some(channels) = &mut self.channels
            && let Some(place) = channels.find(channel)
        {
            channels.places[place] = None;
            if channels.count() == 0 {
                self.channels = None;
            }
        }
        let why = None;
        to.put_from(None, &Event::Unsubscribed { channel, why });
    }

    fn may_hear(&self, name: &ChannelName) -> bool {
        let asker = self.visit.person.asker(self.visit.address);
        let pass = self.visit.person.pass.as_ref();
        self.settings.identity.channels.may_hear(name, &asker)
            || pass.is_some_and(|pass| pass.lets_hear(name))
    }

    /// Ends what they may not hear any more.
    pub(super) fn check_channels(&mut self, to: &mut dyn Audience) {
        let names = self.channels.iter().flat_map(|channels| channels.all());
        let names: Vec<_> = names.map(|heard| heard.name.clone()).collect();
        for name in names {
            if self.may_hear(&name) {
                continue;
            }
            if let Some(channels) = &mut self.channels
                && let Some(place) = channels.find(name.as_str())
            {
                channels.places[place] = None;
                let channel = name.as_str();
                let why = Some((Code::NotAllowed, Line::NotAllowed(channel)));
                to.put_from(None, &Event::Unsubscribed { channel, why });
            }
        }
    }

    /// Whether a channel is next, and not a room: by turns, when both have something new.
    pub(super) fn is_turn_of_channels(&mut self) -> bool {
        let Some(channels) = &mut self.channels else {
            return false;
        };
        let has_room = self.stays.all().any(|stay| stay.due);
        channels.has_had_turn = channels.is_due() && !(has_room && channels.has_had_turn);
        channels.has_had_turn
    }

    /// Passes on what is new in the next of the channels.
    pub(super) fn follow_channel(&mut self, budget: usize, to: &mut dyn Audience) {
        let Some(heard) = self.channels.as_mut().and_then(|it| it.next_due()) else {
            return;
        };
        let channel = heard.name.as_str();
        let read = heard.tail.read(budget, &mut |record| {
            if record.kind == Kind::Event {
                to.put_from(None, &Event::Told { channel, record });
            }
        });
        match read {
            Ok(Progress::Idle) => {}
            Ok(Progress::More) => heard.due = true,
            // It may pass: the next bell or the next look tries again.
            Err(error) => journal::note(format_args!("a channel cannot be read: {error}")),
        }
    }

    /// Bells that somebody took away are hung up again, and what was not rung is found: whenever a room's files are
    /// looked after, and for who is in none, each [`PAUSE`].
    pub(super) fn look_after_channels(&mut self, until: Instant) {
        let is_somewhere = self.stays.all().next().is_some();
        let Some(channels) = &mut self.channels else {
            return;
        };
        let looked_at = channels.looked_at.get_or_insert(until);
        if !is_somewhere && *looked_at + PAUSE > until {
            return;
        }
        *looked_at = until;
        for (place, heard) in channels.places.iter_mut().enumerate() {
            let Some(heard) = heard else { continue };
            heard.due = true;
            match heard.bell.reopen_if_replaced() {
                Ok(true) => self.stays.watch(Bell::Channel(place)),
                Ok(false) => {}
                Err(error) => journal::note(format_args!("a channel's bell: {error}")),
            }
        }
    }
}
