//! What is about the site, not about a room.

use std::time::{SystemTime, UNIX_EPOCH};

use chat_store::state::{self, Revoked};
use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::{Refusal, body};
use crate::api::{Response, health as of_pages};
use crate::ctl::Order;

/// This interface, for programs that make programs (`OpenAPI` 3.1). The test `api::openapi` compares it with what is here.
const OPENAPI: &str = include_str!("../../../../docs/openapi.json");

/// A token that was revoked is over by itself after so long, in seconds: the longest that one may hold, and leeway.
const LONGEST: u64 = 24 * 3600 + 60;
/// The longest `sub` or `jti`.
const MAX_NAME: usize = 512;

#[expect(clippy::unnecessary_wraps, reason = "as every endpoint")]
pub(super) fn health(call: &mut Call<'_>) -> Result<Response, Refusal> {
    Ok(of_pages::answer(&call.request, call.settings, call.explain))
}

#[expect(clippy::unnecessary_wraps, reason = "as every endpoint")]
pub(super) fn openapi(_: &mut Call<'_>) -> Result<Response, Refusal> {
    Ok(Response::raw(OPENAPI.as_bytes().to_vec()))
}

pub(super) fn stats(call: &mut Call<'_>) -> Result<Response, Refusal> {
    if call.caller()?.claims.rooms.is_some() {
        return Err(Refusal::NotAllowed(
            "the token is not for all rooms".to_owned(),
        ));
    }
    let order = Order::parse(&["status".to_owned()])?;
    Ok(Response::json(&order.run(call.settings)?.value))
}

pub(super) fn revoke(call: &mut Call<'_>) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default, deserialize_with = "body::given")]
        sub: Option<String>,
        #[serde(default, deserialize_with = "body::given")]
        jti: Option<String>,
        #[serde(default, deserialize_with = "body::whole")]
        until: Option<u64>,
    }
    let Wanted { sub, jti, until } = body::parse(&call.body, r#"{"sub":"alice"}"#)?;
    let what = match (&sub, &jti) {
        (Some(sub), None) => Revoked::Subject(sub),
        (None, Some(jti)) => Revoked::Token(jti),
        _ => return Err(Refusal::Invalid("send either sub or jti".to_owned())),
    };
    let (Revoked::Subject(name) | Revoked::Token(name)) = what;
    if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
        return Err(Refusal::Invalid(format!(
            "sub and jti are 1 to {MAX_NAME} bytes"
        )));
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let until = until.unwrap_or(now + LONGEST);
    if !(now..=now + LONGEST).contains(&until) {
        return Err(Refusal::Invalid(
            "until is within the next 24 hours: no token holds longer".to_owned(),
        ));
    }
    let dirs = call.site();
    dirs.create()?;
    state::revoke(&dirs, what, until)?;
    Ok(Response::json(&json!({ "done": true, "until": until })))
}
