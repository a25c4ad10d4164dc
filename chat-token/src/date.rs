//! A `NumericDate` (RFC 7519 section 2): seconds since 1970, as a whole number or with a fraction.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Number;

/// The latest date taken: the year 5138, so that sums of two never overflow.
const LAST: u64 = 100_000_000_000;

pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    // A date that is no number is refused, never taken for none: jsonwebtoken's CVE-2026-25537.
    let number = Number::deserialize(from)?;
    let whole = number.as_u64().or_else(|| whole(number.as_f64()?));
    let date = whole.filter(|&date| date <= LAST);
    date.map(Some)
        .ok_or_else(|| D::Error::custom("a date is seconds since 1970"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "within the range that was just checked"
)]
fn whole(seconds: f64) -> Option<u64> {
    (0.0..=LAST as f64)
        .contains(&seconds)
        .then_some(seconds as u64)
}
