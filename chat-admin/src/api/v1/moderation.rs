//! What moderators and administrators do: by the same commands as at the server's shell.

use chat_store::audit::{self, Deed, Via};
use chat_store::record::RecordId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::closed::member;
use super::read::ID;
use super::{Refusal, body};
use crate::api::Response;
use crate::ctl::Order;

/// Whom it is against, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Against {
    who: String,
    #[serde(default)]
    reason: String,
    #[serde(default, deserialize_with = "body::whole")]
    minutes: Option<u64>,
}

const AGAINST: &str = r#"{"who":"account:eve","reason":"spam","minutes":60}"#;

/// Does what the words say; what a client chose stands behind `--` or `=`.
fn run(call: &Call<'_>, options: &[&str], values: &[&str]) -> Result<Value, Refusal> {
    let words = options.iter().chain(&["--"]).chain(values);
    let words: Vec<String> = words.map(|&word| word.to_owned()).collect();
    let order = Order::parse(&words)?;
    let deed = order.deed();
    if deed.is_some() {
        // Nobody may have been here yet.
        call.site().create()?;
    }
    let done = order.run(call.settings)?;
    if let Some(what) = &deed {
        let (who, from) = (call.caller()?.account(), &call.request.visitor.address);
        let deed = Deed {
            via: Via::Api,
            who: &who,
            from,
            what,
        };
        audit::append(&call.site(), &deed)?;
    }
    Ok(done.value)
}

fn done(value: &Value) -> Response {
    Response::json(value)
}

pub(super) fn purge(call: &mut Call<'_>) -> Result<Response, Refusal> {
    call.check_query("force", "1 or left out", |value| value == "1")?;
    let room = call.found()?.room.to_string();
    let force = call.request.parameter("force") == Some("1");
    let options: &[&str] = if force {
        &["purge", "--force"]
    } else {
        &["purge"]
    };
    let run = run(call, options, &[&room]);
    Ok(done(&run.map_err(|refusal| match refusal {
        // Its text names an option of the shell.
        Refusal::Invalid(_) => {
            Refusal::Conflict("people are in the room; ?force=1 deletes it still".to_owned())
        }
        other => other,
    })?))
}

pub(super) fn redact(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    if room == "*" {
        return Err(Refusal::NoRoom);
    }
    let id = call.parameter("id");
    if RecordId::parse(id.as_bytes()).is_none() {
        return Err(Refusal::Parameter(format!("a message has {ID}")));
    }
    Ok(done(&run(call, &["redact"], &[&room, id])?))
}

pub(super) fn topic(call: &mut Call<'_>) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Topic {
        topic: String,
    }
    let Topic { topic } = body::parse(&call.body, r#"{"topic":"what it is about"}"#)?;
    let room = one_room(call)?;
    Ok(done(&run(call, &["topic"], &[&room, &topic])?))
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let room = one_room(call)?;
    Ok(done(&run(call, &["clear"], &[&room])?))
}

/// The room, which is not all of them, and is there.
fn one_room(call: &mut Call<'_>) -> Result<String, Refusal> {
    match call.moderated()? {
        room if room == "*" => Err(Refusal::NoRoom),
        room => Ok(room),
    }
}

pub(super) fn kick(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    let Against {
        who,
        reason,
        minutes,
    } = body::parse(&call.body, r#"{"who":"eve","reason":"spam"}"#)?;
    if minutes.is_some() {
        return Err(Refusal::Invalid(
            "a kick has no minutes: that is a ban".to_owned(),
        ));
    }
    Ok(done(&run(call, &["kick"], &[&room, &who, &reason])?))
}

fn impose(call: &mut Call<'_>, measure: &str) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    let Against {
        who,
        reason,
        minutes,
    } = body::parse(&call.body, AGAINST)?;
    let most = u64::from(u32::MAX);
    if minutes.is_some_and(|minutes| !(1..=most).contains(&minutes)) {
        let text = format!("minutes are 1 to {most}; left out: for good");
        return Err(Refusal::Invalid(text));
    }
    let minutes = minutes.map(|minutes| format!("--minutes={minutes}"));
    let mut options = vec![measure];
    options.extend(minutes.as_deref());
    // "3 warnings" is a reason: at the shell it would be a time.
    if minutes.is_none() && reason.starts_with(|first: char| first.is_ascii_digit()) {
        options.push("--for-good");
    }
    Ok(done(&run(call, &options, &[&room, &who, &reason])?).status(201))
}

fn lift(call: &mut Call<'_>, undo: &str) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    let Some(who) = call.request.parameter("who") else {
        let text = "?who= names them, as the list does: eve, account:eve or address:192.0.2.7";
        return Err(Refusal::Parameter(text.to_owned()));
    };
    Ok(done(&run(call, &[undo], &[&room, who])?))
}

fn list(call: &mut Call<'_>, measure: &str) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    let all = run(call, &["bans"], &[&room])?;
    let mut found: Vec<Value> = all.as_array().cloned().unwrap_or_default();
    found.retain(|entry| entry["what"] == measure);
    // Addresses are for programs: moderators of a room are not shown them either.
    if call.caller()?.person.is_some() {
        for entry in &mut found {
            entry["address"] = Value::Null;
        }
    }
    Ok(Response::json(&json!({ "entries": found })))
}

pub(super) fn bans(call: &mut Call<'_>) -> Result<Response, Refusal> {
    list(call, "ban")
}

pub(super) fn ban(call: &mut Call<'_>) -> Result<Response, Refusal> {
    impose(call, "ban")
}

pub(super) fn unban(call: &mut Call<'_>) -> Result<Response, Refusal> {
    lift(call, "unban")
}

pub(super) fn mutes(call: &mut Call<'_>) -> Result<Response, Refusal> {
    list(call, "mute")
}

pub(super) fn mute(call: &mut Call<'_>) -> Result<Response, Refusal> {
    impose(call, "mute")
}

pub(super) fn unmute(call: &mut Call<'_>) -> Result<Response, Refusal> {
    lift(call, "unmute")
}

pub(super) fn roles(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let room = call.moderated()?;
    Ok(Response::json(
        &json!({ "roles": run(call, &["role"], &[&room])? }),
    ))
}

pub(super) fn set_role(call: &mut Call<'_>) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        role: String,
    }
    let New { role } = body::parse(&call.body, r#"{"role":"moderator"}"#)?;
    let room = call.moderated()?;
    let account = call.parameter("account");
    member(account)?;
    Ok(done(&run(call, &["role"], &[&room, account, &role])?))
}
