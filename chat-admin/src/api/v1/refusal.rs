//! Every refusal: what a program gets of it, and what the log does.

use std::io;

use chat_handler::identity::token::Distrust;
use chat_store::closed::ClosedError;
use chat_token::{Scope, TokenError};

use crate::api::Response;
use crate::ctl::Failure;

/// Why a request was not done.
#[derive(Debug)]
pub enum Refusal {
    /// There is no token.
    NoToken,
    /// There is one, and it is not good: why is for the log.
    Token(TokenError),
    /// A person's token, which is not believed here.
    Person(Distrust),
    /// It was revoked.
    Revoked,
    /// It does not allow this: what it needs.
    Scope(Scope),
    /// It is for other rooms, or whose it is may not: what they lack.
    NotAllowed(String),
    /// From a page of another site.
    CrossSite,
    /// There is no such thing.
    NotFound(String),
    /// Nor such a room, or none for them.
    NoRoom,
    /// The path has other methods.
    Method(String),
    /// The key was used for another message.
    KeyReused,
    /// It is in use, or there already.
    Conflict(String),
    /// The body is larger than so many bytes.
    TooLarge(usize),
    /// The body is no JSON by its header.
    Type,
    /// The body is no JSON, or not of this form: what is wrong.
    Body(String),
    /// A parameter of path, query or header is not what it must be.
    Parameter(String),
    /// A program of the site (`MESSAGE_HOOKS`) does not take it.
    Refused(String),
    /// Its values cannot be done.
    Invalid(String),
    /// Too many requests: seconds after which there may be another.
    Pace(u64),
    /// Others hold what is needed; the same again may be done.
    Busy,
    /// The disk is full, or as full as it may be.
    Full,
    /// A file could not be read or written.
    Storage(io::Error),
    /// As an endpoint of the pages answered.
    Told(Response),
}

impl Refusal {
    /// Every code, with its status: what openapi.json must list.
    pub const CODES: &'static [(&'static str, u16)] = &[
        ("bad_json", 400),
        ("bad_parameter", 400),
        ("no_token", 401),
        ("bad_token", 401),
        ("token_expired", 401),
        ("scope", 403),
        ("not_allowed", 403),
        ("cross_site", 403),
        ("not_found", 404),
        ("no_such_room", 404),
        ("bad_method", 405),
        ("key_reused", 409),
        ("conflict", 409),
        ("too_long", 413),
        ("bad_type", 415),
        ("refused", 422),
        ("invalid", 422),
        ("too_fast", 429),
        ("storage", 503),
        ("busy", 503),
        ("not_saved", 507),
    ];

    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Token(error) => error.code(),
            Self::Person(Distrust::Expired) => "token_expired",
            Self::Person(_) | Self::Revoked => "bad_token",
            Self::Scope(_) => "scope",
            Self::NotAllowed(_) => "not_allowed",
            Self::CrossSite => "cross_site",
            Self::NotFound(_) => "not_found",
            Self::NoRoom => "no_such_room",
            Self::Method(_) => "bad_method",
            Self::KeyReused => "key_reused",
            Self::Conflict(_) => "conflict",
            Self::TooLarge(_) => "too_long",
            Self::Type => "bad_type",
            Self::Body(_) => "bad_json",
            Self::Parameter(_) => "bad_parameter",
            Self::Refused(_) => "refused",
            Self::Invalid(_) => "invalid",
            Self::Pace(_) => "too_fast",
            Self::Busy => "busy",
            Self::Full => "not_saved",
            Self::Storage(_) | Self::Told(_) => "storage",
        }
    }

    pub(super) fn status(&self) -> u16 {
        let of = |&&(code, _): &&(&str, u16)| code == self.code();
        Self::CODES
            .iter()
            .find(of)
            .map_or(500, |(_, status)| *status)
    }

    /// For who wrote the program: what to do, and nothing about files, keys or others.
    pub(super) fn text(&self) -> String {
        match self {
            Self::NoToken => "send Authorization: Bearer TOKEN".to_owned(),
            Self::Token(TokenError::Expired) | Self::Person(Distrust::Expired) => "the token's time is over: make a new one".to_owned(),
            Self::Token(_) | Self::Person(_) | Self::Revoked => {
                "this token is not accepted; the server's log says why".to_owned()
            }
            Self::Scope(scope) => format!("the token needs the scope {}", scope.as_str()),
            Self::CrossSite => {
                "a page of another site asked; ask from your server, or from the chat's own pages".to_owned()
            }
            Self::NoRoom => "there is no such room, or it is not for you".to_owned(),
            Self::Method(allowed) => format!("use {}", allowed.replace(", ", " or ")),
            Self::KeyReused => {
                "this Idempotency-Key was used for another message; each message has a key of its own".to_owned()
            }
            Self::TooLarge(most) => format!("send at most {most} bytes"),
            Self::Type => "send Content-Type: application/json".to_owned(),
            Self::Pace(seconds) => format!("too many requests; go on in {seconds} s"),
            Self::Busy => "not now; the same request may be sent again".to_owned(),
            Self::Full => "there is no space left".to_owned(),
            Self::Storage(_) | Self::Told(_) => "a file cannot be used; the server's log says which".to_owned(),
            Self::NotAllowed(text)
            | Self::NotFound(text)
            | Self::Conflict(text)
            | Self::Body(text)
            | Self::Parameter(text)
            | Self::Refused(text)
            | Self::Invalid(text) => text.clone(),
        }
    }

    /// For the server's log: what whoever asked is not told.
    pub(super) fn for_the_log(&self) -> Option<String> {
        match self {
            Self::Token(error) => Some(format!("a token was refused: {error}")),
            Self::Person(distrust) => Some(format!("a token was refused: {}", distrust.reason())),
            Self::Revoked => Some("a token was refused: it is revoked".to_owned()),
            Self::Storage(error) => Some(format!("an answer to api/v1 failed: {error}")),
            _ => None,
        }
    }

    pub(super) fn response(self) -> Response {
        let response = Response::error(self.status(), self.code(), &self.text());
        match self {
            Self::Told(response) => response,
            Self::NoToken => response.header("WWW-Authenticate", "Bearer"),
            Self::Token(_) | Self::Person(_) | Self::Revoked => {
                response.header("WWW-Authenticate", "Bearer error=\"invalid_token\"")
            }
            Self::Scope(_) => {
                response.header("WWW-Authenticate", "Bearer error=\"insufficient_scope\"")
            }
            Self::Method(allowed) => response.header("Allow", &allowed),
            Self::Pace(seconds) => response.header("Retry-After", &seconds.to_string()),
            Self::Busy => response.header("Retry-After", "1"),
            _ => response,
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(text) => Self::NotFound(text),
            Failure::Refused(text) | Failure::Config(text) => Self::Invalid(text),
            Failure::Io(error) => Self::Storage(error),
        }
    }
}

impl From<ClosedError> for Refusal {
    fn from(error: ClosedError) -> Self {
        match error {
            ClosedError::NotThere => Self::NoRoom,
            ClosedError::Busy => Self::Busy,
            ClosedError::Io(error) => Self::Storage(error),
            error => Self::Invalid(error.to_string()),
        }
    }
}
