//! Whether a message that is sent again is in the log already.

use std::fs::File;
use std::io;
use std::path::Path;

use memchr::memmem::Finder;

use crate::fs::file::FileId;
use crate::log::chain;
use crate::log::lines::{self, Backward};
use crate::record::{Draft, Record, RecordId, Scope, attrs};

/// How far back a message sent again is looked for, in bytes of log, over rotated files too. A page
/// sends again what it sent just before its connection broke: this is a day of a busy room.
pub const RESEND_BYTES: u64 = 4 * 1024 * 1024;

/// The last file that was read, and how far.
pub(super) type Mark = (FileId, u64);

/// A message that may be in the log.
pub(super) struct Resend<'d> {
    finder: Finder<'d>,
    msgid: &'d str,
    scope: Scope<'d>,
    draft: &'d Draft<'d>,
}

impl<'d> Resend<'d> {
    pub(super) fn new(draft: &'d Draft<'d>, msgid: &'d str, needle: &'d [u8]) -> Self {
        Self {
            finder: Finder::new(needle),
            msgid,
            scope: draft.scope(),
            draft,
        }
    }

    /// The bytes to look for.
    pub(super) fn needle(msgid: &str) -> Vec<u8> {
        attrs::needle(attrs::MSGID, msgid)
    }

    /// Looks through `from..to` of one file, last line first.
    pub(super) fn find_in(&self, file: &File, from: u64, to: u64) -> io::Result<Option<RecordId>> {
        let mut lines = Backward::new(file, to);
        while let Some((place, line)) = lines.next()? {
            if place < from {
                break;
            }
            if self.finder.find(line).is_some()
                && let Some(record) = Record::parse(line)
                && record.kind == self.draft.kind
                && record.attr(attrs::MSGID).as_deref() == Some(self.msgid)
                && record.scope() == self.scope
            {
                return Ok(Some(record.id));
            }
        }
        Ok(None)
    }

    /// Looks through the end of the whole log. Also gives which file was the last and how far it
    /// was read, so that only what came later must be read under the lock.
    pub(super) fn find(&self, live: &Path) -> io::Result<(Option<RecordId>, Option<Mark>)> {
        lines::until_whole(|| self.look(live))
    }

    fn look(&self, live: &Path) -> io::Result<(Option<RecordId>, Option<Mark>)> {
        let mut left = RESEND_BYTES;
        let mut mark = None;
        for entry in chain::list(live)?.iter().rev() {
            let Some(file) = entry.open()? else { continue };
            mark = mark.or(Some((entry.id, entry.size)));
            let from = entry.size.saturating_sub(left);
            if let Some(id) = self.find_in(&file, from, entry.size)? {
                return Ok((Some(id), mark));
            }
            left -= entry.size - from;
            if left == 0 {
                break;
            }
        }
        Ok((None, mark))
    }
}
