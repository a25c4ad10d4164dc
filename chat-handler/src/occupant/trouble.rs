//! Trouble with files, reported once for as long as it lasts.

use crate::journal;

/// What was reported last.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<String>);

impl Trouble {
    /// Writes it into the journal unless it was the last there. True if it is new.
    pub(super) fn note(&mut self, reason: &str) -> bool {
        let new = self.0.as_deref() != Some(reason);
        if new {
            journal::note(reason);
            self.0 = Some(reason.to_owned());
        }
        new
    }

    /// It works again.
    pub(super) fn is_over(&mut self) {
        self.0 = None;
    }
}
