//! What a machine of several keeps of what it has submitted and ordered: nobody reads it any more but a relay that must
//! know what was done. Pure.

use super::{Forgotten, NOBODY, Parts, values_of};
use crate::accounts;
use crate::channels;
use crate::cluster::{KEY, MEMBER, order};
use crate::name::Nick;
use crate::record::{Kind, Record, attrs};

/// Attributes of an order that tell whom it is about.
const OF_ORDERS: [&str; 2] = [order::PATH, attrs::PERSON];
/// Attributes of an event in somebody's own channel.
const OF_EVENTS: [&str; 2] = [channels::CHANNEL, attrs::MSGID];
/// Attributes of a submission that tell who somebody is, in the spool only.
const OF_SPOOL: [&str; 2] = [MEMBER, KEY];

impl Forgotten {
    /// As [`Forgotten::line`], of a line of the spool or of the log of orders.
    pub fn spooled(&self, line: &[u8]) -> Option<Vec<u8>> {
        let record = Record::parse(line).filter(|record| self.reaches(record.id))?;
        let parts = Parts::of(line)?;
        if record.kind == Kind::Event {
            let channel = record.attr(channels::CHANNEL)?;
            let number = channel.split(':').nth(1)?;
            let mut new = line.to_vec();
            if self.is_number(number) {
                for value in values_of(&OF_EVENTS, line, parts.attrs) {
                    new[value].fill(NOBODY);
                }
                new[parts.text].fill(b' ');
            }
            return (new != line).then_some(new);
        }
        if record.kind != Kind::Order {
            let mut new = self.line(line)?;
            for value in values_of(&OF_SPOOL, line, parts.attrs) {
                new[value].fill(NOBODY);
            }
            return (new != line).then_some(new);
        }
        if !self.is_about(&record) {
            return None;
        }
        let mut new = line.to_vec();
        for value in values_of(&OF_ORDERS, line, parts.attrs) {
            new[value].fill(NOBODY);
        }
        new[parts.text].fill(NOBODY);
        (new != line).then_some(new)
    }

    /// Whether an order names them: by the file that it changes, or by what it says.
    fn is_about(&self, record: &Record<'_>) -> bool {
        let person = record.attr(attrs::PERSON);
        if person.is_some_and(|person| self.is_number(&person)) {
            return true;
        }
        let path = record.attr(order::PATH).unwrap_or_default();
        let mut parts = path.split(['/', '.']).skip(1);
        if parts.any(|part| self.is_number(part)) || self.is_their_file(&path) {
            return true;
        }
        let said = order::said(&record.text);
        let said = String::from_utf8_lossy(&said);
        let is_end = |c: char| c.is_whitespace() || c.is_control() || "=:,;\"".contains(c);
        let mut words = said.split(is_end).filter(|word| !word.is_empty());
        let is_them =
            |word: &str| self.is_number(word) || self.is_account(Some(word)) || self.is_name(word);
        // One that is called in two words, as some sites call people, is none of the words.
        let long = self.account.as_deref().filter(|it| it.contains(is_end));
        long.is_some_and(|it| said.contains(it)) || words.any(is_them)
    }

    fn is_number(&self, text: &str) -> bool {
        self.numbers.iter().any(|number| number.as_str() == text)
    }

    /// Whether it is the file of an account, or of a name that is kept.
    fn is_their_file(&self, path: &str) -> bool {
        let account = self.account.as_deref().and_then(|it| Nick::parse(it).ok());
        let mut names = self.names.iter().chain(&account);
        names.any(|name| {
            let file = accounts::path("accounts".as_ref(), name);
            file.as_os_str() == path
                || path == format!("names/{}", crate::people::accounts::file_name(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(forgotten: &Forgotten, line: &str) -> String {
        let new = forgotten.spooled(line.as_bytes());
        new.map_or_else(
            || line.to_owned(),
            |new| String::from_utf8(new).expect("text"),
        )
    }

    #[test]
    fn orders_that_name_somebody_say_nothing_any_more_and_others_all() {
        let anna = Forgotten::account("anna");
        let number = anna.numbers()[0].as_str().to_owned();
        let time = "2026-11-21T10:15:30.123456Z";
        let order = |attrs: &str, text: &str| {
            format!("{time}\torder\tserver\tdo=replace;{attrs};origin=one~1.7\t{text}\n")
        };
        for (attrs, text) in [
            (format!("path=marks/{number}"), "lobby"),
            (format!("path=profiles/{number}.avatar.part"), "PNG"),
            ("path=accounts/anna".to_owned(), "name=x"),
            ("path=state/lobby.roles".to_owned(), "owner%09anna%09x%0a"),
            ("path=logins/0123".to_owned(), "user|s:4:\"anna\";"),
            (format!("person={number}"), "lobby"),
            ("x=y".to_owned(), "person%0aerase%0a--account%0aanna"),
        ] {
            let line = order(&attrs, text);
            let left = gone(&anna, &line);
            assert_eq!(left.len(), line.len());
            assert!(
                !left.contains("anna") && !left.contains(&number) && !left.contains("PNG"),
                "{left}"
            );
            assert!(
                left.contains("origin=one~1.7") && left.contains("do=replace"),
                "{left}"
            );
        }
        for text in ["owner%09joanna%09x%0a", "owner%09bob%09x%0a"] {
            let line = order("path=state/lobby.roles", text);
            assert_eq!(gone(&anna, &line), line);
        }
        let said = format!(
            "{time}\tsay\tAnna\taccount=anna;_room=lobby;_member={number};_key=anna\thello\n"
        );
        let left = gone(&anna, &said);
        assert!(
            !left.to_lowercase().contains("anna")
                && !left.contains(&number)
                && !left.contains("hello"),
            "{left}"
        );
        assert!(left.contains("_room=lobby"), "{left}");
        let told = |channel: &str| {
            format!("{time}\tevent\tserver\tev=paid;.channel={channel};_room=lobby\t{{}}\n")
        };
        let own = gone(&anna, &told(&format!("user:{number}")));
        assert!(!own.contains(&number) && !own.contains("{}"), "{own}");
        assert_eq!(gone(&anna, &told("news")), told("news"));
    }
}
