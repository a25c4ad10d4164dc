//! A token that the site's own log-in signed about somebody: at the socket by the first message or a cookie, for the
//! pages' questions by the cookie. Never in an address, which logs keep.

use std::time::{SystemTime, UNIX_EPOCH};

use chat_token::claims::LEEWAY;
use chat_token::{Claims, Keys, Patterns, Rules, Scope, TokenError, verify};

use super::{Person, Visitor, account, bounded, cookie, is_administrator, recognize};
use crate::color::Color;
use crate::settings::{Permission, Settings, commands};
use chat_store::accounts::Group;
use chat_store::bots;
use chat_store::channels::ChannelName;
use chat_store::incoming;
use chat_store::name::RoomName;
use chat_store::state::Revocations;

/// Accounts of programs and bots, which no token of a person's can name.
const PROGRAMS: [&str; 4] = ["api:", bots::ACCOUNT, incoming::ACCOUNT, commands::ACCOUNT];

/// What a token lets its holder do, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Its own name, by which it may be revoked.
    jti: Option<String>,
    /// When it was made.
    iat: Option<u64>,
    /// When it is over, in seconds since 1970; `None`: when it is revoked.
    exp: Option<u64>,
    /// The rooms it is for; `None`: all that `[access]` allows.
    rooms: Option<Patterns>,
    /// The rooms that its holder moderates.
    moderates: Patterns,
    /// The topics that they may hear besides those of `[channels]`.
    channels: Patterns,
}

/// Why a token is not believed.
#[derive(Debug)]
pub enum Distrust {
    /// Its time is over: another one of the same kind would do.
    Expired,
    /// Anything else; the reason is for the log.
    Bad(String),
}

impl Distrust {
    /// For the log.
    pub fn reason(&self) -> &str {
        match self {
            Self::Expired => "the token's time is over",
            Self::Bad(reason) => reason,
        }
    }
}

impl From<TokenError> for Distrust {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::Expired,
            error => Self::Bad(format!("the token is not good: {error}")),
        }
    }
}

impl Pass {
    /// Seconds since 1970 from which on it is worth nothing: others' clocks may be a little late.
    pub fn ends(&self) -> Option<u64> {
        Some(self.exp?.saturating_add(LEEWAY))
    }

    /// When it says itself that it is over.
    pub fn exp(&self) -> Option<u64> {
        self.exp
    }

    /// Whether it is on the list.
    pub fn is_revoked(&self, list: &Revocations, subject: Option<&str>) -> bool {
        list.hold(self.jti.as_deref(), subject, self.iat)
    }

    /// What it says of a right, if it says anything: else `[access]` does.
    pub fn lets(&self, what: Permission, room: Option<&RoomName>) -> Option<bool> {
        let room = room?.as_str();
        match what {
            Permission::Enter if !self.rooms.as_ref().is_none_or(|it| it.fit(room)) => Some(false),
            Permission::Moderate if self.moderates.fit(room) => Some(true),
            _ => None,
        }
    }

    /// Whether its holder may hear a topic.
    pub fn lets_hear(&self, channel: &ChannelName) -> bool {
        channel.account().is_none() && self.channels.fit(channel.as_str())
    }

    /// Whether its holder moderates every room.
    pub fn moderates_all(&self) -> bool {
        self.moderates == Patterns::all()
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// Who the holder of a token is, and what it lets them do.
///
/// # Errors
/// Why it is not believed. Nothing of the token is in it.
pub fn read(settings: &Settings, token: &str) -> Result<Person, Distrust> {
    if token.starts_with(bots::ACCOUNT) {
        return bot(settings, token);
    }
    let tokens = &settings.identity.tokens;
    let keys = tokens.keys.as_deref();
    let keys = keys.ok_or_else(|| Distrust::Bad("no token is believed (JWT_KEYS)".to_owned()))?;
    let rules = Rules {
        issuer: tokens.issuer.as_deref(),
        site: &tokens.site,
    };
    let keys = Keys::new(keys);
    let claims = verify(token, |kid| keys.find(kid), rules, now())?;
    let revoked = Revocations::load(&settings.dirs());
    let revoked = revoked.map_err(|error| Distrust::Bad(format!("revocations: {error}")))?;
    person(settings, claims, &revoked).map_err(Distrust::Bad)
}

/// By a token that the server made; what a bot may do, `[access]` says.
fn bot(settings: &Settings, token: &str) -> Result<Person, Distrust> {
    let found = bots::find(&settings.dirs(), token);
    let found = found.map_err(|error| Distrust::Bad(format!("bots cannot be read: {error}")))?;
    let bot = found.ok_or_else(|| Distrust::Bad("the token is no bot's".to_owned()))?;
    let pass = Pass {
        jti: Some(bot.token_id().to_owned()),
        iat: Some(bot.made),
        exp: None,
        rooms: None,
        moderates: Patterns::default(),
        channels: Patterns::default(),
    };
    Ok(Person {
        name: Some(bot.name.as_str().to_owned()),
        account: Some(bot.account()),
        groups: Group::parse(bots::GROUP).into_iter().collect(),
        pass: Some(Box::new(pass)),
        ..Person::default()
    })
}

fn person(settings: &Settings, claims: Claims, revoked: &Revocations) -> Result<Person, String> {
    if !claims.scopes.hold(Scope::User) {
        return Err("the token is no person's (scope)".to_owned());
    }
    let subject = claims.sub.filter(|name| !name.trim().is_empty());
    let subject = subject.ok_or("the token names no account (sub)")?;
    if PROGRAMS.iter().any(|start| subject.starts_with(start)) || subject.contains(char::is_control)
    {
        return Err("the token names an account that no person has (sub)".to_owned());
    }
    let pass = Pass {
        jti: claims.jti,
        iat: claims.iat,
        exp: Some(claims.exp),
        rooms: claims.rooms,
        moderates: claims.moderates,
        channels: claims.channels,
    };
    if pass.is_revoked(revoked, Some(&subject)) {
        return Err("the token was revoked".to_owned());
    }
    let person = bounded(Person {
        name: Some(claims.name.unwrap_or_else(|| subject.clone())),
        account: Some(subject),
        color: claims.color.as_deref().and_then(Color::parse),
        moderator: pass.moderates_all(),
        public: claims.public.map(Into::into),
        pass: Some(Box::new(pass)),
        ..Person::default()
    })?;
    account::admit(settings.identity.accounts.as_deref(), person, None)
}

/// Who `visitor` is: by the token in their cookie, if `JWT_COOKIE` names one and it is good; else as [`recognize`] finds.
pub fn recognized(
    settings: &Settings,
    visitor: &Visitor,
    explain: &mut impl FnMut(&str),
) -> Person {
    if let Some(person) = &visitor.known {
        return with_powers(settings, person.clone(), &visitor.address);
    }
    if let Some(name) = &settings.identity.tokens.cookie
        && let Some(value) = cookie::first_value(&visitor.cookies, name)
        && let Ok(token) = std::str::from_utf8(&value)
    {
        match read(settings, token) {
            Ok(person) => return with_powers(settings, person, &visitor.address),
            Err(distrust) => explain(distrust.reason()),
        }
    }
    recognize(&settings.identity, visitor, explain)
}

/// With what `[access]` makes of them.
pub fn with_powers(settings: &Settings, mut person: Person, address: &str) -> Person {
    person.moderator |= is_administrator(&settings.identity, &person, address);
    person
}
