//! The server's local time, as `date` shows it. The zone is read once, when the first line needs
//! it: pages that speak JSON never do.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::record::RecordId;

/// Where the system keeps its zones (tzfile(5)).
const ZONES: &str = "/usr/share/zoneinfo";

/// The system's zone.
const LOCAL: &str = "/etc/localtime";

/// Longest zone file that is read; the largest of the system's has 4 KiB.
const MAX_ZONE_BYTES: u64 = 64 * 1024;

/// Local time.
#[derive(Debug)]
pub struct Clock(TimeZone);

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
        Self(zone.unwrap_or(TimeZone::UTC))
    }

    /// `HH:MM:SS` of a moment.
    pub fn time(&self, id: RecordId) -> String {
        let local = self.local(id);
        format!(
            "{:02}:{:02}:{:02}",
            local.hour(),
            local.minute(),
            local.second()
        )
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
        self.0.to_datetime(moment)
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
        assert_eq!(Clock::new(Some("UTC0")).time(id), "10:15:30");
        assert_eq!(
            Clock::new(Some("CET-1CEST,M3.5.0,M10.5.0/3")).time(id),
            "12:15:30"
        );
        assert_eq!(
            Clock::new(Some("UTC0")).date_and_time(id),
            "2026-07-21_10:15:30"
        );
        assert_eq!(Clock::new(Some("../../../etc/passwd")).time(id), "10:15:30");
        assert_eq!(Clock::new(Some("<<<")).time(id), "10:15:30");
    }
}
