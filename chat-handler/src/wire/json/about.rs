//! What a room for some only is, as the pages know it.

use serde::Serialize;

use super::message::is_false;
use crate::occupant::AboutRoom;

/// One of its people, here or not.
#[derive(Serialize)]
struct Member<'a> {
    name: &'a str,
    person: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    keeps: bool,
}

/// The message.
#[derive(Serialize)]
pub(super) struct RoomAbout<'a> {
    #[serde(rename = "type")]
    message: &'a str,
    kind: &'a str,
    title: &'a str,
    /// How many may be in it.
    count: usize,
    /// Whether you keep it.
    keeps: bool,
    password: bool,
    /// Whether newcomers may read what was said before they came.
    whole_history: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<Member<'a>>>,
}

impl<'a> RoomAbout<'a> {
    pub(super) fn of(about: &'a AboutRoom<'a>) -> Self {
        let circle = about.circle;
        let people = circle.members.iter().map(|member| Member {
            name: &member.name,
            person: member.person.as_str(),
            account: member.account.as_deref(),
            keeps: member.keeps,
        });
        Self {
            message: "about",
            kind: circle.kind.as_str(),
            title: about.title(),
            count: circle.members.len(),
            keeps: about.keeps(),
            password: circle.password.is_some(),
            whole_history: circle.whole_history,
            people: about.people.then(|| people.collect()),
        }
    }
}
