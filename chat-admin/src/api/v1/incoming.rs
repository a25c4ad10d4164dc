//! `POST in/{secret}`: what another program leaves at the address of an incoming webhook, in one of the forms that such
//! programs know.

use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::incoming::Incoming;
use chat_store::log::room_log::Stored;
use chat_store::log::rooms;
use chat_store::moderation::{self, Right};
use chat_store::name::RoomName;
use serde_json::json;

use super::Refusal;
use super::call::Call;
use super::messages::stored_as;
use super::say::{Form, Words};
use crate::api::{Response, found};
use crate::incoming::{self, Post, Unread};

const FORMS: &str = r#"send JSON as {"text":"hello"}, or what Slack, Alertmanager, Grafana, GitLab or Uptime Kuma send"#;

pub(super) fn post(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let most = call.settings.limits.max_message;
    let post = match incoming::read(&call.body, &call.request.content_type, most) {
        Ok(post) => post,
        Err(Unread::Slack(word)) => return Err(Refusal::Told(Response::text(400, word))),
        Err(Unread::NoJson | Unread::NoForm) => return Err(Refusal::Body(FORMS.to_owned())),
    };
    let Post { text, is_slack } = post;
    // Taken, so that it is not sent again.
    let Some(text) = text else {
        return Ok(Response::json(&json!({ "skipped": true })));
    };
    match say(call, text) {
        Ok(_) if is_slack => Ok(Response::text(200, "ok")),
        Ok(stored) => Ok(stored_as(stored)),
        Err(refusal) if is_slack => Err(as_slack_says(&refusal, call.explain)),
        Err(refusal) => Err(refusal),
    }
}

fn say(call: &mut Call<'_>, text: String) -> Result<Stored, Refusal> {
    let hook = call.caller()?.hook.clone().ok_or(Refusal::NoRoom)?;
    let key = call.key()?;
    let (dirs, room) = place(call, &hook)?;
    let account = hook.account();
    let asks = moderation::Person {
        nick: &hook.name,
        account: Some(&account),
        number: None,
        address: None,
        moderates_all: false,
    };
    if let Err(denied) = moderation::may(&dirs, &room, &asks, Right::Speak)? {
        let text = format!("it may not speak here: {}", denied.reason());
        return Err(Refusal::NotAllowed(text));
    }
    let words = Words {
        text,
        kind: Form::Say,
        from: Some(hook.name.to_string()),
    };
    call.append(&dirs, &room, &words, key.as_deref())
}

/// Where its room is now, which may have been made private, or open, since.
fn place(call: &Call<'_>, hook: &Incoming) -> Result<(Dirs, RoomName), Refusal> {
    let site = call.site();
    let room = found::find(&site, &hook.room, &call.settings.described_rooms())?;
    if room.is_closed() {
        let closed = closed::find(&site, &room)?.ok_or(Refusal::NoRoom)?;
        return Ok((closed.dirs, room));
    }
    let most = call.settings.limits.max_rooms;
    if !rooms::exists(&site, &room)? && rooms::all(&site)?.len() >= most {
        let text = "there are as many rooms as there may be";
        return Err(Refusal::NotAllowed(text.to_owned()));
    }
    Ok((site, room))
}

/// Slack's words for it, of <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>.
fn as_slack_says(refusal: &Refusal, explain: &mut dyn FnMut(&str)) -> Refusal {
    if let Some(line) = refusal.for_the_log() {
        explain(&line);
    }
    let (status, word) = match refusal {
        Refusal::NoRoom => (404, "channel_not_found"),
        Refusal::NotAllowed(_) | Refusal::Refused(_) => (403, "action_prohibited"),
        Refusal::Invalid(_) | Refusal::Parameter(_) | Refusal::KeyReused => {
            (400, "invalid_payload")
        }
        // Whoever sends looks at the status, and tries again.
        other => (other.status(), "rollup_error"),
    };
    let response = Response::text(status, word);
    Refusal::Told(match refusal {
        Refusal::Busy => response.header("Retry-After", "1"),
        _ => response,
    })
}
