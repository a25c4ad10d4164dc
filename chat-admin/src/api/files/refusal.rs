//! Why a file is not taken: one list of codes, statuses and words.

use std::io;

use chat_handler::settings::Files;
use chat_store::attachments::{Full, PutError};

use super::Response;

/// Why not.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There are no files here.
    Off,
    /// Nobody can be told apart from others who is no account and has no browser's token.
    Nobody,
    /// They are muted, with the reason.
    Muted(String),
    /// The administrator lets others send files here.
    NotAllowed,
    /// The room is not there.
    NoRoom,
    /// How long it is must be said.
    NoLength,
    /// There is nothing in it.
    Empty,
    /// It is larger than one may be.
    TooLarge(u64),
    /// A picture of this size cannot be cleaned.
    LargePicture(u64),
    /// Files of this kind are not taken.
    Kind(&'static str),
    /// There were many just now.
    TooMany,
    /// There would be too much.
    Full(Full),
    /// The line broke, or the client gave up.
    BrokenOff,
    /// The administrator's program refused it, with its reason.
    Refused(String),
    /// That program could not be asked.
    Unasked,
    /// It cannot be kept just now.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<PutError> for Refusal {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Full(full) => Self::Full(full),
            PutError::Io(error) => Self::Io(error),
        }
    }
}

impl Refusal {
    /// The answer; what the administrator must know goes to `explain`.
    pub(super) fn response(self, files: &Files, explain: &mut dyn FnMut(&str)) -> Response {
        let (status, code, text) = match self {
            Self::Off => (403, "files_off", "there are no files here".to_owned()),
            Self::Nobody => (
                403,
                "no_person",
                "open the chat's own page to send files".to_owned(),
            ),
            Self::Muted(reason) if reason.is_empty() => {
                (403, "muted", "you may not speak here".to_owned())
            }
            Self::Muted(reason) => (403, "muted", format!("you may not speak here: {reason}")),
            Self::NotAllowed => (403, "not_allowed", "you may not send files here".to_owned()),
            Self::NoRoom => (404, "no_such_room", "there is no such room".to_owned()),
            Self::NoLength => (
                411,
                "length_required",
                "say how long the file is (Content-Length)".to_owned(),
            ),
            Self::Empty => (400, "empty_file", "there is nothing in the file".to_owned()),
            Self::TooLarge(max) => (
                413,
                "file_too_large",
                format!("a file may have at most {max} bytes"),
            ),
            Self::LargePicture(max) => (
                413,
                "file_too_large",
                format!("a picture may have at most {max} bytes"),
            ),
            Self::Kind(kind) => {
                let text = format!(
                    "files of the type {kind} are not taken, these are: {}",
                    files.types.join(", ")
                );
                (415, "file_type", text)
            }
            Self::TooMany => (
                429,
                "too_many_files",
                "there were many files just now, try again in a minute".to_owned(),
            ),
            Self::Full(full) => {
                let code = match full {
                    Full::Person => "files_of_person",
                    Full::Room => "files_of_room",
                    Full::Site => "files_of_site",
                };
                (507, code, full.to_string())
            }
            Self::BrokenOff => (400, "broken_off", "the file did not come whole".to_owned()),
            Self::Refused(reason) if reason.is_empty() => {
                (403, "file_refused", "the file was refused".to_owned())
            }
            Self::Refused(reason) => (403, "file_refused", reason),
            Self::Unasked => (
                503,
                "not_checked",
                "the file could not be checked, try again later".to_owned(),
            ),
            Self::Io(error) => {
                explain(&format!("a file could not be kept: {error}"));
                let is_full = matches!(
                    error.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                );
                let (status, code) = if is_full {
                    (507, "disk_full")
                } else {
                    (503, "storage")
                };
                (
                    status,
                    code,
                    "the file could not be kept, try again later".to_owned(),
                )
            }
        };
        Response::error(status, code, &text)
    }
}
