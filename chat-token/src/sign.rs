//! Keys and tokens of our own, with Ed25519: for trying things out, for programs of the site that have no library for
//! it, and for tests. A chat needs none of this to believe a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem_rfc7468::LineEnding;
use ring::rand::{self, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::KeyError;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// What stands before the 32 bytes of its private half in PKCS #8.
const PRIVATE_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A private key.
#[derive(Debug)]
pub struct Signer {
    pair: Ed25519KeyPair,
}

impl Signer {
    /// A new key, in PEM.
    ///
    /// # Errors
    /// That the kernel gives no random bytes.
    pub fn new_pem() -> Result<String, KeyError> {
        let seed: [u8; 32] = rand::generate(&SystemRandom::new())
            .map_err(|_| KeyError::Broken)?
            .expose();
        // Version 1, which everybody reads: OpenSSL refuses what ring's own generator writes.
        pem("PRIVATE KEY", &[&PRIVATE_PREFIX[..], &seed].concat())
    }

    /// Reads one: as [`Signer::new_pem`] or `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem_rfc7468::decode_vec(text).map_err(|_| KeyError::Form)?;
        if label != "PRIVATE KEY" {
            return Err(KeyError::Form);
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        pair.map(|pair| Self { pair }).map_err(|_| KeyError::Kind)
    }

    /// Its public half in PEM, for `JWT_KEYS`.
    ///
    /// # Errors
    /// None, as far as anybody knows.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let der = [&PREFIX[..], self.pair.public_key().as_ref()].concat();
        pem("PUBLIC KEY", &der)
    }

    /// A token that claims this.
    pub fn sign(&self, kid: &str, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid });
        let [header, payload] =
            [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        self.sign_parts(&header, &payload)
    }

    pub(crate) fn sign_parts(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn pem(label: &str, der: &[u8]) -> Result<String, KeyError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(|_| KeyError::Broken)
}
