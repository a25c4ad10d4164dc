//! What a request brings with it.

use std::io::Read;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use serde_json::Number;

use super::{MAX_BODY, Refusal};
use crate::api::Request;

/// Reads it: after the token was seen to be good, so that nobody else sends much.
pub(super) fn read(request: &Request, input: &mut dyn Read) -> Result<Vec<u8>, Refusal> {
    let length = request.length.unwrap_or_default();
    let kind = request.content_type.split(';').next().unwrap_or_default();
    let is_json = kind.trim().eq_ignore_ascii_case("application/json");
    let is_read = length > 0 && !matches!(request.method.as_str(), "GET" | "HEAD");
    if is_read && length <= MAX_BODY as u64 && !is_json {
        return Err(Refusal::Type);
    }
    read_any(request, input, MAX_BODY)
}

/// The same of any kind, of `most` bytes.
pub(super) fn read_any(
    request: &Request,
    input: &mut dyn Read,
    most: usize,
) -> Result<Vec<u8>, Refusal> {
    let length = request.length.unwrap_or_default();
    if length == 0 || matches!(request.method.as_str(), "GET" | "HEAD") {
        return Ok(Vec::new());
    }
    if length > most as u64 {
        return Err(Refusal::TooLarge(most));
    }
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(Refusal::Body(
            "the body is shorter than its Content-Length".to_owned(),
        ));
    }
    Ok(body)
}

/// As an endpoint wants it; `example` is shown to whoever sent something else.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Body(format!("send JSON like {example}")))
}

/// A number without a fraction, or none. `60.0` is one to JSON (RFC 8259 section 6), and it is what PHP makes of
/// `floor($minutes)`.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(from)? else {
        return Ok(None);
    };
    if let Some(whole) = number.as_u64() {
        return Ok(Some(whole));
    }
    let written = number.as_f64().map(|number| format!("{number:.1}"));
    let whole = written
        .as_deref()
        .and_then(|text| text.strip_suffix(".0")?.parse().ok());
    whole
        .map(Some)
        .ok_or_else(|| D::Error::custom("no whole number"))
}

/// What may be left out, but is not `null` where it is there: `null` is what a program sends that lost the value.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
