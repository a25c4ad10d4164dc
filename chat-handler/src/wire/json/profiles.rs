//! How people are shown.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Id, put};
use crate::occupant::Shown;
use chat_store::profiles::AvatarId;

#[derive(Serialize)]
struct Profiles<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    people: Vec<One<'a>>,
}

/// What is not there is not shown any more.
#[derive(Serialize)]
struct One<'a> {
    name: &'a str,
    person: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    #[serde(rename = "pub", skip_serializing_if = "Option::is_none")]
    public: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Id>,
}

pub(super) fn put_profiles(people: &[Shown], out: &mut Vec<u8>) {
    let profiles = Profiles {
        kind: "profiles",
        people: people.iter().map(person).collect(),
    };
    put(&profiles, out);
}

fn person(shown: &Shown) -> One<'_> {
    let profile = &shown.profile;
    let public = profile.public.as_deref();
    One {
        name: &shown.name,
        person: shown.person.as_str(),
        account: &profile.account,
        status: profile.status_now().map(|status| Status {
            emoji: status.emoji.as_deref(),
            text: &status.text,
            until: status.until.map(Id),
        }),
        avatar: profile.avatar.as_ref().map(AvatarId::as_str),
        // Another hand may have written what is no JSON.
        public: public.and_then(|public| serde_json::from_str(public).ok()),
    }
}
