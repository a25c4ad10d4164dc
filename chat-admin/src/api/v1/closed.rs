//! Rooms for some only: made, and their lists kept, for programs.

use chat_store::closed::{self, Circle, ClosedError, Invitation, Kind, MAX_TITLE_CHARS, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::name::SERVER;
use chat_store::people::marks;
use chat_store::people::person::PersonId;
use chat_store::record::{self, Draft, RecordId, attrs};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{Refusal, body};
use crate::api::Response;

/// The longest life of a link of invitation, in hours: a year.
const MAX_HOURS: u64 = 366 * 24;
/// The most people that one lets in.
const MAX_USES: u32 = 500;
/// The longest account, in characters.
const MAX_ACCOUNT: usize = 128;
/// How long a link holds if nothing is said, in hours.
const A_DAY: u64 = 24;
const MICROS_AN_HOUR: u64 = 3_600_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    title: String,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    whole_history: bool,
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let new: New = body::parse(&call.body, r#"{"title":"support","members":["alice"]}"#)?;
    let (site, most) = (call.site(), call.settings.limits.max_conversations);
    if new.title.chars().count() > MAX_TITLE_CHARS {
        return Err(ClosedError::TitleTooLong.into());
    }
    site.create()?;
    if closed::count(&site, most)? >= most {
        return Err(Refusal::NotAllowed(
            "there are as many private rooms as there may be".to_owned(),
        ));
    }
    let mut circle = Circle::new(Kind::Room, &new.title);
    circle.whole_history = new.whole_history;
    circle.add(Member {
        keeps: true,
        ..member(&call.caller()?.account())?
    });
    for account in &new.members {
        circle.add(Member {
            since: RecordId::ZERO,
            ..member(account)?
        });
    }
    let room = closed::new_name()?;
    closed::create(&site, &room, &circle)?;
    for member in &circle.members {
        marks::offer(&site, &member.person, &room, RecordId::ZERO)?;
    }
    Ok(Response::json(&json!({ "room": room.as_str() })).status(201))
}

/// Somebody by their log-in; they need not have been here.
pub(super) fn member(account: &str) -> Result<Member, Refusal> {
    let invalid = || Refusal::Invalid("an account is 1 to 128 characters".to_owned());
    let is_good = !account.is_empty()
        && account.chars().count() <= MAX_ACCOUNT
        && !account.contains(char::is_control);
    let person = PersonId::of(Some(account), None)
        .filter(|_| is_good)
        .ok_or_else(invalid)?;
    Ok(Member {
        person,
        name: account.to_owned(),
        account: Some(account.to_owned()),
        since: RecordId::now(),
        keeps: false,
    })
}

pub(super) fn members(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (_, circle) = call.circle()?;
    let told = |member: &Member| json!({ "name": member.name, "account": member.account, "keeps": member.keeps });
    let members: Vec<Value> = circle.members.iter().map(told).collect();
    let now = RecordId::now();
    let invitations = circle
        .invitations
        .iter()
        .filter(|it| it.until > now && it.uses > 0)
        .count();
    Ok(Response::json(
        &json!({ "title": circle.title, "members": members, "invitations": invitations }),
    ))
}

pub(super) fn admit(call: &mut Call<'_>) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whom {
        account: String,
    }
    let Whom { account } = body::parse(&call.body, r#"{"account":"alice"}"#)?;
    let (room, _) = call.circle()?;
    let member = member(&account)?;
    let (site, person) = (call.site(), member.person.clone());
    let is_new = closed::change(&site, &room, |circle| Ok(circle.add(member.clone())))?;
    if is_new {
        tell(&site, &room, record::Kind::Admit, &account, &person)?;
        marks::offer(&site, &person, &room, RecordId::ZERO)?;
    }
    let status = if is_new { 201 } else { 200 };
    Ok(Response::json(&json!({ "account": account, "new": is_new })).status(status))
}

pub(super) fn dismiss(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (room, _) = call.circle()?;
    let account = call.parameter("account").to_owned();
    let person = member(&account)?.person;
    let site = call.site();
    let gone = closed::change(&site, &room, |circle| {
        let gone = circle.remove(&person);
        if gone.is_some() {
            // They may know a link.
            circle.invitations.clear();
        }
        Ok(gone)
    })?;
    let Some(gone) = gone else {
        return Err(Refusal::NotFound("this account is no member".to_owned()));
    };
    tell(&site, &room, record::Kind::Dismiss, &gone.name, &person)?;
    marks::withdraw(&site, &person, &room)?;
    Ok(Response::json(&json!({ "account": account, "done": true })))
}

/// Tells the room, and whoever is in it looks at the list.
fn tell(
    site: &Dirs,
    room: &RoomName,
    kind: record::Kind,
    name: &str,
    whom: &PersonId,
) -> Result<(), Refusal> {
    let person = [(attrs::PERSON, Some(whom.as_str()))];
    let draft = Draft {
        extra: &person,
        ..Draft::new(kind, SERVER, name)
    };
    let dirs = closed::dirs_of(site, room);
    dirs.create()?;
    crate::ctl::tell_all(&dirs, room, &draft)?;
    Ok(())
}

pub(super) fn invite(call: &mut Call<'_>) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Link {
        #[serde(default, deserialize_with = "body::whole")]
        hours: Option<u64>,
        #[serde(default, deserialize_with = "body::whole")]
        uses: Option<u64>,
    }
    let Link { hours, uses } = body::parse(&call.body, r#"{"hours":24,"uses":1}"#)?;
    let (hours, uses) = (hours.unwrap_or(A_DAY), uses.unwrap_or(1));
    // One that is too large is refused with those that are larger than the most.
    let uses = u32::try_from(uses).unwrap_or(u32::MAX);
    if !(1..=MAX_HOURS).contains(&hours) || !(1..=MAX_USES).contains(&uses) {
        let text = format!("hours are 1 to {MAX_HOURS}, uses 1 to {MAX_USES}");
        return Err(Refusal::Invalid(text));
    }
    let (room, _) = call.circle()?;
    let (token, now) = (closed::new_token()?, RecordId::now());
    let until = RecordId::from_micros(now.as_micros() + hours * MICROS_AN_HOUR);
    let by = call.caller()?.account();
    let invitation = Invitation {
        hash: Invitation::hash_of(&token),
        until,
        uses,
        by,
    };
    closed::change(&call.site(), &room, |circle| {
        circle.drop_invitations(now);
        circle.invitations.push(invitation.clone());
        Ok::<_, ClosedError>(())
    })?;
    let told =
        json!({ "room": room.as_str(), "token": token, "until": until.to_string(), "uses": uses });
    Ok(Response::json(&told).status(201))
}

pub(super) fn uninvite(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (room, _) = call.circle()?;
    let count = closed::change(&call.site(), &room, |circle| {
        let count = circle.invitations.len();
        circle.invitations.clear();
        Ok::<_, ClosedError>(count)
    })?;
    Ok(Response::json(
        &json!({ "done": true, "invitations": count }),
    ))
}
