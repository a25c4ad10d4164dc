//! What the file of a profile says. Pure.
//!
//! ```text
//! account=anna
//! name=Anna-N
//! color=#aa0000
//! emoji=🌴
//! status=back on Monday
//! until=2026-11-23T08:00:00.000000Z
//! avatar=7c9e6679f7a04c1a9d7b3f0c5a1e2d4b
//! pub={"title":"Editor"}
//! ```
//!
//! Keys that this version does not know are kept as they are; a value that is none is as if it were not there.

use std::fmt::Write as _;

use super::AvatarId;
use crate::emoji::is_emoji;
use crate::name::Nick;
use crate::record::{RecordId, clean};

/// The longest text of a status, in characters.
pub const MAX_STATUS_CHARS: usize = 100;
/// The most that a site's log-in says about somebody, in bytes of JSON.
pub const MAX_PUBLIC_BYTES: usize = 1024;
/// The longest color, in bytes.
const MAX_COLOR: usize = 64;
/// Bytes of lines of newer versions that are kept.
const MAX_OTHERS: usize = 2 * 1024;

/// What somebody is up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// An emoji.
    pub emoji: Option<Box<str>>,
    /// One line, maybe empty.
    pub text: Box<str>,
    /// Over at this time.
    pub until: Option<RecordId>,
}

impl Status {
    /// One of these; `None`: it is too long, the emoji is none, or there is nothing in it.
    pub fn new(emoji: &str, text: &str, until: Option<RecordId>) -> Option<Self> {
        let text = clean(text);
        let text = text.trim();
        let emoji = Some(emoji).filter(|emoji| !emoji.is_empty());
        let is_good = text.chars().count() <= MAX_STATUS_CHARS
            && emoji.is_none_or(is_emoji)
            && (emoji.is_some() || !text.is_empty());
        is_good.then(|| Self {
            emoji: emoji.map(Into::into),
            text: text.into(),
            until,
        })
    }
}

/// How somebody is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub account: Box<str>,
    /// What they wish to be called in rooms; `None`: as their account.
    pub name: Option<Nick>,
    /// Their color, as it was typed; whoever puts it into a page checks it.
    pub color: Option<Box<str>>,
    /// What they are up to, which may be over: see [`Profile::status_now`].
    pub status: Option<Status>,
    /// Their picture.
    pub avatar: Option<AvatarId>,
    /// JSON on one line that the site's own log-in says about them.
    pub public: Option<Box<str>>,
    /// What a newer version wrote.
    others: Vec<(Box<str>, Box<str>)>,
}

impl Profile {
    /// That of an account about which nothing is said.
    pub fn of(account: &str) -> Self {
        Self {
            account: account.into(),
            name: None,
            color: None,
            status: None,
            avatar: None,
            public: None,
            others: Vec::new(),
        }
    }

    /// Whether nothing is said in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::of(&self.account)
    }

    /// What they are up to, if it is not over.
    pub fn status_now(&self) -> Option<&Status> {
        let now = RecordId::now();
        let is_over = |status: &Status| status.until.is_some_and(|until| until <= now);
        self.status.as_ref().filter(|status| !is_over(status))
    }

    /// Reads a file; `None`: it is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut profile = Self::of("");
        let (mut emoji, mut words, mut until) = ("", "", None);
        let mut others = 0;
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            match key {
                "account" => profile.account = value.into(),
                "name" => profile.name = Nick::parse(value).ok(),
                "color" => profile.color = Some(value.into()).filter(|_| value.len() <= MAX_COLOR),
                "emoji" => emoji = value,
                "status" => words = value,
                "until" => until = RecordId::parse(value.as_bytes()),
                "avatar" => profile.avatar = AvatarId::parse(value),
                "pub" => {
                    profile.public = Some(value.into()).filter(|_| value.len() <= MAX_PUBLIC_BYTES);
                }
                _ => {
                    others += line.len();
                    if others <= MAX_OTHERS {
                        profile.others.push((key.into(), value.into()));
                    }
                }
            }
        }
        profile.status = Status::new(emoji, words, until);
        (!profile.account.is_empty()).then_some(profile)
    }

    /// The file.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key}={}", clean(value));
        };
        line("account", &self.account);
        if let Some(name) = &self.name {
            line("name", name.as_str());
        }
        if let Some(color) = &self.color {
            line("color", color);
        }
        if let Some(status) = &self.status {
            if let Some(emoji) = &status.emoji {
                line("emoji", emoji);
            }
            if !status.text.is_empty() {
                line("status", &status.text);
            }
            if let Some(until) = status.until {
                line("until", &until.to_string());
            }
        }
        if let Some(avatar) = &self.avatar {
            line("avatar", avatar.as_str());
        }
        if let Some(public) = &self.public {
            line("pub", public);
        }
        for (key, value) in &self.others {
            line(key, value);
        }
        text.into_bytes()
    }
}
