//! Whether what the settings name is there.

use std::path::Path;

use super::{Problem, Settings, SettingsError, line_of};

/// What a key names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Directory,
    PemFile,
}

impl Settings {
    /// The directories below `BASE_DIR` are made by the one who writes there first; `BASE_DIR`
    /// itself must exist, so that a wrong path or a disk that is not mounted is told.
    pub(super) fn check_base(&self, text: &str) -> Result<(), SettingsError> {
        let trouble = match std::fs::metadata(&self.base_dir) {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => "is not a directory".to_owned(),
            Err(error) => format!("cannot be used ({error})"),
        };
        Err(SettingsError(vec![Problem {
            file: self.source.clone(),
            line: line_of(text, Some("global"), "BASE_DIR", 0),
            text: format!(
                "BASE_DIR: {} {trouble}; make it, and give it to the user the chat runs as",
                self.base_dir.display()
            ),
        }]))
    }

    /// What the file names besides `BASE_DIR` and is not there. The chat runs without (people whose
    /// session cannot be read are Anonymous), so this is told and keeps nobody out.
    pub fn missing(&self) -> Vec<Problem> {
        let sessions = &self.identity.session_dir;
        let named = *sessions != self.base_dir.join("sessions");
        let of_sessions = named
            .then(|| self.trouble("SESSION_SAVE_PATH", sessions, Place::Directory))
            .flatten();
        let authority = self.identity.sso_ca_file.as_deref();
        let of_authority =
            authority.and_then(|file| self.trouble("AUTHENTIZATION_CA_FILE", file, Place::PemFile));
        let pages = self.pages.dir.as_deref();
        let of_pages = pages.and_then(|dir| self.trouble("PAGES_DIR", dir, Place::Directory));
        let all = [of_sessions, of_authority, of_pages];
        all.into_iter().flatten().collect()
    }

    fn trouble(&self, key: &str, path: &Path, wanted: Place) -> Option<Problem> {
        let trouble = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() == (wanted == Place::Directory) => return None,
            Ok(_) => "is something else".to_owned(),
            Err(error) => format!("cannot be used ({error})"),
        };
        let what = match wanted {
            Place::Directory => "a directory",
            Place::PemFile => "a PEM file",
        };
        // Read again only to tell the line: this is rare.
        let text = std::fs::read_to_string(&self.source).unwrap_or_default();
        Some(Problem {
            file: self.source.clone(),
            line: line_of(&text, Some("global"), key, 0),
            text: format!("{key}: {} {trouble}; name {what}", path.display()),
        })
    }
}
