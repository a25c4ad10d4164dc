//! Any token, any claims with a good signature, any file of keys: no panic, and nothing that was not signed counts.

use std::sync::OnceLock;

use chat_token::sign::Signer;
use chat_token::{Key, Rules, Trust, Trusted, keys, verify};
use serde_json::Value;

/// RFC 8037, appendix A.
const PRIVATE: &[u8] = b"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
const RULES: Rules<'static> = Rules {
    issuer: None,
    site: "a",
};
const NOW: u64 = 1_800_000_000;

fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::from_pem(PRIVATE).expect("a key"))
}

fn trusted() -> Trusted {
    static KEY: OnceLock<Key> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let pem = signer().public_pem().expect("its public half");
        Key::from_pem(pem.as_bytes()).expect("a key")
    });
    Trusted {
        kid: "k".into(),
        key: key.clone(),
        trust: Trust::All,
    }
}

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // Whoever has no key can make none that is good.
    assert!(verify(&text, |_| Ok(trusted()), RULES, NOW).is_err());
    if let Ok(claims) = serde_json::from_slice::<Value>(bytes) {
        let token = signer().sign("k", &claims);
        if let Ok(claims) = verify(&token, |_| Ok(trusted()), RULES, NOW) {
            assert!(claims.exp + 30 > NOW && claims.exp <= NOW + 24 * 3600 + 60);
            assert!(
                claims
                    .sub
                    .is_none_or(|sub| !sub.is_empty() && !sub.contains(char::is_control))
            );
            assert!(
                claims
                    .public
                    .is_none_or(|public| public.len() <= 1024 && !public.contains('\n'))
            );
        }
    }
    let _ = (
        Key::from_pem(bytes),
        Key::from_jwk(bytes),
        keys::usable(bytes),
        Signer::from_pem(bytes),
    );
}
