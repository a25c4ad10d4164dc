//! What channels are called, and which of them somebody may hear. Pure.

use crate::people::person::PersonId;

/// The longest name of a topic, and the longest pattern.
const MAX_TOPIC: usize = 64;
/// The longest account that has a channel, in bytes.
const MAX_ACCOUNT: usize = 255;
/// What the channel of an account begins with. No topic holds a colon.
pub(super) const USER: &str = "user:";

/// A channel's name: a topic (1 to 64 of `A-Z a-z 0-9 . _ -`, not a dot first) or `user:ACCOUNT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelName(Box<str>);

impl ChannelName {
    /// From what a client or a program sent; `None`: no channel can be called so.
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = match text.strip_prefix(USER) {
            Some(account) => {
                (1..=MAX_ACCOUNT).contains(&account.len()) && !account.contains(char::is_control)
            }
            None => is_topic(text) && !text.starts_with('.'),
        };
        is_good.then(|| Self(text.into()))
    }

    /// The channel of an account.
    pub fn of_account(account: &str) -> Option<Self> {
        Self::parse(&format!("{USER}{account}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose channel it is, if it is one person's.
    pub fn account(&self) -> Option<&str> {
        self.0.strip_prefix(USER)
    }

    /// What its files are called, without what follows.
    pub(super) fn file_stem(&self) -> String {
        match self.account() {
            // There is always a number of an account.
            Some(account) => PersonId::of(Some(account), None)
                .as_ref()
                .map(stem_of)
                .unwrap_or_default(),
            None => self.0.to_string(),
        }
    }
}

/// What the files of a person's channel are called.
pub(super) fn stem_of(person: &PersonId) -> String {
    format!("{USER}{}", person.as_str())
}

fn is_topic(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_TOPIC).contains(&text.len()) && text.bytes().all(good)
}

/// Topics by name, or by what their names begin with: `news`, `orders.*`, `*`. No pattern fits a person's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    start: Box<str>,
    is_open: bool,
}

impl Pattern {
    /// `None`: no topic can be meant by it.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, is_open) = match text.strip_suffix('*') {
            Some(start) => (start, true),
            None => (text, false),
        };
        let is_good = is_topic(start) || (is_open && start.is_empty());
        is_good.then(|| Self {
            start: start.into(),
            is_open,
        })
    }

    /// Whether it fits.
    pub fn fits(&self, channel: &ChannelName) -> bool {
        if channel.account().is_some() {
            return false;
        }
        if self.is_open {
            channel.as_str().starts_with(&*self.start)
        } else {
            *self.start == *channel.as_str()
        }
    }
}
