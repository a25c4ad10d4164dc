//! Forgetting a person: what they said, what they were called and how they are known is overwritten where it stands.
//! Pure. A line keeps its length and its place, so that whoever has the file open reads on; that somebody was there,
//! and when, stays for others' lines to be understood.

use std::ops::Range;

use crate::name::Nick;
use crate::people::person::PersonId;
use crate::record::{Kind, Record, RecordId, attrs};

mod spooled;

/// What stands in the place of a name.
const NOBODY: u8 = b'_';
/// Attributes that tell who somebody is.
const TELLING: [&str; 4] = [attrs::ACCOUNT, attrs::CLIENT, attrs::PERSON, attrs::MSGID];
/// What they wrote beside the text.
const WRITTEN: [&str; 1] = [attrs::FILE];

/// Who is to be forgotten: an account under all its names, or whoever had a name.
#[derive(Debug, Clone)]
pub struct Forgotten {
    account: Option<String>,
    names: Vec<Nick>,
    /// Their numbers, as joins have them.
    numbers: Vec<PersonId>,
    /// The last record that is meant; `None`: all are.
    last: Option<RecordId>,
}

impl Forgotten {
    /// Whoever was called what looks like this.
    pub fn called(nick: Nick) -> Self {
        Self {
            account: None,
            names: vec![nick],
            numbers: Vec::new(),
            last: None,
        }
    }

    /// Who logged in as this. [`Self::learn`] tells their names.
    pub fn account(account: &str) -> Self {
        Self {
            account: Some(account.to_owned()),
            names: Nick::parse(account).into_iter().collect(),
            numbers: PersonId::of(Some(account), None).into_iter().collect(),
            last: None,
        }
    }

    /// The same with records up to `last` alone: whoever has the name later is somebody else.
    #[must_use]
    pub fn up_to(mut self, last: RecordId) -> Self {
        self.last = Some(last);
        self
    }

    /// The last record that is meant; `None`: all are.
    pub fn last(&self) -> Option<RecordId> {
        self.last
    }

    /// Whether a record of this id is meant.
    pub fn reaches(&self, id: RecordId) -> bool {
        self.last.is_none_or(|last| id <= last)
    }

    /// Learns their numbers, and the names of an account, from its records.
    pub fn learn(&mut self, record: &Record<'_>) {
        if !self.is_theirs(record) {
            return;
        }
        if let Some(number) = record.attr(attrs::PERSON)
            && let Some(number) = PersonId::parse(&number)
            && !self.numbers.contains(&number)
        {
            self.numbers.push(number);
        }
        if self.account.is_none() {
            return;
        }
        let renamed = (record.kind == Kind::Nick).then_some(&*record.text);
        for name in [Some(&*record.from), renamed].into_iter().flatten() {
            if !self.is_name(name) {
                self.names.extend(Nick::parse(name));
            }
        }
    }

    /// Whether this is one of their names, or looks like it.
    pub fn is_name(&self, name: &str) -> bool {
        let is_same = |known: &Nick| known.as_str() == name;
        self.names.iter().any(is_same)
            || Nick::parse(name).is_ok_and(|nick| {
                let key = nick.key();
                self.names.iter().any(|known| known.key() == key)
            })
    }

    /// Their numbers, as far as they are known.
    pub fn numbers(&self) -> &[PersonId] {
        &self.numbers
    }

    /// The account, if it is one.
    pub fn known_account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Whether this is the account.
    pub fn is_account(&self, account: Option<&str>) -> bool {
        account.is_some() && account == self.account.as_deref()
    }

    /// Whether they wrote this. A guest of a name that the account once had is somebody else; who is found dead quits
    /// without an account.
    pub fn is_theirs(&self, record: &Record<'_>) -> bool {
        self.reaches(record.id) && self.wrote(record)
    }

    fn wrote(&self, record: &Record<'_>) -> bool {
        match (&self.account, record.attr(attrs::ACCOUNT)) {
            (Some(account), Some(of)) => *account == *of,
            (Some(_), None) => record.kind == Kind::Quit && self.is_name(&record.from),
            (None, _) => self.is_name(&record.from),
        }
    }

    /// A record's line with nothing of them; `None`: there is nothing of them in it.
    pub fn line(&self, line: &[u8]) -> Option<Vec<u8>> {
        let record = Record::parse(line).filter(|record| self.reaches(record.id))?;
        let is_theirs = self.is_theirs(&record);
        let mut new = line.to_vec();
        if record.clock.is_some() {
            if is_theirs {
                let parts = OldParts::of(line);
                new[parts.from].fill(NOBODY);
                if record.kind == Kind::Say {
                    new[parts.text].fill(b' ');
                }
            }
        } else {
            let parts = Parts::of(line)?;
            let names_them =
                matches!(record.kind, Kind::Admit | Kind::Dismiss) && self.is_name(&record.text);
            if is_theirs {
                new[parts.from.clone()].fill(NOBODY);
                for value in values_of(&WRITTEN, line, parts.attrs.clone()) {
                    new[value].fill(b' ');
                }
            }
            if is_theirs || names_them {
                for value in values_of(&TELLING, line, parts.attrs.clone()) {
                    new[value].fill(NOBODY);
                }
            }
            if record.attr(attrs::TO).is_some_and(|to| self.is_name(&to)) {
                for value in values_of(&[attrs::TO], line, parts.attrs.clone()) {
                    new[value].fill(NOBODY);
                }
            }
            self.forget_text(&record, is_theirs, &mut new[parts.text.clone()]);
        }
        (new != line).then_some(new)
    }

    fn forget_text(&self, record: &Record<'_>, is_theirs: bool, text: &mut [u8]) {
        match record.kind {
            Kind::Nick if is_theirs || self.is_name(&record.text) => text.fill(NOBODY),
            Kind::Admit | Kind::Dismiss if self.is_name(&record.text) => text.fill(NOBODY),
            // An id, nothing, or whom they let in or sent away: that is somebody else.
            Kind::Redact | Kind::Clear | Kind::Admit | Kind::Dismiss | Kind::Moved => {}
            Kind::Kick | Kind::Ban => {
                let end = memchr::memchr(b' ', text).unwrap_or(text.len());
                let (whom, reason) = text.split_at_mut(end);
                if std::str::from_utf8(whom).is_ok_and(|whom| self.is_name(whom)) {
                    whom.fill(NOBODY);
                    reason.fill(b' ');
                }
                if is_theirs {
                    reason.fill(b' ');
                }
            }
            _ if is_theirs => text.fill(b' '),
            _ => {}
        }
    }
}

/// Where the fields are in a line.
struct Parts {
    from: Range<usize>,
    attrs: Range<usize>,
    text: Range<usize>,
}

impl Parts {
    fn of(line: &[u8]) -> Option<Self> {
        let mut tabs = memchr::memchr_iter(b'\t', line);
        let (_, kind, from, attrs) = (tabs.next()?, tabs.next()?, tabs.next()?, tabs.next()?);
        Some(Self {
            from: kind + 1..from,
            attrs: from + 1..attrs,
            text: attrs + 1..without_end(line),
        })
    }
}

/// Where they are in a line of 2016: `[HH:MM:SS] NAME> TEXT`.
struct OldParts {
    from: Range<usize>,
    text: Range<usize>,
}

impl OldParts {
    fn of(line: &[u8]) -> Self {
        let start = memchr::memchr(b' ', line).map_or(0, |blank| blank + 1);
        let length = memchr::memchr2(b'>', b' ', &line[start..]).unwrap_or(0);
        let end = start + length;
        Self {
            from: start..end,
            text: (end + 1).min(without_end(line))..without_end(line),
        }
    }
}

fn without_end(line: &[u8]) -> usize {
    line.len() - usize::from(line.ends_with(b"\n"))
}

/// Where the values of these attributes are in a line; nowhere in one of 2016.
pub(super) fn values(keys: &[&str], line: &[u8]) -> Vec<Range<usize>> {
    let parts = Parts::of(line).filter(|_| line.first() != Some(&b'['));
    parts.map_or_else(Vec::new, |parts| values_of(keys, line, parts.attrs))
}

/// Where the values of these attributes are.
fn values_of(keys: &[&str], line: &[u8], attrs: Range<usize>) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut start = attrs.start;
    for pair in line[attrs].split(|&byte| byte == b';') {
        if let Some(equals) = memchr::memchr(b'=', pair)
            && keys.iter().any(|key| key.as_bytes() == &pair[..equals])
        {
            values.push(start + equals + 1..start + pair.len());
        }
        start += pair.len() + 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gone(forgotten: &Forgotten, line: &str) -> String {
        let new = forgotten.line(line.as_bytes());
        new.map_or_else(|| line.to_owned(), |new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn nothing_of_an_account_is_left_and_all_of_the_others() {
        let mut anna = Forgotten::account("anna");
        let time = "2026-11-21T10:15:30.123456Z";
        let renamed = format!("{time}\tnick\tanna\taccount=anna\tEvil\n");
        anna.learn(&Record::parse(renamed.as_bytes()).unwrap());
        for (line, left) in [
            (
                "say\tEvil\tmsgid=a1;account=anna;color=red\tmy words\n",
                "say\t____\tmsgid=__;account=____;color=red\t        \n",
            ),
            (
                "nick\tanna\taccount=anna\tEvil\n",
                "nick\t____\taccount=____\t____\n",
            ),
            ("quit\tEvil\t\t\n", "quit\t____\t\t\n"),
            (
                "kick\tbob\taccount=bob\tevil go away\n",
                "kick\tbob\taccount=bob\t____        \n",
            ),
            (
                "kick\tanna\taccount=anna\tbob my words\n",
                "kick\t____\taccount=____\tbob         \n",
            ),
        ] {
            let (line, left) = (format!("{time}\t{line}"), format!("{time}\t{left}"));
            assert_eq!(gone(&anna, &line), left);
            assert_eq!(gone(&anna, &left), left);
        }
        // A guest, and another account, of the same name.
        for others in ["say\tEvil\t\thello\n", "say\tanna\taccount=other\tmine\n"] {
            let line = format!("{time}\t{others}");
            assert_eq!(gone(&anna, &line), line);
        }
        let bob = Forgotten::called(Nick::parse("bob").unwrap());
        assert_eq!(
            gone(&bob, "[10:15:30] bob> hello\n"),
            "[10:15:30] ___>      \n"
        );
        assert_eq!(
            gone(&bob, "[10:15:30] bob joined the r\n"),
            "[10:15:30] ___ joined the r\n"
        );
        assert_eq!(gone(&bob, "[10:15:30] eve> bob\n"), "[10:15:30] eve> bob\n");
    }

    #[test]
    fn what_is_later_is_somebody_elses() {
        let line = |time: &str| format!("2026-11-21T10:15:{time}.000000Z\tsay\tbob\t\thello\n");
        let last = RecordId::parse(b"2026-11-21T10:15:30.000000Z").unwrap();
        let bob = Forgotten::called(Nick::parse("bob").unwrap()).up_to(last);
        assert!(gone(&bob, &line("30")).contains("\t___\t"));
        assert_eq!(gone(&bob, &line("31")), line("31"));
        assert_eq!(bob.spooled(line("31").as_bytes()), None);
        let old = "[10:15:30] bob> hello\n";
        assert_eq!(gone(&bob, old), "[10:15:30] ___>      \n");
    }

    proptest! {
        #[test]
        fn every_line_keeps_its_length(line in "\\PC{0,40}|(2026-11-21T10:15:30.123456Z|\\[10:15:30\\] )[\t; =a-z>]{0,60}\n?") {
            let bob = Forgotten::called(Nick::parse("bob").unwrap());
            let account = Forgotten::account("a");
            for who in [bob, account] {
                if let Some(new) = who.line(line.as_bytes()) {
                    prop_assert_eq!(new.len(), line.len());
                }
            }
        }
    }
}
