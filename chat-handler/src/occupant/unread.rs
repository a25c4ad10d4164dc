//! How much of a room somebody has not read.

use std::io;

use super::presence::Join;
use super::{Me, Occupant, Reading};
use crate::journal;
use crate::mention::mentions;
use chat_store::incoming;
use chat_store::log::history::{self, Before, Readable};
use chat_store::log::tail::{Progress, Tail};
use chat_store::people::marks::Mark;
use chat_store::record::{Kind, Record, RecordId, Scope, attrs};

/// Messages that are counted: of more it is only known that they are many.
const MOST: usize = 100;

/// Bytes of log that are looked at; what was missed in a rush of comings and goings may be more.
const MOST_BYTES: usize = 256 * 1024;

/// Bytes that are looked at in one go.
const STEP: usize = 16 * 1024;

impl Occupant {
    /// What `mark` means, of what the client was told already.
    pub fn reading_now(&self, mark: &Mark) -> Reading {
        let until = match &self.replay {
            Some(replay) => replay.until,
            None => self.room.tail.last_id(),
        };
        self.reading(mark, until)
    }

    /// What `mark` means, of what was said until then.
    pub(super) fn reading(&self, mark: &Mark, until: RecordId) -> Reading {
        let unread = self
            .count_between(mark.read.max(self.room.since), until)
            .map_err(|error| {
                journal::note(format_args!("{}: what is unread: {error}", self.room.name));
            });
        Reading {
            read: mark.read,
            level: mark.level,
            unread: unread.ok(),
        }
    }

    /// Messages of others, and of these what names them.
    fn count_between(&self, read: RecordId, until: RecordId) -> io::Result<(usize, usize)> {
        let mut count = Count::default();
        if read >= until {
            return Ok((0, 0));
        }
        if self.replay.is_none() {
            self.count_back(read, &mut count)?;
        } else {
            let mut tail = Tail::after(&self.room.dirs, &self.room.name, read)?;
            for _ in 0..MOST_BYTES / STEP {
                let mut take = |record: &Record<'_>| {
                    if record.id <= until {
                        count.take(record, self);
                    }
                };
                if tail.read(STEP, &mut take)? == Progress::Idle || count.unread >= MOST {
                    break;
                }
            }
        }
        Ok((count.unread, count.named))
    }

    /// From where they are: that file is open, and most have read nearly all of it.
    fn count_back(&self, read: RecordId, count: &mut Count) -> io::Result<()> {
        let log = Readable {
            since: read,
            ..self.room.readable()
        };
        let mut bytes = 0;
        // What is wanted ends the look: one is on the page, and one is more.
        let enough = |record: &Record<'_>| {
            count.take(record, self);
            bytes += record.text.len() + RecordId::TEXT_LEN;
            count.unread >= MOST || bytes >= MOST_BYTES
        };
        history::before_in(log, Before::Tail(&self.room.tail), 1, enough).map(|_| ())
    }

    /// Since when they are here; what was said before is not news to them.
    pub fn came_at(&self) -> RecordId {
        if self.presence.join == Join::Written {
            self.presence.joined
        } else {
            RecordId::now()
        }
    }
}

/// Messages of others, and of these what names somebody.
#[derive(Default)]
struct Count {
    unread: usize,
    named: usize,
}

impl Count {
    fn take(&mut self, record: &Record<'_>, it: &Occupant) {
        let counts = is_message_of_another(record, &it.me)
            && !it.ignored.hides(record)
            && !it.uncounted.hides(record);
        if self.unread < MOST && counts {
            self.unread += 1;
            let is_call = !is_posted(record) && mentions(&record.text, it.me.nick.as_str());
            self.named += usize::from(is_call);
        }
    }
}

/// What monitoring tells names half the site: it calls nobody.
fn is_posted(record: &Record<'_>) -> bool {
    let account = record.attr(attrs::ACCOUNT);
    account.is_some_and(|account| account.starts_with(incoming::ACCOUNT))
}

fn is_message_of_another(record: &Record<'_>, me: &Me) -> bool {
    let is_message = matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice);
    if !is_message || record.is_redacted() || record.may_be_old_whisper() {
        return false;
    }
    match record.scope() {
        Scope::Account(account) => me.account.as_deref() != Some(&account),
        Scope::Client(client) => me.client.as_deref() != Some(&client),
        Scope::Nick(nick) => nick != me.nick.as_str(),
    }
}

impl Reading {
    /// What `mark` says of a room that they are not in over this connection.
    pub fn uncounted(mark: &Mark) -> Self {
        Self {
            read: mark.read,
            level: mark.level,
            unread: None,
        }
    }
}
