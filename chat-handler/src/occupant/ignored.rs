//! Whom an occupant does not want to read.

use chat_store::name::Nick;
use chat_store::record::{Kind, Record};

/// Whom one person can ignore.
pub const MAX_IGNORED: usize = 200;

/// The nicks, compared as people see them.
#[derive(Debug, Default)]
pub(super) struct Ignored(Vec<Nick>);

impl Ignored {
    pub(super) fn of(nicks: &[Nick]) -> Self {
        Self(nicks.to_vec())
    }

    /// Adds somebody, unless there are too many already.
    pub(super) fn add(&mut self, nick: Nick) {
        if !self.has(nick.as_str()) && self.0.len() < MAX_IGNORED {
            self.0.push(nick);
        }
    }

    pub(super) fn remove(&mut self, nick: &Nick) {
        let key = nick.key();
        self.0.retain(|ignored| ignored.key() != key);
    }

    pub(super) fn has(&self, nick: &str) -> bool {
        !self.0.is_empty()
            && Nick::parse(nick).is_ok_and(|nick| {
                let key = nick.key();
                self.0.iter().any(|ignored| ignored.key() == key)
            })
    }

    /// Whether this is what one of them said.
    pub(super) fn hides(&self, record: &Record<'_>) -> bool {
        let is_said = matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice);
        (is_said || record.kind.is_amendment()) && self.has(&record.from)
    }

    /// The names with commas.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.0.iter().map(Nick::as_str).collect();
        names.join(", ")
    }
}
