//! Records from the future: the clock was wrong when they were written, and all later ones follow them.
//! Their ids are written anew, in place: ids have one length.
//!
//! When they were written nobody knows any more. They get the time of the last record before them, and
//! keep their order. Whoever is stopped half-way has a log whose ids still grow, and does it again.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::OFlags;

use super::lines::Forward;
use super::room_log::LOCK_TIMEOUT;
use super::{chain, end};
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::attrs::{REPLY, TARGET};
use crate::record::{Kind, Record, RecordId};
use crate::state;

/// When nothing in the log is from the past: so much before now.
const AGO_MICROS: u64 = 60_000_000;

/// New ids by old ones.
type Renamed = HashMap<RecordId, RecordId>;

/// What became of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// So many records were from the future.
    Records(usize),
    /// All of them are, so that the clock may be what is wrong. Nothing was changed.
    AllAhead,
}

/// Gives every record of the room's log that is later than `now` the time of the last that is not. With
/// `trusted` the clock is right also if all records are later.
///
/// # Errors
/// Those of reading and writing the files; what was done is done.
pub fn mend(dirs: &Dirs, room: &RoomName, now: RecordId, trusted: bool) -> io::Result<Mended> {
    let live = dirs.room_log(room);
    let mut last = RecordId::ZERO;
    let mut renamed = Renamed::new();
    for entry in chain::list(&live)? {
        // For writing, and not for appending: with O_APPEND a pwrite(2) goes to the end.
        let (file, stat) = file::open(&entry.path, OFlags::RDWR)?;
        if FileId::of(&stat) != entry.id {
            return Err(io::Error::other("it was rotated just now, run this again"));
        }
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(io::Error::other("others hold its lock all the time"));
        };
        let size = file::size_of(&rustix::fs::fstat(&file)?);
        let Some(newest) = end::look(&file, size, &mut Vec::new())?.last else {
            continue;
        };
        if newest <= now {
            last = newest;
            continue;
        }
        if last == RecordId::ZERO {
            match first(&file)? {
                Some(first) if first > now && !trusted => return Ok(Mended::AllAhead),
                Some(first) if first > now => {
                    last = RecordId::from_micros(now.as_micros().saturating_sub(AGO_MICROS));
                }
                _ => {}
            }
        }
        last = mend_file(&file, now, last, &mut renamed)?;
        rustix::fs::fdatasync(&file)?;
    }
    let cleared = state::cleared(dirs, room)?;
    if cleared > now {
        let cleared = renamed.get(&cleared).copied().unwrap_or(last);
        state::set_cleared(dirs, room, cleared)?;
    }
    let mut pins = state::pins(dirs, room)?;
    if pins.iter().any(|pin| renamed.contains_key(pin)) {
        for pin in &mut pins {
            *pin = renamed.get(pin).copied().unwrap_or(*pin);
        }
        state::change_pins(dirs, room, |kept| *kept = pins)?;
    }
    if !renamed.is_empty() {
        forget_synced(dirs, room)?;
    }
    Ok(Mended::Records(renamed.len()))
}

fn first(file: &File) -> io::Result<Option<RecordId>> {
    let mut lines = Forward::new(file, 0);
    while let Some((_, line)) = lines.next()? {
        if let Some(id) = Record::id_of(line) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Mends one file, whose records follow `last`; the last id of it.
fn mend_file(
    file: &File,
    now: RecordId,
    mut last: RecordId,
    renamed: &mut Renamed,
) -> io::Result<RecordId> {
    let mut lines = Forward::new(file, 0);
    while let Some((place, line)) = lines.next()? {
        let Some(id) = Record::id_of(line) else {
            continue;
        };
        if id > now {
            last = last.next();
            renamed.insert(id, last);
            file.write_all_at(&last.to_text(), place)?;
        } else {
            last = id;
        }
        for (at, other) in named_in(line) {
            if let Some(other) = renamed.get(&other) {
                file.write_all_at(&other.to_text(), place + at)?;
            }
        }
    }
    Ok(last)
}

/// The records that a record is about or answers, and where in its line their ids stand.
fn named_in(line: &[u8]) -> Vec<(u64, RecordId)> {
    let mut tabs = memchr::memchr_iter(b'\t', line).skip(2);
    let (Some(from), Some(attrs)) = (tabs.next(), tabs.next()) else {
        return Vec::new();
    };
    let id_at = |start: usize| {
        let id = RecordId::parse(line.get(start..start + RecordId::TEXT_LEN)?)?;
        Some((start as u64, id))
    };
    let mut start = from + 1;
    let pairs = line[from + 1..attrs].split(|&byte| byte == b';');
    let mut named: Vec<_> = pairs
        .filter_map(|pair| {
            let at = start;
            start += pair.len() + 1;
            let key = [TARGET, REPLY].into_iter().find(|key| {
                pair.strip_prefix(key.as_bytes())
                    .is_some_and(|rest| rest.starts_with(b"="))
            })?;
            id_at(at + key.len() + 1)
        })
        .collect();
    let is_redact = Record::parse(line).is_some_and(|record| record.kind == Kind::Redact);
    named.extend(is_redact.then(|| id_at(attrs + 1)).flatten());
    named
}

/// The mark would say of every later record that it is on the disk.
fn forget_synced(dirs: &Dirs, room: &RoomName) -> io::Result<()> {
    match std::fs::remove_file(dirs.run.join(format!("{}.synced", room.file_stem()))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::room_log::RoomLog;
    use crate::record::Draft;

    const MINUTE: u64 = 60_000_000;

    struct Home {
        _dir: tempfile::TempDir,
        dirs: Dirs,
        room: RoomName,
    }

    fn home() -> Home {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let room = RoomName::parse("r").unwrap();
        Home {
            _dir: dir,
            dirs,
            room,
        }
    }

    impl Home {
        fn write(&self, file: &str, records: &[(u64, Kind, &str)]) {
            let mut bytes = Vec::new();
            for &(micros, kind, text) in records {
                let draft = Draft::new(kind, "alice", text);
                draft.write_to(RecordId::from_micros(micros), &mut bytes);
            }
            std::fs::write(self.dirs.rooms.join(file), bytes).unwrap();
        }

        fn ids(&self, file: &str) -> Vec<RecordId> {
            let text = std::fs::read(self.dirs.rooms.join(file)).unwrap();
            let lines = text.split_inclusive(|&byte| byte == b'\n');
            lines.filter_map(Record::id_of).collect()
        }
    }

    #[test]
    fn records_from_the_future_follow_the_last_that_is_not() {
        let home = home();
        let now = RecordId::now();
        let (past, future) = (now.as_micros() - MINUTE, now.as_micros() + 60 * MINUTE);
        let target = RecordId::from_micros(future + 1).to_string();
        home.write(
            "r.log.1",
            &[(past, Kind::Say, "right"), (future, Kind::Say, "wrong")],
        );
        home.write(
            "r.log",
            &[
                (future + 1, Kind::Say, "also"),
                (future + 2, Kind::Redact, &target),
            ],
        );
        state::set_cleared(&home.dirs, &home.room, RecordId::from_micros(future)).unwrap();
        let mended = mend(&home.dirs, &home.room, now, false).unwrap();
        assert_eq!(mended, Mended::Records(3));
        let id = |micros| RecordId::from_micros(micros);
        assert_eq!(home.ids("r.log.1"), [id(past), id(past + 1)]);
        assert_eq!(home.ids("r.log"), [id(past + 2), id(past + 3)]);
        let log = std::fs::read_to_string(home.dirs.rooms.join("r.log")).unwrap();
        assert!(log.contains(&format!("{}\n", id(past + 2))), "{log}");
        let cleared = state::cleared(&home.dirs, &home.room).unwrap();
        assert_eq!(cleared, id(past + 1));
        let again = mend(&home.dirs, &home.room, now, false).unwrap();
        assert_eq!(again, Mended::Records(0));
    }

    #[test]
    fn what_names_a_record_from_the_future_names_it_still() {
        let home = home();
        let now = RecordId::now();
        let future = now.as_micros() + 60 * MINUTE;
        let target = RecordId::from_micros(future).to_string();
        let extra = [
            ("reply", Some(&*target)),
            ("x", Some("y")),
            ("target", Some(&*target)),
        ];
        let mut bytes = Vec::new();
        for (at, draft) in [
            Draft::new(Kind::Say, "alice", "said"),
            Draft {
                msgid: Some("m1"),
                extra: &extra,
                ..Draft::new(Kind::Edit, "alice", &target)
            },
        ]
        .iter()
        .enumerate()
        {
            draft.write_to(RecordId::from_micros(future + at as u64), &mut bytes);
        }
        std::fs::write(home.dirs.rooms.join("r.log"), bytes).unwrap();
        state::change_pins(&home.dirs, &home.room, |pins| {
            pins.push(RecordId::from_micros(future));
        })
        .unwrap();
        mend(&home.dirs, &home.room, now, true).unwrap();
        let said = home.ids("r.log")[0];
        let log = std::fs::read_to_string(home.dirs.rooms.join("r.log")).unwrap();
        let mended = format!("msgid=m1;reply={said};x=y;target={said}\t{target}\n");
        assert!(said < now && log.ends_with(&mended), "{log}");
        assert_eq!(state::pins(&home.dirs, &home.room).unwrap(), [said]);
    }

    #[test]
    fn a_wrong_clock_mends_nothing() {
        let home = home();
        let now = RecordId::now();
        home.write("r.log", &[(now.as_micros(), Kind::Say, "right")]);
        let early = RecordId::from_micros(now.as_micros() - 60 * MINUTE);
        let mended = mend(&home.dirs, &home.room, early, false).unwrap();
        assert_eq!(mended, Mended::AllAhead);
        assert_eq!(home.ids("r.log"), [now]);
        let mended = mend(&home.dirs, &home.room, early, true).unwrap();
        assert_eq!(mended, Mended::Records(1));
        assert!(home.ids("r.log")[0] < early);
    }

    /// Writers and followers of before go on: those have seen ids that are no more.
    #[test]
    fn whoever_has_the_log_open_goes_on() {
        let home = home();
        let now = RecordId::now();
        let future = now.as_micros() + 60 * MINUTE;
        home.write(
            "r.log",
            &[
                (now.as_micros() - MINUTE, Kind::Say, "x"),
                (future, Kind::Say, "y"),
            ],
        );
        let mut log = RoomLog::new(&home.dirs, &home.room);
        let draft = Draft::new(Kind::Say, "bob", "hello");
        assert!(log.append(&draft).unwrap().is_ahead() && log.is_ahead());
        log.sync().unwrap();
        let mut tail = crate::log::tail::Tail::at_end(&home.dirs, &home.room).unwrap();
        mend(&home.dirs, &home.room, RecordId::now(), false).unwrap();
        let id = log.append(&draft).unwrap();
        assert!(!id.is_ahead() && !log.is_ahead() && id >= now);
        log.sync().unwrap();
        let mut seen = Vec::new();
        tail.read(usize::MAX, &mut |record| seen.push(record.id))
            .unwrap();
        assert_eq!(seen, [id]);
        assert!(!tail.last_id().is_ahead());
        let ids = home.ids("r.log");
        assert!(ids.is_sorted() && ids.len() == 4, "{ids:?}");
    }
}
