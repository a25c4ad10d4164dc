//! Coming in: may they, under which name, and what they are told first.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::presence::{Join, quit_for};
use super::{
    Bells, Code, Connection, Durability, Event, Hooked, Ignored, Me, Membership, Occupant, Pace,
    Powers, Presence, Refusal, Replay, Room, Sink, Slow, Span, Trouble, Turn, Way, Welcome,
    new_room,
};
use crate::color::Color;
use crate::identity::php_session::SessionId;
use crate::identity::{ANONYMOUS, Person};
use crate::journal;
use crate::settings::{self, Engine, Settings};
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::log::tail::Tail;
use chat_store::moderation::{self, Right, Verdict};
use chat_store::name::{Nick, RoomName};
use chat_store::people::inbox::{self, Inbox};
use chat_store::people::marks::Mark;
use chat_store::people::message::{Message, Sender};
use chat_store::people::person::{PersonId, hex_of};
use chat_store::people::presence::{self as members, About, Entered, Gone, Members};
use chat_store::people::watch::Watch;
use chat_store::record::RecordId;
use chat_store::state;

/// Who comes, from where, and what they ask for.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// What the client calls the room.
    pub asked: &'a str,
    /// Who they turned out to be.
    pub person: &'a Person,
    /// What they want to be called, if nobody else said who they are.
    pub nick: Option<&'a str>,
    /// Their number under all names.
    pub number: &'a PersonId,
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
    /// How far they have read, if they were here before and it is kept.
    pub mark: Option<&'a Mark>,
    /// Whose messages are not counted as unread.
    pub uncounted: &'a [Nick],
    /// How long they may be gone, when their connection is lost, before the others are told.
    pub grace: Duration,
}

/// Comes into a room, one that [`find_room`](super::find_room) gave. `sink` gets the welcome and the history.
///
/// # Errors
/// Why they cannot.
pub fn enter(
    settings: &Settings,
    connection: &mut Connection,
    way: Way,
    arrival: Arrival<'_>,
    sink: &mut dyn Sink,
) -> Result<Occupant, Refusal> {
    Newcomer::admit(settings, connection, way, &arrival)?.enter(settings, arrival, sink)
}

/// Somebody who may come in, and holds a name.
struct Newcomer {
    since: RecordId,
    membership: Option<Membership>,
    dirs: Dirs,
    room: RoomName,
    address: Option<String>,
    tail: Tail,
    bell: Bell,
    inbox: Inbox,
    watch: Watch,
    entered: Entered,
    person: PersonId,
    /// What names their page to their other connections.
    page: Option<String>,
    pace: Rc<RefCell<Pace>>,
}

impl Newcomer {
    fn admit(
        settings: &Settings,
        connection: &mut Connection,
        way: Way,
        arrival: &Arrival<'_>,
    ) -> Result<Self, Refusal> {
        let person = arrival.person;
        let Way {
            room,
            dirs,
            since,
            membership,
        } = way;
        let wished = wished_nick(person, arrival.nick);
        let address = Some(arrival.address.to_owned()).filter(|address| !address.is_empty());
        let number = arrival.number.clone();
        let asks = moderation::Person {
            nick: &wished,
            account: person.account.as_deref(),
            number: Some(number.as_str()),
            address: address.as_deref(),
            moderates_all: person.moderator,
        };
        refuse_banned(&dirs, &room, &asks)?;
        connection.count(&settings.dirs(), person, arrival.address)?;
        // Last of what can refuse: a room that is made stays, also if nobody comes in.
        new_room::open(settings, &dirs, &room, (person, arrival.address))?;
        let color = person.color.clone().unwrap_or_default();
        let open_page = arrival.page.map(|token| hex_of(&["open page\0", token]));
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
            person: Some(number.clone()),
            address: address.clone(),
            moderates_all: person.moderator,
        };
        let newcomer = members::Newcomer {
            nick: &wished,
            color: color.as_str(),
            about: &about,
            grace: arrival.grace,
        };
        let entered = members::claim(&dirs, &room, newcomer, settings.limits.max_members)?;
        let inbox = Inbox::open(&dirs, &room, &number, entered.claim.slot())?;
        if let Some(page) = open_page.as_deref().filter(|_| !entered.is_new) {
            end_old_connection(&dirs, &room, &entered, page);
        }
        let watch = Watch::open(&dirs, &room)?;
        connection.note(&dirs, arrival, entered.claim.nick());
        Ok(Self {
            since,
            membership,
            dirs,
            room,
            address,
            tail,
            bell,
            inbox,
            watch,
            entered,
            person: number,
            page: open_page,
            pace: connection.pace(),
        })
    }

    fn enter(
        mut self,
        settings: &Settings,
        mut arrival: Arrival<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Occupant, Refusal> {
        let until = self.tail.last_id();
        let is_one_of_many = |it: &settings::Cluster| it.engine != Engine::Local;
        let is_one_of_many = settings.cluster.as_ref().is_some_and(is_one_of_many);
        // The clock was wrong when they saw it, and the log has been mended since: what they missed is not known by an
        // id. Of several machines another one is further than this.
        let is_mended = |since: &RecordId| !is_one_of_many && since.is_ahead() && *since > until;
        arrival.since = arrival.since.filter(|since| !is_mended(since));
        let replay = self.replay(arrival.since, until)?;
        let oldest = self.gap(arrival.since, replay)?;
        let seen = arrival
            .since
            .filter(|&since| is_one_of_many && since > until);
        let (room, entered) = (self.room, self.entered);
        let nick = entered.claim.nick().clone();
        let color = Color::parse(entered.claim.color()).filter(|_| !entered.is_new);
        let powers = Powers::of(settings, arrival.person, &room, arrival.address);
        let hooked = Hooked::new(settings, &room, self.membership.is_none());
        let is_fixed = room == RoomName::lobby() || settings.described_rooms().contains(&room);
        let log = quit_for_stale(&self.dirs, &room, &entered.stale, &self.person);
        // On several machines the others are told that they are on this one, too; nobody in the room is.
        let is_told = entered.is_new || entered.is_first_here;
        let join = if is_told { Join::Due } else { Join::Written };
        let mut bells = Bells::new(self.bell);
        let mut durability = Durability::new(settings.sync);
        if !entered.stale.is_empty() {
            bells.set_due();
            durability.found_stale();
        }
        let mut occupant = Occupant {
            verdict: Verdict::new(&self.dirs, &room),
            me: Me {
                nick,
                color: color
                    .or_else(|| arrival.person.color.clone())
                    .unwrap_or_default(),
                account: arrival.person.account.clone(),
                person: self.person,
                page: self.page,
                client: arrival.client.map(str::to_owned),
                address: self.address,
                moderates_all: arrival.person.moderator,
                has_profile: arrival.person.has_profile,
                moderator: false,
            },
            room: Room {
                dirs: self.dirs,
                name: room,
                log,
                tail: self.tail,
                since: self.since,
                is_fixed,
                moved: false,
            },
            membership: self.membership.map(Box::new),
            opened: None,
            account_due: false,
            powers,
            presence: Presence::new(entered.claim, self.inbox, self.watch, until, join),
            bells,
            durability,
            pace: self.pace,
            slow: Slow::default(),
            hooked,
            replay,
            seen,
            ignored: Ignored::default(),
            uncounted: Ignored::of(arrival.uncounted),
            shows_reading: arrival.mark.map(|mark| mark.shows).filter(|shows| *shows),
            audience: None,
            trouble: Trouble::default(),
            limits: settings.limits.clone(),
            last_messages: settings.last_messages,
        };
        occupant.look_up_role();
        occupant.look_up_slow();
        let others = entered.members.len();
        let asked = (arrival.asked, arrival.mark);
        let came = (oldest, until, entered.is_new);
        occupant.welcome(settings, asked, entered.members, came, sink);
        occupant.show_about(true, sink);
        if occupant.shows_reading == Some(true) {
            occupant.put_read_by(sink);
        }
        let mut turn = occupant.turn(sink, None);
        put_history(
            &mut turn,
            &arrival,
            settings,
            replay.is_none().then_some(until),
        );
        if is_told {
            turn.append_join();
        }
        if !entered.is_new {
            turn.come_back(&arrival);
        }
        let silence = occupant.room.log.silence();
        let room = occupant.room.name.as_str();
        occupant.bells.ring_for_join(room, others, silence);
        Ok(occupant)
    }

    /// The log's oldest id, if it does not go back to `since`. What was cleared, or is not for them, is no gap.
    fn gap(
        &self,
        since: Option<RecordId>,
        replay: Option<Replay>,
    ) -> Result<Option<RecordId>, Refusal> {
        match replay {
            Some(replay) if Some(replay.since) == since => {
                Ok(self.tail.begins_after(replay.since)?)
            }
            _ => Ok(None),
        }
    }

    /// What they missed since `since`: then the log is followed from there.
    fn replay(
        &mut self,
        since: Option<RecordId>,
        until: RecordId,
    ) -> Result<Option<Replay>, Refusal> {
        let cleared = state::cleared(&self.dirs, &self.room).unwrap_or_default();
        let since = since.map(|since| since.max(cleared).max(self.since));
        let Some(since) = since.filter(|&since| since < until) else {
            return Ok(None);
        };
        self.tail = Tail::after(&self.dirs, &self.room, since)?;
        Ok(Some(Replay { since, until }))
    }
}

/// The newest records of a room, or, where they know those up to `nothing_since`, a page that says so: the client waits
/// for it.
fn put_history(
    turn: &mut Turn<'_>,
    arrival: &Arrival<'_>,
    settings: &Settings,
    nothing_since: Option<RecordId>,
) {
    if arrival.since.is_none() {
        let wanted = arrival.history.unwrap_or(settings.last_messages);
        let wanted = wanted.min(settings.limits.max_history);
        turn.put_newest(wanted, arrival.whole_history);
    } else if let Some(until) = nothing_since {
        turn.put_empty(Span::Since(until), false);
    }
}

impl Turn<'_> {
    /// What is for somebody alone who was here already, and for those who knew another page of theirs.
    fn come_back(&mut self, arrival: &Arrival<'_>) {
        if let Some(since) = arrival.since {
            self.put_kept(since);
        }
        // Text clients have no pages that others call.
        if arrival.page.is_some() {
            self.it.tell_here();
        }
    }
}

impl Occupant {
    fn welcome(
        &self,
        settings: &Settings,
        (asked, mark): (&str, Option<&Mark>),
        mut members: Members,
        (oldest, until, is_new): (Option<RecordId>, RecordId, bool),
        sink: &mut dyn Sink,
    ) {
        members.sort();
        let topic = self.topic();
        let pins = self.pins().unwrap_or_default();
        sink.put(&Event::Welcome(&Welcome {
            room: self.room.name.as_str(),
            asked,
            description: settings.description_of(&self.room.name).unwrap_or_default(),
            topic: &topic,
            pins: &pins,
            you: self.me.nick.as_str(),
            account: self.me.account.as_deref(),
            person: self.me.person.as_str(),
            is_new,
            comings: settings.shows_comings(&self.room.name) && !self.is_of_two(),
            color: self.me.color.as_str(),
            moderator: self.me.moderator,
            reading: mark.map(|mark| self.reading(mark, until)),
            members: &members,
            oldest,
            // An empty log is followed from the least id there is.
            last: (until > RecordId::ZERO.next()).then_some(until),
            now: RecordId::now(),
            limits: &self.limits,
        }));
        self.put_profiles_of(&members, sink);
    }
}

/// Who it is: an account, else a guest, known by what only their browser or page has. Of whom nothing is known
/// each connection is a person of its own.
pub fn number_of(person: &Person, client: Option<&str>, page: Option<&str>) -> PersonId {
    let session = person.session.as_ref().map(SessionId::as_str);
    PersonId::of(person.account.as_deref(), client)
        .or_else(|| session.map(PersonId::of_session))
        .or_else(|| page.map(PersonId::of_page))
        .unwrap_or_else(PersonId::of_connection)
}

/// The page has come back: what it left behind may be dead and not know it.
fn end_old_connection(dirs: &Dirs, room: &RoomName, entered: &Entered, page: &str) {
    let claim = &entered.claim;
    let sender = Sender::new(claim.nick().as_str());
    let message = Message::Replaced(page.into());
    if let Err(error) = inbox::send_own(dirs, room, claim, sender, &message) {
        journal::note(format_args!("{}: {error}", claim.nick()));
    }
}

/// The name of the log-in, else the one an anonymous visitor asks for. A name that cannot be a nick
/// makes nobody somebody else: they are Anonymous.
pub fn wished_nick(person: &Person, nick: Option<&str>) -> Nick {
    let name = person.name.as_deref().or(nick);
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

/// The room's log, with a quit record for each whose files were found stale.
fn quit_for_stale(dirs: &Dirs, room: &RoomName, stale: &[Gone], own: &PersonId) -> RoomLog {
    let mut log = RoomLog::new(dirs, room);
    for gone in stale {
        let Gone { nick, person } = gone;
        // Of the newcomer themselves the join comes behind it.
        let quit = if person.as_ref() == Some(own) {
            let quit = log.append_quit(nick.as_str(), person.as_ref(), None);
            quit.map(drop).map_err(std::io::Error::other)
        } else {
            quit_for(dirs, room, &mut log, gone)
        };
        if let Err(error) = quit {
            journal::note(format_args!("{nick} was stale in {room}: {error}"));
        }
    }
    log
}
