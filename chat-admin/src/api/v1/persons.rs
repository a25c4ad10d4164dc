//! `POST persons/{account}/messages`: a message to one account, in the conversation that the two have. It is kept when
//! nobody is there.

use chat_store::closed::{self, Circle, Kind, Member};
use chat_store::people::{consent, marks};
use chat_store::record::RecordId;

use super::call::Call;
use super::closed::member;
use super::messages::{EXAMPLE, stored_as};
use super::say::Words;
use super::{Refusal, body};
use crate::api::Response;

pub(super) fn post(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let words: Words = body::parse(&call.body, EXAMPLE)?;
    let key = call.key()?;
    let other = member(call.parameter("account"))?;
    let mut own = member(&call.caller()?.account())?;
    if let Some(name) = &words.from {
        own.name.clone_from(name);
    }
    let site = call.site();
    site.create()?;
    if call.caller()?.claims.rooms.is_some() {
        return Err(Refusal::NotAllowed("the token is for rooms".to_owned()));
    }
    // Who wants to hear from nobody they do not know is not written to either.
    if !consent::allows(&site, &own.person, &other.person)? {
        return Err(Refusal::NotAllowed(
            "they do not accept messages".to_owned(),
        ));
    }
    let room = closed::name_of_pair(&site, &own.person, &other.person)?;
    if closed::find(&site, &room)?.is_none() {
        let most = call.settings.limits.max_conversations;
        if closed::count(&site, most)? >= most {
            return Err(Refusal::NotAllowed(
                "there are as many conversations as there may be".to_owned(),
            ));
        }
        let mut circle = Circle::new(Kind::Pair, "");
        circle.whole_history = true;
        for one in [&own, &other] {
            circle.add(Member {
                since: RecordId::ZERO,
                keeps: true,
                ..one.clone()
            });
        }
        closed::create(&site, &room, &circle)?;
    }
    let dirs = closed::dirs_of(&site, &room);
    let stored = call.append(&dirs, &room, &words, key.as_deref())?;
    marks::offer(&site, &other.person, &room, RecordId::ZERO)?;
    Ok(stored_as(stored))
}
