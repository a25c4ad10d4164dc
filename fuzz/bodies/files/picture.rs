//! Any picture: no panic, nothing that was not in it but an orientation, and cleaned twice it is the same.

use chat_admin::picture::{SHOWN, clean};

/// What stands for EXIF, with its header and its place in the file, may be added.
const ADDED: usize = 64;

pub fn run(bytes: &[u8]) {
    for kind in SHOWN {
        let Some(picture) = clean(kind, bytes.to_vec()) else {
            continue;
        };
        assert!(picture.bytes.len() <= bytes.len() + ADDED);
        let again = clean(kind, picture.bytes.clone());
        assert_eq!(again.as_ref(), Some(&picture), "{kind}");
    }
}
