//! The directory of keys that are believed (`JWT_KEYS`). It is read for each token: a key that is put there counts at
//! once, and one that is taken away no more.
//!
//! `KID.pem` and `KID.jwk` hold one key each, of the site's own programs. `NAME.jwks` is a set as an identity provider
//! publishes it; its keys vouch for people alone, whatever scopes it lets itself be asked for.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::key::Jwk;
use crate::{Key, KeyError, TokenError};

/// The longest name of a key.
pub const MAX_KID: usize = 128;
/// The largest file, in bytes: a set of 30 keys with certificates.
const MAX_FILE: u64 = 256 * 1024;
/// Most files that are looked at for one token.
const MAX_FILES: usize = 100;
/// Most keys of one set that are looked at.
const MAX_SET: usize = 100;

/// What a key may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// People and programs.
    All,
    /// Who somebody is.
    People,
}

/// A key that is believed.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// Its name.
    pub kid: String,
    /// Itself.
    pub key: Key,
    /// What it may vouch for.
    pub trust: Trust,
}

/// The directory.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    dir: &'a Path,
}

impl<'a> Keys<'a> {
    /// The keys in `dir`.
    pub fn new(dir: &'a Path) -> Self {
        Self { dir }
    }

    /// The key of that name; without one, the only key that is there.
    ///
    /// # Errors
    /// That there is none, or none that can be used.
    pub fn find(&self, kid: Option<&str>) -> Result<Trusted, TokenError> {
        let Some(kid) = kid else { return self.only() };
        if kid.is_empty() || kid.len() > MAX_KID || !kid.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(TokenError::UnknownKid);
        }
        // A name with a slash stands in sets alone: it never becomes a path.
        if is_file_name(kid) {
            type Parse = fn(&[u8]) -> Result<Key, KeyError>;
            for (ending, parse) in [("pem", Key::from_pem as Parse), ("jwk", Key::from_jwk)] {
                let path = self.dir.join(format!("{kid}.{ending}"));
                if let Some(text) = read(&path)? {
                    let key = parse(&text).map_err(|error| bad(&path, error))?;
                    return Ok(Trusted {
                        kid: kid.to_owned(),
                        key,
                        trust: Trust::All,
                    });
                }
            }
        }
        for path in self.files("jwks")? {
            let Some(set) = read(&path)? else { continue };
            for jwk in keys_of(&set).map_err(|error| bad(&path, error))? {
                if jwk.kid.as_deref() == Some(kid) {
                    let key = jwk.key().map_err(|error| bad(&path, error))?;
                    return Ok(Trusted {
                        kid: kid.to_owned(),
                        key,
                        trust: Trust::People,
                    });
                }
            }
        }
        Err(TokenError::UnknownKid)
    }

    /// What is wrong with files there, a line each.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn check(&self) -> Result<Vec<String>, TokenError> {
        let mut wrong = Vec::new();
        for ending in ["pem", "jwk", "jwks"] {
            for path in self.files(ending)? {
                let text = read(&path)?.unwrap_or_default();
                let found = match ending {
                    "pem" => Key::from_pem(&text).map(drop),
                    "jwk" => Key::from_jwk(&text).map(drop),
                    _ => keys_of(&text).map(drop),
                };
                wrong.extend(
                    found
                        .err()
                        .map(|error| format!("{}: {error}", path.display())),
                );
            }
        }
        Ok(wrong)
    }

    fn only(&self) -> Result<Trusted, TokenError> {
        let (mut single, sets) = (self.files("pem")?, self.files("jwks")?);
        single.extend(self.files("jwk")?);
        let (path, true) = (single.pop(), single.is_empty() && sets.is_empty()) else {
            return Err(TokenError::NoKid);
        };
        let stem = path.as_deref().and_then(Path::file_stem);
        self.find(Some(
            stem.and_then(|stem| stem.to_str())
                .ok_or(TokenError::NoKid)?,
        ))
    }

    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, TokenError> {
        let failed = |error: io::Error| bad(self.dir, error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
            if path.extension().is_some_and(|it| it == ending) && !is_hidden {
                found.push(path);
            }
            if found.len() > MAX_FILES {
                return Err(bad(self.dir, "more than 100 files"));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Whether a name may be one of a file of the directory itself.
fn is_file_name(kid: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:=+@-".contains(&byte);
    !kid.starts_with('.') && kid.bytes().all(is_good)
}

/// How many keys a set (RFC 7517 section 5) has that can be used; for whoever fetched it.
///
/// # Errors
/// That it is no set.
pub fn usable(set: &[u8]) -> Result<usize, KeyError> {
    let keys = keys_of(set)?;
    Ok(keys
        .iter()
        .filter(|jwk| jwk.kid.is_some() && jwk.key().is_ok())
        .count())
}

/// Its keys; what cannot be read is of a kind that came later (RFC 7517 section 5).
fn keys_of(set: &[u8]) -> Result<Vec<Jwk>, KeyError> {
    #[derive(Deserialize)]
    struct Set<'a> {
        #[serde(borrow)]
        keys: Vec<&'a RawValue>,
    }
    let set: Set<'_> = serde_json::from_slice(set).map_err(|_| KeyError::Form)?;
    let keys = set.keys.into_iter().take(MAX_SET);
    Ok(keys
        .filter_map(|key| serde_json::from_str(key.get()).ok())
        .collect())
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, TokenError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| bad(path, error))?,
    };
    let mut text = Vec::new();
    let read = file.take(MAX_FILE + 1).read_to_end(&mut text);
    match read.map_err(|error| bad(path, error))? as u64 {
        0..=MAX_FILE => Ok(Some(text)),
        _ => Err(bad(path, "it is larger than 256 KiB")),
    }
}

fn bad(path: &Path, why: impl std::fmt::Display) -> TokenError {
    TokenError::BadKey(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests;
