//! What an occupant is told, and where it goes.

use super::{Code, Shown};
use crate::settings::Limits;
use crate::wording::Line;
use chat_store::closed::{Circle, Kind};
use chat_store::people::consent::Accept;
use chat_store::people::marks::{Level, Mark};
use chat_store::people::person::PersonId;
use chat_store::people::presence::Members;
use chat_store::record::{Record, RecordId};

/// Takes events and renders them for one client. Events borrow what they tell: nothing is copied.
pub trait Sink {
    /// Takes the next event.
    fn put(&mut self, event: &Event<'_>);
}

/// Something that an occupant is told.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// They may come into rooms.
    Hello(&'a Hello<'a>),
    /// They have come in.
    Welcome(&'a Welcome<'a>),
    /// A live record of the room.
    Record(&'a Record<'a>),
    /// What a room for some only is, and who may be in it.
    About(&'a AboutRoom<'a>),
    /// From whom you accept conversations.
    Accepting(Accept),
    /// A link that lets people into it.
    Link {
        /// What the link holds.
        token: &'a str,
        /// It is good until then.
        until: RecordId,
        /// For so many people.
        uses: u32,
        /// Of the request.
        msgid: Option<&'a str>,
    },
    /// The forms that a message has had, for a moderator.
    Former {
        /// Which message.
        target: RecordId,
        /// Oldest first.
        forms: &'a [Form<'a>],
        /// Of the request.
        msgid: Option<&'a str>,
    },
    /// No more records come just now.
    BatchEnd,
    /// A page of history starts.
    PageStart(Span),
    /// A record of the page, the oldest first.
    Past(&'a Record<'a>),
    /// The page ends.
    PageEnd {
        /// Whether there are further records in the direction that was asked for.
        more: bool,
        /// How far the log was read, shown or not: where to go on when nothing was.
        cursor: Option<RecordId>,
    },
    /// Your message is in the log (with an id), or what you asked for is done.
    Ack {
        /// Your own id of it.
        msgid: &'a str,
        /// Where it is.
        id: Option<RecordId>,
        /// It was there already.
        duplicate: bool,
    },
    /// Private, to you or from you.
    Whisper {
        /// When.
        id: RecordId,
        /// From whom.
        from: &'a str,
        /// Whose name that is; not for the sender.
        person: Option<&'a str>,
        /// For whom.
        to: &'a str,
        /// What.
        text: &'a str,
        /// Only for the sender.
        msgid: Option<&'a str>,
    },
    /// WebRTC signaling, to you or from you.
    Signal {
        /// When.
        id: RecordId,
        /// From whom.
        from: &'a str,
        /// Whose name that is; not for the sender.
        person: Option<&'a str>,
        /// For whom.
        to: &'a str,
        /// What the two clients understand.
        data: &'a str,
        /// It is your own, on its way.
        own: bool,
    },
    /// Another connection of theirs has read, or wants to be told of something else; `None`: it parted, and
    /// the room is not theirs any more.
    Mark(Option<Reading>),
    /// They hear a channel, from behind this event on.
    Subscribed {
        /// Which one.
        channel: &'a str,
        /// The newest that was told before; in an empty channel, before all that come.
        last: RecordId,
    },
    /// They hear it no more, or never did.
    Unsubscribed {
        /// Which one.
        channel: &'a str,
        /// Why, unless they wanted that.
        why: Option<(Code, Line<'a>)>,
    },
    /// Something was told in a channel.
    Told {
        /// In which one.
        channel: &'a str,
        /// What.
        record: &'a Record<'a>,
    },
    /// How somebody is shown, from now on.
    Profiles(&'a [Shown]),
    /// Your token is believed, until then if it has an end.
    Authenticated(Option<RecordId>),
    /// Somebody is typing.
    Typing {
        /// Who.
        from: &'a str,
        /// Whether they still are.
        active: bool,
        /// Whether only you are told.
        private: bool,
        /// What.
        preview: Option<&'a str>,
    },
    /// Somebody has read up to here.
    Read {
        /// Who.
        from: &'a str,
        /// How far.
        id: RecordId,
    },
    /// Somebody who was there already has come with another page, or is back.
    Here {
        /// Who.
        from: &'a str,
    },
    /// An answer only for you.
    Info {
        /// Which command asked.
        command: &'static str,
        /// The answer.
        lines: &'a [Line<'a>],
    },
    /// Something to know.
    Notice {
        /// What it is about.
        code: Code,
        /// For people.
        line: Line<'a>,
    },
    /// You have changed.
    You {
        /// Your nick.
        name: &'a str,
        /// Your color.
        color: &'a str,
        /// Whether you may moderate.
        moderator: bool,
        /// Whether you may not speak.
        muted: bool,
    },
    /// Not accepted.
    Error {
        /// Why.
        code: Code,
        /// For people.
        line: Line<'a>,
        /// Of what.
        msgid: Option<&'a str>,
    },
    /// The end.
    Bye {
        /// Why.
        reason: Bye,
        /// For people.
        line: Line<'a>,
    },
    /// The answer to ping.
    Pong(RecordId),
}

impl Event<'_> {
    /// They are too fast: the next request is taken later.
    pub(super) const THROTTLED: Self = Self::Notice {
        code: Code::Throttled,
        line: Line::Throttled,
    };
}

/// One form of a message.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// The message's own id, or that of an edit.
    pub id: RecordId,
    /// Its text.
    pub text: &'a str,
}

/// What a room for some only is.
#[derive(Debug)]
pub struct AboutRoom<'a> {
    /// Who may be in it, and what it is called.
    pub circle: &'a Circle,
    /// Who is told.
    pub you: &'a PersonId,
    /// Whether all its people are told.
    pub people: bool,
}

impl AboutRoom<'_> {
    /// What it is called by who is told: a conversation of two by the other's name.
    pub fn title(&self) -> &str {
        let other = self
            .circle
            .members
            .iter()
            .find(|member| member.person != *self.you);
        match other.filter(|_| self.circle.kind == Kind::Pair) {
            Some(other) => &other.name,
            None => &self.circle.title,
        }
    }

    /// Whether who is told keeps it.
    pub fn keeps(&self) -> bool {
        self.circle
            .member(self.you)
            .is_some_and(|member| member.keeps)
    }
}

/// What who can be in many rooms is told first.
#[derive(Debug)]
pub struct Hello<'a> {
    /// What they are called unless somebody else has the name.
    pub name: &'a str,
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// Their number under all names.
    pub person: &'a str,
    /// The server's clock.
    pub now: RecordId,
    /// The server's limits.
    pub limits: &'a Limits,
    /// The most rooms at once.
    pub most_rooms: usize,
    /// Their own.
    pub rooms: &'a [Mark],
}

/// How far they have read in a room, and what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Up to here.
    pub read: RecordId,
    /// What they want to be told of.
    pub level: Level,
    /// Messages of others since, and of these what names them; `None`: nobody has counted.
    pub unread: Option<(usize, usize)>,
}

/// Everything a newcomer is told first.
#[derive(Debug)]
pub struct Welcome<'a> {
    /// The room.
    pub room: &'a str,
    /// What the client calls it.
    pub asked: &'a str,
    /// From the settings; empty: none.
    pub description: &'a str,
    /// Empty: none.
    pub topic: &'a str,
    /// What is pinned, newest first.
    pub pins: &'a [RecordId],
    /// The newcomer's nick.
    pub you: &'a str,
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// Their number under all names.
    pub person: &'a str,
    /// Whether the room is told that they come; else they were there already.
    pub is_new: bool,
    /// Whether it is shown here who comes and goes.
    pub comings: bool,
    /// Their color.
    pub color: &'a str,
    /// Whether they may moderate.
    pub moderator: bool,
    /// How far they have read, if they were here before.
    pub reading: Option<Reading>,
    /// All, with the newcomer.
    pub members: &'a Members,
    /// The oldest id in the log, if the client has seen one before it: what was said in between may be gone.
    pub oldest: Option<RecordId>,
    /// The newest id in the log.
    pub last: Option<RecordId>,
    /// The server's clock.
    pub now: RecordId,
    /// The server's limits.
    pub limits: &'a Limits,
}

/// How a page of history was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest.
    Newest,
    /// Older than this.
    Before(RecordId),
    /// Newer than this.
    Since(RecordId),
    /// Single messages.
    Single,
}

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bye {
    /// By a moderator.
    Kicked,
    /// By a moderator.
    Banned,
    /// Their page has come back on another connection.
    Replaced,
    /// Their log-in is over: the account was disabled, or logged out everywhere.
    LoggedOut,
    /// Their token is over.
    Expired,
    /// The server stops.
    ShuttingDown,
    /// This machine of several is to be stopped.
    Draining,
    /// They asked for it.
    Quit,
    /// They left this room.
    Part,
    /// They are in the list of a closed room no more.
    Dismissed,
    /// The room has gone to another place; who may be in it comes in there.
    Moved,
    /// Never got in; the code says why.
    Refused(Code),
}
