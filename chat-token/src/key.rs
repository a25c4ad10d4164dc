//! A key that is believed, and the one algorithm it is for.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED_25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Bytes of an Ed25519 key.
const ED_25519_LENGTH: usize = 32;
/// Bytes of one coordinate of a point of P-256.
const COORDINATE: usize = 32;

/// How a token is signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256; from 2048 to 8192 bits.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The word in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Why a file holds no key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Neither PEM nor JSON of that form.
    Form,
    /// A private key: it is not for this place.
    Private,
    /// A kind of key that is not taken: RSA, P-256 and Ed25519 are.
    Kind,
    /// Of that kind, and broken.
    Broken,
    /// It is for encryption, or for another algorithm than its kind is taken for.
    Use,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it is no public key in PEM (BEGIN PUBLIC KEY), JWK or JWK set",
            Self::Private => "it is a private key; only the public half belongs here",
            Self::Kind => "it is no key of RSA, P-256 or Ed25519",
            Self::Broken => "its numbers are wrong",
            Self::Use => "it is not for signatures of RS256, ES256 or EdDSA",
        })
    }
}

impl std::error::Error for KeyError {}

/// A public key. It decides about the algorithm; what a token says about that must agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Public);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Public {
    /// An `RSAPublicKey` of PKCS #1.
    Rsa(Vec<u8>),
    /// Its two numbers.
    RsaNumbers { n: Vec<u8>, e: Vec<u8> },
    /// 32 bytes.
    EdDsa(Vec<u8>),
    /// An uncompressed point.
    P256(Vec<u8>),
}

/// A key as JSON (RFC 7517, RFC 8037); what else stands there is skipped.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    kty: String,
    pub(crate) kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

impl Key {
    /// The algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Public::Rsa(_) | Public::RsaNumbers { .. } => Algorithm::Rs256,
            Public::EdDsa(_) => Algorithm::EdDsa,
            Public::P256(_) => Algorithm::Es256,
        }
    }

    /// Whether `signature` is this key's, of `message`.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.0 {
            Public::Rsa(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, signature)
            }
            Public::RsaNumbers { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            Public::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Public::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }

    /// `BEGIN PUBLIC KEY` (RFC 7468 section 13).
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem_rfc7468::decode_vec(text).map_err(|_| KeyError::Form)?;
        match label {
            "PUBLIC KEY" => Self::from_der(&der),
            label if label.ends_with("PRIVATE KEY") => Err(KeyError::Private),
            _ => Err(KeyError::Form),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Broken)?;
        let bits = info
            .subject_public_key
            .as_bytes()
            .ok_or(KeyError::Broken)?
            .to_vec();
        match info.algorithm.oid {
            RSA => Ok(Self(Public::Rsa(bits))),
            ED_25519 if bits.len() == ED_25519_LENGTH => Ok(Self(Public::EdDsa(bits))),
            EC if info.algorithm.parameters_oid() == Ok(P_256) => {
                let is_point = bits.len() == 1 + 2 * COORDINATE && bits[0] == 4;
                let point = is_point.then_some(Public::P256(bits));
                point.map(Self).ok_or(KeyError::Broken)
            }
            ED_25519 => Err(KeyError::Broken),
            _ => Err(KeyError::Kind),
        }
    }

    /// A key in JSON.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_jwk(text: &[u8]) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_slice(text).map_err(|_| KeyError::Form)?;
        jwk.key()
    }
}

impl Jwk {
    pub(crate) fn key(&self) -> Result<Key, KeyError> {
        if self.d.is_some() {
            return Err(KeyError::Private);
        }
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Use);
        }
        let number = |text: &Option<String>| {
            let text = text.as_deref().ok_or(KeyError::Broken)?;
            URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Broken)
        };
        let exactly = |text: &Option<String>, length| {
            let number = number(text)?;
            if number.len() == length {
                Ok(number)
            } else {
                Err(KeyError::Broken)
            }
        };
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Public::RsaNumbers {
                n: number(&self.n)?,
                e: number(&self.e)?,
            },
            ("OKP", Some("Ed25519")) => Public::EdDsa(exactly(&self.x, ED_25519_LENGTH)?),
            ("EC", Some("P-256")) => {
                let (x, y) = (exactly(&self.x, COORDINATE)?, exactly(&self.y, COORDINATE)?);
                Public::P256([&[4], &x[..], &y[..]].concat())
            }
            _ => return Err(KeyError::Kind),
        };
        let key = Key(key);
        let meant = self.alg.as_deref().unwrap_or(key.algorithm().as_str());
        // RFC 9864 names the curve.
        let is_same = meant == key.algorithm().as_str()
            || (meant == "Ed25519" && key.algorithm() == Algorithm::EdDsa);
        is_same.then_some(key).ok_or(KeyError::Use)
    }
}
