use super::*;
use crate::keys::Trust;
use crate::sign::Signer;
use crate::{Key, Scope};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const RULES: Rules<'static> = Rules {
    issuer: Some("https://a.example"),
    site: "a",
};

// RFC 7515 appendix A.2 and A.3, RFC 8037 appendix A.4: the key as its JWK, and what it signed.
const RFC_7515_RSA: &str = r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
const RFC_7515_RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RFC_7515_EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const RFC_7515_EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const RFC_8037: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const RFC_8037_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn trusted(key: Key, trust: Trust) -> Trusted {
    Trusted {
        kid: "k".into(),
        key,
        trust,
    }
}

fn signer() -> Signer {
    Signer::from_pem(Signer::new_pem().unwrap().as_bytes()).unwrap()
}

fn public(signer: &Signer) -> Key {
    Key::from_pem(signer.public_pem().unwrap().as_bytes()).unwrap()
}

/// What a token with these claims, in place of a good one's, is to a site.
fn judged(change: &Value, trust: Trust) -> Result<Claims, TokenError> {
    let mut claims = json!({ "iss": "https://a.example", "aud": "a", "exp": NOW + 600, "iat": NOW, "sub": "alice",
        "scope": "user" });
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    let signer = signer();
    let key = public(&signer);
    let token = signer.sign("k", &claims);
    verify(&token, |_| Ok(trusted(key, trust)), RULES, NOW)
}

fn why(change: &Value) -> TokenError {
    judged(change, Trust::All).expect_err("a token that must be refused")
}

#[test]
fn the_signatures_of_the_rfcs_are_good() {
    for (jwk, token) in [
        (RFC_7515_RSA, RFC_7515_RSA_TOKEN),
        (RFC_7515_EC, RFC_7515_EC_TOKEN),
        (RFC_8037, RFC_8037_TOKEN),
    ] {
        let key = Key::from_jwk(jwk.as_bytes()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.has_signed(signed.as_bytes(), &signature), "{jwk}");
        assert!(!key.has_signed(&signed.as_bytes()[1..], &signature));
        signature[0] ^= 1;
        assert!(!key.has_signed(signed.as_bytes(), &signature), "{jwk}");
        // What they claim is of another time, and for nobody here.
        let refused = verify(token, |_| Ok(trusted(key, Trust::All)), RULES, NOW);
        let is_old = [TokenError::Issuer, TokenError::Form("payload")];
        assert!(is_old.contains(&refused.unwrap_err()), "{jwk}");
    }
}

#[test]
fn a_good_token_says_who_it_is() {
    let claims = json!({ "name": "Alice", "color": "#a00", "pub": { "level": 3, "of": ["a"] }, "rooms": ["game-*"],
        "mod": ["game-1"], "channels": ["news"], "jti": "1", "aud": ["b", "a"], "scope": ["openid", "user"] });
    let claims = judged(&claims, Trust::People).unwrap();
    assert_eq!(
        (claims.sub.as_deref(), claims.kid.as_str()),
        (Some("alice"), "k")
    );
    assert_eq!(claims.public.as_deref(), Some(r#"{"level":3,"of":["a"]}"#));
    assert!(claims.rooms.unwrap().fit("game-7") && claims.moderates.fit("game-1"));
    assert!(claims.channels.fit("news") && !claims.channels.fit("other"));
    assert!(claims.scopes.hold(Scope::User) && !claims.scopes.hold(Scope::Post));
}

#[test]
fn admin_has_the_scopes_of_programs_and_is_nobody() {
    let claims = judged(&json!({ "scope": "admin", "sub": null }), Trust::All).unwrap();
    let held: Vec<_> = Scope::ALL
        .iter()
        .filter(|scope| claims.scopes.hold(**scope))
        .collect();
    assert_eq!(
        held,
        [&Scope::Post, &Scope::Read, &Scope::Moderate, &Scope::Admin]
    );
    assert_eq!(
        judged(&json!({ "scope": "user admin" }), Trust::People),
        Err(TokenError::NotForPrograms)
    );
    let none = judged(&json!({ "scope": null }), Trust::All).unwrap();
    assert!(Scope::ALL.iter().all(|scope| !none.scopes.hold(*scope)));
}

#[test]
fn what_is_for_others_old_new_or_too_lasting_is_refused() {
    assert_eq!(
        why(&json!({ "iss": "https://b.example" })),
        TokenError::Issuer
    );
    assert_eq!(why(&json!({ "iss": null })), TokenError::Issuer);
    for audience in [json!("b"), json!(["b"]), json!([]), Value::Null, json!("A")] {
        assert_eq!(why(&json!({ "aud": audience })), TokenError::Audience);
    }
    assert_eq!(why(&json!({ "exp": NOW - 30 })), TokenError::Expired);
    assert_eq!(why(&json!({ "exp": NOW - 30 })).code(), "token_expired");
    assert!(judged(&json!({ "exp": NOW - 29, "iat": NOW - 60 }), Trust::All).is_ok());
    assert_eq!(why(&json!({ "exp": null })), TokenError::Claim("exp"));
    for early in ["nbf", "iat"] {
        assert_eq!(why(&json!({ early: NOW + 31 })), TokenError::NotYet);
        assert!(judged(&json!({ early: NOW + 30 }), Trust::All).is_ok());
    }
    let day = 24 * 3600;
    assert!(judged(&json!({ "exp": NOW + day }), Trust::All).is_ok());
    assert_eq!(
        why(&json!({ "exp": NOW + day + 31 })),
        TokenError::TooLasting
    );
    assert_eq!(
        why(&json!({ "exp": NOW + 901, "iat": NOW - 60, "scope": "post" })),
        TokenError::TooLasting
    );
    assert_eq!(
        why(&json!({ "exp": NOW + 931, "iat": null, "scope": "post" })),
        TokenError::TooLasting
    );
}

#[test]
fn a_claim_of_another_type_is_refused_and_not_taken_for_none() {
    for wrong in [
        json!({ "exp": "1800000600" }),
        json!({ "nbf": "tomorrow" }),
        json!({ "nbf": [] }),
        json!({ "iat": -1 }),
        json!({ "exp": 1e300 }),
        json!({ "sub": 7 }),
        json!({ "aud": 7 }),
        json!({ "rooms": "a" }),
        json!({ "scope": { "user": true } }),
    ] {
        assert_eq!(why(&wrong), TokenError::Form("payload"), "{wrong}");
    }
    assert!(judged(&json!({ "exp": 1_800_000_600.5 }), Trust::All).is_ok());
    for (claim, value) in [
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("name", json!("x".repeat(513))),
        ("pub", json!("x".repeat(1024))),
        ("rooms", json!(["a*b"])),
        ("mod", json!([""])),
    ] {
        assert_eq!(why(&json!({ claim: value })), TokenError::Claim(claim));
    }
}

/// A token of this header, signed by `signer` whatever that says.
fn with_header(signer: &Signer, header: &str) -> String {
    let claims =
        json!({ "iss": "https://a.example", "aud": "a", "exp": NOW + 600, "scope": "user" });
    let good = signer.sign("k", &claims);
    let payload = good.split('.').nth(1).unwrap();
    signer.sign_parts(&URL_SAFE_NO_PAD.encode(header), payload)
}

#[test]
fn the_key_decides_about_the_algorithm() {
    let signer = signer();
    let why = |header: &str| {
        let key = public(&signer);
        let token = with_header(&signer, header);
        verify(&token, |_| Ok(trusted(key, Trust::All)), RULES, NOW).err()
    };
    assert_eq!(why(r#"{"alg":"EdDSA"}"#), None);
    for other in [
        "none", "None", "nOnE", "", "HS256", "RS256", "ES256", "PS256", "eddsa",
    ] {
        let header = json!({ "alg": other, "kid": "k" }).to_string();
        assert_eq!(why(&header), Some(TokenError::Algorithm), "{other}");
    }
    for broken in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":"EdDSA","alg":"none"}"#,
        r#"{"alg":["EdDSA"]}"#,
        "[]",
        "",
        "\u{0}",
        r#"{"alg":"EdDSA"}x"#,
    ] {
        assert_eq!(why(broken), Some(TokenError::Form("header")), "{broken}");
    }
    let crit = r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#;
    assert_eq!(why(crit), Some(TokenError::Critical));
}

#[test]
fn a_key_that_the_header_brings_is_not_looked_at() {
    let (ours, theirs) = (signer(), signer());
    let x = URL_SAFE_NO_PAD.encode(&theirs.public_pem().unwrap().as_bytes()[..32]);
    let header = json!({ "alg": "EdDSA", "kid": "k", "jku": "https://evil.example/keys", "x5u": "file:///etc/passwd",
        "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    let token = with_header(&theirs, &header.to_string());
    let key = public(&ours);
    let refused = verify(&token, |_| Ok(trusted(key, Trust::All)), RULES, NOW);
    assert_eq!(refused, Err(TokenError::Signature));
}

#[test]
fn a_public_key_is_no_shared_secret() {
    // The confusion of algorithms: HMAC with the text of the public key as the secret.
    let ours = signer();
    let pem = ours.public_pem().unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"k"}"#);
    let claims =
        json!({ "iss": "https://a.example", "aud": "a", "exp": NOW + 600, "scope": "admin" });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pem.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, signed.as_bytes()));
    let key = public(&ours);
    let refused = verify(
        &format!("{signed}.{tag}"),
        |_| Ok(trusted(key, Trust::All)),
        RULES,
        NOW,
    );
    assert_eq!(refused, Err(TokenError::Algorithm));
}

#[test]
fn what_is_no_token_is_refused() {
    let ours = signer();
    let good = with_header(&ours, r#"{"alg":"EdDSA"}"#);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let never = |_: Option<&str>| panic!("no key is looked for");
    for none in ["", ".", "..", "a.b", "a.b.c", &"x".repeat(MAX_TOKEN + 1)] {
        assert!(verify(none, never, RULES, NOW).is_err(), "{none}");
    }
    for broken in [
        format!("{signed}."),
        format!("{signed}.{signature}="),
        format!("{signed}.{signature}A"),
        format!("{signed}. {signature}"),
        format!("{good}.x"),
        format!(" {good}"),
    ] {
        let find = |_: Option<&str>| Ok(trusted(public(&ours), Trust::All));
        assert!(verify(&broken, find, RULES, NOW).is_err(), "{broken}");
    }
}
