//! Coming in: may they, under which name, and what they are told first.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use super::founding::{self, Founded};
use super::{
    HINT_BURST, HINT_RATE, LONGEST_RUSH_PAUSE, RUSH_PAUSE, Replay, Room, SIDE_BURST, SIDE_RATE,
};
use crate::cgi::Cgi;
use crate::color::Color;
use crate::identity::php_session::SessionId;
use crate::identity::{ANONYMOUS, Person};
use crate::journal;
use crate::output::{KEPT_BYTES, Output};
use crate::settings::{Cidr, Settings};
use crate::throttle::Throttle;
use crate::wire::{Bye, Clock, Event, Welcome, Wire, json::Json, text::Text};
use crate::wording::Line;
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::log::tail::Tail;
use chat_store::moderation::{self, Verdict};
use chat_store::name::{Nick, RoomName};
use chat_store::people::inbox::Inbox;
use chat_store::people::presence::{self, ClaimError, Entered, Members};
use chat_store::people::seat::Seat;
use chat_store::record::{Draft, Kind, RecordId};
use chat_store::state;

/// Why somebody cannot come in.
#[derive(Debug)]
pub struct Refusal {
    /// Stable, for pages.
    pub code: &'static str,
    /// For people, in the words of the file system or of a moderator.
    pub reason: String,
}

impl Refusal {
    fn new(code: &'static str, reason: &(impl ToString + ?Sized)) -> Self {
        Self {
            code,
            reason: reason.to_string(),
        }
    }

    fn line(&self) -> Line<'_> {
        match self.code {
            "banned" => Line::YouBanned(&self.reason),
            "room_full" => Line::RoomFull,
            "too_many_rooms" => Line::TooManyRooms,
            "too_many_connections" => Line::TooManyConnections,
            "anonymous_refused" => Line::AnonymousRefused,
            "bad_room" => Line::BadRoom(&self.reason),
            _ => Line::OutOfOrder(&self.reason),
        }
    }
}

/// Comes into the room that `cgi` names, as `person`, and puts into `output` what they are told
/// first: the welcome and the history, or why the door stays shut.
///
/// # Errors
/// Why it stays shut; `output` says it, too.
pub fn enter(
    settings: Settings,
    cgi: &Cgi,
    person: Person,
    output: &mut Output<'_>,
) -> Result<Room, Refusal> {
    let mut wire = if cgi.query.json {
        Wire::Json(Json::new(settings.lang))
    } else {
        Wire::Text(Text::new(settings.lang, Clock::new(cgi.tz.as_deref())))
    };
    match Door::open(settings, cgi, person) {
        Ok(door) => door.walk_through(wire, cgi, output),
        Err(refusal) => {
            let reason = if refusal.code == "banned" {
                Bye::Banned
            } else {
                Bye::Refused(refusal.code)
            };
            wire.event(
                &Event::Bye {
                    reason,
                    line: refusal.line(),
                },
                output.buffer(),
            );
            Err(refusal)
        }
    }
}

/// Somebody who may come in.
struct Door {
    settings: Settings,
    dirs: Dirs,
    room: RoomName,
    person: Person,
    address: Option<String>,
    color: Color,
    tail: Tail,
    bell: Bell,
    inbox: Inbox,
    entered: Entered,
    seat: Option<Seat>,
}

impl Door {
    fn open(settings: Settings, cgi: &Cgi, person: Person) -> Result<Self, Refusal> {
        let room = RoomName::from_path_info(&cgi.path_info)
            .map_err(|error| Refusal::new("bad_room", &error))?;
        // A name typed into our own form is no log-in: anybody can type any.
        if person.account.is_none() && !settings.identity.anonymous {
            return Err(Refusal::new("anonymous_refused", ""));
        }
        let storage = |error: std::io::Error| Refusal::new("storage", &error);
        let dirs = settings.dirs();
        dirs.create().map_err(storage)?;
        let wished = wished_nick(&person, cgi);
        let address = Some(cgi.visitor.address.clone()).filter(|address| !address.is_empty());
        refuse_banned(&dirs, &room, &wished, &person, address.as_deref())?;
        let seat = take_seat(&dirs, &person, settings.limits.max_connections)?;
        // Last of what can refuse: a room that is made stays, also if nobody comes in.
        match founding::found(&dirs, &room, settings.limits.max_rooms).map_err(storage)? {
            Founded::There => {}
            Founded::TooMany => return Err(Refusal::new("too_many_rooms", "")),
            Founded::Busy => return Err(Refusal::new("storage", "too many new rooms just now")),
        }
        let color = person.color.clone().unwrap_or_default();
        let bell = Bell::open(&dirs.bell(&room)).map_err(storage)?;
        let tail = Tail::at_end(&dirs, &room).map_err(storage)?;
        let entered = presence::claim(
            &dirs,
            &room,
            &wished,
            color.as_str(),
            settings.limits.max_members,
        )
        .map_err(|error| match error {
            ClaimError::Full { .. } => Refusal::new("room_full", &error),
            error => Refusal::new("storage", &error),
        })?;
        let inbox = Inbox::open(&dirs, &room, entered.claim.nick()).map_err(storage)?;
        Ok(Self {
            settings,
            dirs,
            room,
            person,
            address,
            color,
            tail,
            bell,
            inbox,
            entered,
            seat,
        })
    }

    fn walk_through(
        mut self,
        wire: Wire,
        cgi: &Cgi,
        output: &mut Output<'_>,
    ) -> Result<Room, Refusal> {
        let now = Instant::now();
        let limits = &self.settings.limits;
        let talk = Throttle::new(limits.rate, limits.burst, now);
        let until = self.tail.last_id();
        let cleared = state::cleared(&self.dirs, &self.room).unwrap_or_default();
        let since = cgi
            .query
            .since
            .map(|since| since.max(cleared))
            .filter(|&since| since < until);
        let replay = since.map(|since| Replay { since, until });
        if let Some(since) = since {
            self.tail = Tail::after(&self.dirs, &self.room, since)
                .map_err(|error| Refusal::new("storage", &error))?;
        }
        let mut log = RoomLog::new(&self.dirs, &self.room);
        for ghost in &self.entered.ghosts {
            let quit = Draft::new(Kind::Quit, ghost.as_str(), "");
            if let Err(error) = log.append(&quit) {
                journal::note(format_args!(
                    "{ghost} was found dead in {}: {error}",
                    self.room
                ));
            }
        }
        let nick = self.entered.claim.nick().clone();
        note_entry(
            &self.dirs,
            cgi,
            &self.settings.identity.trusted_proxies,
            &nick,
        );
        let verdict = Verdict::new(&self.dirs, &self.room);
        let mut room = Room {
            verdict,
            address: self.address,
            dirs: self.dirs,
            name: self.room,
            nick,
            color: self.color,
            account: self.person.account,
            client: cgi.query.client.clone(),
            moderator: self.person.moderator,
            wire,
            log,
            tail: self.tail,
            bell: self.bell,
            inbox: self.inbox,
            claim: Some(self.entered.claim),
            _seat: self.seat,
            inbox_due: true,
            ring_due: !self.entered.ghosts.is_empty(),
            ring_at: None,
            join_due: true,
            replay,
            ignored: Vec::new(),
            talk,
            side: Throttle::new(SIDE_RATE, SIDE_BURST, now),
            hints: Throttle::new(HINT_RATE, HINT_BURST, now),
            delay: Duration::ZERO,
            company: None,
            trouble: None,
            settings: self.settings,
        };
        let others = self.entered.members.len();
        room.welcome(self.entered.members, until, output);
        let out = output.buffer();
        if cgi.query.since.is_none() {
            let most = room.settings.limits.max_history;
            let wanted = cgi
                .query
                .history
                .unwrap_or(room.settings.last_messages)
                .min(most);
            room.put_newest(wanted, out);
        } else if replay.is_none() {
            // Nothing was missed; the client waits for a page that says so.
            room.put_nothing_since(until, out);
        }
        room.append_join(out);
        room.ring_for_join(others);
        Ok(room)
    }
}

impl Room {
    /// Wakes the others, at once or, in a rush, a moment later: many newcomers are then told in one go.
    /// Who comes into a room of a thousand would else wake a thousand, who keep the next one waiting.
    fn ring_for_join(&mut self, others: usize) {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let pause = RUSH_PAUSE.saturating_mul(others).min(LONGEST_RUSH_PAUSE);
        if self.ring_due && self.log.silence() < pause {
            self.ring_due = false;
            self.ring_at = Some(Instant::now() + pause);
        }
        self.ring();
    }

    fn welcome(&mut self, mut members: Members, until: RecordId, output: &mut Output<'_>) {
        members.sort();
        let description = self
            .settings
            .room_descriptions
            .iter()
            .find(|(name, _)| RoomName::parse(name).is_ok_and(|name| name == self.name));
        let topic = self.topic();
        let welcome = Welcome {
            room: self.name.as_str(),
            description: description.map_or("", |(_, text)| text),
            topic: &topic,
            you: self.nick.as_str(),
            account: self.account.as_deref(),
            color: self.color.as_str(),
            moderator: self.moderator,
            members: &members,
            // An empty log is followed from the least id there is.
            last: (until > RecordId::ZERO.next()).then_some(until),
            now: RecordId::now(),
            lang: self.settings.lang,
            limits: &self.settings.limits,
        };
        self.wire.welcome(&welcome, &mut |piece| {
            output.buffer().extend_from_slice(piece);
            // At once, or a list of a thousand would stay in the heap for life. A reader that is
            // slow or gone is met again in the loop.
            if output.waiting() >= KEPT_BYTES {
                output.flush();
            }
        });
    }
}

/// The name of the log-in, else the one an anonymous visitor asks for. A name that cannot be a nick
/// makes nobody somebody else: they are Anonymous.
fn wished_nick(person: &Person, cgi: &Cgi) -> Nick {
    let name = person.name.as_deref().or(cgi.query.nick.as_deref());
    let nick = name.and_then(|name| match Nick::parse(name) {
        Ok(nick) => Some(nick.of_person()),
        Err(error) => {
            journal::note(format_args!(
                "a name cannot be used, its owner is {ANONYMOUS}: {error}"
            ));
            None
        }
    });
    nick.unwrap_or_else(|| Nick::parse(ANONYMOUS).expect("a good nick, see the tests of name"))
}

/// A list of bans that cannot be read keeps nobody out: else one bad file closes the room.
fn refuse_banned(
    dirs: &Dirs,
    room: &RoomName,
    nick: &Nick,
    person: &Person,
    address: Option<&str>,
) -> Result<Verdict, Refusal> {
    let mut verdict = Verdict::new(dirs, room);
    let account = person.account.as_deref();
    if let Err(error) = verdict.refresh(&moderation::Person {
        nick,
        account,
        address,
    }) {
        journal::note(format_args!("the bans of {room} cannot be read: {error}"));
    }
    match &verdict.ban {
        Some(ban) => Err(Refusal::new("banned", &ban.reason)),
        None => Ok(verdict),
    }
}

/// People without session and account cannot be told apart here; the daemon limits connections by
/// address.
fn take_seat(dirs: &Dirs, person: &Person, seats: usize) -> Result<Option<Seat>, Refusal> {
    let session = person.session.as_ref().map(SessionId::as_str);
    let Some(owner) = person.account.as_deref().or(session) else {
        return Ok(None);
    };
    match Seat::take(dirs, owner, seats) {
        Ok(None) => Err(Refusal::new("too_many_connections", "")),
        Ok(seat) => Ok(seat),
        Err(error) => Err(Refusal::new("storage", &error)),
    }
}

/// One line in the list of entries: local time, where from, who.
fn note_entry(dirs: &Dirs, cgi: &Cgi, trusted: &[Cidr], nick: &Nick) {
    let from = cgi.client_address(trusted);
    let when = Clock::new(cgi.tz.as_deref()).date_and_time(RecordId::now());
    let path = dirs.log.join("authentization.log");
    let file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(&path);
    // One write: lines of two handlers do not mix.
    let line = format!("{when} {from} {nick}\n");
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        journal::note(format_args!("{}: {error}", path.display()));
    }
}
