//! An age as an administrator writes it: `90days`, `2weeks`, `3months`, `1year`. Pure.

use std::fmt;

use super::RecordId;

/// The greatest number before a unit; more is a slip of the finger.
const MAX_COUNT: u64 = 10_000;

/// How old is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    count: u64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

/// Why an age is refused. Nothing is ever deleted for an age that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeError(&'static str);

impl fmt::Display for AgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, write a number and a unit: 90days, 2weeks, 3months or 1year",
            self.0
        )
    }
}

impl std::error::Error for AgeError {}

impl std::str::FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(AgeError("the number is missing"));
        }
        let unit = match unit.trim_start() {
            "day" | "days" => Unit::Days,
            "week" | "weeks" => Unit::Weeks,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            "" => return Err(AgeError("the unit is missing")),
            _ => return Err(AgeError("the unit is unknown")),
        };
        match number.parse() {
            Ok(0) => Err(AgeError("an age of zero would delete everything")),
            Ok(count) if count <= MAX_COUNT => Ok(Self { count, unit }),
            _ => Err(AgeError("the number is too great")),
        }
    }
}

impl Age {
    /// Records before this are older.
    pub fn before(self, now: RecordId) -> RecordId {
        match self.unit {
            Unit::Days => now.days_before(self.count),
            Unit::Weeks => now.days_before(self.count * 7),
            Unit::Months => now.months_before(self.count),
            Unit::Years => now.months_before(self.count * 12),
        }
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// Until somebody deletes it.
    #[default]
    Forever,
    /// Until it is older than this.
    For(Age),
}

impl Keep {
    /// `None`: for ever.
    pub fn age(self) -> Option<Age> {
        match self {
            Self::Forever => None,
            Self::For(age) => Some(age),
        }
    }
}

impl std::str::FromStr for Keep {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        match text {
            "forever" => Ok(Self::Forever),
            age => age.parse().map(Self::For),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        let now = RecordId::parse(b"2026-11-21T10:00:00.000000Z").unwrap();
        for (age, day) in [
            ("1day", "2026-11-20"),
            ("90 days", "2026-08-23"),
            ("2weeks", "2026-11-07"),
            ("3months", "2026-08-21"),
            ("1year", "2025-11-21"),
        ] {
            let before = age.parse::<Age>().unwrap().before(now);
            assert_eq!(
                before.to_string(),
                format!("{day}T10:00:00.000000Z"),
                "{age}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_deletes_nothing() {
        for age in [
            "",
            " ",
            "3",
            "months",
            "3m",
            "3min",
            "3 fortnights",
            "-3months",
            "3.5months",
            "0days",
            "0",
            "99999999999999999999days",
            "10001days",
            "3months2days",
            "3MONTHS",
            "1e3days",
        ] {
            assert!(age.parse::<Age>().is_err(), "{age}");
        }
    }
}
