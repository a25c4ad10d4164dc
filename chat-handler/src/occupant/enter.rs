//! Coming in: may they, under which name, and what they are told first.

use super::{
    Bells, Code, Durability, Event, Ignored, Me, Occupant, Pace, Presence, Refusal, Replay, Room,
    Sink, Span, Trouble, Welcome, new_room,
};
use crate::identity::counted::network_of;
use crate::identity::php_session::SessionId;
use crate::identity::{ANONYMOUS, Person};
use crate::journal;
use crate::settings::{Limits, Settings};
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::log::rooms;
use chat_store::log::tail::Tail;
use chat_store::moderation::{self, Right, Verdict};
use chat_store::name::{Nick, RoomName};
use chat_store::people::connections::ConnectionPermit;
use chat_store::people::entries;
use chat_store::people::inbox::Inbox;
use chat_store::people::own::Own;
use chat_store::people::pace as pace_table;
use chat_store::people::person::PersonId;
use chat_store::people::presence::{self as members, About, Entered, Members};
use chat_store::people::watch::Watch;
use chat_store::record::{Draft, Kind, RecordId};
use chat_store::state;

/// Who comes, from where, and what they ask for.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// The room, as the path of a request names it.
    pub room: &'a [u8],
    /// Who they turned out to be.
    pub person: Person,
    /// What they want to be called, if nobody else said who they are.
    pub nick: Option<&'a str>,
    /// The browser's token: whose messages it sends again.
    pub client: Option<&'a str>,
    /// The open page's token: which presence it left behind.
    pub page: Option<&'a str>,
    /// The peer, for bans; empty: unknown.
    pub address: &'a str,
    /// The client as the proxies saw it, for the list of entries.
    pub from: &'a str,
    /// Now, in the administrator's time, for the list of entries.
    pub when: &'a str,
    /// They have read up to here, and want what they missed.
    pub since: Option<RecordId>,
    /// Records of history that they want; `None`: as many as is usual.
    pub history: Option<usize>,
    /// Whether comings and goings are part of their history.
    pub whole_history: bool,
}

/// Comes into a room. `sink` gets the welcome and the history, or why they cannot come in.
///
/// # Errors
/// Why they cannot.
pub fn enter(
    settings: &Settings,
    arrival: Arrival<'_>,
    sink: &mut dyn Sink,
) -> Result<Occupant, Refusal> {
    match Newcomer::admit(settings, &arrival) {
        Ok(newcomer) => newcomer.enter(settings, arrival, sink),
        Err(refusal) => {
            sink.put(&refusal.event());
            Err(refusal)
        }
    }
}

/// Somebody who may come in, and holds a name.
struct Newcomer {
    dirs: Dirs,
    room: RoomName,
    address: Option<String>,
    tail: Tail,
    bell: Bell,
    inbox: Inbox,
    entered: Entered,
    person: Option<PersonId>,
    permit: Option<ConnectionPermit>,
    own: Option<Own>,
    pace: Pace,
    pace_of: Option<String>,
}

impl Newcomer {
    fn admit(settings: &Settings, arrival: &Arrival<'_>) -> Result<Self, Refusal> {
        let wished_room = RoomName::from_path_info(arrival.room)
            .map_err(|error| Refusal::new(Code::BadRoom, &error))?;
        let person = &arrival.person;
        // A name typed into our own form is no log-in: anybody can type any.
        if person.account.is_none() && !settings.identity.anonymous {
            return Err(Refusal::new(Code::AnonymousRefused, ""));
        }
        let dirs = settings.dirs();
        dirs.create()?;
        let room = rooms::meant(&dirs, &wished_room, &settings.described_rooms())?;
        let wished = wished_nick(arrival);
        let address = Some(arrival.address.to_owned()).filter(|address| !address.is_empty());
        let number = PersonId::of(person.account.as_deref(), arrival.client);
        let asks = moderation::Person {
            nick: &wished,
            account: person.account.as_deref(),
            number: number.as_ref().map(PersonId::as_str),
            address: address.as_deref(),
            moderates_all: person.moderator,
        };
        refuse_banned(&dirs, &room, &asks)?;
        let pace_of = pace_owner(person, arrival.address);
        let pace = wait_for_turn(&dirs, pace_of.as_deref(), &settings.limits);
        let permit = take_permit(&dirs, person, settings.limits.max_connections)?;
        // Last of what can refuse: a room that is made stays, also if nobody comes in.
        new_room::open(settings, &dirs, &room, (person, arrival.address))?;
        let color = person.color.clone().unwrap_or_default();
        let own = match arrival.page {
            Some(token) => Some(Own::take_over(&dirs, &room, token)?),
            None => None,
        };
        let bell = Bell::open(&dirs.bell(&room))?;
        // A name that cannot be a nick is nobody's, and nobody's name is everybody's.
        let is_named = wished.as_str() != ANONYMOUS;
        if let Some(account) = person.account.as_ref().filter(|_| is_named) {
            // Without it they may get a number: no reason to keep them out.
            if let Err(error) = members::reserve(&dirs, &room, &wished, account) {
                journal::note(format_args!("the name of {wished} is not kept: {error}"));
            }
        }
        let tail = Tail::at_end(&dirs, &room)?;
        let about = About {
            account: person.account.clone(),
            person: number,
            address: address.clone(),
        };
        let newcomer = members::Newcomer {
            nick: &wished,
            color: color.as_str(),
            about: &about,
        };
        let entered = members::claim(&dirs, &room, newcomer, settings.limits.max_members)?;
        let inbox = Inbox::open(&dirs, &room, entered.claim.nick())?;
        Ok(Self {
            dirs,
            room,
            address,
            tail,
            bell,
            inbox,
            entered,
            person: about.person,
            permit,
            own,
            pace,
            pace_of,
        })
    }

    fn enter(
        mut self,
        settings: &Settings,
        mut arrival: Arrival<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Occupant, Refusal> {
        let until = self.tail.last_id();
        // The clock was wrong when they saw it, and the log has been mended since: what they missed is not
        // known by an id.
        let is_mended = |since: &RecordId| since.is_ahead() && *since > until;
        arrival.since = arrival.since.filter(|since| !is_mended(since));
        let replay = self.replay(arrival.since, until)?;
        let (room, entered) = (self.room, self.entered);
        let nick = entered.claim.nick().clone();
        let log = quit_for_stale(&self.dirs, &room, &entered.stale);
        let noted = entries::append(&self.dirs, arrival.when, arrival.from, &nick);
        if let Err(error) = noted {
            journal::note(error);
        }
        let mut bells = Bells::new(self.bell);
        if !entered.stale.is_empty() {
            bells.set_due();
        }
        let mut occupant = Occupant {
            verdict: Verdict::new(&self.dirs, &room),
            me: Me {
                nick,
                color: arrival.person.color.unwrap_or_default(),
                account: arrival.person.account,
                person: self.person,
                client: arrival.client.map(str::to_owned),
                address: self.address,
                moderates_all: arrival.person.moderator,
                moderator: false,
            },
            room: Room {
                dirs: self.dirs,
                name: room,
                log,
                tail: self.tail,
            },
            presence: Presence {
                claim: Some(entered.claim),
                own: self.own,
                watch: Watch::default(),
                polls: 0,
                inbox: self.inbox,
                inbox_due: true,
                join_due: true,
                joined: RecordId::ZERO,
                _permit: self.permit,
            },
            bells,
            durability: Durability::new(settings.sync),
            pace: self.pace,
            pace_of: self.pace_of,
            replay,
            ignored: Ignored::default(),
            audience: None,
            trouble: Trouble::default(),
            limits: settings.limits.clone(),
            last_messages: settings.last_messages,
        };
        occupant.remember_pace();
        occupant.presence.set_own();
        occupant.look_up_role();
        let others = entered.members.len();
        occupant.welcome(settings, entered.members, until, sink);
        let mut turn = occupant.turn(sink, None);
        if arrival.since.is_none() {
            let wanted = arrival.history.unwrap_or(settings.last_messages);
            turn.put_newest(
                wanted.min(settings.limits.max_history),
                arrival.whole_history,
            );
        } else if replay.is_none() {
            // Nothing was missed; the client waits for a page that says so.
            turn.put_empty(Span::Since(until), false);
        }
        turn.append_join();
        let silence = occupant.room.log.silence();
        let room = occupant.room.name.as_str();
        occupant.bells.ring_for_join(room, others, silence);
        Ok(occupant)
    }

    /// What they missed since `since`: then the log is followed from there.
    fn replay(
        &mut self,
        since: Option<RecordId>,
        until: RecordId,
    ) -> Result<Option<Replay>, Refusal> {
        let cleared = state::cleared(&self.dirs, &self.room).unwrap_or_default();
        let since = since.map(|since| since.max(cleared));
        let Some(since) = since.filter(|&since| since < until) else {
            return Ok(None);
        };
        self.tail = Tail::after(&self.dirs, &self.room, since)?;
        Ok(Some(Replay { since, until }))
    }
}

impl Occupant {
    fn welcome(
        &self,
        settings: &Settings,
        mut members: Members,
        until: RecordId,
        sink: &mut dyn Sink,
    ) {
        members.sort();
        let topic = self.topic();
        sink.put(&Event::Welcome(&Welcome {
            room: self.room.name.as_str(),
            description: settings.description_of(&self.room.name).unwrap_or_default(),
            topic: &topic,
            you: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
            person: self.me.person.as_ref().map(PersonId::as_str),
            color: self.me.color.as_str(),
            moderator: self.me.moderator,
            members: &members,
            // An empty log is followed from the least id there is.
            last: (until > RecordId::ZERO.next()).then_some(until),
            now: RecordId::now(),
            limits: &self.limits,
        }));
    }
}

/// The name of the log-in, else the one an anonymous visitor asks for. A name that cannot be a nick
/// makes nobody somebody else: they are Anonymous.
fn wished_nick(arrival: &Arrival<'_>) -> Nick {
    let name = arrival.person.name.as_deref().or(arrival.nick);
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
    person: &moderation::Person<'_>,
) -> Result<(), Refusal> {
    match moderation::may(dirs, room, person, Right::Enter) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(denied)) => Err(Refusal::new(Code::Banned, denied.reason())),
        Err(error) => {
            journal::note(format_args!("the bans of {room} cannot be read: {error}"));
            Ok(())
        }
    }
}

/// Who has a pace: guests are told apart by their address.
fn pace_owner(person: &Person, address: &str) -> Option<String> {
    let session = person.session.as_ref().map(SessionId::as_str);
    let known = person.account.as_deref().or(session);
    known.map(str::to_owned).or_else(|| network_of(address))
}

/// Counts the visit. Too many are not refused: they wait, a second at most.
fn wait_for_turn(dirs: &Dirs, owner: Option<&str>, limits: &Limits) -> Pace {
    let mut pace = Pace::new(limits);
    let Some(owner) = owner else {
        return pace;
    };
    match pace_table::load(dirs, owner) {
        Ok(Some(left)) => pace.restore(&left),
        Ok(None) => {}
        Err(error) => journal::note(format_args!("what was left of limits: {error}")),
    }
    std::thread::sleep(pace.charge_join());
    pace
}

/// People without session and account cannot be told apart here; the daemon limits connections by
/// address.
fn take_permit(
    dirs: &Dirs,
    person: &Person,
    most: usize,
) -> Result<Option<ConnectionPermit>, Refusal> {
    let session = person.session.as_ref().map(SessionId::as_str);
    let Some(owner) = person.account.as_deref().or(session) else {
        return Ok(None);
    };
    match ConnectionPermit::take(dirs, owner, most)? {
        None => Err(Refusal::new(Code::TooManyConnections, "")),
        permit => Ok(permit),
    }
}

/// The room's log, with a quit record for each whose files were found stale.
fn quit_for_stale(dirs: &Dirs, room: &RoomName, stale: &[Nick]) -> RoomLog {
    let mut log = RoomLog::new(dirs, room);
    for nick in stale {
        if let Err(error) = log.append(&Draft::new(Kind::Quit, nick.as_str(), "")) {
            journal::note(format_args!("{nick} was stale in {room}: {error}"));
        }
    }
    log
}
