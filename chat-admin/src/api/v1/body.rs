//! What a request brings with it.

use std::io::Read;

use serde::de::DeserializeOwned;

use super::{MAX_BODY, Refusal};
use crate::api::Request;

/// Reads it: after the token was seen to be good, so that nobody else sends much.
pub(super) fn read(request: &Request, input: &mut dyn Read) -> Result<Vec<u8>, Refusal> {
    let length = request.length.unwrap_or_default();
    if length == 0 || matches!(request.method.as_str(), "GET" | "HEAD") {
        return Ok(Vec::new());
    }
    if length > MAX_BODY as u64 {
        return Err(Refusal::TooLarge);
    }
    let kind = request.content_type.split(';').next().unwrap_or_default();
    if !kind.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::Type);
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
