//! How a site was at many moments: a day in steps of five minutes, a month in steps of an hour, in two small files of
//! `log/`. A sample is taken by `chatctl sample`, which a timer runs, and by whoever looks at the administration.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;
use serde::Serialize;

use crate::ctl;
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::{self, Dirs};
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::log::tail::{Progress, Tail};
use chat_store::record::RecordId;

pub(crate) mod handlers;

/// Between two samples of the day; a little less, so that a timer that is early by a moment is not passed over.
pub const STEP: Duration = Duration::from_secs(5 * 60 - 5);
/// Between two of the month.
const LONG_STEP: Duration = Duration::from_secs(3600 - 5);
/// Samples of a day.
const DAY: usize = 24 * 12;
/// Samples of a month: 31 days.
const MONTH: usize = 24 * 31;
/// What is read of a file, in bytes: a line has less than a hundred.
const MAX_BYTES: u64 = 128 * 1024;
/// What is read of one room's log to count its messages, in bytes; what is beyond is not counted.
const MAX_LOG_BYTES: usize = 8 * 1024 * 1024;
/// Read between two looks at that bound, in bytes.
const STEP_BYTES: usize = 64 * 1024;

/// How the site was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Who was there.
    pub people: u64,
    /// Rooms with somebody in them.
    pub rooms: u64,
    /// What was said since the sample before.
    pub messages: u64,
    /// Programs of people.
    pub handlers: u64,
    /// Their own memory, in KiB.
    pub memory: u64,
    /// Bytes of all logs.
    pub bytes: u64,
    /// Bytes that the disk has left.
    pub free: u64,
}

impl Sample {
    fn fields(&self) -> [u64; 8] {
        [
            self.at,
            self.people,
            self.rooms,
            self.messages,
            self.handlers,
            self.memory,
            self.bytes,
            self.free,
        ]
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Result<Vec<u64>, _> = line.split(' ').map(str::parse).collect();
        let &[at, people, rooms, messages, handlers, memory, bytes, free] = fields.ok()?.as_slice()
        else {
            return None;
        };
        Some(Self {
            at,
            people,
            rooms,
            messages,
            handlers,
            memory,
            bytes,
            free,
        })
    }

    fn id(&self) -> RecordId {
        RecordId::from_micros(self.at.saturating_mul(1_000_000))
    }

    /// The most of what two were, and all that was said.
    fn with(self, other: Self) -> Self {
        Self {
            at: self.at.max(other.at),
            people: self.people.max(other.people),
            rooms: self.rooms.max(other.rooms),
            messages: self.messages.saturating_add(other.messages),
            handlers: self.handlers.max(other.handlers),
            memory: self.memory.max(other.memory),
            bytes: self.bytes.max(other.bytes),
            free: self.free.min(other.free),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields().map(|field| field.to_string());
        f.write_str(&fields.join(" "))
    }
}

/// What is kept.
#[derive(Debug, Serialize)]
pub struct Samples {
    /// Of the last day, oldest first.
    pub day: Vec<Sample>,
    /// Of the last month.
    pub month: Vec<Sample>,
}

/// Those that are kept.
///
/// # Errors
/// Those of reading the files.
pub fn load(dirs: &Dirs) -> io::Result<Samples> {
    Ok(Samples {
        day: read(&path(dirs, "day"))?,
        month: read(&path(dirs, "month"))?,
    })
}

/// How the site is now, kept if the last sample is old enough and nobody else keeps one just now.
///
/// # Errors
/// Those of reading the site's files and of writing these.
pub fn take(settings: &Settings) -> io::Result<Sample> {
    let dirs = &settings.dirs();
    let kept = read(&path(dirs, "day"))?;
    let now = now(settings, kept.last())?;
    let is_due = |last: Option<&Sample>, step: Duration| {
        last.is_none_or(|last| now.at >= last.at.saturating_add(step.as_secs()) || now.at < last.at)
    };
    if is_due(kept.last(), STEP) {
        dirs::create_dir(&dirs.log)?;
        dirs::create_dir(&dirs.run)?;
        let (held, _) = file::open(
            &dirs.run.join("_status.lock"),
            OFlags::CREATE | OFlags::RDWR,
        )?;
        // Whoever holds it keeps a sample of this moment.
        if lock::try_hold(&held, Share::Exclusive)? {
            let day = write(dirs, "day", now, DAY)?;
            let month = read(&path(dirs, "month"))?;
            if is_due(month.last(), LONG_STEP) {
                let since = month.last().map_or(0, |last| last.at);
                let of_it = day.into_iter().filter(|sample| sample.at > since);
                if let Some(all) = of_it.reduce(Sample::with) {
                    write(dirs, "month", all, MONTH)?;
                }
            }
        }
    }
    Ok(now)
}

fn path(dirs: &Dirs, what: &str) -> PathBuf {
    dirs.log.join(format!("status.{what}"))
}

fn read(path: &std::path::Path) -> io::Result<Vec<Sample>> {
    let bytes = file::read_whole(path, MAX_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter_map(Sample::parse).collect())
}

/// Adds a sample; those that are too many go. A clock that was set back begins anew.
fn write(dirs: &Dirs, what: &str, sample: Sample, most: usize) -> io::Result<Vec<Sample>> {
    let path = path(dirs, what);
    let mut kept = read(&path)?;
    kept.retain(|old| old.at < sample.at);
    kept.push(sample);
    kept.drain(..kept.len().saturating_sub(most));
    let mut lines: Vec<String> = kept.iter().map(Sample::to_string).collect();
    lines.push(String::new());
    // A power cut may take some: they are for looking at.
    file::swap(&path, lines.join("\n").as_bytes())?;
    Ok(kept)
}

fn now(settings: &Settings, last: Option<&Sample>) -> io::Result<Sample> {
    let dirs = &settings.dirs();
    let at = RecordId::now().as_micros() / 1_000_000;
    let totals = ctl::totals(dirs)?;
    let since = match last {
        // What was said while nobody took samples belongs to no moment.
        Some(last) if at.saturating_sub(last.at) < 2 * LONG_STEP.as_secs() => last.id(),
        _ => RecordId::now(),
    };
    let handlers = handlers::of(settings);
    let disk = rustix::fs::statvfs(&settings.base_dir)?;
    Ok(Sample {
        at,
        people: totals.people as u64,
        rooms: totals.busy as u64,
        messages: said_between(dirs, since, RecordId::MAX)?,
        handlers: handlers.count,
        memory: handlers.memory,
        bytes: totals.bytes,
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
    })
}

/// What was said after the one moment, up to the other.
pub(crate) fn said_between(dirs: &Dirs, since: RecordId, until: RecordId) -> io::Result<u64> {
    let mut count = 0;
    for room in ctl::all_rooms(dirs)? {
        let dirs = &closed::dirs_of(dirs, &room);
        let changed = std::fs::metadata(dirs.room_log(&room)).and_then(|file| file.modified());
        let is_quiet = changed.is_ok_and(|changed| {
            changed
                .duration_since(std::time::UNIX_EPOCH)
                .is_ok_and(|changed| changed.as_micros() < u128::from(since.as_micros()))
        });
        if is_quiet {
            continue;
        }
        let mut tail = Tail::after(dirs, &room, since)?;
        let mut read = 0;
        while read < MAX_LOG_BYTES {
            let progress = tail.read(STEP_BYTES, &mut |record| {
                count += u64::from(record.kind.is_talk() && record.id <= until);
            })?;
            if progress == Progress::Idle {
                break;
            }
            read += STEP_BYTES;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u64, people: u64) -> Sample {
        Sample {
            at,
            people,
            rooms: 1,
            messages: 2,
            handlers: 3,
            memory: 4,
            bytes: 5,
            free: 6,
        }
    }

    #[test]
    fn files_stay_small_and_a_clock_set_back_begins_anew() {
        let base = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(base.path());
        dirs.create().expect("made");
        for at in 1..=5 {
            write(&dirs, "day", sample(at, at), 3).expect("written");
        }
        let kept = load(&dirs).expect("read").day;
        assert_eq!(kept.iter().map(|it| it.at).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(kept[0], sample(3, 3));
        let kept = write(&dirs, "day", sample(4, 9), 3).expect("written");
        assert_eq!(kept, [sample(3, 3), sample(4, 9)]);
        std::fs::write(path(&dirs, "day"), "1 2 3\nnonsense\n").expect("torn");
        assert!(load(&dirs).expect("read").day.is_empty());
    }

    #[test]
    fn an_hour_is_the_most_of_its_samples() {
        let all = sample(1, 7).with(sample(2, 3));
        assert_eq!((all.at, all.people, all.messages, all.free), (2, 7, 4, 6));
    }
}
