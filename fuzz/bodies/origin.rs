//! Any Origin header, several of them divided by NUL: whom a list admits is on the list, whom `--sameorigin` admits comes from
//! the host.

use websocketd::http::origin::{FILE, OriginRules, check};

pub fn run(bytes: &[u8]) {
    let values = || bytes.split(|byte| *byte == 0);
    let list = ["a.example".to_owned()];
    let rules = OriginRules {
        same_origin: false,
        allowed: Some(&list),
        host: "a.example",
        tls: false,
    };
    if let Ok(text) = check(values(), &rules) {
        assert_eq!(host_of(&text), "a.example", "{text}");
    }
    let same = OriginRules {
        same_origin: true,
        allowed: None,
        ..rules
    };
    if let Ok(text) = check(values(), &same) {
        assert_eq!(host_of(&text), "a.example", "{text}");
    }
    let any = OriginRules {
        allowed: None,
        ..rules
    };
    if let Ok(text) = check(values(), &any) {
        assert!(text == FILE || !text.bytes().any(|byte| byte <= b' ' || byte == 0x7f));
    }
}

/// The host of an absolute URI, by another way than the daemon's own.
fn host_of(text: &str) -> String {
    let (_, rest) = text.split_once("://").expect("it has an authority");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    host.to_ascii_lowercase()
}
