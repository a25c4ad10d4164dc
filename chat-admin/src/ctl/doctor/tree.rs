//! Whose the files are, and who else can read them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use super::sheet::Sheet;
use super::space::is_read_only;
use chat_handler::settings::Settings;

/// How deep directories are in each other: `closed/ROOM/files/ROOM/FILE` is the deepest.
const MAX_DEPTH: usize = 6;
/// A tree of more files than this is looked at in part.
const MAX_FILES: usize = 500_000;
/// So many files that are somebody else's are named.
const NAMED: usize = 3;

/// Directories that are the chat's user's alone.
const PRIVATE: [&str; 7] = [
    "sessions",
    "marks",
    "closed",
    "accounts",
    "profiles",
    "files",
    "run/closed",
];

pub(super) fn look(settings: &Settings, sheet: &mut Sheet) {
    let base = &settings.base_dir;
    let shown = base.display();
    let metadata = match std::fs::metadata(base) {
        Ok(metadata) => metadata,
        Err(error) => {
            let mend = format!("mkdir -m 750 {shown}; chown www-data: {shown}");
            return sheet.error("owner", format!("{shown}: {error}"), mend);
        }
    };
    owners(base, metadata.uid(), sheet);
    modes(settings, metadata.mode(), sheet);
    if is_read_only(base) {
        let mend = format!("mount -o remount,rw {shown}, after a look at dmesg");
        sheet.error("disk", format!("{shown}: the disk is read-only"), mend);
    }
    for dir in ["rooms", "users", "run", "state", "log"] {
        let dir = base.join(dir);
        let wanted = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        if dir.exists()
            && !is_read_only(&dir)
            && let Err(error) = rustix::fs::access(&dir, wanted)
        {
            let shown = dir.display();
            sheet.error(
                "owner",
                format!("{shown}: {error}"),
                format!("chmod 750 {shown}"),
            );
        }
    }
    sheet.good_unless_found(
        "owner",
        format!("{shown}: all of it is {}'s", name(metadata.uid())),
    );
    sheet.good_unless_found("mode", format!("{shown}: nobody else can read it"));
}

fn name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

fn owners(base: &Path, uid: u32, sheet: &mut Sheet) {
    let mut foreign: Vec<PathBuf> = Vec::new();
    let (mut count, mut seen) = (0_usize, 0_usize);
    let mut dirs = vec![(base.to_owned(), 0)];
    while let Some((dir, depth)) = dirs.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) => {
                let shown = dir.display();
                let mend = format!("chown {}: {shown}; chmod 750 {shown}", name(uid));
                sheet.error("owner", format!("{shown}: {error}"), mend);
                continue;
            }
        };
        for entry in entries.flatten() {
            seen += 1;
            // What goes away meanwhile is nobody's.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.uid() != uid {
                count += 1;
                if foreign.len() < NAMED {
                    foreign.push(entry.path());
                }
            }
            if metadata.is_dir() && depth < MAX_DEPTH {
                dirs.push((entry.path(), depth + 1));
            }
        }
        if seen > MAX_FILES {
            break;
        }
    }
    if count > 0 {
        let names: Vec<_> = foreign
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let more = if count > NAMED { ", ..." } else { "" };
        let (user, base) = (name(uid), base.display());
        let text = format!(
            "{count} files are not {user}'s, as {base} is: {}{more}",
            names.join(", ")
        );
        sheet.error("owner", text, format!("chown -R {user}: {base}"));
    }
}

fn modes(settings: &Settings, base_mode: u32, sheet: &mut Sheet) {
    let base = &settings.base_dir;
    for dir in PRIVATE {
        open(&base.join(dir), 0o077, "700", sheet);
    }
    // Below a directory that others may not enter, nothing can be reached.
    if base_mode & 0o007 != 0 {
        for dir in ["rooms", "users", "run", "state", "log", "names"] {
            open(&base.join(dir), 0o007, "750", sheet);
        }
    }
}

fn open(dir: &Path, bits: u32, wanted: &str, sheet: &mut Sheet) {
    let Ok(metadata) = std::fs::metadata(dir) else {
        return;
    };
    if metadata.mode() & bits != 0 {
        let (shown, mode) = (dir.display(), metadata.mode() & 0o777);
        let text = format!("{shown}: mode {mode:o}: others can read it");
        sheet.error("mode", text, format!("chmod {wanted} {shown}"));
    }
}
