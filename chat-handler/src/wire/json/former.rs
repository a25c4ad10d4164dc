//! The forms that a message has had.

use serde::Serialize;

use super::{Id, put};
use crate::occupant::Form;
use chat_store::record::RecordId;

#[derive(Serialize)]
struct Shown<'a> {
    id: Id,
    text: &'a str,
}

impl<'a> From<&Form<'a>> for Shown<'a> {
    fn from(form: &Form<'a>) -> Self {
        Self {
            id: Id(form.id),
            text: form.text,
        }
    }
}

#[derive(Serialize)]
struct Former<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    msgid: Option<&'a str>,
    forms: Vec<Shown<'a>>,
}

pub(super) fn put_former(
    target: RecordId,
    forms: &[Form<'_>],
    msgid: Option<&str>,
    out: &mut Vec<u8>,
) {
    let former = Former {
        kind: "former",
        target: Id(target),
        msgid,
        forms: forms.iter().map(Shown::from).collect(),
    };
    put(&former, out);
}
