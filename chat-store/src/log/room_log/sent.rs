//! What one sender has in the log already, remembered: so that each byte of the log is looked at
//! once by each sender, and not at each message.
//!
//! Only a hint: what is not in here is new (up to the mark; the rest is looked through under the
//! lock), what is in here is looked up in the log.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;

use memchr::memmem::Finder;

use super::resend::{Mark, RESEND_BYTES};
use crate::fs::file::FileId;
use crate::log::chain;
use crate::log::lines::{self, Backward};
use crate::record::{Kind, Record, Scope, attrs};

/// Messages of one sender that are remembered, eight bytes each. A page has some dozens on their
/// way when its connection breaks.
const MAX_SENT: usize = 4096;

/// The messages of one sender up to a place in the log.
#[derive(Debug)]
pub(super) struct Sent {
    scope: Scope<'static>,
    mark: Mark,
    hashes: VecDeque<u64>,
}

impl Sent {
    /// Looks through the end of the whole log; `None` if there is no log.
    pub(super) fn scan(live: &Path, scope: &Scope<'_>) -> io::Result<Option<Self>> {
        lines::until_whole(|| Self::look(live, scope))
    }

    fn look(live: &Path, scope: &Scope<'_>) -> io::Result<Option<Self>> {
        let mut left = RESEND_BYTES;
        let mut sent: Option<Self> = None;
        for entry in chain::list(live)?.iter().rev() {
            let Some(file) = entry.open()? else { continue };
            let sent = sent.get_or_insert_with(|| Self {
                scope: owned(scope),
                mark: (entry.id, entry.size),
                hashes: VecDeque::new(),
            });
            let from = entry.size.saturating_sub(left);
            let mut older = sent.read(&file, from, entry.size)?;
            older.append(&mut sent.hashes);
            sent.hashes = older;
            left -= entry.size - from;
            if left == 0 || sent.hashes.len() >= MAX_SENT {
                break;
            }
        }
        Ok(sent)
    }

    /// Reads on, if this is about `scope` and the file it was reading. False: scan anew.
    pub(super) fn catch_up(
        &mut self,
        file: &File,
        id: FileId,
        scope: &Scope<'_>,
    ) -> io::Result<bool> {
        let size = file.metadata()?.len();
        let (known, seen) = self.mark;
        if known != id || size < seen || self.scope != *scope {
            return Ok(false);
        }
        let mut newer = match self.read(file, seen, size) {
            // Truncated just now.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            newer => newer?,
        };
        self.hashes.append(&mut newer);
        let excess = self.hashes.len().saturating_sub(MAX_SENT);
        self.hashes.drain(..excess);
        self.mark = (id, size);
        Ok(true)
    }

    /// Whether the sender may have sent this before.
    pub(super) fn may_hold(&self, kind: Kind, msgid: &str) -> bool {
        self.hashes.contains(&hash(kind, msgid))
    }

    /// Up to where everything is known.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// The sender's messages in a part of a file, oldest first.
    fn read(&self, file: &File, from: u64, to: u64) -> io::Result<VecDeque<u64>> {
        let mut found = VecDeque::new();
        let needle = format!("{}=", attrs::MSGID);
        let finder = Finder::new(needle.as_bytes());
        let mut lines = Backward::new(file, to);
        while let Some((place, line)) = lines.next()? {
            if place < from || found.len() >= MAX_SENT {
                break;
            }
            if finder.find(line).is_some()
                && let Some(record) = Record::parse(line)
                && record.scope() == self.scope
                && let Some(msgid) = record.attr(attrs::MSGID)
            {
                found.push_front(hash(record.kind, &msgid));
            }
        }
        Ok(found)
    }
}

fn owned(scope: &Scope<'_>) -> Scope<'static> {
    let text = |text: &str| Cow::Owned(text.to_owned());
    match scope {
        Scope::Account(name) => Scope::Account(text(name)),
        Scope::Client(token) => Scope::Client(text(token)),
        Scope::Nick(nick) => Scope::Nick(text(nick)),
    }
}

fn hash(kind: Kind, msgid: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, msgid).hash(&mut hasher);
    hasher.finish()
}
