//! Any cookies, query string and reply of `OpenSSO`: no panic, and nothing that is no id becomes a path.

use std::path::Path;

use chat_handler::cgi::Query;
use chat_handler::identity::cookie::first_value;
use chat_handler::identity::opensso::{Inquiry, person};
use chat_handler::identity::php_session::SessionId;

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let value = first_value(&text, "PHPSESSID");
    for id in [value.as_deref(), Some(bytes)].into_iter().flatten() {
        if let Some(id) = SessionId::parse(id) {
            let path = id.path(Path::new("/s"), 5);
            assert_eq!(path.components().count(), 2 + 5 + 1, "{}", path.display());
            assert!(!path.to_string_lossy().contains(".."));
        }
    }
    let query = Query::parse(&text);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    assert!(
        query
            .client
            .is_none_or(|client| client.bytes().all(is_token))
    );
    if let Some(person) = person(&text) {
        assert!(person.account.is_some_and(|account| !account.is_empty()));
        assert!(!person.moderator);
    }
    let _ = Inquiry::parse(&text);
}
