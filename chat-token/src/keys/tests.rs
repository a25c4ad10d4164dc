use super::*;
use crate::sign::Signer;
use std::fs;

fn new_key() -> String {
    let signer = Signer::from_pem(Signer::new_pem().unwrap().as_bytes()).unwrap();
    signer.public_pem().unwrap()
}

const JWK: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"b","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn a_key_counts_while_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::new(dir.path());
    assert_eq!(keys.find(Some("a")).err(), Some(TokenError::UnknownKid));
    assert_eq!(keys.find(None).err(), Some(TokenError::NoKid));
    fs::write(dir.path().join("a.pem"), new_key()).unwrap();
    assert_eq!(keys.find(Some("a")).unwrap().trust, Trust::All);
    assert_eq!(keys.find(None).unwrap().kid, "a");
    fs::write(dir.path().join("b.jwk"), JWK).unwrap();
    assert_eq!(keys.find(Some("b")).unwrap().trust, Trust::All);
    assert_eq!(keys.find(None).err(), Some(TokenError::NoKid), "which?");
    fs::remove_file(dir.path().join("a.pem")).unwrap();
    assert_eq!(keys.find(Some("a")).err(), Some(TokenError::UnknownKid));
}

#[test]
fn a_set_vouches_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::new(dir.path());
    // One that came later and one that is for encryption beside one that can be used; its name is no file's.
    let set = JWK.replace(r#""b""#, r#""x/b=""#);
    let set = format!(
        r#"{{"keys":[{{"kty":"AKP","n":7}},{{"kty":"RSA","use":"enc","kid":"enc"}},{set}]}}"#
    );
    fs::write(dir.path().join("provider.jwks"), &set).unwrap();
    let found = keys.find(Some("x/b=")).unwrap();
    assert_eq!((found.trust, found.kid.as_str()), (Trust::People, "x/b="));
    assert!(matches!(keys.find(Some("enc")), Err(TokenError::BadKey(_))));
    assert_eq!(keys.find(Some("c")).err(), Some(TokenError::UnknownKid));
    assert_eq!(usable(set.as_bytes()), Ok(1));
    assert_eq!(usable(b"[]"), Err(KeyError::Form));
    assert_eq!(keys.find(None).err(), Some(TokenError::NoKid));
}

#[test]
fn a_name_of_a_key_is_no_path() {
    let outside = tempfile::tempdir().unwrap();
    let dir = outside.path().join("keys");
    fs::create_dir(&dir).unwrap();
    fs::write(outside.path().join("evil.pem"), new_key()).unwrap();
    fs::write(dir.join(".hidden.pem"), new_key()).unwrap();
    let keys = Keys::new(&dir);
    let absolute = outside.path().join("evil").display().to_string();
    for kid in [
        "../evil",
        "../keys/../evil",
        &absolute,
        "..%2fevil",
        "..",
        ".",
        ".hidden",
        "",
        "evil\0",
        "a b",
        "\\..\\evil",
        &"x".repeat(MAX_KID + 1),
    ] {
        assert_eq!(
            keys.find(Some(kid)).err(),
            Some(TokenError::UnknownKid),
            "{kid:?}"
        );
    }
}

#[test]
fn a_file_that_is_no_public_key_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::new(dir.path());
    fs::write(dir.path().join("private.pem"), Signer::new_pem().unwrap()).unwrap();
    fs::write(dir.path().join("text.pem"), "hello").unwrap();
    fs::write(
        dir.path().join("private.jwk"),
        JWK.replace(r#""x""#, r#""d":"AA","x""#),
    )
    .unwrap();
    fs::write(dir.path().join("large.jwks"), vec![b' '; 300 * 1024]).unwrap();
    let why = |kid| keys.find(Some(kid)).unwrap_err().to_string();
    assert!(why("private").contains("private key"), "{}", why("private"));
    assert!(why("text").contains("BEGIN PUBLIC KEY"));
    assert!(matches!(
        keys.find(Some("other")),
        Err(TokenError::BadKey(_))
    ));
    fs::remove_file(dir.path().join("large.jwks")).unwrap();
    assert_eq!(keys.check().unwrap().len(), 3);
    let elliptic = r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#;
    assert_eq!(Key::from_jwk(elliptic.as_bytes()), Err(KeyError::Kind));
}
