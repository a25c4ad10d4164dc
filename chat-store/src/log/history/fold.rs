//! What became of messages: their last form and who reacted to them, folded into the records of a page.
//!
//! Edits and reactions are records behind the message. None is farther behind it than [`FOLD_BYTES`], so whoever
//! shows a message reads on no farther. A page at the end of the log has met them on its way back; where there
//! were none, nothing more is read.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::Page;
use super::page::Changed;
use crate::emoji;
use crate::log::tail::{Progress, Tail};
use crate::people::person::PersonId;
use crate::record::{Kind, MAX_BY, Reaction, Reactions, Record, RecordId, attrs};

/// How far behind a message, in bytes of log, is read for what changed it.
pub const FOLD_BYTES: u64 = 4 * 1024 * 1024;
/// How far behind it somebody may still change it. The rest is for what others append while they do.
pub const AMEND_BYTES: u64 = FOLD_BYTES - 256 * 1024;
/// Different emoji of one message.
pub const MAX_DIFFERENT: usize = 20;
/// Emoji of one person at one message.
pub const MAX_OF_PERSON: usize = 5;

/// What is read in one go.
const STEP_BYTES: usize = 64 * 1024;

/// The changes of some messages, as they are found.
pub(super) struct Fold<'a> {
    viewer: Option<&'a PersonId>,
    /// Oldest first, each with where it is on its page.
    messages: Vec<Message>,
}

struct Message {
    id: RecordId,
    at: usize,
    edited: Option<(RecordId, Box<str>)>,
    edits: usize,
    used: Vec<Used>,
}

/// An emoji that somebody has used.
struct Used {
    text: String,
    /// Who reacts with it now, and since which record.
    people: HashMap<String, (RecordId, String)>,
}

impl<'a> Fold<'a> {
    /// Of the messages on a page.
    pub(super) fn of(page: &Page, viewer: Option<&'a PersonId>) -> Self {
        let is_message = |record: &Record<'_>| {
            let is_words = matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice);
            is_words && record.clock.is_none() && !record.is_redacted()
        };
        let found = page.records().enumerate();
        let found = found.filter(|(_, record)| is_message(record));
        let message = |(at, record): (usize, Record<'_>)| Message {
            id: record.id,
            at,
            edited: None,
            edits: 0,
            used: Vec::new(),
        };
        Self {
            viewer,
            messages: found.map(message).collect(),
        }
    }

    /// Reads what may have changed them, and puts it into the page. `amended`: among the lines of the page were
    /// such changes; `at_end`: there are no further lines.
    pub(super) fn read_into(
        mut self,
        page: &mut Page,
        live: &Path,
        amended: bool,
        at_end: bool,
    ) -> io::Result<()> {
        if self.messages.is_empty() || at_end && !amended {
            return Ok(());
        }
        // Without any on the page itself, what matters begins behind it.
        let first = if amended { 0 } else { self.messages.len() - 1 };
        let ids: Vec<_> = self.messages[first..]
            .iter()
            .map(|message| message.id)
            .collect();
        each_behind(live, &ids, &mut |record| self.take(record))?;
        self.put_into(page);
        Ok(())
    }

    fn take(&mut self, record: &Record<'_>) {
        if !record.kind.is_amendment() {
            return;
        }
        let Some(target) = record.target() else {
            return;
        };
        let at = self
            .messages
            .binary_search_by_key(&target, |message| message.id);
        let Ok(at) = at else { return };
        let message = &mut self.messages[at];
        match record.kind {
            Kind::Edit if !record.text.trim().is_empty() => {
                message.edited = Some((record.id, record.text.as_ref().into()));
                message.edits += 1;
            }
            Kind::React => message.react(record),
            Kind::Unreact => message.unreact(record),
            _ => {}
        }
    }

    fn put_into(self, page: &mut Page) {
        for message in self.messages {
            let at = message.at;
            page.change(at, message.changed(self.viewer));
        }
    }
}

impl Message {
    fn react(&mut self, record: &Record<'_>) {
        let text = &*record.text;
        let at = self.used.iter().position(|used| used.text == text);
        let at = match at {
            Some(at) => at,
            // Another program's, or those who reacted at one moment.
            None if self.used.len() >= 2 * MAX_DIFFERENT || !emoji::is_emoji(text) => return,
            None => {
                self.used.push(Used {
                    text: text.to_owned(),
                    people: HashMap::new(),
                });
                self.used.len() - 1
            }
        };
        let name = || (record.id, record.from.to_string());
        self.used[at].people.entry(who(record)).or_insert_with(name);
    }

    fn unreact(&mut self, record: &Record<'_>) {
        if let Some(used) = self.used.iter_mut().find(|used| used.text == *record.text) {
            used.people.remove(&who(record));
        }
        // Whoever uses it again is the first to do so.
        self.used.retain(|used| !used.people.is_empty());
    }

    fn changed(self, viewer: Option<&PersonId>) -> Changed {
        let own = viewer.map(|viewer| format!("person {}", viewer.as_str()));
        let reaction = |used: Used| {
            let own = own
                .as_ref()
                .is_some_and(|own| used.people.contains_key(own));
            let count = used.people.len();
            let mut people: Vec<_> = used.people.into_values().collect();
            people.sort_unstable();
            people.truncate(MAX_BY);
            Reaction {
                text: used.text,
                by: people.into_iter().map(|(_, name)| name).collect(),
                count,
                own,
            }
        };
        let reactions: Vec<_> = self.used.into_iter().map(reaction).collect();
        let (edited, text) = self.edited.unzip();
        Changed {
            edited,
            text,
            edits: self.edits,
            reactions: (!reactions.is_empty()).then(|| Box::new(Reactions(reactions))),
        }
    }
}

/// What tells a person from others: their number, else their account, else their name.
fn who(record: &Record<'_>) -> String {
    let number = record
        .attr(attrs::PERSON)
        .map(|number| format!("person {number}"));
    let account = || {
        record
            .attr(attrs::ACCOUNT)
            .map(|account| format!("account {account}"))
    };
    number
        .or_else(account)
        .unwrap_or_else(|| format!("name {}", record.from))
}

/// Gives every record that stands within [`FOLD_BYTES`] behind one of `ids`, which are sorted; each once.
pub(super) fn each_behind(
    live: &Path,
    ids: &[RecordId],
    give: &mut dyn FnMut(&Record<'_>),
) -> io::Result<()> {
    let (mut next, mut last) = (0, RecordId::ZERO);
    while let Some(&id) = ids.get(next) {
        let mut tail = Tail::after_in(live.to_owned(), id.max(last))?;
        next += 1;
        let mut left = FOLD_BYTES;
        while left > 0 {
            let progress = tail.read(STEP_BYTES, &mut |record| {
                while ids.get(next).is_some_and(|&id| id <= record.id) {
                    next += 1;
                    left = FOLD_BYTES + STEP_BYTES as u64;
                }
                last = last.max(record.id);
                give(record);
            })?;
            if progress == Progress::Idle {
                return Ok(());
            }
            left = left.saturating_sub(STEP_BYTES as u64);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
