//! What is to be done about trouble with the engine, for who set it up.

/// Parts of what is told, and what to do about it. The first that is there counts.
const ADVICE: [(&str, &str); 12] = [
    ("AuthenticationFailed", USER),
    ("WRONGPASS", USER),
    ("NOAUTH", USER),
    (
        "NoPerm",
        "give ENGINE_USER the rights that chat.acl of this version has",
    ),
    ("BadSignature", AUTHORITY),
    ("UnknownIssuer", AUTHORITY),
    (
        "not valid for name",
        "the engine's certificate must name the address that ENGINE or Sentinel says (subjectAltName)",
    ),
    (
        "expired",
        "give the engine a new certificate, and restart it",
    ),
    (
        "reset by peer",
        "if it speaks TLS, ENGINE begins with rediss:// or sentinels://",
    ),
    (
        "temporarily unavailable",
        "nothing is answered there; if it speaks no TLS, ENGINE begins with redis:// or sentinel://",
    ),
    (
        "Connection refused",
        "nothing listens there: systemctl status redis-server@chat redis-sentinel@chat on that machine",
    ),
    (
        "No such master",
        "the name behind the Sentinels in ENGINE is that of `sentinel monitor` in their files",
    ),
];
const USER: &str =
    "ENGINE_USER and ENGINE_PASSWORD_FILE must be those of a user in the engine's chat.acl";
const AUTHORITY: &str =
    "ENGINE_CA_FILE must have the authority that signed the engine's certificate";

/// The text, and what to do about it if that is known.
pub fn with_advice(text: String) -> String {
    let known = ADVICE.iter().find(|(part, _)| text.contains(part));
    match known {
        Some((_, advice)) => format!("{text} ({advice})"),
        None => text,
    }
}
