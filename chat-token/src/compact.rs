//! A token in its compact form (RFC 7515 section 3.1): header, payload and signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::keys::Trusted;
use crate::{Claims, Rules, TokenError};

/// The longest token, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Keys that a header may bring with it (`jwk`, `jku`, `x5c`, `x5u`) are skipped: a token does not vouch for itself.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// What a token says, if it is good. `find` gives the key of that name, or without one the only key there is; `now` is
/// in seconds since 1970. Whether it was revoked is the caller's to look up.
///
/// # Errors
/// Why it is not good: for the log.
pub fn verify(
    token: &str,
    find: impl FnOnce(Option<&str>) -> Result<Trusted, TokenError>,
    rules: Rules<'_>,
    now: u64,
) -> Result<Claims, TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(TokenError::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form("form"))?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Form("form"))?;
    let decode = |part: &str, what| {
        let bytes = URL_SAFE_NO_PAD.decode(part);
        bytes.map_err(|_| TokenError::Form(what))
    };
    let header = decode(header, "header")?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Form("header"))?;
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    let trusted = find(header.kid.as_deref())?;
    if header.alg != trusted.key.algorithm().as_str() {
        return Err(TokenError::Algorithm);
    }
    let signature = decode(signature, "signature")?;
    if !trusted.key.has_signed(signed.as_bytes(), &signature) {
        return Err(TokenError::Signature);
    }
    // Only now: claims whose signature was not checked are not read.
    let payload = decode(payload, "payload")?;
    Claims::read(&payload, (&trusted.kid, trusted.trust), rules, now)
}

#[cfg(test)]
mod tests;
