//! Any file of another server's accounts, or of ILIAS' settings: no panic, no account under a name that its owner does not type, and no
//! password in what an administrator is told.

use chat_admin::ilias::{Client, Server};
use chat_admin::login::import::{csv, htpasswd, xep_0227};

/// A password of the seeds.
const SECRET: &str = "correct horse battery";

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    ilias(text);
    for read in [htpasswd, csv, xep_0227] {
        match read(text) {
            Err(error) => assert!(!error.contains(SECRET), "{error}"),
            Ok(found) => {
                for one in found {
                    if let Ok(nick) = one.nick() {
                        assert_eq!(nick.as_str(), one.name);
                    }
                    if let Err(error) = &one.secret {
                        assert!(!error.contains(SECRET), "{error}");
                    }
                    assert!(!format!("{:?}", one.secret).contains(SECRET));
                }
            }
        }
    }
}

/// What is taken over can stand in a line of the daemon's file, and each key is said to become something.
fn ilias(text: &str) {
    match Server::parse(text) {
        Err(error) => assert!(
            !error.0.is_empty() && !error.to_string().contains(SECRET),
            "{error}"
        ),
        Ok(server) => {
            let host = server.host.iter();
            let files = server.tls.iter().flat_map(|(cert, key)| [cert, key]);
            for word in host.chain(files).chain(&server.keep) {
                assert!(
                    !word.is_empty() && !word.contains(char::is_control),
                    "{word:?}"
                );
            }
            assert!(!format!("{:?}", server.fates).contains(SECRET));
        }
    }
    match Client::parse(text) {
        Err(error) => assert!(
            !error.0.is_empty() && !error.to_string().contains(SECRET),
            "{error}"
        ),
        Ok(client) => {
            assert!(!client.name.is_empty() && !format!("{:?}", client.fates).contains(SECRET));
        }
    }
}
