//! The people of a closed room, as a list: what it is, who may be in it, which invitations are out. Pure.
//!
//! Lines of fields between tabs, as of a log: `room KIND ATTRS TITLE`, `member PERSON ATTRS NAME`, `invitation HASH
//! ATTRS`. Lines and attributes that are not known are skipped.

use super::ClosedError;
use crate::people::person::{PersonId, hex_of};
use crate::record::{Attrs, RecordId, attrs, clean, show};

/// People of one closed room.
pub const MAX_MEMBERS: usize = 500;
/// Links of invitation that are out at once.
pub const MAX_INVITATIONS: usize = 50;
/// The longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 64;

/// What a closed room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A room for some only.
    Room,
    /// A conversation of some people.
    Group,
    /// A conversation of two, which stays one of two.
    Pair,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Room, Self::Group, Self::Pair];

    /// The word on disk and in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Group => "group",
            Self::Pair => "pair",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Somebody who may be in a closed room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// What they were called when they were let in: for lists, it proves nothing.
    pub name: String,
    /// Who they log in as, if they do.
    pub account: Option<String>,
    /// What was said before is not for them.
    pub since: RecordId,
    /// Whether they say who else may be in it.
    pub keeps: bool,
}

/// A link that lets people in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Of its token, which nobody can read here.
    pub hash: String,
    /// It lets nobody in from then on.
    pub until: RecordId,
    /// So many people more.
    pub uses: u32,
    /// The name of whoever made it.
    pub by: String,
}

impl Invitation {
    /// What is kept of a token.
    pub fn hash_of(token: &str) -> String {
        hex_of(&["invitation\0", token])
    }
}

/// Who may be in a closed room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// What it is.
    pub kind: Kind,
    /// What its people call it; empty: by their names.
    pub title: String,
    /// Whether newcomers may read what was said before they came.
    pub whole_history: bool,
    /// A hash of the word that lets people in.
    pub password: Option<String>,
    /// Who is in it.
    pub members: Vec<Member>,
    /// How others may come to be.
    pub invitations: Vec<Invitation>,
}

const SINCE: &str = "since";
const KEEPS: &str = "keeps";
const HISTORY: &str = "history";
const PASSWORD: &str = "password";
const UNTIL: &str = "until";
const USES: &str = "uses";
const BY: &str = "by";

impl Circle {
    /// One of nobody yet.
    pub fn new(kind: Kind, title: &str) -> Self {
        Self {
            kind,
            title: clean(title).trim().to_owned(),
            whole_history: false,
            password: None,
            members: Vec::new(),
            invitations: Vec::new(),
        }
    }

    /// The member that somebody is.
    pub fn member(&self, person: &PersonId) -> Option<&Member> {
        self.members.iter().find(|member| member.person == *person)
    }

    /// Whoever is in it and was called so when they were let in, or logs in as it.
    pub fn named(&self, name: &str) -> Option<&Member> {
        let of_account = |member: &&Member| member.account.as_deref() == Some(name);
        let mut members = self.members.iter();
        let found = members.find(of_account);
        found.or_else(|| self.members.iter().find(|member| member.name == name))
    }

    /// Lets somebody in; who is in it already stays as they are. False: they are.
    pub fn add(&mut self, member: Member) -> bool {
        let is_new = self.member(&member.person).is_none();
        if is_new {
            self.members.push(member);
        }
        is_new
    }

    /// Whoever it was is in it no more. A room that some are in has one who keeps it.
    pub fn remove(&mut self, person: &PersonId) -> Option<Member> {
        let at = self
            .members
            .iter()
            .position(|member| member.person == *person)?;
        let gone = self.members.remove(at);
        if !self.members.iter().any(|member| member.keeps)
            && let Some(eldest) = self.members.first_mut()
        {
            eldest.keeps = true;
        }
        Some(gone)
    }

    /// Whether it may be so.
    pub(crate) fn check(&self) -> Result<(), ClosedError> {
        if self.members.len() > MAX_MEMBERS {
            Err(ClosedError::TooManyMembers)
        } else if self.invitations.len() > MAX_INVITATIONS {
            Err(ClosedError::TooManyInvitations)
        } else if self.title.chars().count() > MAX_TITLE_CHARS {
            Err(ClosedError::TitleTooLong)
        } else if self.kind == Kind::Pair
            && (self.members.len() > 2 || !self.invitations.is_empty())
        {
            Err(ClosedError::Pair)
        } else {
            Ok(())
        }
    }

    /// Reads a list; `None`: it is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut circle: Option<Self> = None;
        for line in text.split(|&byte| byte == b'\n') {
            let mut fields = line.splitn(4, |&byte| byte == b'\t').map(show);
            let (Some(word), Some(what)) = (fields.next(), fields.next()) else {
                continue;
            };
            let pairs = fields.next().unwrap_or_default();
            let text = fields.next().unwrap_or_default();
            let attr = |key: &str| {
                Attrs::new(&pairs)
                    .find(|(k, _)| *k == key)
                    .map(|(_, value)| value.into_owned())
            };
            let id = |key: &str| attr(key).and_then(|id| RecordId::parse(id.as_bytes()));
            match (&*word, &mut circle) {
                ("room", None) => {
                    circle = Some(Self {
                        whole_history: attr(HISTORY).is_some(),
                        password: attr(PASSWORD),
                        ..Self::new(Kind::parse(&what)?, &text)
                    });
                }
                ("member", Some(circle)) => {
                    if let Some(person) = PersonId::parse(&what)
                        && circle.members.len() < MAX_MEMBERS
                    {
                        circle.add(Member {
                            person,
                            name: text.into_owned(),
                            account: attr(attrs::ACCOUNT),
                            since: id(SINCE).unwrap_or_default(),
                            keeps: attr(KEEPS).is_some(),
                        });
                    }
                }
                ("invitation", Some(circle)) => {
                    if let Some((until, uses)) =
                        id(UNTIL).zip(attr(USES).and_then(|uses| uses.parse().ok()))
                        && circle.invitations.len() < MAX_INVITATIONS
                    {
                        circle.invitations.push(Invitation {
                            hash: what.into_owned(),
                            until,
                            uses,
                            by: attr(BY).unwrap_or_default(),
                        });
                    }
                }
                _ => {}
            }
        }
        circle
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let history = self.whole_history.then_some("all");
        let about = [(HISTORY, history), (PASSWORD, self.password.as_deref())];
        put("room", self.kind.as_str(), &about, &self.title, &mut text);
        for member in &self.members {
            let since = (member.since != RecordId::ZERO).then(|| member.since.to_string());
            let about = [
                (attrs::ACCOUNT, member.account.as_deref()),
                (SINCE, since.as_deref()),
                (KEEPS, member.keeps.then_some("yes")),
            ];
            put(
                "member",
                member.person.as_str(),
                &about,
                &member.name,
                &mut text,
            );
        }
        for invitation in &self.invitations {
            let (until, uses) = (invitation.until.to_string(), invitation.uses.to_string());
            let about = [
                (UNTIL, Some(until.as_str())),
                (USES, Some(uses.as_str())),
                (BY, Some(invitation.by.as_str())),
            ];
            put("invitation", &invitation.hash, &about, "", &mut text);
        }
        text
    }
}

fn put(word: &str, what: &str, about: &[(&str, Option<&str>)], rest: &str, text: &mut Vec<u8>) {
    for field in [word, &clean(what)] {
        text.extend_from_slice(field.as_bytes());
        text.push(b'\t');
    }
    attrs::write_to(about, text);
    text.push(b'\t');
    text.extend_from_slice(clean(rest).as_bytes());
    text.push(b'\n');
}
