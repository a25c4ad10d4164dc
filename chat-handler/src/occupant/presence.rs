//! That an occupant is there: the nick they hold, and what comes for them alone.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use super::Occupant;
use crate::journal;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::people::inbox::Inbox;
use chat_store::people::presence::{Claim, Gone, Swept, elsewhere};
use chat_store::people::watch::Watch;
use chat_store::record::RecordId;

/// When the files are looked at for the first time.
const FIRST_LOOK: Duration = Duration::from_secs(5);
/// From one look at the files to the next, though nothing has woken anybody: another program may have appended, a
/// bell may have been taken away, a handler killed. For the watchman of the room.
const WATCHMANS_PAUSE: Duration = Duration::from_secs(5);
/// The same for all others: the watchman wakes them when there is something.
const OTHERS_PAUSE: Duration = Duration::from_secs(60);

/// What has become of the join record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// It is written, or there is none to be written.
    Written,
    /// It could not be written yet.
    Due,
    /// The same, and it may be written without anybody saying so: on several machines it waits to be put in order.
    Unsaid,
}

/// The files that exist as long as an occupant is in the room.
#[derive(Debug)]
pub(super) struct Presence {
    /// The nick; gone when they have left.
    pub(super) claim: Option<Claim>,
    pub(super) inbox: Inbox,
    /// Something came for them alone.
    pub(super) inbox_due: bool,
    pub(super) join: Join,
    /// The join record's id; of who was there before, the newest one's when this connection came.
    pub(super) joined: RecordId,
    /// The record of the last name that this connection has taken, or knew when it came.
    pub(super) named: RecordId,
    /// The same of the last color.
    pub(super) colored: RecordId,
    /// How long they had not been heard when they were given up.
    pub(super) silence: Duration,
    /// How long they are waited for at least.
    pub(super) grace_at_least: Duration,
    pub(super) watch: Watch,
    /// The files are to be looked at now.
    pub(super) look_due: bool,
    /// When they are to be looked at next.
    pub(super) look_at: Instant,
    /// When the first of those who are waited for is gone for good, as the watchman knows it.
    pub(super) next_deadline: Option<RecordId>,
}

impl Presence {
    /// Somebody who has come just now: `until` is the newest record that they were told of as past.
    pub(super) fn new(
        claim: Claim,
        inbox: Inbox,
        watch: Watch,
        until: RecordId,
        join: Join,
    ) -> Self {
        Self {
            claim: Some(claim),
            inbox,
            inbox_due: true,
            join,
            joined: until,
            named: until,
            colored: until,
            silence: Duration::ZERO,
            grace_at_least: Duration::ZERO,
            watch,
            look_due: false,
            look_at: Instant::now() + FIRST_LOOK,
            next_deadline: None,
        }
    }

    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.inbox.as_fd()
    }
}

impl Occupant {
    /// When [`Occupant::poll`] is due.
    pub fn look_at(&self) -> Instant {
        self.presence.look_at
    }

    /// Whether it must not wait for its time.
    pub fn must_look(&self) -> bool {
        self.presence.look_due
    }

    /// How long after one look the next one is due.
    fn look_pause(&self) -> Duration {
        if !self.presence.watch.is_watchman() {
            // Who could not be told of is when that is possible again.
            let is_told = self.presence.join == Join::Written;
            return if is_told {
                OTHERS_PAUSE
            } else {
                WATCHMANS_PAUSE
            };
        }
        let left = |id: RecordId| {
            let micros = id.as_micros().saturating_sub(RecordId::now().as_micros());
            // One more: at that moment they are gone.
            Duration::from_micros(micros + 1)
        };
        let deadline = self.presence.next_deadline.map(left);
        deadline.map_or(WATCHMANS_PAUSE, |left| left.min(WATCHMANS_PAUSE))
    }

    /// Takes part in the watch: the watchman looks for all, and wakes the others if `bell`, the room's, was taken
    /// away. True if what they wait at is another file now.
    pub(super) fn keep_watch(&mut self, bell: bool) -> bool {
        self.presence.look_due = false;
        self.bells.not_rung();
        let watch = &mut self.presence.watch;
        let (dirs, name) = (&self.room.dirs, &self.room.name);
        let turn = watch.take_turn();
        let replaced = matches!(turn, Ok(true));
        let swept = turn.and_then(|_| {
            if bell {
                watch.alarm()?;
            }
            watch.sweep(dirs, name)
        });
        match swept {
            Ok(swept) => self.quit_for(&swept),
            Err(error) => {
                self.trouble.note(&format!("{name}: {error}"));
            }
        }
        self.presence.look_at = Instant::now() + self.look_pause();
        replaced
    }

    /// Has the others of the room look after their files now, if that is this one's task.
    pub fn have_others_look(&mut self) {
        if self.presence.watch.is_watchman()
            && let Err(error) = self.presence.watch.alarm()
        {
            self.trouble.note(&format!("{}: {error}", self.room.name));
        }
    }

    /// Quits for those whose handler was killed, or who did not come back.
    fn quit_for(&mut self, swept: &Swept) {
        self.presence.next_deadline = swept.next;
        let room = &mut self.room;
        for gone in &swept.stale {
            match quit_for(&room.dirs, &room.name, &mut room.log, gone) {
                Ok(()) => {
                    self.bells.set_due();
                    self.durability.found_stale();
                }
                Err(error) => {
                    let nick = &gone.nick;
                    journal::note(format_args!("{nick} was stale in {}: {error}", room.name));
                }
            }
        }
    }

    /// The presence file was made anew, and the slot in it may be another: so is the inbox then. True if it is a new
    /// one.
    pub(super) fn follow_slot(&mut self) -> std::io::Result<bool> {
        let Some(claim) = &self.presence.claim else {
            return Ok(false);
        };
        self.me.nick = claim.nick().clone();
        let slot = claim.slot();
        if slot == self.presence.inbox.slot() {
            return self.presence.inbox.reopen_if_replaced();
        }
        let room = &self.room;
        self.presence.inbox = Inbox::open(&room.dirs, &room.name, &self.me.person, slot)?;
        Ok(true)
    }
}

/// Quits for somebody whose file was found stale. On several machines not if they are back on this one meanwhile: all
/// others would have them gone.
pub(super) fn quit_for(
    dirs: &Dirs,
    room: &RoomName,
    log: &mut RoomLog,
    Gone { nick, person }: &Gone,
) -> std::io::Result<()> {
    let is_relayed = log.is_relayed();
    let mut quit = || {
        let quit = log.append_quit(nick.as_str(), person.as_ref(), None);
        quit.map(drop).map_err(std::io::Error::other)
    };
    match person {
        Some(person) if is_relayed => elsewhere::unless_here(dirs, room, (person, nick), quit),
        _ => quit(),
    }
}
