//! `JWT_KEYS`: public keys alone, which can be used, and which are fetched as often as their owner changes them.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::sheet::Sheet;
use chat_handler::settings::Settings;
use chat_token::keys::{Keys, usable};

/// Files that are looked at, and bytes of each.
const MAX: (usize, u64) = (1000, 256 * 1024);
/// Keys of a provider are fetched each hour: after so long nobody does.
const STALE: Duration = Duration::from_secs(2 * 24 * 3600);

pub(super) fn look(settings: &Settings, sheet: &mut Sheet) {
    let tokens = &settings.identity.tokens;
    let Some(dir) = &tokens.keys else {
        return sheet.unused("tokens", "no JWT_KEYS");
    };
    let shown = dir.display();
    match Keys::new(dir).check() {
        Ok(wrong) => {
            for line in wrong {
                let mend = "KID.pem is a public key in PEM, KID.jwk one in JSON, NAME.jwks a set of them: docs/api.md";
                sheet.error("tokens", line, mend);
            }
        }
        Err(error) => {
            let mend = format!("chmod 755 {shown} and 644 its files: nobody comes in by a token");
            sheet.error("tokens", format!("JWT_KEYS: {error}"), mend);
        }
    }
    let mut newest = None;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    for path in entries.take(MAX.0).map(|entry| entry.path()) {
        let Some(bytes) = read(&path) else { continue };
        if is_private(&bytes) {
            let text = format!(
                "{}: a private key: whoever reads it is whom they like",
                path.display()
            );
            let mend = "it belongs to who signs: make a new one there (chatctl token new-key), and put its public half here";
            sheet.error("tokens", text, mend);
        }
        if path.extension().is_some_and(|ending| ending == "jwks") {
            let fetched = path.metadata().and_then(|it| it.modified()).ok();
            newest = newest.max(fetched);
            if usable(&bytes).is_ok_and(|count| count == 0) {
                let text = format!("{}: no key in it can be used", path.display());
                sheet.error("tokens", text, FETCH);
            }
        }
    }
    if let Some(url) = &tokens.keys_url {
        let age = newest.and_then(|newest| SystemTime::now().duration_since(newest).ok());
        match (newest, age) {
            (None, _) => sheet.error(
                "tokens",
                format!("the keys of {url} were never fetched"),
                FETCH,
            ),
            (Some(_), Some(age)) if age > STALE => {
                let days = age.as_secs() / 86400;
                let text = format!(
                    "the keys of {url} were fetched {days} days ago: new ones are not known"
                );
                sheet.warn("tokens", text, FETCH);
            }
            _ => {}
        }
    }
    sheet.good_unless_found("tokens", format!("{shown}: public keys alone"));
}

const FETCH: &str = "chatctl token fetch-keys; each hour by systemctl enable --now chat-jwks@NAME.timer, or by cron";

fn read(path: &Path) -> Option<Vec<u8>> {
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    let file = std::fs::File::open(path).ok().filter(|_| is_file)?;
    let mut bytes = Vec::new();
    file.take(MAX.1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// PEM's own words (RFC 7468), or JWK's `d` (RFC 7518 section 6) and `k`.
fn is_private(bytes: &[u8]) -> bool {
    if memchr::memmem::find(bytes, b"PRIVATE KEY-----").is_some() {
        return true;
    }
    let has = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    has(&value)
        || value["keys"]
            .as_array()
            .is_some_and(|keys| keys.iter().any(has))
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_private_key_is_known_in_each_form() {
        for private in [
            "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\n",
            r#"{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}"#,
            r#"{"keys":[{"kty":"oct","k":"secret"}]}"#,
        ] {
            assert!(is_private(private.as_bytes()), "{private}");
        }
        for public in [
            "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
            r#"{"kty":"OKP","crv":"Ed25519","x":"d"}"#,
            r#"{"keys":[{"kty":"RSA","n":"d","e":"AQAB"}]}"#,
            "",
        ] {
            assert!(!is_private(public.as_bytes()), "{public}");
        }
    }
}
