//! What a machine has missed, from a copy of another's tree: the logs are the same bytes on all machines, so a file of
//! another machine is this one's, if it only goes further.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::Failure;
use super::super::report::Report;
use crate::relay_state::RelayState;
use chat_handler::settings::Settings;

/// What all machines have alike, below `BASE_DIR`. What is only this machine's stays: `spool/out.log`, `spool/node`,
/// `run/`, `users/`, `log/`, sessions.
const ALIKE: [&str; 10] = [
    "rooms",
    "closed",
    "channels",
    "state",
    "accounts",
    "logins",
    "marks",
    "names",
    "profiles",
    "spool/orders.log",
];
/// Of these nothing is left that the copy does not have: an account was removed there, a name given back.
const FILES_ONLY: [&str; 5] = ["accounts", "logins", "marks", "names", "profiles"];
/// What is in there and is each machine's own: how far its spool was taken, how far it has written.
const OWN: [&str; 2] = ["state/relay.pos", CURSOR];
/// Without it the relay goes on behind the last line of the logs.
const CURSOR: &str = "state/relay.cursor";
/// Bytes that are compared at a time.
const BLOCK: usize = 64 * 1024;

/// Takes it; the relay must not write meanwhile.
pub(super) fn run(settings: &Settings, state: &RelayState, from: &Path) -> Result<Report, Failure> {
    if state.is_running {
        return Err(Failure::Refused(
            "chat-relay runs; stop it and the daemon first".to_owned(),
        ));
    }
    if !from.join(CURSOR).exists() {
        return Err(Failure::Missing(format!(
            "{} is no BASE_DIR of a machine of several: it has no state/relay.cursor",
            from.display()
        )));
    }
    let base = &settings.base_dir;
    // Everything is looked at before anything is changed.
    let mut files = Vec::new();
    for part in ALIKE {
        list(&from.join(part), Path::new(part), &mut files)?;
    }
    for file in files.iter().filter(|it| is_live_log(it)) {
        if !is_beginning(&base.join(file), &from.join(file))? {
            return Err(Failure::Refused(format!(
                "{} has lines that {} does not have: its relay was ahead of that copy, or logs were rotated at another \
                 time; start chat-relay, which gives the lines to the others, or copy the file by hand",
                base.join(file).display(),
                from.join(file).display()
            )));
        }
    }
    for file in &files {
        let to = base.join(file);
        if let Some(dir) = to.parent().filter(|dir| !dir.is_dir()) {
            fs::create_dir_all(dir)?;
            // Private ones stay so.
            let from = from.join(file);
            let mode = fs::metadata(from.parent().unwrap_or(&from))?.permissions();
            fs::set_permissions(dir, mode)?;
        }
        let new = to.with_extension("backfill");
        fs::copy(from.join(file), &new)?;
        // How old log-ins and marks are is when their files were written.
        let written = fs::metadata(from.join(file))?.modified()?;
        fs::File::options()
            .write(true)
            .open(&new)?
            .set_modified(written)?;
        fs::rename(&new, &to)?;
    }
    let copied: BTreeSet<_> = files.iter().collect();
    // A copy of an older list of parts says nothing of those that it does not have.
    for part in FILES_ONLY.iter().filter(|part| from.join(part).is_dir()) {
        let mut own = Vec::new();
        list(&base.join(part), Path::new(part), &mut own)?;
        for file in own.iter().filter(|file| !copied.contains(file)) {
            fs::remove_file(base.join(file))?;
        }
    }
    match fs::remove_file(base.join(CURSOR)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)?,
        _ => {}
    }
    let text = format!("{} files are as in {}", files.len(), from.display());
    Ok(Report::new(
        text,
        json!({ "done": true, "files": files.len() }),
    ))
}

/// Files below a place, by their names below `BASE_DIR`; nothing if it is not there.
fn list(place: &Path, name: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let kind = match fs::symlink_metadata(place) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if kind.is_file() {
        // How far a machine has come is its own, and a copy's is older than its logs.
        if !OWN.iter().any(|own| name == Path::new(own)) {
            files.push(name.to_owned());
        }
    } else if kind.is_dir() {
        for entry in fs::read_dir(place)? {
            let entry = entry?;
            list(&entry.path(), &name.join(entry.file_name()), files)?;
        }
    }
    Ok(())
}

fn is_live_log(file: &Path) -> bool {
    file.extension().is_some_and(|it| it == "log") && !file.starts_with("state")
}

/// Whether the first file is the beginning of the second, or is not there.
fn is_beginning(own: &Path, other: &Path) -> io::Result<bool> {
    let own = match File::open(own) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let (mut own, mut other) = (io::BufReader::with_capacity(BLOCK, own), File::open(other)?);
    let (mut a, mut b) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let length = own.read(&mut a)?;
        if length == 0 {
            return Ok(true);
        }
        match other.read_exact(&mut b[..length]) {
            Ok(()) if a[..length] == b[..length] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
