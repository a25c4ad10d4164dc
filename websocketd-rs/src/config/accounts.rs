//! The file of `--htpasswd`: names and bcrypt hashes, as Apache's `htpasswd -B` writes them.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use bcrypt::HashParts;

/// The largest file that is read, some 13,000 accounts: more belong into a directory server, which `--authorize` can ask.
const MAX_FILE: u64 = 1 << 20;

/// The costs that are accepted. One more doubles the time of each check: 4, the least there is, takes about a millisecond, 14 a
/// second, during which one of few threads is busy with it.
const COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// What follows `$2b$NN$` in a hash that no known password has.
const NO_PASSWORD: &str = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01232";

/// Names and the bcrypt hashes of their passwords.
#[derive(Clone)]
pub struct Accounts {
    hashes: HashMap<String, String>,
    /// For a name that is not there: as costly as the costliest.
    decoy: String,
}

/// Why a file is not used.
#[derive(Debug)]
pub(super) enum AccountsError {
    /// It can't be read.
    Read(io::Error),
    /// It is over [`MAX_FILE`] bytes.
    TooLarge,
    /// It names nobody.
    Empty,
    /// A line of it, and what is wrong there.
    Line(usize, &'static str),
}

/// Names and hashes stay out of every log.
impl fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Accounts({})", self.hashes.len())
    }
}

impl fmt::Display for AccountsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(formatter),
            Self::TooLarge => write!(formatter, "over {MAX_FILE} bytes"),
            Self::Empty => formatter.write_str("has no account; make one with htpasswd -B"),
            Self::Line(line, reason) => write!(formatter, "line {line}: {reason}"),
        }
    }
}

impl Accounts {
    pub(super) fn read(path: &Path) -> Result<Self, AccountsError> {
        let mut text = Vec::new();
        let file = File::open(path).map_err(AccountsError::Read)?;
        let mut file = file.take(MAX_FILE + 1);
        file.read_to_end(&mut text).map_err(AccountsError::Read)?;
        if text.len() as u64 > MAX_FILE {
            return Err(AccountsError::TooLarge);
        }
        Self::parse(&text)
    }

    fn parse(text: &[u8]) -> Result<Self, AccountsError> {
        let mut hashes = HashMap::new();
        let mut highest = *COSTS.start();
        for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
            let wrong = |reason| AccountsError::Line(number, reason);
            let line = str::from_utf8(line).map_err(|_| wrong("is not UTF-8"))?;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = line
                .split_once(':')
                .ok_or_else(|| wrong("is not NAME:HASH"))?;
            if name.is_empty() || name.contains(char::is_control) {
                return Err(wrong("has no usable name before the ':'"));
            }
            highest = highest.max(cost(hash).map_err(wrong)?);
            if hashes.insert(name.to_owned(), hash.to_owned()).is_some() {
                return Err(wrong("names an account that is there already"));
            }
        }
        if hashes.is_empty() {
            return Err(AccountsError::Empty);
        }
        let decoy = format!("$2b${highest:02}${NO_PASSWORD}");
        Ok(Self { hashes, decoy })
    }

    /// The hash to check a password against, and whether the name is known: for one that is not, a hash of no password, so that
    /// the check takes as long.
    pub fn hash_of(&self, name: &str) -> (&str, bool) {
        match self.hashes.get(name) {
            Some(hash) => (hash, true),
            None => (&self.decoy, false),
        }
    }
}

/// The cost of a bcrypt hash.
fn cost(hash: &str) -> Result<u32, &'static str> {
    // `$2x$` marks hashes of a broken implementation, which differ for passwords with bytes over 127.
    let is_bcrypt = ["$2y$", "$2b$", "$2a$"]
        .iter()
        .any(|kind| hash.starts_with(kind));
    if !is_bcrypt {
        return Err("the hash is not bcrypt; set the password anew with htpasswd -B");
    }
    let parts = HashParts::from_str(hash)
        .map_err(|_| "the hash is damaged; set the password anew with htpasswd -B")?;
    if !COSTS.contains(&parts.get_cost()) {
        return Err(
            "the hash costs too much for each request; set the password anew with htpasswd -B -C 10",
        );
    }
    Ok(parts.get_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `htpasswd -nbB alice secret`.
    const ALICE: &str = "alice:$2y$05$2AcxCv5jkvs2XCSfj6jWzOFT3E3uh2yWWLl90WUFsz5iPgXYxYwSu";

    fn refused(text: &str) -> String {
        Accounts::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn known_and_unknown_names_have_a_hash_of_one_cost() {
        let accounts = Accounts::parse(format!("# us\n\n{ALICE}\r\n").as_bytes()).unwrap();
        let (hash, is_known) = accounts.hash_of("alice");
        assert!(is_known && bcrypt::verify("secret", hash).unwrap());
        assert!(!bcrypt::verify("Secret", hash).unwrap());
        let (decoy, is_known) = accounts.hash_of("bob");
        assert!(!is_known && decoy.starts_with("$2b$05$"));
        assert!(!bcrypt::verify("", decoy).unwrap(), "it is a whole hash");
        assert_eq!(format!("{accounts:?}"), "Accounts(1)");
    }

    #[test]
    fn what_can_not_be_checked_is_refused_with_its_line() {
        for (line, reason) in [
            ("bob:$apr1$FTSJZQEF$Obe2mHAj8qyRvLieeBh3I0", "htpasswd -B"),
            ("bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "htpasswd -B"),
            ("bob:NO6qWQAENvp8k", "htpasswd -B"),
            ("bob:secret", "htpasswd -B"),
            (
                &ALICE.replace("$2y$", "$2x$").replace("alice", "bob"),
                "htpasswd -B",
            ),
            (
                &ALICE.replace("$05$", "$17$").replace("alice", "bob"),
                "-C 10",
            ),
            (&ALICE[..60].replace("alice", "bob"), "damaged"),
            ("bob", "NAME:HASH"),
            (":x", "name"),
            (ALICE, "already"),
        ] {
            let refused = refused(&format!("{ALICE}\n{line}\n"));
            assert!(refused.starts_with("line 2: "), "{line}: {refused}");
            assert!(refused.contains(reason), "{line}: {refused}");
        }
        assert!(refused("# nobody\n").contains("no account"));
    }
}
