//! How far somebody has read.

use serde::Serialize;

use super::Id;
use crate::occupant::Reading;
use chat_store::people::marks::Mark;

/// How far the client's person has read.
#[derive(Serialize)]
pub(super) struct ReadTo {
    read: Id,
    notify: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<usize>,
}

impl From<Reading> for ReadTo {
    fn from(reading: Reading) -> Self {
        Self {
            read: Id(reading.read),
            notify: reading.level.as_str(),
            unread: reading.unread.map(|(all, _)| all),
            mentions: reading.unread.map(|(_, named)| named),
        }
    }
}

/// One of the person's rooms.
#[derive(Serialize)]
pub(super) struct OwnRoom<'a> {
    room: &'a str,
    #[serde(flatten)]
    reading: ReadTo,
}

/// What another connection of the person did.
#[derive(Serialize)]
pub(super) struct MarkMessage {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) own: bool,
    #[serde(flatten)]
    pub(super) reading: Option<ReadTo>,
}

pub(super) fn own_room(mark: &Mark) -> OwnRoom<'_> {
    OwnRoom {
        room: mark.room.as_str(),
        reading: Reading::uncounted(mark).into(),
    }
}
