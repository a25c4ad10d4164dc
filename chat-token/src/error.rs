//! Why a token was refused: for the log of whoever runs the chat. Who sent it is told a code.

use std::fmt;

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN`](crate::MAX_TOKEN).
    TooLong,
    /// Not three parts of base64url with JSON in the first two.
    Form(&'static str),
    /// The header names no key where more than one is there, or one that can be none's.
    NoKid,
    /// There is no key of that name.
    UnknownKid,
    /// The key is there and cannot be used: which file, and why.
    BadKey(String),
    /// The header names another algorithm than the key's.
    Algorithm,
    /// The header wants something understood that is not.
    Critical,
    /// The signature is not of this key and these bytes.
    Signature,
    /// A claim is missing, or not what it must be.
    Claim(&'static str),
    /// From another issuer than `JWT_ISSUER`.
    Issuer,
    /// For another site.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// It would hold longer than such a token may.
    TooLasting,
    /// A key that vouches for people alone signed a scope of programs.
    NotForPrograms,
}

impl TokenError {
    /// The code that clients get: whether a new token of the same kind would do, and no more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired => "token_expired",
            _ => "bad_token",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLong => "it is longer than 8 KiB",
            Self::Form(what) => return write!(f, "its {what} cannot be read"),
            Self::NoKid => "its header names no key (kid), and there is not just one in JWT_KEYS",
            Self::UnknownKid => "its header names a key (kid) that is not in JWT_KEYS",
            Self::BadKey(why) => return write!(f, "its key cannot be used: {why}"),
            Self::Algorithm => "its header names another algorithm (alg) than its key is for",
            Self::Critical => "its header wants an extension understood (crit) that is not",
            Self::Signature => "its signature is not by that key",
            Self::Claim(what) => return write!(f, "its claim {what} is missing or wrong"),
            Self::Issuer => "its issuer (iss) is not JWT_ISSUER",
            Self::Audience => "it is for another site (aud is not SITE)",
            Self::Expired => "it is over (exp)",
            Self::NotYet => "its time has not come (nbf, iat)",
            Self::TooLasting => {
                "it holds too long: a person's at most 24 hours, a program's 15 minutes (exp)"
            }
            Self::NotForPrograms => {
                "its key is from a key set (.jwks), which vouches for people alone"
            }
        };
        f.write_str(text)
    }
}

impl std::error::Error for TokenError {}
