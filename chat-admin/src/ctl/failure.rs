//! Why a command was not done, and the exit status that says so.

use std::io::{self, Write};

use chat_store::moderation::ModerationError;

/// Why a command was not done.
#[derive(Debug)]
pub enum Failure {
    /// It cannot or must not be done.
    Refused(String),
    /// There is no such room, person, ban or message.
    Missing(String),
    /// The settings are wrong.
    Config(String),
    /// A file could not be read or written.
    Io(io::Error),
}

impl Failure {
    /// The program's exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Io(_) => 1,
            Self::Missing(_) => 3,
            Self::Config(_) => 5,
        }
    }

    /// Refused, with any error's text.
    pub(super) fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }

    pub(super) fn write_to(&self, json: bool, err: &mut dyn Write) -> io::Result<()> {
        if json {
            let value = serde_json::json!({ "error": self.to_string(), "exit": self.exit_code() });
            return writeln!(err, "{value}");
        }
        writeln!(err, "chatctl: {self}")
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(text) | Self::Missing(text) | Self::Config(text) => f.write_str(text),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<ModerationError> for Failure {
    fn from(error: ModerationError) -> Self {
        match error {
            // Its text names a file, which is not for everybody who is told what was refused.
            ModerationError::Io(error) => Self::Io(error),
            error => Self::refused(error),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
