//! Any file of another server's accounts: no panic, no account under a name that its owner does not type, and no
//! password in what an administrator is told.

use chat_admin::login::import::{csv, htpasswd, xep_0227};

/// A password of the seeds.
const SECRET: &str = "correct horse battery";

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
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
