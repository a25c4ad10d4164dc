//! Why somebody cannot come in.

use super::{Bye, Code, Event};
use crate::wording::{Closed, Line, Token};
use chat_store::people::presence::ClaimError;

/// Why somebody cannot come in.
#[derive(Debug)]
pub struct Refusal {
    /// For programs.
    pub code: Code,
    /// For people, in the words of the file system or of a moderator.
    pub reason: String,
}

impl Refusal {
    /// With its reason, for people.
    pub fn new(code: Code, reason: &(impl ToString + ?Sized)) -> Self {
        Self {
            code,
            reason: reason.to_string(),
        }
    }

    /// What the one who is refused is told.
    pub fn event(&self) -> Event<'_> {
        let reason = match self.code {
            Code::Banned => Bye::Banned,
            code => Bye::Refused(code),
        };
        let line = match self.code {
            Code::Banned => Line::YouBanned(&self.reason),
            Code::RoomFull => Line::RoomFull,
            Code::TooManyRooms if self.reason.is_empty() => Line::TooManyRooms,
            Code::TooManyRooms => Line::TooManyNewRooms,
            Code::RoomsAtOnce => Line::RoomsAtOnce(&self.reason),
            Code::TooManyConnections => Line::TooManyConnections,
            Code::AnonymousRefused => Line::AnonymousRefused,
            Code::AuthTimeout => Line::Token(Token::Timeout),
            Code::BadToken => Line::Token(Token::Bad),
            Code::TokenExpired => Line::Token(Token::Expired),
            Code::NotAllowed => Line::NotAllowed(&self.reason),
            Code::Refused => Line::Refused(&self.reason),
            Code::Busy => Line::Unasked,
            Code::NotAccepted => Line::Closed(Closed::NotAccepted(&self.reason)),
            Code::NoSuchUser => Line::Closed(Closed::NobodyCalled(&self.reason)),
            Code::Usage => Line::Yourself,
            Code::NotSaved => Line::NotSaved(&self.reason),
            Code::NoSuchRoom => Line::Closed(Closed::NoSuchRoom),
            Code::PasswordNeeded => Line::Closed(Closed::PasswordNeeded),
            Code::WrongPassword => Line::Closed(Closed::WrongPassword),
            Code::TooManyTries => Line::Closed(Closed::TooManyTries),
            Code::BadRoom => Line::BadRoom(&self.reason),
            _ => Line::OutOfOrder(&self.reason),
        };
        Event::Bye { reason, line }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::new(Code::Storage, &error)
    }
}

impl From<ClaimError> for Refusal {
    fn from(error: ClaimError) -> Self {
        let code = match error {
            ClaimError::Full { .. } => Code::RoomFull,
            _ => Code::Storage,
        };
        Self::new(code, &error)
    }
}
