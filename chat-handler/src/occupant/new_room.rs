//! Coming to a room that is not there makes it. Each stays until somebody deletes it, so that there is a
//! limit of them for each person and address, and one for all.

use std::time::{Duration, Instant};

use super::{Code, Refusal};
use crate::identity::Person;
use crate::identity::counted::Counted;
use crate::journal;
use crate::settings::Settings;
use crate::throttle::Throttle;
use chat_store::fs::dirs::Dirs;
use chat_store::log::create::{self, Created, Rules};
use chat_store::name::RoomName;
use chat_store::people::pace::{self as table, LIMITS, Left};
use chat_store::record::RecordId;

/// One person, or one address, makes a room so often.
const EVERY: Duration = Duration::from_secs(180);
/// And so many at once.
const BURST: u32 = 20;
/// As [`EVERY`] and [`BURST`], for all together of whom neither account nor address is known.
const UNKNOWN_EVERY: Duration = Duration::from_secs(10);
const UNKNOWN_BURST: u32 = 300;

/// Sees to it that `room` is there.
pub(super) fn open(
    settings: &Settings,
    dirs: &Dirs,
    room: &RoomName,
    (person, address): (&Person, &str),
) -> Result<(), Refusal> {
    let counted = Counted::of(person, address);
    let mut rules = Rules {
        described: &settings.described_rooms(),
        most: settings.limits.max_rooms,
        may: &mut || may_make(dirs, &counted),
    };
    match create::create(dirs, room, &mut rules)? {
        Created::Exists => Ok(()),
        Created::TooMany => Err(Refusal::new(Code::TooManyRooms, "")),
        Created::TooFast => Err(Refusal::new(Code::TooManyRooms, "you made many just now")),
        Created::Busy => Err(Refusal::new(Code::Storage, "too many new rooms just now")),
    }
}

/// Counts a room, if it may be made. What cannot be read or written keeps nobody out.
fn may_make(dirs: &Dirs, counted: &Counted) -> bool {
    let now = Instant::now();
    let mut throttle = if counted.is_unknown {
        Throttle::slow(UNKNOWN_EVERY, UNKNOWN_BURST, now)
    } else {
        Throttle::slow(EVERY, BURST, now)
    };
    let owner = format!("rooms of {}", counted.name);
    match table::load(dirs, &owner) {
        Ok(Some(left)) => {
            let ago = RecordId::now()
                .as_micros()
                .saturating_sub(left.at.as_micros());
            throttle.restore(left.thousandths[0], Duration::from_micros(ago));
        }
        Ok(None) => {}
        Err(error) => journal::note(format_args!("how many rooms were made: {error}")),
    }
    let may = throttle.allows(now);
    let left = Left {
        at: RecordId::now(),
        thousandths: [throttle.left(now); LIMITS],
    };
    if let Err(error) = table::save(dirs, &owner, &left) {
        journal::note(format_args!("how many rooms were made: {error}"));
    }
    may
}
