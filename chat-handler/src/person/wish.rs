//! What a client wants of its connection.

use std::borrow::Cow;

use super::ProfileWish;
use crate::occupant::{Addressee, Request};
use chat_store::name::{NameError, RoomName};
use chat_store::people::consent::Accept;
use chat_store::people::marks::Level;
use chat_store::record::RecordId;

/// A room to come into.
#[derive(Debug)]
pub struct Entry {
    /// As the client calls it.
    pub asked: String,
    /// What that means.
    pub room: Result<RoomName, NameError>,
    /// They have read up to here, and want what they missed.
    pub since: Option<RecordId>,
    /// What they bring for a room that they are not in.
    pub keys: KeyRing,
    /// Records of history that they want; `None`: as many as is usual.
    pub history: Option<usize>,
}

impl Entry {
    /// Into the same room, wherever it is by now.
    pub(super) fn again(room: &str) -> Self {
        Self {
            asked: room.to_owned(),
            room: RoomName::parse(room),
            since: None,
            keys: KeyRing::default(),
            history: None,
        }
    }
}

/// What lets somebody into a closed room.
#[derive(Debug, Default)]
pub struct KeyRing {
    /// The token of a link of invitation.
    pub invitation: Option<String>,
    /// The room's password.
    pub password: Option<String>,
}

/// What a client wants.
#[derive(Debug)]
pub enum Wish<'a> {
    /// To come into rooms.
    Enter(Vec<Entry>),
    /// To talk with some people alone.
    Converse {
        /// With whom; nobody: a room for some only.
        with: Vec<Addressee<'a>>,
        /// What it is called; `None` with one person: the conversation of two that stays.
        title: Option<Cow<'a, str>>,
        /// Whether newcomers may read what was said before they came.
        whole_history: bool,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// To be begun conversations with by these alone.
    Accept(Accept),
    /// To hear a channel from now on; with an id, from behind that event on.
    Subscribe(Cow<'a, str>, Option<RecordId>),
    /// To hear it no more.
    Unsubscribe(Cow<'a, str>),
    /// To be who this token says for longer.
    Auth(Cow<'a, str>),
    /// To be shown otherwise.
    Profile(Box<ProfileWish<'a>>),
    /// What these say is not to be counted as unread in rooms that are entered from now on.
    Ignored(Vec<Cow<'a, str>>),
    /// To leave a room.
    Part(Cow<'a, str>),
    /// Something in a room; `None`: in the only one, or in all.
    In(Option<Cow<'a, str>>, Request<'a>),
    /// To be told of this in a room from now on.
    Notify(Cow<'a, str>, Level),
    /// Are you there? I shall be heard again within so many seconds.
    Ping(Option<u64>),
    /// Goodbye.
    Quit,
}
