//! Requests about messages that are in the log.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Code, Wrong, id, needed};
use crate::occupant::AboutMessage;
use chat_store::record::RecordId;

/// Messages that are asked for at once.
const MAX_IDS: usize = 20;

/// The ids of `messages`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Ids<'a>(#[serde(borrow)] Vec<Cow<'a, str>>);

impl<'a> Ids<'a> {
    pub(super) fn parsed(self) -> Result<Vec<RecordId>, Wrong<'a>> {
        if self.0.len() > MAX_IDS {
            return Err((Code::BadField, format!("ids: at most {MAX_IDS}").into()));
        }
        let ids = self.0.into_iter().map(|text| id(Some(text), "one of ids"));
        Ok(ids
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }
}

/// What is wanted of a message; `None`: it is a request about something else.
pub(super) fn about_message<'a>(
    kind: &str,
    text: &mut Option<Cow<'a, str>>,
) -> Result<Option<AboutMessage<'a>>, Wrong<'a>> {
    let mut words = || needed(text.take(), "text");
    Ok(Some(match kind {
        "edit" => AboutMessage::Edit(words()?),
        "delete" => AboutMessage::Delete,
        "former" => AboutMessage::Former,
        "react" => AboutMessage::React(words()?),
        "unreact" => AboutMessage::Unreact(words()?),
        "pin" => AboutMessage::Pin,
        "unpin" => AboutMessage::Unpin,
        _ => return Ok(None),
    }))
}
