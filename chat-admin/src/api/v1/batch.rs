//! `POST post`: many messages in one request, each by itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::say::{Form, Words};
use super::{Refusal, body, pace};
use crate::api::Response;
use chat_store::log::room_log::Stored;

/// The most of one request.
pub(super) const MAX_ITEMS: usize = 100;

const EXAMPLE: &str = r#"{"items":[{"room":"lobby","text":"hello"}]}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    room: String,
    text: String,
    #[serde(default)]
    kind: Form,
    #[serde(rename = "as")]
    from: Option<String>,
}

pub(super) fn post(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let Batch { items } = body::parse(&call.body, EXAMPLE)?;
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(Refusal::Invalid(format!(
            "a batch has 1 to {MAX_ITEMS} items"
        )));
    }
    // The request itself was counted.
    let further = u32::try_from(items.len() - 1).unwrap_or(u32::MAX);
    if further > 0 {
        pace::take(call.settings, call.caller()?, further)?;
    }
    let key = call.key()?;
    let mut results = Vec::with_capacity(items.len());
    for (number, item) in items.into_iter().enumerate() {
        let key = key.as_ref().map(|key| format!("{key}.{number}"));
        let Item {
            room,
            text,
            kind,
            from,
        } = item;
        let words = Words { text, kind, from };
        results.push(match call.say(&room, &words, key.as_deref()) {
            Ok(stored) => told(stored),
            Err(refusal) => {
                if let Some(line) = refusal.for_the_log() {
                    (call.explain)(&line);
                }
                json!({ "error": { "code": refusal.code(), "message": refusal.text() } })
            }
        });
    }
    Ok(Response::json(&json!({ "results": results })))
}

fn told(stored: Stored) -> Value {
    match stored {
        Stored::New(id) => json!({ "id": id.to_string() }),
        Stored::Already(id) => json!({ "id": id.to_string(), "duplicate": true }),
    }
}
