//! What somebody sees of a room's messages by now: applied record by record, as pages do it.

use std::collections::{BTreeMap, BTreeSet};

use e2e::chat::Record;
use serde_json::Value;

/// One message.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Message {
    text: String,
    edited: Option<String>,
    /// Emoji and name.
    reactions: BTreeSet<(String, String)>,
    taken_back: bool,
}

/// Messages by their ids.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Shown(pub(super) BTreeMap<String, Message>);

impl Shown {
    /// A record that came live, or in what was missed.
    pub(super) fn apply(&mut self, record: &Value) {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let is_blank = record["redacted"] == true;
        self.take(
            &text("type"),
            &text("id"),
            &text("from"),
            &text("target"),
            (&text("text"), is_blank),
        );
    }

    /// A record as it stands in the log.
    pub(super) fn read(&mut self, record: &Record) {
        let target = match record.kind.as_str() {
            "redact" => record.text.as_str(),
            _ => record.attr("target").unwrap_or_default(),
        };
        let is_blank = !record.text.is_empty() && record.text.trim().is_empty();
        self.take(
            &record.kind,
            &record.time,
            &record.from,
            target,
            (&record.text, is_blank),
        );
    }

    fn take(
        &mut self,
        kind: &str,
        id: &str,
        from: &str,
        target: &str,
        (text, is_blank): (&str, bool),
    ) {
        if kind == "say" {
            let message = Message {
                text: if is_blank {
                    String::new()
                } else {
                    text.to_owned()
                },
                taken_back: is_blank,
                ..Message::default()
            };
            self.0.insert(id.to_owned(), message);
            return;
        }
        let Some(message) = self.0.get_mut(target) else {
            return;
        };
        let reaction = (text.to_owned(), from.to_owned());
        match kind {
            "edit" if !is_blank && !message.taken_back => {
                text.clone_into(&mut message.text);
                message.edited = Some(id.to_owned());
            }
            "react" if !message.taken_back => {
                message.reactions.insert(reaction);
            }
            "unreact" => {
                message.reactions.remove(&reaction);
            }
            "redact" => {
                *message = Message {
                    taken_back: true,
                    ..Message::default()
                };
            }
            _ => {}
        }
    }

    /// From a page of history, which has them as they are by now.
    pub(super) fn of_history(records: &[Value]) -> Self {
        let message = |record: &Value| {
            let mut reactions = BTreeSet::new();
            for reaction in record["reactions"].as_array().into_iter().flatten() {
                for name in reaction["by"].as_array().expect("names") {
                    let text = |value: &Value| value.as_str().expect("a text").to_owned();
                    reactions.insert((text(&reaction["text"]), text(name)));
                }
            }
            Message {
                text: record["text"].as_str().expect("a text").to_owned(),
                edited: record["edited"].as_str().map(str::to_owned),
                reactions,
                taken_back: record["redacted"] == true,
            }
        };
        let says = records.iter().filter(|record| record["type"] == "say");
        Self(
            says.map(|say| (say["id"].as_str().expect("an id").to_owned(), message(say)))
                .collect(),
        )
    }

    /// How many were edited, have reactions, were taken back.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let count = |is: &dyn Fn(&&Message) -> bool| self.0.values().filter(is).count();
        (
            count(&|message| message.edited.is_some()),
            count(&|message| !message.reactions.is_empty()),
            count(&|message| message.taken_back),
        )
    }
}
