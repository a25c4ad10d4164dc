//! Credentials for a TURN server that are good for a while, made without asking it.
//!
//! The scheme of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name is the
//! time it ends and whose it is, the password is its HMAC-SHA1 under a secret both sides know.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// A user name and its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

/// Credentials for `name`, good for `ttl` from `now`. `name` holds no colon (nicks do not).
pub(super) fn credentials(secret: &str, name: &str, now: SystemTime, ttl: Duration) -> Credentials {
    let end = now.duration_since(UNIX_EPOCH).unwrap_or_default() + ttl;
    let username = format!("{}:{name}", end.as_secs());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let password = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
    Credentials { username, password }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_openssl_makes_of_them() {
        // printf %s 1700003600:alice | openssl dgst -sha1 -hmac north-west-passage -binary | base64
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let made = credentials("north-west-passage", "alice", now, Duration::from_hours(1));
        assert_eq!(made.username, "1700003600:alice");
        assert_eq!(made.password, "EFTnmjNqmY+KgIO0p7Le+nLo3LY=");
    }
}
