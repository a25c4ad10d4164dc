//! The site's own programs, which are asked before a message, a file or a person is taken.
//!
//! One line of JSON goes to a program ([`question`]), one comes back ([`reply`]). [`call`] is one program that is
//! asked, over its Unix socket or as a process; [`asking`] asks all of a list, each about what those before it made of
//! the text. Nothing here waits, except [`consult`], for programs that serve one request: a handler's event loop watches
//! the descriptor. docs/hooks.md is the same for those who write such programs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub mod asking;
mod call;
mod outage;
pub mod question;
pub mod reply;
mod start;

pub use asking::{Asking, Decision, Outcome, consult};
pub use outage::failures;
pub use question::{About, Question};

/// Programs in one list: each may take its time limit.
pub const MAX_HOOKS: usize = 8;

/// One program, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// It listens on this socket: a connection each.
    Unix(PathBuf),
    /// It is started: a process each.
    Exec(PathBuf),
}

impl Hook {
    /// `unix:PATH` or `exec:PATH`; a relative path starts at `folder`.
    pub fn parse(text: &str, folder: &Path) -> Option<Self> {
        let (kind, path) = text.split_once(':')?;
        if path.is_empty() || path.contains(char::is_control) {
            return None;
        }
        match kind {
            "unix" => Some(Self::Unix(folder.join(path))),
            "exec" => Some(Self::Exec(folder.join(path))),
            _ => None,
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Exec(path) => write!(f, "exec:{}", path.display()),
        }
    }
}

/// What becomes of a message when a program cannot be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fail {
    /// It is taken, as if there were no such program.
    #[default]
    Open,
    /// It is not taken.
    Closed,
}

/// A list of programs, and what holds while they are asked.
#[derive(Clone, Debug)]
pub struct List {
    /// In this order.
    pub hooks: Vec<Hook>,
    /// How long each may take.
    pub timeout: Duration,
    /// And if it takes longer, or does not answer.
    pub fail: Fail,
}

impl List {
    /// Of nobody, which takes nothing.
    pub fn nobody() -> Self {
        Self {
            hooks: Vec::new(),
            timeout: Duration::ZERO,
            fail: Fail::Closed,
        }
    }
}

/// What an administrator decided.
#[derive(Clone, Debug)]
pub struct Hooks {
    /// Who is asked about messages, topics and what else people write for others.
    pub messages: Vec<Hook>,
    /// Who is asked about files.
    pub files: Vec<Hook>,
    /// Who is asked about people who come in, and about new names.
    pub entries: Vec<Hook>,
    /// How long one may take, of messages and entries.
    pub timeout: Duration,
    /// How long one may take that looks at a file.
    pub file_timeout: Duration,
    /// What becomes of messages and entries if it takes longer. A file that nobody has looked at is not taken.
    pub fail: Fail,
    /// Whether they are asked about conversations, private rooms and whispers too.
    pub private: bool,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            messages: Vec::new(),
            files: Vec::new(),
            entries: Vec::new(),
            timeout: Duration::from_millis(300),
            file_timeout: Duration::from_secs(30),
            fail: Fail::Open,
            private: false,
        }
    }
}

impl Hooks {
    /// Who is asked about it, and how.
    pub fn list(&self, about: About) -> List {
        let (hooks, timeout, fail) = match about {
            About::Message => (&self.messages, self.timeout, self.fail),
            About::Entry => (&self.entries, self.timeout, self.fail),
            About::File => (&self.files, self.file_timeout, Fail::Closed),
            // Each has a list of its own.
            About::Command => return List::nobody(),
        };
        List {
            hooks: hooks.clone(),
            timeout,
            fail,
        }
    }
}

#[cfg(test)]
mod tests;
