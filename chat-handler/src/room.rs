//! One person in one room: what they may do, and what they are told.
//!
//! The order on entering and leaving keeps everybody's list of members right without anybody
//! waiting for anybody: the place in the log is taken before the list, and who leaves marks
//! their presence before the quit record is written. So whoever is in a newcomer's list and has
//! left meanwhile, has a quit record behind the newcomer's place.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use crate::color::Color;
use crate::journal;
use crate::settings::Settings;
use crate::throttle::Throttle;
use crate::wire::{Bye, Event, Wire};
use crate::wording::Line;
use chat_store::bell::Bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RoomLog, Stored};
use chat_store::log::tail::Tail;
use chat_store::moderation::Verdict;
use chat_store::name::{Nick, RoomName};
use chat_store::people::inbox::Inbox;
use chat_store::people::presence::{Claim, Standing};
use chat_store::people::seat::Seat;
use chat_store::record::{Draft, Kind, RecordId};

mod commands;
mod enter;
mod follow;
mod founding;
mod hear;
mod history;
mod moderate;
mod personal;

pub use enter::{Refusal, enter};

/// What is not a message (signals, hints, pings, pages of history) a second: a call between six
/// people starts with a few hundred candidates.
const SIDE_RATE: u32 = 100;

/// And at once.
const SIDE_BURST: u32 = 500;

/// Typing and read hints a second that are passed on; others are dropped, they are hints.
const HINT_RATE: u32 = 2;

/// And at once.
const HINT_BURST: u32 = 6;

/// In a rush, the others are woken for newcomers at most once in this time for each who is there, which
/// is a fourth of a CPU: to be woken and to tell it costs one of them 25 microseconds. In a room of a
/// thousand that is every tenth of a second, in a room of ten it is at once.
const RUSH_PAUSE: Duration = Duration::from_micros(100);

/// And never later.
const LONGEST_RUSH_PAUSE: Duration = Duration::from_millis(200);

/// What the loop is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing more is there.
    Idle,
    /// There is more: come back when the client has been heard.
    More,
    /// The connection ends.
    Bye(Bye),
}

/// Which bells have a new descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The room's.
    pub bell: bool,
    /// One's own.
    pub inbox: bool,
}

/// Missed records that are still to be sent, as pages of history.
#[derive(Clone, Copy, Debug)]
struct Replay {
    /// Behind this.
    since: RecordId,
    /// The newest when the client came: what is newer is live.
    until: RecordId,
}

/// The people in the room, for typing hints.
#[derive(Debug)]
struct Company {
    /// Empty if there are too many for hints.
    nicks: Vec<Nick>,
    read_at: Instant,
}

/// One person in one room.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing left to do"
)]
pub struct Room {
    settings: Settings,
    dirs: Dirs,
    name: RoomName,
    nick: Nick,
    color: Color,
    account: Option<String>,
    client: Option<String>,
    address: Option<String>,
    moderator: bool,
    verdict: Verdict,
    wire: Wire,
    log: RoomLog,
    tail: Tail,
    bell: Bell,
    inbox: Inbox,
    /// Gone when they have left.
    claim: Option<Claim>,
    _seat: Option<Seat>,
    inbox_due: bool,
    ring_due: bool,
    /// Whatever happens, the others are woken by then.
    ring_at: Option<Instant>,
    /// The join record could not be written yet.
    join_due: bool,
    replay: Option<Replay>,
    ignored: Vec<Nick>,
    talk: Throttle,
    side: Throttle,
    hints: Throttle,
    delay: Duration,
    company: Option<Company>,
    /// The trouble with files that was told last, so that it is told once.
    trouble: Option<String>,
}

impl Room {
    /// The room's bell, for edge-triggered epoll.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// One's own bell, for edge-triggered epoll.
    pub fn inbox_bell(&self) -> BorrowedFd<'_> {
        self.inbox.as_fd()
    }

    /// Something came for this person alone; [`Room::follow`] fetches it.
    pub fn inbox_rang(&mut self) {
        self.inbox_due = true;
    }

    /// How long nothing more is to be taken from the client.
    pub fn take_delay(&mut self) -> Duration {
        std::mem::take(&mut self.delay)
    }

    /// When the others are to be woken at the latest.
    pub fn ring_at(&self) -> Option<Instant> {
        self.ring_at
    }

    /// Somebody has rung since this person came in: that woke those who were to be woken for it, too.
    pub fn has_rung(&mut self) {
        self.ring_at = None;
    }

    /// Wakes the others if anything was written: once for many records.
    pub fn ring(&mut self) {
        self.ring_due |= self.ring_at.is_some_and(|at| at <= Instant::now());
        if !std::mem::take(&mut self.ring_due) {
            return;
        }
        self.ring_at = None;
        if let Err(error) = self.bell.ring() {
            journal::note(format_args!(
                "the bell of {} cannot be rung: {error}",
                self.name
            ));
        }
    }

    /// Looks after files that somebody may have taken away, and tries again what failed.
    ///
    /// `Err`: they have been banned meanwhile, by somebody who did not ring.
    pub fn poll(&mut self, out: &mut Vec<u8>) -> Result<Replaced, Bye> {
        if let Some(reason) = self.ban() {
            let line = Line::YouBanned(&reason);
            self.wire.event(
                &Event::Bye {
                    reason: Bye::Banned,
                    line,
                },
                out,
            );
            return Err(Bye::Banned);
        }
        self.inbox_due = true;
        if self.join_due {
            self.append_join(out);
        }
        let bell = self.bell.reopen_if_replaced().unwrap_or(false);
        let inbox = self.inbox.reopen_if_replaced().unwrap_or(false);
        match self.claim.as_mut().map(Claim::check) {
            Some(Ok(Standing::Lost)) => self.take_another_nick(out),
            Some(Err(error)) => self.tell_trouble(&error.to_string(), out),
            Some(Ok(Standing::Kept | Standing::Restored)) | None => {}
        }
        Ok(Replaced { bell, inbox })
    }

    /// Tells why the connection ends.
    pub fn say_bye(&mut self, reason: Bye, out: &mut Vec<u8>) {
        let line = match reason {
            Bye::ShuttingDown => Line::ShuttingDown,
            Bye::Quit => Line::Goodbye,
            // Told with the moderator's reason when it came.
            Bye::Kicked | Bye::Banned | Bye::Refused(_) => return,
        };
        self.wire.event(&Event::Bye { reason, line }, out);
    }

    /// Leaves: marked, recorded, released, in this order (see above).
    pub fn leave(&mut self) {
        let Some(mut claim) = self.claim.take() else {
            return;
        };
        // If the mark cannot be set, a newcomer may see us until the next one sweeps.
        let _ = claim.recolor("");
        if !self.join_due {
            let draft = Draft {
                account: self.account.as_deref(),
                ..Draft::new(Kind::Quit, self.nick.as_str(), "")
            };
            match self.log.append(&draft) {
                Ok(_) => self.ring_due = true,
                Err(error) => {
                    journal::note(format_args!("{} quits {}: {error}", self.nick, self.name));
                }
            }
        }
        self.ring_due |= self.ring_at.is_some();
        drop(claim);
        self.ring();
    }

    /// Appends a record of this person's; tells them if it was not saved.
    fn append(
        &mut self,
        kind: Kind,
        text: &str,
        msgid: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Option<Stored> {
        let draft = Draft {
            kind,
            from: self.nick.as_str(),
            text,
            msgid,
            account: self.account.as_deref(),
            client: self.client.as_deref(),
            color: Some(self.color.as_str()),
            origin: None,
        };
        let stored = match msgid {
            Some(_) => self.log.append_once(&draft),
            None => self.log.append(&draft).map(Stored::New),
        };
        match stored {
            Ok(stored) => {
                self.ring_due |= matches!(stored, Stored::New(_));
                self.trouble = None;
                Some(stored)
            }
            Err(error) => {
                let reason = error.to_string();
                let line = Line::NotSaved(&reason);
                self.wire.event(
                    &Event::Error {
                        code: "not_saved",
                        line,
                        msgid,
                    },
                    out,
                );
                self.note_trouble(&format!("{}: {reason} ({error:?})", self.name));
                None
            }
        }
    }

    fn append_join(&mut self, out: &mut Vec<u8>) {
        self.join_due = self.append(Kind::Join, "", None, out).is_none();
    }

    /// Somebody removed our file and another took the name: we need a new one.
    fn take_another_nick(&mut self, out: &mut Vec<u8>) {
        let wished = self.nick.clone();
        self.change_nick(&wished.numbered(1), None, out);
    }

    fn tell_trouble(&mut self, reason: &str, out: &mut Vec<u8>) {
        if self.trouble.as_deref() != Some(reason) {
            let line = Line::NotRead(reason);
            self.wire.event(
                &Event::Notice {
                    code: "storage",
                    line,
                },
                out,
            );
        }
        self.note_trouble(reason);
    }

    fn note_trouble(&mut self, reason: &str) {
        if self.trouble.as_deref() != Some(reason) {
            journal::note(reason);
            self.trouble = Some(reason.to_owned());
        }
    }

    fn error(
        &mut self,
        code: &'static str,
        line: Line<'_>,
        msgid: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        self.wire.event(&Event::Error { code, line, msgid }, out);
    }

    fn info(&mut self, command: &'static str, lines: &[String], out: &mut Vec<u8>) {
        self.wire.event(&Event::Info { command, lines }, out);
    }

    fn ignores(&self, nick: &str) -> bool {
        !self.ignored.is_empty()
            && Nick::parse(nick).is_ok_and(|nick| {
                let key = nick.key();
                self.ignored.iter().any(|ignored| ignored.key() == key)
            })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.leave();
    }
}
