//! The server's local time, as `date` shows it. The zone is read once, when the first line needs
//! it: pages that speak JSON never do.

use std::cell::Cell;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use chat_store::record::RecordId;

/// Where the system keeps its zones (tzfile(5)).
const ZONES: &str = "/usr/share/zoneinfo";

/// The system's zone.
const LOCAL: &str = "/etc/localtime";

/// Longest zone file that is read; the largest of the system's has 4 KiB.
const MAX_ZONE_BYTES: u64 = 64 * 1024;

/// Local time.
#[derive(Debug)]
pub struct Clock {
    zone: TimeZone,
    /// The second that was told last: lines come by the handful.
    last: Cell<Option<(u64, TimeOfDay)>>,
}

/// `HH:MM:SS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay([u8; 8]);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl TimeOfDay {
    fn of(local: DateTime) -> Self {
        let mut text = *b"00:00:00";
        for (at, part) in [(0, local.hour()), (3, local.minute()), (6, local.second())] {
            let part = part.unsigned_abs();
            text[at] += part / 10;
            text[at + 1] += part % 10;
        }
        Self(text)
    }
}

impl Clock {
    /// The zone that the variable `TZ` names (tzset(3)), else the system's, else UTC.
    pub fn new(tz: Option<&str>) -> Self {
        let name = tz
            .map(|tz| tz.strip_prefix(':').unwrap_or(tz))
            .filter(|tz| !tz.is_empty());
        let zone = match name {
            // What starts with a slash or climbs is no zone's name; the variable is the server's,
            // but a strange one must not open strange files.
            Some(name) if !name.starts_with('/') && !name.contains("..") => {
                file(&format!("{ZONES}/{name}")).or_else(|| TimeZone::posix(name).ok())
            }
            Some(_) => None,
            None => file(LOCAL),
        };
        Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            last: Cell::new(None),
        }
    }

    /// The time of a moment.
    pub fn time(&self, id: RecordId) -> TimeOfDay {
        let second = id.as_micros() / 1_000_000;
        match self.last.get() {
            Some((last, time)) if last == second => time,
            _ => {
                let time = TimeOfDay::of(self.local(id));
                self.last.set(Some((second, time)));
                time
            }
        }
    }

    /// `YYYY-MM-DD_HH:MM:SS` of a moment.
    pub fn date_and_time(&self, id: RecordId) -> String {
        let local = self.local(id);
        format!(
            "{:04}-{:02}-{:02}_{}",
            local.year(),
            local.month(),
            local.day(),
            self.time(id)
        )
    }

    fn local(&self, id: RecordId) -> DateTime {
        let micros = i64::try_from(id.as_micros()).unwrap_or(i64::MAX);
        let moment = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(moment)
    }
}

fn file(path: &str) -> Option<TimeZone> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .ok()?
        .take(MAX_ZONE_BYTES)
        .read_to_end(&mut bytes)
        .ok()?;
    TimeZone::tzif(path, &bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_system() {
        let id = RecordId::parse(b"2026-07-21T10:15:30.123456Z").expect("an id");
        let time = |zone| Clock::new(Some(zone)).time(id).to_string();
        assert_eq!(time("UTC0"), "10:15:30");
        assert_eq!(time("CET-1CEST,M3.5.0,M10.5.0/3"), "12:15:30");
        assert_eq!(
            Clock::new(Some("UTC0")).date_and_time(id),
            "2026-07-21_10:15:30"
        );
        assert_eq!(time("../../../etc/passwd"), "10:15:30");
        assert_eq!(time("<<<"), "10:15:30");
    }

    #[test]
    fn each_second_has_its_own_time() {
        let clock = Clock::new(Some("UTC0"));
        for text in ["23:59:59", "00:00:00", "09:08:07", "09:08:08", "09:08:07"] {
            for micros in ["000000", "999999"] {
                let id = RecordId::parse(format!("2026-07-21T{text}.{micros}Z").as_bytes());
                assert_eq!(clock.time(id.expect("an id")).to_string(), text);
            }
        }
    }
}
