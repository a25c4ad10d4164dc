//! Codes that programs tell apart, in one place: docs/chat-protocol.md lists the same.

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal,)*) => {
        /// Why a request was not accepted, what a notice is about, or why somebody cannot come in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            /// Every code, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The word; it never changes.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }
        }
    };
}

codes! {
    /// What was sent is no object.
    BadJson = "bad_json",
    /// A field is missing or of a wrong type.
    BadField = "bad_field",
    /// No request has this type.
    UnknownType = "unknown_type",
    /// It is longer than allowed.
    TooLong = "too_long",
    /// There is nothing in it.
    Empty = "empty",
    /// They may not speak.
    Muted = "muted",
    /// They may speak again.
    Unmuted = "unmuted",
    /// It is not on the disk.
    NotSaved = "not_saved",
    /// Files cannot be read, or the room cannot be used.
    Storage = "storage",
    /// Try again: an inbox is full, or too many come in at once.
    Busy = "busy",
    /// Nobody of this name is in the room.
    NoSuchUser = "no_such_user",
    /// Nobody can be called so.
    BadName = "bad_name",
    /// It is no color.
    BadColor = "bad_color",
    /// There is such a command, but it is written otherwise.
    Usage = "usage",
    /// There is no such command.
    UnknownCommand = "unknown_command",
    /// Moderators may do this.
    NotModerator = "not_moderator",
    /// There is no such message, ban or mute.
    NotFound = "not_found",
    /// It is somebody else's.
    NotYours = "not_yours",
    /// It is too long ago, or too much was said since.
    TooLate = "too_late",
    /// There are as many as allowed.
    TooMany = "too_many",
    /// A program of the site does not let it through.
    Refused = "refused",
    /// A program of the site has taken it: it is not said here.
    Diverted = "diverted",
    /// They are too fast.
    Throttled = "throttled",
    /// The room is slow, and they spoke a moment ago.
    Slow = "slow",
    /// Somebody told the moderators of something.
    Reported = "reported",
    /// Words of an administrator.
    Notice = "notice",
    /// They are banned from the room.
    Banned = "banned",
    /// The room has as many people as allowed.
    RoomFull = "room_full",
    /// There are as many rooms as allowed.
    TooManyRooms = "too_many_rooms",
    /// They are in as many rooms as one connection can be.
    RoomsAtOnce = "rooms_at_once",
    /// They have as many connections as allowed.
    TooManyConnections = "too_many_connections",
    /// The administrator lets others do this.
    NotAllowed = "not_allowed",
    /// A log-in is needed.
    AnonymousRefused = "anonymous_refused",
    /// They are not in this room.
    NotInRoom = "not_in_room",
    /// There is no such room, or not for them.
    NoSuchRoom = "no_such_room",
    /// Somebody accepts no conversation from them.
    NotAccepted = "not_accepted",
    /// The room lets people in who say a password.
    PasswordNeeded = "password_needed",
    /// It is another one.
    WrongPassword = "wrong_password",
    /// They, or others of their address, tried too many passwords.
    TooManyTries = "too_many_tries",
    /// Other machines of the site take them.
    Draining = "draining",
    /// No token came in time.
    AuthTimeout = "auth_timeout",
    /// The token is not believed.
    BadToken = "bad_token",
    /// The token is over: another one would do.
    TokenExpired = "token_expired",
    /// The token is over in a minute.
    Expiring = "expiring",
    /// No channel can be called so.
    BadChannel = "bad_channel",
    /// No room can be called so.
    BadRoom = "bad_room",
}
