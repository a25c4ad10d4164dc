//! `[channels]`: who may hear which topics. Pure.
//!
//! A line is `topic = whom, whom ...`, where the topic may end in `*` and whom is as in `[access]`. The first line that
//! fits the topic decides; without one nobody may hear it. An account's own channel needs no line.

use super::{AccessError, Asker, Item, MAX_ITEMS, WHOM, item};
use chat_store::channels::{ChannelName, Pattern};

/// Lines at most.
const MAX_LINES: usize = 1000;

/// All lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    rules: Vec<(Pattern, Vec<Item>)>,
}

impl Channels {
    /// Adds all lines of the section; those that are wrong, and what is.
    pub(in crate::settings) fn add_all<'a>(
        &mut self,
        lines: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> impl Iterator<Item = (&'a str, String)> {
        lines.filter_map(|(pattern, whom)| {
            let wrong = self.add(pattern, whom).err()?;
            Some((pattern, wrong.to_string()))
        })
    }

    /// Adds a line of the file.
    ///
    /// # Errors
    /// What is wrong with it, and what is allowed.
    pub fn add(&mut self, pattern: &str, whom: &str) -> Result<(), AccessError> {
        let known = Pattern::parse(pattern.trim()).ok_or_else(|| {
            let text = format!(
                "{pattern:?} names no topic; allowed: A-Z a-z 0-9 . _ - and a * at the end"
            );
            AccessError(text)
        })?;
        let items: Option<Vec<_>> = whom.split(',').map(|text| item(text.trim())).collect();
        let items = items.filter(|items| items.len() <= MAX_ITEMS);
        let items = items.ok_or_else(|| {
            AccessError(format!(
                "{pattern}={whom:?} is not allowed; allowed: {WHOM}"
            ))
        })?;
        if self.rules.len() >= MAX_LINES {
            let text =
                format!("[channels] has more than {MAX_LINES} lines; put some into one with *");
            return Err(AccessError(text));
        }
        self.rules.push((known, items));
        Ok(())
    }

    /// Whether somebody may hear a channel. One of an account is for that account alone, whatever a line says.
    pub fn may_hear(&self, channel: &ChannelName, asker: &Asker<'_>) -> bool {
        if let Some(owner) = channel.account() {
            return asker.account == Some(owner);
        }
        let mut rules = self.rules.iter();
        let found = rules.find(|(pattern, _)| pattern.fits(channel));
        let item = found.and_then(|(_, items)| items.iter().find(|item| item.subject.fits(asker)));
        item.is_some_and(|item| !item.except)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::accounts::Group;
    use std::collections::BTreeSet;

    #[test]
    fn the_first_line_that_fits_decides() {
        let mut channels = Channels::default();
        for (pattern, whom) in [
            ("news", "all"),
            ("orders.public", "account"),
            ("orders.*", "group:staff, !all"),
            ("*", "account:boss"),
        ] {
            channels.add(pattern, whom).expect("a line");
        }
        let staff: BTreeSet<_> = Group::parse("staff").into_iter().collect();
        let none = BTreeSet::new();
        let may = |name: &str, account: Option<&str>, groups: &BTreeSet<Group>| {
            let asker = Asker {
                account,
                groups,
                address: "192.0.2.7",
            };
            channels.may_hear(&ChannelName::parse(name).expect("a name"), &asker)
        };
        assert!(may("news", None, &none));
        assert!(!may("orders.public", None, &none) && may("orders.public", Some("anna"), &none));
        assert!(!may("orders.7", Some("boss"), &none) && may("orders.7", Some("anna"), &staff));
        assert!(may("other", Some("boss"), &none) && !may("other", Some("anna"), &staff));
        // An account's own, and nobody else's.
        assert!(may("user:anna", Some("anna"), &none));
        for account in [None, Some("boss"), Some("Anna"), Some("")] {
            assert!(!may("user:anna", account, &staff), "{account:?}");
        }
        assert!(!Channels::default().may_hear(
            &ChannelName::parse("news").expect("a name"),
            &Asker {
                account: Some("boss"),
                groups: &staff,
                address: ""
            },
        ));
    }

    #[test]
    fn what_is_no_line_is_told() {
        let mut channels = Channels::default();
        for (pattern, whom) in [
            ("user:*", "all"),
            ("a b", "all"),
            ("", "all"),
            ("news", "evrybody"),
            ("news", ""),
        ] {
            assert!(channels.add(pattern, whom).is_err(), "{pattern}={whom}");
        }
    }
}
