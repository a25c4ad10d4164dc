//! Entries of the stream, and what becomes of submissions there.

use std::collections::HashMap;

use chat_store::channels;
use chat_store::cluster::Submission;
use chat_store::log::origins::Origin;
use chat_store::name::{Nick, RoomName};
use chat_store::record::{Attrs, Kind, Record, RecordId, Scope, attrs};

use super::script::Offer;
use crate::rooms::Entry;
use crate::targets;

/// The kind of entries that show that a machine is there.
pub const TICK: &str = "tick";
/// The kind of entries that say from where on the stream is complete, after an engine has lost something.
pub const SINCE: &str = "since";

/// An entry of the stream, field by field.
pub type Fields = HashMap<String, String>;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Of a room.
    Entry(Entry),
    /// A machine is there.
    Tick {
        /// Which.
        node: String,
        /// When it said so.
        sent: RecordId,
        /// How far it had written then.
        applied: String,
    },
    /// The stream is complete from here on only.
    Since(RecordId),
    /// Nothing that this version knows.
    Unknown,
}

/// Reads an entry.
pub fn read(mut fields: Fields) -> Read {
    let mut take = |key: &str| fields.remove(key).unwrap_or_default();
    let (kind, from, text) = (take("k"), take("f"), take("t"));
    match &*kind {
        TICK => {
            return Read::Tick {
                node: from,
                sent: RecordId::parse(take("a").as_bytes()).unwrap_or_default(),
                applied: text,
            };
        }
        SINCE => {
            let id = RecordId::parse(text.as_bytes());
            return id.map_or(Read::Unknown, Read::Since);
        }
        _ => {}
    }
    let (room, kind) = (RoomName::parse(&take("r")), Kind::parse(kind.as_bytes()));
    let quiet = take("q") == "1";
    // What changes members alone need not come from anybody's spool.
    let nobody = || Origin {
        node: String::new(),
        number: RecordId::ZERO,
    };
    let origin = Origin::parse(&take("o")).or_else(|| quiet.then(nobody));
    let (Ok(room), Some(kind), Some(origin)) = (room, kind, origin) else {
        return Read::Unknown;
    };
    let member = Some(take("m")).filter(|person| !person.is_empty());
    let holders = take("h");
    let holders = holders
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    let mut about = take("a");
    if let Ok(micros) = take("w").parse() {
        put_was(&mut about, RecordId::from_micros(micros));
    }
    Read::Entry(Entry {
        room,
        origin,
        kind,
        from,
        attrs: about,
        text,
        holders: member.is_some().then_some(holders),
        member,
        quiet,
    })
}

/// Notes under which id an entry stands on machines that had it before an engine lost it. The first note counts.
fn put_was(about: &mut String, was: RecordId) {
    if Attrs::new(about).all(|(key, _)| key != attrs::WAS) {
        targets::set(about, attrs::WAS, &was.to_string());
    }
}

/// What is offered of a submission.
pub fn offer(submission: &Submission) -> Offer {
    let msgid = value(&submission.attrs, attrs::MSGID);
    let scope = msgid.map(|msgid| {
        let account = value(&submission.attrs, attrs::ACCOUNT);
        let client = value(&submission.attrs, attrs::CLIENT);
        let scope = scope(account, client, &submission.from, &msgid);
        within(scope, value(&submission.attrs, channels::CHANNEL))
    });
    let named = match submission.kind {
        Kind::Nick => &submission.text,
        _ => &submission.from,
    };
    let key = || Nick::parse(named).map(|nick| nick.key().as_str().to_owned());
    let key = submission.key.clone().or_else(|| key().ok());
    Offer {
        number: submission.number,
        again: false,
        at: RecordId::ZERO,
        quiet: submission.quiet,
        room: submission.room.as_str().to_owned(),
        kind: submission.kind.as_str().to_owned(),
        from: submission.from.clone(),
        attrs: submission.attrs.clone(),
        text: submission.text.clone(),
        scope: scope.unwrap_or_default(),
        person: submission.member.clone().unwrap_or_default(),
        key: key.unwrap_or_default(),
        limit: submission.limit,
    }
}

/// What is offered of a record that an engine has forgotten.
pub fn offer_again(
    room: &RoomName,
    channel: Option<&channels::Stem>,
    number: RecordId,
    record: &Record<'_>,
) -> Offer {
    let pairs: Vec<_> = record
        .attrs()
        .filter(|(key, _)| *key != attrs::ORIGIN)
        .collect();
    let channel = channel.map(channels::Stem::as_str);
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (*key, Some(&**value)))
        .chain([(channels::CHANNEL, channel)])
        .collect();
    let mut line = Vec::new();
    attrs::write_to(&pairs, &mut line);
    let msgid = record.attr(attrs::MSGID);
    let scope = msgid.map(|msgid| {
        let (account, client) = (record.attr(attrs::ACCOUNT), record.attr(attrs::CLIENT));
        let own = |value: Option<std::borrow::Cow<'_, str>>| value.map(Into::into);
        let scope = scope(own(account), own(client), &record.from, &msgid);
        within(scope, channel.map(str::to_owned))
    });
    Offer {
        number,
        again: true,
        at: record.id,
        room: room.as_str().to_owned(),
        kind: record.kind.as_str().to_owned(),
        from: record.from.clone().into_owned(),
        attrs: String::from_utf8_lossy(&line).into_owned(),
        text: record.text.clone().into_owned(),
        scope: scope.unwrap_or_default(),
        ..Offer::default()
    }
}

fn value(field: &str, wanted: &str) -> Option<String> {
    let mut found = Attrs::new(field).filter(|(key, value)| *key == wanted && !value.is_empty());
    found.next().map(|(_, value)| value.into_owned())
}

/// An event's id is its channel's, as a message's is its room's.
fn within(scope: String, channel: Option<String>) -> String {
    match channel {
        Some(channel) => format!("{scope}\t{channel}"),
        None => scope,
    }
}

/// As [`Record::scope`], as a text.
fn scope(account: Option<String>, client: Option<String>, nick: &str, msgid: &str) -> String {
    let scope = account.map(|it| Scope::Account(it.into()));
    let scope = scope.or_else(|| client.map(|it| Scope::Client(it.into())));
    match scope.unwrap_or_else(|| Scope::Nick(nick.into())) {
        Scope::Account(of) => format!("account\t{of}\t{msgid}"),
        Scope::Client(of) => format!("client\t{of}\t{msgid}"),
        Scope::Nick(of) => format!("nick\t{of}\t{msgid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let owned = pairs
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()));
        owned.collect()
    }

    #[test]
    fn entries_are_read_and_what_a_later_version_has_is_nothing_that_stops_this_one() {
        let said = [
            ("o", "one~1.7"),
            ("r", "lobby"),
            ("k", "say"),
            ("f", "alice"),
            ("t", "hello"),
        ];
        let Read::Entry(entry) = read(fields(&said)) else {
            panic!("no entry");
        };
        assert_eq!(
            (entry.origin.to_text(), entry.kind),
            ("one~1.7".to_owned(), Kind::Say)
        );
        assert_eq!((entry.holders, entry.quiet), (None, false));
        let mut put_back = said.to_vec();
        put_back.extend([("a", "msgid=m1"), ("w", "7000000")]);
        let Read::Entry(entry) = read(fields(&put_back)) else {
            panic!("no entry");
        };
        let was = RecordId::from_micros(7_000_000).to_string();
        assert_eq!(entry.value(attrs::WAS), Some(was.clone()));
        assert_eq!(entry.value(attrs::MSGID).as_deref(), Some("m1"));
        // As it came to the machine that puts it back once more.
        let first = format!("was={was}");
        put_back.extend([("a", &*first), ("w", "8000000")]);
        let Read::Entry(entry) = read(fields(&put_back)) else {
            panic!("no entry");
        };
        assert_eq!(entry.attrs, first);
        let left = [
            ("r", "lobby"),
            ("k", "quit"),
            ("f", "alice"),
            ("m", "p1"),
            ("h", "one~1 two~2"),
            ("q", "1"),
        ];
        let Read::Entry(entry) = read(fields(&left)) else {
            panic!("no entry");
        };
        let holders = vec!["one~1".to_owned(), "two~2".to_owned()];
        assert_eq!(
            (entry.member.as_deref(), entry.holders),
            (Some("p1"), Some(holders))
        );
        let tick = [("k", "tick"), ("f", "one~1"), ("a", "x"), ("t", "y")];
        assert!(matches!(read(fields(&tick)), Read::Tick { node, .. } if node == "one~1"));
        for unknown in [
            &[("r", "lobby"), ("k", "teleport"), ("o", "one~1.7")][..],
            &[("r", "lobby"), ("k", "say")],
            &[("r", ""), ("k", "say"), ("o", "one~1.7")],
            &[],
        ] {
            assert_eq!(read(fields(unknown)), Read::Unknown);
        }
    }
}
