//! Slow mode: a member who is no moderator says something each so many seconds.

use std::io;

use super::{Code, Me, Occupant, Turn};
use crate::wording::Line;
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::{self, Before};
use chat_store::name::RoomName;
use chat_store::record::{Kind, Record, RecordId, attrs};
use chat_store::state::{self, MAX_SLOW};

const MICROS_A_SECOND: u64 = 1_000_000;

/// How slow the room is, and when this person spoke last, on whichever connection.
#[derive(Debug, Default)]
pub struct Slow {
    /// Seconds; zero: as fast as anywhere.
    seconds: u32,
    last: RecordId,
    /// Its id of the client's: a message that is sent again is not held up.
    msgid: Option<String>,
}

impl Slow {
    /// As they come in: leaving and coming back gains nothing. A guest may have thrown away who they were, and waits.
    pub(super) fn on_entering(dirs: &Dirs, room: &RoomName, me: &Me) -> io::Result<Self> {
        if me.moderator {
            let seconds = state::slow(dirs, room)?;
            return Ok(Self {
                seconds,
                ..Self::default()
            });
        }
        let mut slow = Self::of(dirs, room, |record| me.wrote(record))?;
        if slow.seconds > 0 && me.account.is_none() {
            slow.last = slow.last.max(RecordId::now());
        }
        Ok(slow)
    }

    /// How it is for whoever `wrote` what is theirs, which is looked for in the log.
    ///
    /// # Errors
    /// Those of reading the state and the log.
    pub fn of(
        dirs: &Dirs,
        room: &RoomName,
        wrote: impl Fn(&Record<'_>) -> bool,
    ) -> io::Result<Self> {
        let mut slow = Self {
            seconds: state::slow(dirs, room)?,
            ..Self::default()
        };
        if slow.seconds == 0 {
            return Ok(slow);
        }
        let is_theirs = |record: &Record<'_>| record.kind.is_talk() && wrote(record);
        let page = history::before(dirs, room, Before::Id(RecordId::MAX), 1, is_theirs)?;
        if let Some(record) = page.records().next() {
            slow.spoke(&record);
        }
        Ok(slow)
    }

    /// A record of the room goes by.
    pub(super) fn follow(&mut self, record: &Record<'_>, me: &Me) {
        if record.kind == Kind::Slow {
            self.seconds = state::slow_of(&record.text);
        } else if self.seconds > 0 && record.kind.has_words() && me.wrote(record) {
            self.spoke(record);
        }
    }

    fn spoke(&mut self, record: &Record<'_>) {
        self.last = record.id;
        self.msgid = record.attr(attrs::MSGID).map(std::borrow::Cow::into_owned);
    }

    /// Seconds until they may speak again; zero: now. `msgid`: the client's own id of what they want to say.
    pub fn left(&self, msgid: Option<&str>) -> u64 {
        let is_again = msgid.is_some() && msgid == self.msgid.as_deref();
        if self.seconds == 0 || is_again {
            return 0;
        }
        let next = self.last.as_micros() + u64::from(self.seconds) * MICROS_A_SECOND;
        next.saturating_sub(RecordId::now().as_micros())
            .div_ceil(MICROS_A_SECOND)
            // The clock was wrong when they spoke.
            .min(u64::from(MAX_SLOW))
    }
}

impl Me {
    /// Whether a record is theirs, under whatever name.
    fn wrote(&self, record: &Record<'_>) -> bool {
        let is = |key, value: &str| record.attr(key).is_some_and(|found| found == value);
        match (&self.account, &self.client) {
            (Some(account), _) => is(attrs::ACCOUNT, account),
            (None, Some(client)) => is(attrs::CLIENT, client),
            (None, None) => record.from == self.nick.as_str(),
        }
    }
}

impl Occupant {
    /// A file that cannot be read slows nobody down.
    pub(super) fn look_up_slow(&mut self) {
        match Slow::on_entering(&self.room.dirs, &self.room.name, &self.me) {
            Ok(slow) => self.slow = slow,
            Err(error) => {
                self.trouble.note(&error.to_string());
            }
        }
    }
}

impl Turn<'_> {
    /// Whether they may speak already; if not, they are told how long it takes.
    pub(super) fn waited(&mut self) -> bool {
        let left = self.it.slow.left(self.msgid);
        if left == 0 || self.it.me.moderator {
            return true;
        }
        self.error(Code::Slow, Line::Wait(left));
        false
    }

    /// What was just said is on its way into the log's follower, and counts from now on.
    pub(super) fn spoke_at(&mut self, id: RecordId) {
        if self.it.slow.seconds > 0 {
            self.it.slow.last = id;
            self.it.slow.msgid = self.msgid.map(str::to_owned);
        }
    }

    pub(super) fn slow(&mut self, seconds: Option<u32>) {
        let Some(seconds) = seconds else {
            return self.reply(|turn| turn.info("slow", Line::Slow(turn.it.slow.seconds)));
        };
        let room = &self.it.room;
        if !room.log.is_relayed()
            && let Err(error) = state::set_slow(&room.dirs, &room.name, seconds)
        {
            return self.not_saved(&error);
        }
        self.publish(Kind::Slow, &seconds.to_string());
    }
}
