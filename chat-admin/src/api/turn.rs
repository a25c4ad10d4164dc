//! Credentials for a TURN server that are good for a while, made without asking it.
//!
//! The scheme of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name is the
//! time it ends and whose it is, the password is its HMAC-SHA1 under a secret both sides know.
//!
//! coturn counts `user-quota` by whose it is. That is a keyed hash of an account or an address: whoever
//! takes another's name gets a quota of their own, and the relay's log names nobody.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// A user name and its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// Credentials for `whom`, good for `ttl` from `now`.
pub(crate) fn credentials(secret: &str, whom: &str, now: SystemTime, ttl: Duration) -> Credentials {
    let end = now.duration_since(UNIX_EPOCH).unwrap_or_default() + ttl;
    let username = format!("{}:{}", end.as_secs(), quota_of(secret, whom));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let password = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
    Credentials { username, password }
}

/// What the quota of `whom` goes by.
fn quota_of(secret: &str, whom: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // Apart from the passwords, which the same secret makes.
    let tag = hmac::sign(&key, format!("quota of {whom}").as_bytes());
    // No two of a million have the same eight bytes.
    let bytes = tag.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_openssl_makes_of_them() {
        // printf %s 'quota of alice' | openssl dgst -sha256 -hmac north-west-passage | cut -c1-16
        // printf %s 1700003600:QUOTA | openssl dgst -sha1 -hmac north-west-passage -binary | base64
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let made = credentials("north-west-passage", "alice", now, Duration::from_hours(1));
        assert_eq!(made.username, "1700003600:95c3db64923366dc");
        assert_eq!(made.password, "0fd4+B3Kem95fWFS6hB95AOSxAQ=");
    }
}
