//! What a token claims, and whether it may.

use serde::Deserialize;
use serde_json::Value;

use crate::date::date;
use crate::keys::Trust;
use crate::{Patterns, Scopes, TokenError};

/// How far two clocks may differ, in seconds.
pub const LEEWAY: u64 = 30;
/// The longest that a person's token may hold, in seconds.
pub const MAX_USER: u64 = 24 * 3600;
/// The longest that a program's may: it makes a new one whenever it likes.
pub const MAX_PROGRAM: u64 = 15 * 60;
/// The largest part that is shown to others, in bytes of JSON.
pub const MAX_PUBLIC: usize = 1024;
/// The longest `sub`, `jti`, `name` and `color`, in bytes.
const MAX_TEXT: usize = 512;

/// What a site expects of each token.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// `JWT_ISSUER`; `None`: whoever has the key.
    pub issuer: Option<&'a str>,
    /// `SITE`: for whom a token must be.
    pub site: &'a str,
}

/// What a token says, all of it checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The name of the key that signed it.
    pub kid: String,
    /// `sub`: the account of a person; a program need not have one.
    pub sub: Option<String>,
    /// `jti`: this token's own name, for revoking it.
    pub jti: Option<String>,
    /// When it is over, in seconds since 1970.
    pub exp: u64,
    /// When it was made, if it says so.
    pub iat: Option<u64>,
    /// What its holder may do.
    pub scopes: Scopes,
    /// What they are called.
    pub name: Option<String>,
    /// Their color, not yet checked.
    pub color: Option<String>,
    /// JSON on one line that is shown to others (`pub`).
    pub public: Option<String>,
    /// The rooms it is for; `None`: as without.
    pub rooms: Option<Patterns>,
    /// The rooms that its holder moderates (`mod`).
    pub moderates: Patterns,
    /// The channels they may hear or post to.
    pub channels: Patterns,
}

/// As they stand there.
#[derive(Deserialize)]
struct Raw {
    iss: Option<String>,
    aud: Option<Words>,
    sub: Option<String>,
    jti: Option<String>,
    #[serde(default, deserialize_with = "date")]
    exp: Option<u64>,
    #[serde(default, deserialize_with = "date")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "date")]
    iat: Option<u64>,
    scope: Option<Words>,
    name: Option<String>,
    color: Option<String>,
    #[serde(rename = "pub")]
    public: Option<Value>,
    rooms: Option<Vec<String>>,
    #[serde(rename = "mod")]
    moderates: Option<Moderates>,
    channels: Option<Vec<String>>,
}

/// One, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Moderates {
    Everywhere(bool),
    Rooms(Vec<String>),
}

impl Claims {
    /// Reads and checks a payload whose signature is good; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(
        payload: &[u8],
        (kid, trust): (&str, Trust),
        rules: Rules<'_>,
        now: u64,
    ) -> Result<Self, TokenError> {
        // Two claims of one name are an error too: parsers differ in which they believe.
        let raw: Raw = serde_json::from_slice(payload).map_err(|_| TokenError::Form("payload"))?;
        if rules
            .issuer
            .is_some_and(|issuer| raw.iss.as_deref() != Some(issuer))
        {
            return Err(TokenError::Issuer);
        }
        let audience = raw.aud.as_ref().ok_or(TokenError::Audience)?;
        if !audience.all().iter().any(|one| one == rules.site) {
            return Err(TokenError::Audience);
        }
        let words = raw.scope.as_ref().map(Words::all).unwrap_or_default();
        let scopes = Scopes::of(words.iter().flat_map(|word| word.split(' ')));
        if scopes.are_of_program() && trust == Trust::People {
            return Err(TokenError::NotForPrograms);
        }
        let exp = raw.times(scopes, now)?;
        raw.claims(kid, exp, scopes)
    }
}

impl Raw {
    fn times(&self, scopes: Scopes, now: u64) -> Result<u64, TokenError> {
        let exp = self.exp.ok_or(TokenError::Claim("exp"))?;
        if exp + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        let is_early = |date: Option<u64>| date.is_some_and(|date| date > now + LEEWAY);
        if is_early(self.nbf) || is_early(self.iat) {
            return Err(TokenError::NotYet);
        }
        let most = if scopes.are_of_program() {
            MAX_PROGRAM
        } else {
            MAX_USER
        };
        // One without `iat` counts from now: it cannot be told that it is old.
        let lasts = exp.saturating_sub(self.iat.unwrap_or(now).min(now));
        if lasts > most + LEEWAY {
            return Err(TokenError::TooLasting);
        }
        Ok(exp)
    }

    fn claims(self, kid: &str, exp: u64, scopes: Scopes) -> Result<Claims, TokenError> {
        let list = |list: Option<Vec<String>>, what| {
            let list = list.map(|names| Patterns::of(names).ok_or(TokenError::Claim(what)));
            list.transpose()
        };
        // Written anew: on one line, whatever blanks it came with.
        let public = self.public.map(|public| public.to_string());
        if public
            .as_ref()
            .is_some_and(|public| public.len() > MAX_PUBLIC)
        {
            return Err(TokenError::Claim("pub"));
        }
        let moderates = match self.moderates {
            Some(Moderates::Everywhere(true)) => Patterns::all(),
            Some(Moderates::Rooms(rooms)) => list(Some(rooms), "mod")?.unwrap_or_default(),
            _ => Patterns::default(),
        };
        Ok(Claims {
            kid: kid.to_owned(),
            sub: text(self.sub, "sub")?,
            jti: text(self.jti, "jti")?,
            exp,
            iat: self.iat,
            scopes,
            name: text(self.name, "name")?,
            color: text(self.color, "color")?,
            public,
            rooms: list(self.rooms, "rooms")?,
            moderates,
            channels: list(self.channels, "channels")?.unwrap_or_default(),
        })
    }
}

/// Short, and one that can stand in a line of a file.
fn text(value: Option<String>, what: &'static str) -> Result<Option<String>, TokenError> {
    let is_good = |value: &String| {
        !value.is_empty() && value.len() <= MAX_TEXT && !value.contains(char::is_control)
    };
    match value {
        Some(value) if !is_good(&value) => Err(TokenError::Claim(what)),
        value => Ok(value),
    }
}
