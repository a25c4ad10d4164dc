//! `POST rooms/{room}/messages`

use serde_json::json;

use super::call::Call;
use super::say::Words;
use super::{Refusal, body};
use crate::api::Response;
use chat_store::log::room_log::Stored;

pub(super) const EXAMPLE: &str = r#"{"text":"hello"}"#;

pub(super) fn post(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let words: Words = body::parse(&call.body, EXAMPLE)?;
    let (room, key) = (call.parameter("room").to_owned(), call.key()?);
    let stored = call.say(&room, &words, key.as_deref())?;
    Ok(stored_as(stored))
}

/// 201 with the id; 200 if it was there already.
pub(super) fn stored_as(stored: Stored) -> Response {
    let id = stored.id().to_string();
    match stored {
        Stored::New(_) => Response::json(&json!({ "id": id })).status(201),
        Stored::Already(_) => Response::json(&json!({ "id": id, "duplicate": true })),
    }
}
