//! Why somebody is not logged in, or has no account: one list of codes, statuses and words.

use std::io;
use std::time::Duration;

use super::Response;
use crate::login::{LoginError, PasswordError};
use chat_store::accounts::AccountError;

/// Why not.
pub(super) enum Refused {
    /// What is wrong with the question: a status, a code, and words for people.
    Asked(u16, &'static str, String),
    /// There were too many; after this time there is another try.
    TooMany(Duration),
    /// Files cannot be read or written.
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<PasswordError> for Refused {
    fn from(error: PasswordError) -> Self {
        Self::Asked(400, error.code(), error.to_string())
    }
}

impl From<LoginError> for Refused {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => refused("wrong_login", "the name or the password is wrong"),
            LoginError::TooMany(after) => Self::TooMany(after),
            LoginError::Busy => Self::Asked(
                503,
                "busy",
                "many people are logging in just now, try again".to_owned(),
            ),
            LoginError::Io(error) => Self::Failed(error),
        }
    }
}

impl From<AccountError> for Refused {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Io(error) => Self::Failed(error),
            AccountError::Taken(_) => taken(),
            error => Self::Asked(503, "busy", error.to_string()),
        }
    }
}

pub(super) fn refused(code: &'static str, text: &str) -> Refused {
    Refused::Asked(403, code, text.to_owned())
}

pub(super) fn taken() -> Refused {
    let text = "this name, or one that looks like it, is somebody's already";
    Refused::Asked(409, "name_taken", text.to_owned())
}

impl Refused {
    /// The answer to who asked from `address`; what the administrator must know goes to `explain`.
    pub(super) fn response(self, address: &str, explain: &mut dyn FnMut(&str)) -> Response {
        match self {
            Self::Asked(status, code, text) => {
                // For fail2ban and the like; no name, which may be a password in the wrong field.
                if code == "wrong_login" {
                    explain(&format!("a log-in failed from {address}"));
                }
                Response::error(status, code, &text)
            }
            Self::TooMany(after) => {
                explain(&format!(
                    "a log-in was refused, too many tries from {address}"
                ));
                let seconds = after.as_secs().max(1).to_string();
                let text = "there were too many tries, wait a moment";
                Response::error(429, "too_many_tries", text).header("Retry-After", &seconds)
            }
            Self::Failed(error) => {
                explain(&format!("an account could not be read or written: {error}"));
                Response::error(500, "not_saved", "that could not be saved, try again later")
            }
        }
    }
}
