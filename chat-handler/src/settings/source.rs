//! The text of the file, and where in it something stands.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Problem, SettingsError};

/// The largest file that is read: an ini is written by hand, a bigger one is a mistake.
const MAX_FILE_BYTES: u64 = 1 << 20;

pub(super) fn read(path: &Path, named: bool) -> Result<String, SettingsError> {
    let fail = |text| {
        SettingsError(vec![Problem {
            file: path.to_owned(),
            line: 0,
            text,
        }])
    };
    let file = std::fs::File::open(path).map_err(|error| {
        fail(if named {
            format!("cannot be read: {error}")
        } else {
            format!(
                "cannot be read: {error}; name another file with --config FILE or CHAT_CONFIG \
                 (it needs two lines: [global] and BASE_DIR=DIRECTORY)"
            )
        })
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail(format!(
            "is larger than {MAX_FILE_BYTES} bytes; is it the right file?"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let text = "is not UTF-8; convert it, for example with iconv".to_owned();
        SettingsError(vec![Problem {
            file: path.to_owned(),
            line,
            text,
        }])
    })
}

/// The first line that is none of an ini file. rust-ini tells where it could not go on, which is
/// often the end of the file.
pub(super) fn syntax_error(text: &str) -> Option<(usize, String)> {
    text.lines().zip(1..).find_map(|(line, number)| {
        let line = line.trim();
        let fault = match line.chars().next()? {
            ';' | '#' => return None,
            '[' if line.contains(']') => return None,
            '[' => "the name of a section ends with ]",
            _ if line.contains(['=', ':']) => return None,
            _ => "the line has no =",
        };
        Some((number, fault.to_owned()))
    })
}

/// The directory that relative paths in the file start from.
pub(super) fn absolute_folder(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute
        .parent()
        .map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// The line where the `nth` `key` of `section` stands, from 1; 0 if it cannot be found
/// (rust-ini gives positions for syntax errors only).
pub(super) fn line_of(text: &str, section: Option<&str>, key: &str, nth: usize) -> usize {
    let mut current = None;
    let mut left = nth;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            current = rest.split_once(']').map(|(name, _)| name.trim());
        } else if current == section
            && line
                .split(['=', ':'])
                .next()
                .is_some_and(|name| name.trim() == key)
        {
            if left == 0 {
                return number + 1;
            }
            left -= 1;
        }
    }
    0
}
