//! Record ids: the time of a record in UTC, in microseconds.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_DAY: u64 = 86_400_000_000;
/// So much may be between two clocks that are about right, and between a clock and itself when it is
/// set: five minutes.
const MOST_AHEAD: u64 = 300_000_000;

/// A record's time and id: microseconds since 1970-01-01 UTC. Strictly increasing within a room.
///
/// Written as `2026-11-21T10:15:30.123456Z`, always 27 bytes, so ids sort as text too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RecordId(u64);

impl RecordId {
    /// The length of an id as text, in bytes.
    pub const TEXT_LEN: usize = 27;
    /// Before every record. Also the id of a line in the old form that nobody has placed yet.
    pub const ZERO: Self = Self(0);
    /// `9999-12-31T23:59:59.999999Z`: the last id that fits the form.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// Ids below (the year 1971) are no times: they are places of old-form lines, see
    /// [`RecordId::is_place`].
    const FIRST_TIME: u64 = 31_536_000_000_000;

    /// From microseconds since the epoch; more than [`RecordId::MAX`] becomes that.
    pub const fn from_micros(micros: u64) -> Self {
        if micros < Self::MAX.0 {
            Self(micros)
        } else {
            Self::MAX
        }
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> u64 {
        self.0
    }

    /// The clock's time. A clock before 1970 counts as 1970.
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// Whether it is later than any clock that is about right may say: the clock was wrong when it was
    /// written, and `chatctl mend` is needed.
    pub fn is_ahead(self) -> bool {
        self.0 > Self::now().0.saturating_add(MOST_AHEAD)
    }

    /// The least id after this one; [`RecordId::MAX`] stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self::from_micros(self.0.saturating_add(1))
    }

    /// The greatest id before this one; zero stays.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The same day and time some days before; not before 1970.
    #[must_use]
    pub fn days_before(self, days: u64) -> Self {
        Self(self.0.saturating_sub(days.saturating_mul(MICROS_PER_DAY)))
    }

    /// The same day and time some calendar months before, or the last day of that month if it is
    /// shorter; not before 1970.
    #[must_use]
    pub fn months_before(self, months: u64) -> Self {
        let (year, month, day) = civil_from_days(self.0 / MICROS_PER_DAY);
        let count = (year * 12 + month - 1).saturating_sub(months);
        let (year, month) = (count / 12, count % 12 + 1);
        if year < 1970 {
            return Self::ZERO;
        }
        let first = days_from_civil(year, month, 1);
        let (next_year, next_month) = (year + month / 12, month % 12 + 1);
        let last = days_from_civil(next_year, next_month, 1) - 1;
        Self((first + day - 1).min(last) * MICROS_PER_DAY + self.0 % MICROS_PER_DAY)
    }

    /// Lines of the old script carry no date. A history page gives them their byte place in the
    /// room's logs as id, so that a page can ask for what is before them; they sort before every
    /// real record.
    pub fn is_place(self) -> bool {
        self.0 < Self::FIRST_TIME
    }

    /// Reads the text form; anything else, also an impossible date, is `None`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; Self::TEXT_LEN] = text.try_into().ok()?;
        let marks = [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (26, b'Z'),
        ];
        if marks.iter().any(|&(at, mark)| text[at] != mark) {
            return None;
        }
        let (year, month, day) = (
            digits(&text[0..4])?,
            digits(&text[5..7])?,
            digits(&text[8..10])?,
        );
        let (hour, minute, second) = (
            digits(&text[11..13])?,
            digits(&text[14..16])?,
            digits(&text[17..19])?,
        );
        let micros = digits(&text[20..26])?;
        if year < 1970 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        Some(Self(
            days * MICROS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros,
        ))
    }

    /// The text form as bytes, without allocation.
    pub fn to_text(self) -> [u8; Self::TEXT_LEN] {
        let (year, month, day) = civil_from_days(self.0 / MICROS_PER_DAY);
        let micros = self.0 % MICROS_PER_DAY;
        let seconds = micros / 1_000_000;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let fields = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
            (20, 6, micros % 1_000_000),
        ];
        for (at, width, mut value) in fields {
            for place in (at..at + width).rev() {
                text[place] = b'0' + u8::try_from(value % 10).expect("a decimal digit");
                value /= 10;
            }
        }
        text
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_text();
        f.pad(std::str::from_utf8(&text).expect("ASCII"))
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value, &byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + u64::from(byte - b'0'))
    })
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March so that the leap
/// day comes last; 719,468 days lie between 0000-03-01 and the epoch.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day;
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).saturating_sub(719_469)
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times_are_written_and_read() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_256_130_123_456, "2026-11-21T10:15:30.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (RecordId::MAX.as_micros(), "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(RecordId::from_micros(micros).to_string(), text);
            assert_eq!(RecordId::parse(text.as_bytes()), Some(RecordId(micros)));
        }
    }

    #[test]
    fn impossible_times_are_refused() {
        for text in [
            "2026-02-29T00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-00-01T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T00:60:00.000000Z",
            "2026-01-01T00:00:00.000000",
            "2026-01-01 00:00:00.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "0000-00-00T00:00:00.000000Z",
            "2026-01-01T00:00:00.00000-Z",
            "",
        ] {
            assert_eq!(RecordId::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let id =
            |text: &str| RecordId::parse(format!("{text}T10:00:00.000001Z").as_bytes()).unwrap();
        for (from, months, to) in [
            ("2026-11-21", 3, "2026-08-21"),
            ("2026-03-31", 1, "2026-02-28"),
            ("2024-03-31", 1, "2024-02-29"),
            ("2026-01-31", 1, "2025-12-31"),
            ("2026-02-28", 12, "2025-02-28"),
            ("2024-02-29", 12, "2023-02-28"),
        ] {
            assert_eq!(id(from).months_before(months), id(to));
        }
        assert_eq!(id("2026-01-01").months_before(u64::MAX), RecordId::ZERO);
        assert_eq!(id("2026-01-08").days_before(7), id("2026-01-01"));
        assert_eq!(id("2026-01-01").days_before(u64::MAX), RecordId::ZERO);
    }

    #[test]
    fn ids_end_at_the_last_one_that_fits() {
        assert_eq!(RecordId::from_micros(u64::MAX), RecordId::MAX);
        assert_eq!(RecordId::MAX.next(), RecordId::MAX);
        assert_eq!(RecordId::ZERO.previous(), RecordId::ZERO);
    }

    proptest! {
        #[test]
        fn every_id_survives_its_text(micros in 0..=RecordId::MAX.as_micros()) {
            let id = RecordId::from_micros(micros);
            prop_assert_eq!(RecordId::parse(&id.to_text()), Some(id));
        }

        #[test]
        fn text_sorts_as_ids_do(a in 0..=RecordId::MAX.as_micros(), b in 0..=RecordId::MAX.as_micros()) {
            let (a, b) = (RecordId::from_micros(a), RecordId::from_micros(b));
            prop_assert_eq!(a.cmp(&b), a.to_text().cmp(&b.to_text()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = RecordId::parse(&bytes);
        }
    }
}
