//! The ends of log files: those of the site, and the daemon's where its file is known. Bounded, and without what could
//! act on whoever reads it.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Asked;
use chat_handler::settings::Settings;
use chat_store::audit;
use chat_store::record::{RecordId, show};

/// Lines of one answer.
const MAX_LINES: usize = 200;
/// Characters of one line.
const MAX_CHARACTERS: usize = 1000;

/// What is kept under which name.
pub(super) fn files(asked: &Asked<'_>, settings: &Settings) -> Vec<(&'static str, PathBuf)> {
    let log = settings.dirs().log;
    let mut files = vec![("entries", log.join("authentization.log"))];
    files.extend(asked.log_file.map(|path| ("service", path.to_owned())));
    files
}

/// The last lines of one of them, newest first; `None`: there is no such file here.
pub(super) fn tail(asked: &Asked<'_>, settings: &Settings) -> io::Result<Option<Value>> {
    let files = files(asked, settings);
    let wanted = asked.request.parameter("file").unwrap_or("entries");
    let Some((name, path)) = files.iter().find(|(name, _)| *name == wanted) else {
        return Ok(None);
    };
    let search = asked.request.parameter("search").map(str::to_lowercase);
    let mut lines = Vec::new();
    audit::each_from_end(path, &mut |line| {
        let line: String = show(line).trim().chars().take(MAX_CHARACTERS).collect();
        let is_wanted = |search: &String| line.to_lowercase().contains(search.as_str());
        if search.as_ref().is_none_or(is_wanted) {
            lines.push(line);
        }
        lines.len() < MAX_LINES
    })?;
    let names: Vec<_> = files.iter().map(|(name, _)| name).collect();
    Ok(Some(
        json!({ "file": name, "files": names, "lines": lines }),
    ))
}

/// What was done, newest first.
pub(super) fn audit(asked: &Asked<'_>, settings: &Settings) -> io::Result<Value> {
    let before = asked.request.parameter("before");
    let before = before.and_then(|id| RecordId::parse(id.as_bytes()));
    let entries = audit::last(&settings.dirs(), before.unwrap_or(RecordId::MAX), MAX_LINES)?;
    let told = entries.iter().map(|entry| {
        json!({
            "id": entry.id.to_string(), "via": entry.via, "who": entry.who, "from": entry.from, "what": entry.what,
        })
    });
    Ok(told.collect())
}
