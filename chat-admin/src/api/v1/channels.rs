//! `POST channels/{channel}/events`: what happened on the site, for whoever hears the channel.

use chat_store::channels::{self, ChannelError, ChannelName, Event};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::Call;
use super::messages::stored_as;
use super::{Refusal, body};
use crate::api::Response;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    ev: String,
    data: Box<RawValue>,
}

pub(super) fn tell(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let Told { ev, data } = body::parse(&call.body, r#"{"ev":"order","data":{"number":7}}"#)?;
    let key = call.key()?;
    let name = call.parameter("channel");
    let channel = ChannelName::parse(name).ok_or_else(|| {
        let allowed = "a channel is 1 to 64 of A-Z a-z 0-9 . _ -, or user:ACCOUNT";
        Refusal::Parameter(allowed.to_owned())
    })?;
    let (claims, account) = (&call.caller()?.claims, call.caller()?.account());
    // A token for some rooms is for the channels that it names.
    if (claims.rooms.is_some() || !claims.channels.is_empty()) && !claims.channels.fit(name) {
        return Err(Refusal::NotAllowed(
            "the token is for other channels".to_owned(),
        ));
    }
    let event = Event {
        from: &account,
        account: Some(&account),
        msgid: key.as_deref(),
        ev: &ev,
        data: data.get(),
    };
    let site = call.site();
    site.create()?;
    let stored = channels::tell(&site, &channel, &event).map_err(|error| match error {
        ChannelError::BadEv | ChannelError::TooLong => Refusal::Invalid(error.to_string()),
        ChannelError::Log(error) => super::say::unsaved(error),
        ChannelError::Io(error) => Refusal::Storage(error),
    })?;
    Ok(stored_as(stored))
}
