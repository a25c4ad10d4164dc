//! Signatures of Standard Webhooks (<https://www.standardwebhooks.com>): `v1,` and the HMAC-SHA256 of
//! `ID.TIMESTAMP.BODY` in Base64. Pure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// Bytes of a secret: the specification wants 24 to 64.
const LEAST: usize = 24;
const MOST: usize = 64;
/// Secrets at a time: the one in use, and the one before it.
const MAX_SECRETS: usize = 4;

/// What signs.
pub struct Secrets(Vec<hmac::Key>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// `whsec_` and Base64, one a line.
    ///
    /// # Errors
    /// What is wrong, without the secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = Vec::new();
        for line in lines {
            let secret = line
                .strip_prefix("whsec_")
                .and_then(|it| STANDARD.decode(it).ok());
            let secret = secret.filter(|it| (LEAST..=MOST).contains(&it.len()));
            let secret = secret.ok_or_else(|| {
                "a line is not whsec_ and the Base64 of 24 to 64 bytes: echo whsec_$(openssl rand -base64 32)".to_owned()
            })?;
            keys.push(hmac::Key::new(hmac::HMAC_SHA256, &secret));
        }
        match keys.len() {
            0 => Err("holds no secret".to_owned()),
            1..=MAX_SECRETS => Ok(Self(keys)),
            _ => Err(format!("holds more than {MAX_SECRETS} secrets")),
        }
    }

    /// The header `webhook-signature`: a signature by each.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let signatures = self.0.iter().map(|key| {
            let mut context = hmac::Context::with_key(key);
            context.update(format!("{id}.{timestamp}.").as_bytes());
            context.update(body);
            format!("v1,{}", STANDARD.encode(context.sign()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // From the tests of the reference libraries (standard-webhooks, libraries/python).
        let secrets = Secrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secrets.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_its_form() {
        for wrong in [
            "",
            "\n",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_!",
        ] {
            assert!(Secrets::parse(wrong).is_err(), "{wrong}");
        }
        let two = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        assert_eq!(
            Secrets::parse(two)
                .unwrap()
                .sign("a", 1, b"")
                .split(' ')
                .count(),
            2
        );
    }
}
