//! What a record is.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// What a record is. The first group stands in room logs; the second goes to one person's
        /// inbox and is refused by [`RoomLog`](crate::log::room_log::RoomLog).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word on disk and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }

            /// Reads the word; one that this version does not know is `None`.
            pub fn parse(text: &[u8]) -> Option<Self> {
                $(if text == $text.as_bytes() { return Some(Self::$kind); })*
                None
            }
        }
    };
}

kinds! {
    /// Somebody says TEXT.
    Say = "say",
    /// Somebody does TEXT (`/me`).
    Me = "me",
    /// FROM came in; attribute `color`.
    Join = "join",
    /// FROM left.
    Quit = "quit",
    /// FROM has a new color, the attribute `color`.
    Color = "color",
    /// FROM is now called TEXT.
    Nick = "nick",
    /// FROM set the topic to TEXT; empty: none.
    Topic = "topic",
    /// FROM threw dice; TEXT is the result.
    Dice = "dice",
    /// FROM threw somebody out.
    Kick = "kick",
    /// FROM banned somebody.
    Ban = "ban",
    /// FROM took back the record whose id is TEXT.
    Redact = "redact",
    /// FROM wrote the record `target` anew: TEXT.
    Edit = "edit",
    /// FROM reacts to the record `target` with TEXT, an emoji.
    React = "react",
    /// FROM takes that reaction back.
    Unreact = "unreact",
    /// FROM pinned the record `target`.
    Pin = "pin",
    /// FROM took it off.
    Unpin = "unpin",
    /// FROM cleared the history up to here.
    Clear = "clear",
    /// FROM made the room slow: TEXT seconds between two messages of a member; 0: no longer.
    Slow = "slow",
    /// FROM let TEXT into a closed room; attribute `person`: whose name that is.
    Admit = "admit",
    /// FROM sent TEXT away from a closed room; attribute `person` as above.
    Dismiss = "dismiss",
    /// FROM left a closed room for good; attribute `person`: theirs.
    Leave = "leave",
    /// FROM called a closed room TEXT.
    Title = "title",
    /// In a channel and in no room: FROM, a program, tells of TEXT, which is JSON; attribute `ev`: what it is.
    Event = "event",
    /// FROM made the room private or open, as TEXT says; attribute `to`: what it is called from then on.
    Moved = "moved",
    /// In the log of orders and in no room: the state of a site on several machines changes, as TEXT and attributes say;
    /// see [`order`](crate::cluster::order).
    Order = "order",
    /// FROM is shown otherwise from here on: look the profile of the attribute `person` up.
    Profile = "profile",
    /// To one person: FROM whispers TEXT.
    Whisper = "whisper",
    /// To one person: WebRTC signalling, TEXT is the data.
    Signal = "signal",
    /// To one person: FROM is typing (TEXT: what), or has read up to an id; see
    /// [`Message`](crate::people::message::Message).
    Typing = "typing",
    /// To one person: you may not speak; TEXT says how long and why.
    Mute = "mute",
    /// To one person: you may speak again.
    Unmute = "unmute",
    /// To one person: your page has come back on another connection.
    Replaced = "replaced",
    /// To one person: your name is an account's, take another.
    GiveWay = "give-way",
    /// To one person: you have another role in the room.
    Role = "role",
    /// To one person: something about your account has changed.
    Account = "account",
    /// To a moderator: FROM reports somebody.
    Report = "report",
    /// To one person: a notice of the server.
    Notice = "notice",
}

impl Kind {
    /// True for what may never stand in a room's log: whispers, signalling and the like. A kick or
    /// ban may be both: the inbox tells the one it concerns, the log tells the room.
    pub fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Whisper
                | Self::Signal
                | Self::Typing
                | Self::Mute
                | Self::Unmute
                | Self::Replaced
                | Self::GiveWay
                | Self::Role
                | Self::Account
                | Self::Report
                | Self::Notice
        )
    }

    /// True for what may have several lines, and tabs: what people write to each other.
    pub fn has_lines(self) -> bool {
        matches!(self, Self::Say | Self::Me | Self::Edit | Self::Whisper)
    }

    /// True for what changes how an earlier message is shown, and stands at most
    /// [`FOLD_BYTES`](crate::log::history::FOLD_BYTES) behind it.
    pub fn is_amendment(self) -> bool {
        matches!(self, Self::Edit | Self::React | Self::Unreact)
    }

    /// True for what can be written anew: what somebody said in their own words.
    pub fn can_be_edited(self) -> bool {
        matches!(self, Self::Say | Self::Me)
    }

    /// True for what has words of a person in it, in whatever form.
    pub fn has_words(self) -> bool {
        self.is_talk() || self == Self::Edit
    }

    /// True for what people read as the conversation: not comings, goings and housekeeping.
    pub fn is_talk(self) -> bool {
        matches!(self, Self::Say | Self::Me | Self::Dice | Self::Topic)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_its_word() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str().as_bytes()), Some(kind));
        }
        assert_eq!(Kind::parse(b"SAY"), None);
        assert_eq!(Kind::parse(b""), None);
    }
}
