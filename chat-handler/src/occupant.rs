//! One person in one room: a [`Request`] in, [`Event`]s out to a [`Sink`]. It knows no wire.
//!
//! The order on entering and leaving keeps everybody's list of members right without anybody
//! waiting for anybody: the position in the log is taken before the list, and who leaves marks
//! their presence before the quit record is written. So whoever is in a newcomer's list and has
//! left meanwhile, has a quit record behind the newcomer's position.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::color::Color;
use crate::journal;
use crate::settings::{Limits, Permission};
use crate::wording::{Closed, Line, Token};
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::Readable;
use chat_store::log::room_log::RoomLog;
use chat_store::log::tail::Tail;
use chat_store::moderation::{self, Right, Verdict};
use chat_store::name::{Nick, RoomName};
use chat_store::people::person::PersonId;
use chat_store::people::presence::{Claim, Leave, Standing};
use chat_store::record::RecordId;

mod code;
mod event;
mod request;

mod closed;
mod connection;
mod converse;
mod enter;
mod new_room;
mod noted;
mod powers;
mod refusal;

mod amend;
mod announce;
mod answer;
mod apply;
mod change;
mod circle;
mod history;
mod hooked;
mod joining;
mod measures;
mod moderate;
mod moving;
mod pins;
mod private;
mod profiles;
mod reaction;
mod read_by;
mod remind;
mod report;
mod roles;
mod say;
mod site_command;
mod slow;
mod unread;

mod follow;
mod given;
mod inbox;

mod audience;
mod bells;
mod durability;
mod ignored;
mod pace;
mod presence;
mod trouble;

pub use closed::{Seeker, Way, find_room};
pub use code::Code;
pub use connection::Connection;
pub use converse::converse;
pub use enter::{Arrival, enter, number_of, wished_nick};
pub use event::{AboutRoom, Bye, Event, Form, Hello, Reading, Sink, Span, Welcome};
pub use ignored::MAX_IGNORED;
pub use profiles::Shown;
pub use refusal::Refusal;
pub use request::{AboutMessage, Act, Addressee, BadRequest, Request};

use audience::Audience;
use bells::Bells;
use closed::Membership;
use durability::Durability;
use follow::Replay;
use hooked::Hooked;
use ignored::Ignored;
use pace::Pace;
use powers::Powers;
use presence::{Join, Presence};
pub use slow::Slow;
use trouble::Trouble;

/// What the loop is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing more is there.
    Idle,
    /// There is more: come back when the client has been heard.
    More,
    /// The connection ends.
    Bye(Bye),
}

/// What wakes an occupant: each is a descriptor for edge-triggered epoll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// The room's bell.
    Room,
    /// The bell of their own inbox.
    Inbox,
    /// The room's watchman has gone, or has them look after their files.
    Watch,
}

impl Wakeup {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Room, Self::Inbox, Self::Watch];
}

/// Who they are, as others see it.
#[derive(Debug)]
struct Me {
    nick: Nick,
    color: Color,
    account: Option<String>,
    /// The client's token: whose `msgid` it is, for people without an account.
    client: Option<String>,
    /// Their number under all names.
    person: PersonId,
    /// What names their open page to their other connections.
    page: Option<String>,
    address: Option<String>,
    /// Whether the site says that they moderate it.
    moderates_all: bool,
    /// They have a profile, which those look up who hear that they come.
    has_profile: bool,
    /// Whether they may moderate this room: what they are shown. Each command asks anew.
    moderator: bool,
}

impl Me {
    fn as_person(&self) -> moderation::Person<'_> {
        moderation::Person {
            nick: &self.nick,
            account: self.account.as_deref(),
            number: Some(self.person.as_str()),
            address: self.address.as_deref(),
            moderates_all: self.moderates_all,
        }
    }
}

/// The room's files.
#[derive(Debug)]
struct Room {
    dirs: Dirs,
    name: RoomName,
    log: RoomLog,
    tail: Tail,
    /// What was said up to here is not for them.
    since: RecordId,
    /// It is one of the administrator's, which stay open.
    is_fixed: bool,
    /// Where it has gone.
    moved: bool,
}

impl Room {
    /// Its log, as far as they may read it.
    fn readable(&self) -> Readable<'_> {
        Readable {
            dirs: &self.dirs,
            room: &self.name,
            since: self.since,
            viewer: None,
        }
    }
}

/// One person in one room.
pub struct Occupant {
    me: Me,
    room: Room,
    /// Their place in the room, if it is for some only.
    membership: Option<Box<Membership>>,
    /// A room that they have just made, and are to come into.
    opened: Option<RoomName>,
    /// Something about their account has changed, and is to be looked up.
    account_due: bool,
    /// What `[access]` lets them do here.
    powers: Powers,
    presence: Presence,
    bells: Bells,
    durability: Durability,
    /// Whether they are banned or muted.
    verdict: Verdict,
    pace: Rc<RefCell<Pace>>,
    slow: Slow,
    hooked: Hooked,
    /// What they missed is still on its way; live records come after it.
    replay: Option<Replay>,
    /// They have come from another machine, and have all up to here, which this one has not.
    seen: Option<RecordId>,
    ignored: Ignored,
    /// The same of those that their page hides: they are told of these, and not of how many.
    uncounted: Ignored,
    /// Whether they show how far they have read, once they have said so.
    shows_reading: Option<bool>,
    /// Whom hints go to, as long as it is known.
    audience: Option<Audience>,
    trouble: Trouble,
    limits: Limits,
    /// Records of history for who does not say how many.
    last_messages: usize,
}

/// One request of an occupant, and where its answers go.
struct Turn<'a> {
    it: &'a mut Occupant,
    sink: &'a mut dyn Sink,
    /// The client's own id of the request.
    msgid: Option<&'a str>,
    /// They were told of an error.
    is_refused: bool,
}

impl Occupant {
    /// Does what the client wants.
    pub fn apply(&mut self, request: &Request<'_>, sink: &mut dyn Sink) -> Flow {
        // Before they hear of it: nothing of theirs is for the others any more.
        if let Err(bye) = self.check_membership() {
            return Flow::Bye(bye);
        }
        let msgid = request.msgid();
        self.turn(sink, msgid).apply(request)
    }

    fn turn<'a>(&'a mut self, sink: &'a mut dyn Sink, msgid: Option<&'a str>) -> Turn<'a> {
        Turn {
            it: self,
            sink,
            msgid,
            is_refused: false,
        }
    }

    /// The room's name.
    pub fn room(&self) -> &str {
        self.room.name.as_str()
    }

    /// The descriptor to watch; another one after [`Occupant::poll`] says so.
    pub fn bell(&self, of: Wakeup) -> BorrowedFd<'_> {
        match of {
            Wakeup::Room => self.bells.room(),
            Wakeup::Inbox => self.presence.bell(),
            Wakeup::Watch => self.presence.watch.as_fd(),
        }
    }

    /// A bell has rung; [`Occupant::follow`] fetches what it is about.
    pub fn rang(&mut self, what: Wakeup) {
        match what {
            Wakeup::Room => self.bells.rang(),
            Wakeup::Inbox => self.presence.inbox_due = true,
            Wakeup::Watch => self.presence.look_due = true,
        }
    }

    /// When [`Occupant::ring`] or [`Occupant::sync_if_due`] must be called at the latest.
    pub fn due_at(&self) -> Option<Instant> {
        let both = [self.bells.at(), self.durability.at];
        both.into_iter().flatten().min()
    }

    /// Wakes the others if anything was written: once for many records.
    pub fn ring(&mut self) {
        self.bells.ring(self.room.name.as_str());
    }

    /// Looks after files that somebody may have taken away, and tries again what failed. Gives the
    /// bells that have a new descriptor.
    ///
    /// # Errors
    /// They have been banned meanwhile, by somebody who did not ring.
    pub fn poll(&mut self, sink: &mut dyn Sink) -> Result<Vec<Wakeup>, Bye> {
        if let Some(ban) = self.verdict().may(Right::Enter) {
            sink.put(&Event::Bye {
                reason: Bye::Banned,
                line: Line::YouBanned(&ban.reason),
            });
            return Err(Bye::Banned);
        }
        self.check_membership()?;
        self.presence.inbox_due = true;
        let mut turn = self.turn(sink, None);
        // Nobody is told again and again that it cannot be told.
        if turn.it.presence.join != Join::Written && !turn.it.room.log.is_isolated() {
            turn.append_join();
        }
        let bell = turn.it.bells.reopen_if_replaced();
        let mut inbox = turn.it.presence.inbox.reopen_if_replaced();
        let watch = turn.it.keep_watch(bell);
        match turn.it.presence.claim.as_mut().map(Claim::check) {
            // Somebody removed our file and another took the name: we need a new one.
            Some(Ok(Standing::Lost)) => turn.change_nick(&turn.it.me.nick.numbered(1)),
            Some(Err(error)) => turn.report_trouble(&error.to_string()),
            Some(Ok(Standing::Restored)) => inbox = turn.it.follow_slot(),
            Some(Ok(Standing::Kept)) | None => {}
        }
        let replaced = [
            (Wakeup::Room, bell),
            (Wakeup::Inbox, inbox.unwrap_or(false)),
            (Wakeup::Watch, watch),
        ];
        let replaced = replaced.into_iter().filter(|(_, replaced)| *replaced);
        Ok(replaced.map(|(wakeup, _)| wakeup).collect())
    }

    /// Whether their account is to be looked up.
    pub fn take_account_due(&mut self) -> bool {
        std::mem::take(&mut self.account_due)
    }

    /// Nothing was heard of them for so long: they have been waited for as long already.
    pub fn was_silent_for(&mut self, silence: Duration) {
        self.presence.silence = silence;
    }

    /// They are waited for so long when they leave now, whatever the site's settings say.
    pub fn wait_at_least(&mut self, grace: Duration) {
        self.presence.grace_at_least = grace;
    }

    /// Leaves: marked, recorded, released, in this order (see above). Nobody is told while the person has another
    /// connection, or, unless they go on purpose, may come back.
    pub fn leave(&mut self, bye: Option<Bye>) {
        let Some(claim) = self.presence.claim.take() else {
            return;
        };
        let comes_back = matches!(
            bye,
            None | Some(Bye::ShuttingDown | Bye::Draining | Bye::Expired)
        ) && self.presence.join == Join::Written;
        let grace = if comes_back {
            let grace = claim.grace().max(self.presence.grace_at_least);
            grace.saturating_sub(self.presence.silence)
        } else {
            Duration::ZERO
        };
        let last = match claim.leave(grace) {
            Ok(Leave::Last(last)) => Some(last),
            Ok(Leave::Others | Leave::Awaited) => None,
            Err(error) => {
                journal::note(format_args!("{} leaves: {error}", self.me.nick));
                None
            }
        };
        // Who goes along is not gone, and what is in the log by now is for others.
        if last.is_some() && self.presence.join != Join::Due && bye != Some(Bye::Moved) {
            let Me {
                nick,
                person,
                account,
                ..
            } = &self.me;
            let quit = (nick.as_str(), Some(person), account.as_deref());
            match self.room.log.append_quit(quit.0, quit.1, quit.2) {
                Ok(_) => self.bells.set_due(),
                Err(error) => {
                    let (nick, room) = (&self.me.nick, &self.room.name);
                    journal::note(format_args!("{nick} quits {room}: {error}"));
                }
            }
        }
        drop(last);
        self.bells.ring_last(self.room.name.as_str());
        self.sync_last();
    }

    /// Whether they are banned or muted just now. A list that cannot be read changes nothing.
    fn verdict(&mut self) -> &Verdict {
        if let Err(error) = self.verdict.refresh(&self.me.as_person()) {
            let reason = format!("the bans of {}: {error}", self.room.name);
            self.trouble.note(&reason);
        }
        &self.verdict
    }

    /// The room's log, as far as they may read it.
    fn readable(&self) -> Readable<'_> {
        Readable {
            viewer: Some(&self.me.person),
            ..self.room.readable()
        }
    }

    /// Whether they may not speak: by a measure, or by `[access]`.
    pub fn is_muted(&mut self) -> bool {
        self.verdict().may(Right::Speak).is_some() || !self.powers.has(Permission::Speak)
    }
}

/// Says why a stay, or the connection, ends.
pub fn say_bye(reason: Bye, sink: &mut dyn Sink) {
    let line = match reason {
        Bye::ShuttingDown => Line::ShuttingDown,
        Bye::Draining => Line::Draining,
        Bye::LoggedOut => Line::LoggedOut,
        Bye::Expired => Line::Token(Token::Expired),
        Bye::Quit | Bye::Part => Line::Goodbye,
        Bye::Dismissed => Line::Closed(Closed::YouDismissed),
        Bye::Moved => Line::Closed(Closed::Moved),
        // Said with the moderator's reason when it came.
        Bye::Kicked | Bye::Banned | Bye::Replaced | Bye::Refused(_) => return,
    };
    sink.put(&Event::Bye { reason, line });
}

impl Drop for Occupant {
    fn drop(&mut self) {
        self.leave(None);
    }
}
