//! What there is and what was said: for people what the pages show them, for programs every room of their token.

use chat_store::closed;
use chat_store::log::history::MAX_LIMIT as MAX_MESSAGES;
use chat_store::log::rooms;
use chat_store::people::person::PersonId;
use chat_store::people::presence;
use chat_store::profiles::{self, Profile};
use chat_store::record::RecordId;
use chat_store::search::MAX_HITS;
use chat_store::state;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;
use crate::api::{Response, history, rooms as listing, search as searching};

/// What an id is, for whoever sent something else.
pub(super) const ID: &str = "an id like 2026-11-21T10:15:30.123456Z";
/// The most people in one answer.
const MAX_PEOPLE: usize = 500;

pub(super) fn rooms(call: &mut Call<'_>) -> Result<Response, Refusal> {
    call.check_limit(listing::MAX_LIMIT)?;
    let is_list = |list: &str| matches!(list, "current" | "historical");
    call.check_query("list", "current or historical", is_list)?;
    call.check_query("people", "1 or left out", |value| value == "1")?;
    let rooms = call.caller()?.claims.rooms.clone();
    let is_theirs = |name: &str| rooms.as_ref().is_none_or(|rooms| rooms.fit(name));
    let is_program = call.caller()?.person.is_none();
    Ok(listing::listed(
        &call.request,
        call.settings,
        &is_theirs,
        is_program,
        call.explain,
    ))
}

pub(super) fn room(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let found = call.found()?;
    let (dirs, room) = (&found.dirs, &found.room);
    if !rooms::exists(dirs, room)? && call.settings.description_of(room).is_none() {
        return Err(Refusal::NoRoom);
    }
    let mut told = json!({
        "name": room.as_str(),
        "people": presence::list_alive(dirs, room)?.len(),
        "topic": state::topic(dirs, room)?,
        "description": call.settings.description_of(room),
        "slow": state::slow(dirs, room)?,
    });
    if let Some(closed) = closed::find(&call.site(), room)? {
        told["private"] = json!(closed.circle.kind.as_str());
        told["title"] = json!(closed.circle.title);
    }
    Ok(Response::json(&told))
}

pub(super) fn people(call: &mut Call<'_>) -> Result<Response, Refusal> {
    call.check_limit(MAX_PEOPLE)?;
    let found = call.found()?;
    let mut members = presence::list_alive(&found.dirs, &found.room)?;
    members.sort_by(|a, b| a.nick.cmp(&b.nick));
    let limit = call.request.number("limit", 1..=MAX_PEOPLE, MAX_PEOPLE);
    let after = call.request.parameter("after");
    let mut rest = members
        .iter()
        .filter(|member| after.is_none_or(|after| member.nick.as_str() > after));
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let next = rest.next().and(page.last()).map(|last| last.nick.as_str());
    let mut told = Vec::with_capacity(page.len());
    for member in &page {
        let about = presence::about(&found.dirs, &found.room, &member.nick)?;
        let mut one = json!({ "nick": member.nick.as_str(), "color": &*member.color });
        if let Some(account) = about.account {
            if let Some(shown) = profiles::of_account(&found.dirs, &account)? {
                put_shown(&shown, &mut one);
                one["person"] = Value::from(about.person.as_ref().map(PersonId::as_str));
            }
            one["account"] = Value::from(account);
        }
        told.push(one);
    }
    let mut answer = json!({ "people": told });
    if let Some(next) = next {
        answer["next"] = Value::from(next);
    }
    Ok(Response::json(&answer))
}

/// What others are shown of somebody.
fn put_shown(shown: &Profile, one: &mut Value) {
    let value = crate::ctl::profile_value(shown);
    for part in ["status", "avatar", "pub"] {
        if !value[part].is_null() {
            one[part] = value[part].clone();
        }
    }
}

pub(super) fn messages(call: &mut Call<'_>) -> Result<Response, Refusal> {
    call.check_limit(MAX_MESSAGES)?;
    for name in ["before", "after"] {
        let is_id = |value: &str| RecordId::parse(value.as_bytes()).is_some();
        call.check_query(name, ID, is_id)?;
    }
    let found = call.found()?;
    if !rooms::exists(&found.dirs, &found.room)? {
        return Err(Refusal::NoRoom);
    }
    Ok(history::of(
        &found,
        &call.request,
        call.settings,
        call.explain,
    ))
}

pub(super) fn search(call: &mut Call<'_>) -> Result<Response, Refusal> {
    call.check_limit(MAX_HITS)?;
    for name in [
        "room", "from", "account", "after", "before", "has", "cursor",
    ] {
        call.check_query(name, "left out or not empty", |value| !value.is_empty())?;
    }
    if let Some(room) = call.request.parameter("room").map(str::to_owned) {
        // As every other endpoint says that there is none.
        call.found_called(&room)?;
    }
    let caller = call.caller()?;
    if caller.person.is_some() && caller.claims.rooms.is_none() {
        return Ok(searching::answer(
            &call.request,
            call.settings,
            call.explain,
        ));
    }
    let (rooms, counted) = (caller.claims.rooms.clone(), caller.account());
    let is_theirs = |name: &str| rooms.as_ref().is_none_or(|rooms| rooms.fit(name));
    let is_program = caller.person.is_none();
    Ok(searching::of_token(
        &call.request,
        call.settings,
        (&is_theirs, is_program, &counted),
        call.explain,
    ))
}
