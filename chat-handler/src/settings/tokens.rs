//! Tokens of the site's own log-in and programs.

use std::path::{Path, PathBuf};

/// The name of a site that has none.
const ONLY_SITE: &str = "chat";

/// Which tokens are believed, and how fast their holders may ask.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The directory of the keys; `None`: no token is.
    pub keys: Option<PathBuf>,
    /// Who must have made them (`iss`).
    pub issuer: Option<String>,
    /// The cookie that may hold one; `None`: none does.
    pub cookie: Option<String>,
    /// Where an identity provider publishes its keys, for the timer that fetches them.
    pub keys_url: Option<String>,
    /// The site's name: whom they must be for (`aud`).
    pub site: String,
    /// Requests a second of one key, or of one person, in the long run.
    pub rate: u32,
    /// Requests that may come at once.
    pub burst: u32,
}

impl Tokens {
    pub(super) fn defaults(file: &Path) -> Self {
        Self {
            keys: None,
            issuer: None,
            cookie: None,
            keys_url: None,
            site: site_of(file),
            rate: 50,
            burst: 200,
        }
    }
}

/// `sites/NAME/chat.ini` is the site NAME's.
fn site_of(file: &Path) -> String {
    let dir = file.parent();
    let is_site = dir
        .and_then(Path::parent)
        .is_some_and(|sites| sites.ends_with("sites"));
    let name = dir.and_then(Path::file_name).filter(|_| is_site);
    let name = name.and_then(|name| name.to_str()).and_then(site);
    name.unwrap_or_else(|| ONLY_SITE.to_owned())
}

/// A site's name.
pub(super) fn site(value: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_name = (1..=64).contains(&value.len()) && value.bytes().all(good);
    (is_name && !value.starts_with('.')).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_called_as_its_directory() {
        let of = |file: &str| site_of(Path::new(file));
        assert_eq!(of("/etc/websocketd-rs/sites/shop/chat.ini"), "shop");
        assert_eq!(of("/etc/websocketd-rs/chat.ini"), "chat");
        assert_eq!(of("/etc/sites/chat.ini"), "chat");
        assert_eq!(of("chat.ini"), "chat");
    }
}
