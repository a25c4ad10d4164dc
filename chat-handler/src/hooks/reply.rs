//! What a program answers. It is the administrator's own, and may be wrong all the same: whatever it says is read
//! within bounds, cleaned, and means one of five things or is a fault.

use std::fmt;
use std::time::Duration;

use chat_store::record::{clean, clean_lines, tidy};
use serde::Deserialize;

/// The longest reply that is read, in bytes: a message of 8192 characters that are all written as `\uXXXX\uXXXX`.
pub const MAX_REPLY: usize = 128 * 1024;
/// The longest reason that somebody is told, in characters.
pub const MAX_REASON: usize = 300;
/// The longest time that a program can have somebody wait.
pub const MAX_DELAY: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is taken.
    Accept,
    /// It is taken with this text.
    Replace(String),
    /// It is not taken.
    Refuse,
    /// The program has taken it: it is not said in the room.
    Divert,
    /// What a command says.
    Answer {
        /// In one line or several.
        text: String,
        /// For everybody in the room, not for who asked alone.
        to_room: bool,
    },
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What is to be done.
    pub action: Action,
    /// What the sender is told; empty: nothing in particular.
    pub message: String,
    /// For so long nothing more is taken from them.
    pub delay: Duration,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not listen, or cannot be started.
    Unreachable(String),
    /// It takes too long.
    TooSlow,
    /// It ended, or closed, without a word.
    Silent,
    /// It printed more than [`MAX_REPLY`].
    TooLong,
    /// More than one line.
    MoreThanALine,
    /// It is no JSON of this form.
    NotUnderstood(String),
    /// It answers another question.
    OtherId,
    /// It ended otherwise than with 0 or 1.
    Ended(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "cannot be asked: {reason}"),
            Self::TooSlow => f.write_str("does not answer in time"),
            Self::Silent => f.write_str("ended without a reply"),
            Self::TooLong => write!(f, "replied with more than {MAX_REPLY} bytes"),
            Self::MoreThanALine => f.write_str("replied with more than one line"),
            Self::NotUnderstood(reason) => write!(f, "replied what is not understood: {reason}"),
            Self::OtherId => f.write_str("replied to another question"),
            Self::Ended(how) => write!(f, "ended with {how}"),
        }
    }
}

/// As it is written. Fields that are not known are for later versions.
#[derive(Deserialize)]
struct Wire {
    action: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    delay: Option<f64>,
}

/// Reads the reply to the question `id`; `most`: characters of a text.
///
/// # Errors
/// It is none.
pub fn parse(reply: &[u8], id: &str, most: usize) -> Result<Reply, Fault> {
    if reply.len() > MAX_REPLY {
        return Err(Fault::TooLong);
    }
    let line = reply.trim_ascii();
    if line.is_empty() {
        return Err(Fault::Silent);
    }
    if line.contains(&b'\n') {
        return Err(Fault::MoreThanALine);
    }
    let wrong = |reason: &str| Fault::NotUnderstood(reason.to_owned());
    let wire: Wire =
        serde_json::from_slice(line).map_err(|error| Fault::NotUnderstood(error.to_string()))?;
    if wire.id.is_some_and(|other| other != id) {
        return Err(Fault::OtherId);
    }
    let delay = match wire.delay {
        None => Duration::ZERO,
        Some(seconds) => Duration::try_from_secs_f64(seconds)
            .map_err(|_| wrong("delay is a number of seconds"))?
            .min(MAX_DELAY),
    };
    let action = match wire.action.as_str() {
        "accept" => Action::Accept,
        "delay" if !delay.is_zero() => Action::Accept,
        "delay" => return Err(wrong("action delay needs a delay")),
        "refuse" => Action::Refuse,
        "divert" => Action::Divert,
        "replace" => {
            let text = wire
                .text
                .ok_or_else(|| wrong("action replace needs a text"))?;
            Action::Replace(replacement(&text, most)?)
        }
        "answer" => {
            let to_room = match wire.to.as_deref() {
                None | Some("asker") => false,
                Some("room") => true,
                Some(_) => return Err(wrong("to is asker or room")),
            };
            let text = wire
                .text
                .ok_or_else(|| wrong("action answer needs a text"))?;
            let text = words(&text, most);
            Action::Answer { text, to_room }
        }
        _ => {
            return Err(wrong(
                "action is accept, refuse, replace, divert, answer or delay",
            ));
        }
    };
    Ok(Reply {
        action,
        message: reason(wire.message.as_deref().unwrap_or_default()),
        delay,
    })
}

/// What a command says: cleaned, and of too much the start.
fn words(text: &str, most: usize) -> String {
    tidy(&clean_lines(text)).chars().take(most).collect()
}

fn replacement(text: &str, most: usize) -> Result<String, Fault> {
    let text = tidy(&clean_lines(text)).into_owned();
    let wrong = |reason: &str| Err(Fault::NotUnderstood(reason.to_owned()));
    match text.chars().count() {
        _ if text.trim().is_empty() => wrong("the new text is empty"),
        count if count > most => wrong("the new text is longer than a message"),
        _ => Ok(text),
    }
}

/// What a program that is no JSON's friend says by its exit status: 0 takes it, 1 refuses it, with the first line that
/// it printed. What a command printed is its answer; `most`: characters of it.
///
/// # Errors
/// It ended otherwise.
pub fn of_status(
    printed: &[u8],
    status: Option<i32>,
    most: usize,
    is_command: bool,
) -> Result<Reply, Fault> {
    let action = match status {
        Some(0) if is_command => Action::Answer {
            text: words(&String::from_utf8_lossy(printed), most),
            to_room: false,
        },
        Some(0) => Action::Accept,
        Some(1) => Action::Refuse,
        Some(other) => return Err(Fault::Ended(format!("the exit status {other}"))),
        None => return Err(Fault::Ended("a signal".to_owned())),
    };
    let first = printed.split(|&byte| byte == b'\n').next();
    Ok(Reply {
        action,
        message: reason(&String::from_utf8_lossy(first.unwrap_or_default())),
        delay: Duration::ZERO,
    })
}

/// One line, cleaned and bounded.
fn reason(text: &str) -> String {
    let text = clean(text);
    text.trim().chars().take(MAX_REASON).collect()
}
