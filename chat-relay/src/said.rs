//! Which messages of late a room's log has, by their senders' own ids. After an engine has lost its tail, and who had said
//! something has said it again on another machine, it has two origins: a log that has it by one does not take the other.
//! The engine's window decides for all that it has not lost.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use chat_store::record::{Draft, Kind, Record, Scope};

/// So many of a room are known: what an engine may lose is some seconds of it.
const MAX: usize = 4096;

/// The messages.
#[derive(Debug, Default)]
pub struct Said {
    all: HashSet<u64>,
    /// The oldest first.
    order: VecDeque<u64>,
    hasher: RandomState,
}

impl Said {
    /// One that stands before all that are known.
    pub fn add_before(&mut self, record: &Record<'_>) {
        if self.order.len() < MAX
            && let Some(hash) = self.hash_of_record(record)
            && self.all.insert(hash)
        {
            self.order.push_front(hash);
        }
    }

    /// One that was written just now.
    pub fn add(&mut self, draft: &Draft<'_>) {
        let Some(hash) = self.hash_of(draft) else {
            return;
        };
        if self.all.insert(hash) {
            self.order.push_back(hash);
        }
        if self.order.len() > MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    /// Whether it may be known: the log tells for certain.
    pub fn may_hold(&self, draft: &Draft<'_>) -> bool {
        self.hash_of(draft)
            .is_some_and(|hash| self.all.contains(&hash))
    }

    fn hash_of(&self, draft: &Draft<'_>) -> Option<u64> {
        let msgid = draft.msgid.filter(|it| !it.is_empty())?;
        Some(self.hash(draft.kind, &draft.scope(), msgid))
    }

    fn hash_of_record(&self, record: &Record<'_>) -> Option<u64> {
        let msgid = record.attr(chat_store::record::attrs::MSGID)?;
        Some(self.hash(record.kind, &record.scope(), &msgid))
    }

    fn hash(&self, kind: Kind, scope: &Scope<'_>, msgid: &str) -> u64 {
        let (what, of) = match scope {
            Scope::Account(of) => ("account", of),
            Scope::Client(of) => ("client", of),
            Scope::Nick(of) => ("nick", of),
        };
        self.hasher.hash_one((kind.as_str(), what, of, msgid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(msgid: &str) -> Draft<'_> {
        Draft {
            msgid: Some(msgid),
            ..Draft::new(Kind::Say, "alice", "hello")
        }
    }

    #[test]
    fn the_last_of_them_are_known_by_sender_and_id() {
        let mut said = Said::default();
        said.add(&draft("m1"));
        assert!(said.may_hold(&draft("m1")) && !said.may_hold(&draft("m2")));
        let other = Draft {
            account: Some("alice"),
            ..draft("m1")
        };
        assert!(!said.may_hold(&other));
        assert!(!said.may_hold(&Draft::new(Kind::Say, "alice", "hello")));
        let line = b"2026-11-21T10:15:30.123456Z\tsay\talice\tmsgid=m2\thello";
        said.add_before(&Record::parse(line).unwrap());
        assert!(said.may_hold(&draft("m2")));
        for at in 0..MAX - 1 {
            let msgid = format!("n{at}");
            said.add(&draft(&msgid));
        }
        assert!(said.may_hold(&draft("m1")) && !said.may_hold(&draft("m2")));
        assert_eq!(said.all.len(), MAX);
    }
}
