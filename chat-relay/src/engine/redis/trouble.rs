//! Why an engine did not do what it was asked for.

use std::fmt;

use super::advice::with_advice;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why an engine did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It could not be asked, is none that writes, or answered what it should not. The connection is of no use any
    /// more: what comes next over it may be the answer to what was asked before.
    Away(String),
    /// Its memory is full.
    Full,
    /// Another machine has this one's name.
    Name(String),
    /// It no longer has what this machine has not read.
    Gap(String),
}

/// What became of a question.
pub type Result<T> = std::result::Result<T, Trouble>;

impl Trouble {
    /// An answer that no engine gives.
    pub fn odd(what: &str) -> Self {
        Self::Away(format!("the engine's answer to {what} makes no sense"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => {
                f.write_str("the engine's memory is full (maxmemory), nothing can be said")
            }
            Self::Name(other) => write!(
                f,
                "another machine has this one's NODE: {other}; give each its own in chat.ini"
            ),
            Self::Away(why) | Self::Gap(why) => f.write_str(why),
        }
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        match (error.kind(), error.code()) {
            (_, Some("OOM")) => Self::Full,
            (_, Some("LEASE")) => {
                Self::Name(error.detail().unwrap_or("nobody knows who").to_owned())
            }
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => {
                Self::Away("the engine is only a copy now".to_owned())
            }
            (_, Some("NOREPLICAS")) => Self::Away(
                "the engine takes nothing: too few copies of it can be reached".to_owned(),
            ),
            // The text may hold what was sent, over several lines.
            _ => Self::Away(with_advice(first_line(&error.to_string()))),
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}
