//! Secrets that the server makes and shows once: of each a hash alone is kept, which tells nothing of it.

use std::fmt::Write as _;
use std::io;

use sha2::{Digest as _, Sha256};

/// Bytes of chance.
const BYTES: usize = 20;
/// Hexadecimal digits of one.
pub(crate) const DIGITS: usize = 2 * BYTES;

/// Another one, as hexadecimal digits.
///
/// # Errors
/// The kernel has no chance to give.
pub(crate) fn new() -> io::Result<String> {
    let mut secret = [0; BYTES];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(hex(&secret))
}

/// What is kept of one. Hashes are compared, so that how long a comparison takes says nothing of the secret.
pub fn hash_of(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
