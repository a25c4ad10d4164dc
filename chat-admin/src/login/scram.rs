//! SCRAM-SHA-256 (RFC 7677) verifiers in the form of RFC 5803: `SCRAM-SHA-256$ITERATIONS:SALT$STORED-KEY:SERVER-KEY`.

use std::fmt;
use std::io;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::{Password, Work};

/// What a verifier of ours costs: what OWASP asks of PBKDF2 with HMAC-SHA-256, a tenth of a second.
pub const ITERATIONS: u32 = 600_000;
const SCHEME: &str = "SCRAM-SHA-256";
/// Bytes of a salt of ours.
const SALT_BYTES: usize = 16;
/// The longest salt that is read.
const MAX_SALT: usize = 64;
/// Who has no verifier is compared with this salt, at the same cost.
const DUMMY_SALT: &[u8] = b"nobody has this.";

/// What a password is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    /// At most [`ITERATIONS`]: another costs more than those of unknown names, which would tell it from them.
    pub iterations: u32,
    salt: Vec<u8>,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Verifier {
    /// Makes one, with a salt of its own.
    ///
    /// # Errors
    /// There is no chance to be had.
    pub fn new(password: &Password) -> io::Result<Self> {
        let mut salt = vec![0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let (stored_key, server_key) = keys(password, &salt, ITERATIONS);
        Ok(Self {
            iterations: ITERATIONS,
            salt,
            stored_key,
            server_key,
        })
    }

    /// One that another server made, by its parts in base64; `None`: they are none, or cost too much.
    pub fn of_parts(iterations: &str, salt: &str, stored: &str, server: &str) -> Option<Self> {
        let key = |text: &str| <[u8; 32]>::try_from(STANDARD.decode(text).ok()?).ok();
        let salt = STANDARD.decode(salt).ok()?;
        let iterations = iterations.parse().ok()?;
        let is_good =
            (1..=MAX_SALT).contains(&salt.len()) && (1..=ITERATIONS).contains(&iterations);
        is_good.then_some(())?;
        Some(Self {
            iterations,
            salt,
            stored_key: key(stored)?,
            server_key: key(server)?,
        })
    }

    /// Reads the form of RFC 5803.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(SCHEME)?.strip_prefix('$')?;
        let (cost, keys) = rest.split_once('$')?;
        let (iterations, salt) = cost.split_once(':')?;
        let (stored, server) = keys.split_once(':')?;
        Self::of_parts(iterations, salt, stored, server)
    }

    /// Whether the password is that of the verifier. Without one, and with one that costs less, the same work is done.
    pub(super) fn check(verifier: Option<&Self>, password: &Password, work: &mut Work) -> bool {
        let iterations = verifier.map_or(0, |it| it.iterations.min(ITERATIONS));
        let mut good = false;
        if let Some(verifier) = verifier {
            let (stored_key, _) = keys(password, &verifier.salt, iterations);
            good = stored_key.ct_eq(&verifier.stored_key).into();
        }
        let rest = ITERATIONS - iterations;
        if rest > 0 {
            let (key, _) = keys(password, DUMMY_SALT, rest);
            // It must not be left out as unused.
            std::hint::black_box(key);
        }
        work.sha256 += u64::from(ITERATIONS);
        good
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored, server] = [&self.salt[..], &self.stored_key, &self.server_key]
            .map(|bytes| STANDARD.encode(bytes));
        write!(f, "{SCHEME}${}:{salt}${stored}:{server}", self.iterations)
    }
}

/// `StoredKey` and `ServerKey` (RFC 5802, section 3).
fn keys(password: &Password, salt: &[u8], iterations: u32) -> ([u8; 32], [u8; 32]) {
    let mut salted = [0; 32];
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(
        algorithm,
        iterations,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    let salted = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client_key = hmac::sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let server_key = hmac::sign(&salted, b"Server Key");
    let fixed = |bytes: &[u8]| bytes.first_chunk().copied().unwrap_or_default();
    (fixed(stored_key.as_ref()), fixed(server_key.as_ref()))
}

/// The keys in base64, for tests that write verifiers of other costs.
#[cfg(test)]
pub(super) fn tests_keys(password: &str, salt: &str, iterations: u32) -> (String, String) {
    let salt = STANDARD.decode(salt).expect("base64");
    let (stored, server) = keys(&Password::typed(password), &salt, iterations);
    (STANDARD.encode(stored), STANDARD.encode(server))
}
