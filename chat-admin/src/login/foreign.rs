//! What other servers kept of passwords: bcrypt (`htpasswd -B`) and SCRAM-SHA-1 (ejabberd). It lets its owner in once,
//! and is replaced by a verifier of ours then.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::costs::Cost;
use super::{Password, Work};

/// What a comparison by bcrypt may cost: a second.
const MAX_BCRYPT: u32 = 14;
/// Iterations of SCRAM-SHA-1 at most.
const MAX_SHA1: u32 = 1_000_000;
/// As this version writes it.
const SHA1: &str = "SCRAM-SHA-1";

/// Why what another server kept is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignError {
    /// MD5, SHA-1 or crypt(3) without salt or cost: whoever reads the file soon has the passwords.
    Weak,
    /// No form that is known.
    Unknown,
    /// A comparison would take too long.
    TooCostly,
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weak => {
                "its hash (MD5, SHA-1 or crypt) is too weak to be kept: give its owner a link by `chatctl passwd --link`"
            }
            Self::Unknown => {
                "its password is in no form that is known (bcrypt, SCRAM-SHA-1, SCRAM-SHA-256): give its owner a link by `chatctl passwd --link`"
            }
            Self::TooCostly => {
                "to compare its hash takes too long: give its owner a link by `chatctl passwd --link`"
            }
        })
    }
}

/// A verifier of another server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// As crypt(3) writes it.
    Bcrypt {
        /// Two to this many rounds.
        cost: u32,
        /// All of it.
        hash: String,
    },
    /// RFC 5802.
    ScramSha1 {
        /// Rounds.
        iterations: u32,
        /// As it was.
        salt: Vec<u8>,
        /// What is compared.
        stored_key: [u8; 20],
    },
}

impl Foreign {
    /// What `htpasswd` wrote.
    ///
    /// # Errors
    /// Why it is of no use.
    pub fn of_htpasswd(hash: &str) -> Result<Self, ForeignError> {
        let bcrypt = ["$2y$", "$2b$", "$2a$"];
        if !bcrypt.iter().any(|start| hash.starts_with(start)) {
            let weak = hash.starts_with("$apr1$") || hash.starts_with("{SHA}") || hash.len() == 13;
            return Err(if weak {
                ForeignError::Weak
            } else {
                ForeignError::Unknown
            });
        }
        let cost = hash.get(4..6).and_then(|cost| cost.parse().ok());
        let cost: u32 = cost.ok_or(ForeignError::Unknown)?;
        if cost > MAX_BCRYPT {
            return Err(ForeignError::TooCostly);
        }
        let good = |b: u8| b.is_ascii_alphanumeric() || b"./$".contains(&b);
        let is_whole = hash.len() == 60 && cost >= 4 && hash.bytes().all(good);
        is_whole.then_some(()).ok_or(ForeignError::Unknown)?;
        let hash = hash.to_owned();
        Ok(Self::Bcrypt { cost, hash })
    }

    /// What ejabberd kept, by its parts in base64.
    ///
    /// # Errors
    /// Why it is of no use.
    pub fn of_sha1(iterations: &str, salt: &str, stored: &str) -> Result<Self, ForeignError> {
        let read = || {
            let stored = STANDARD.decode(stored).ok()?;
            let salt = STANDARD
                .decode(salt)
                .ok()
                .filter(|salt| (1..=64).contains(&salt.len()))?;
            Some(Self::ScramSha1 {
                iterations: iterations.parse().ok().filter(|it| *it > 0)?,
                salt,
                stored_key: <[u8; 20]>::try_from(stored).ok()?,
            })
        };
        match read().ok_or(ForeignError::Unknown)? {
            Self::ScramSha1 { iterations, .. } if iterations > MAX_SHA1 => {
                Err(ForeignError::TooCostly)
            }
            read => Ok(read),
        }
    }

    /// Reads what [`Foreign`] shows.
    pub fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix(SHA1) else {
            return Self::of_htpasswd(text).ok();
        };
        let (cost, stored) = rest.strip_prefix('$')?.split_once('$')?;
        let (iterations, salt) = cost.split_once(':')?;
        Self::of_sha1(iterations, salt, stored).ok()
    }

    /// What it costs to compare.
    pub fn cost(&self) -> Cost {
        match self {
            Self::Bcrypt { cost, .. } => Cost::Bcrypt(*cost),
            Self::ScramSha1 { iterations, .. } => Cost::Sha1(*iterations),
        }
    }

    /// Whether the password is that of it.
    pub(super) fn check(&self, password: &Password, work: &mut Work) -> bool {
        match self {
            Self::Bcrypt { cost, hash } => {
                work.bcrypt += 1 << cost;
                // bcrypt looks at 72 bytes; what is broken is nobody's.
                bcrypt::verify(password.as_str(), hash).unwrap_or(false)
            }
            Self::ScramSha1 {
                iterations,
                salt,
                stored_key,
            } => {
                work.sha1 += u64::from(*iterations);
                let mut salted = [0; 20];
                let iterations = NonZeroU32::new(*iterations).unwrap_or(NonZeroU32::MIN);
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA1;
                pbkdf2::derive(
                    algorithm,
                    iterations,
                    salt,
                    password.as_bytes(),
                    &mut salted,
                );
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salted);
                let client_key = hmac::sign(&key, b"Client Key");
                let legacy = &digest::SHA1_FOR_LEGACY_USE_ONLY;
                digest::digest(legacy, client_key.as_ref())
                    .as_ref()
                    .ct_eq(stored_key)
                    .into()
            }
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bcrypt { hash, .. } => f.write_str(hash),
            Self::ScramSha1 {
                iterations,
                salt,
                stored_key,
            } => {
                let [salt, stored] = [&salt[..], stored_key].map(|bytes| STANDARD.encode(bytes));
                write!(f, "{SHA1}${iterations}:{salt}${stored}")
            }
        }
    }
}
