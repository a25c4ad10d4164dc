//! Tasks: what each machine of a site does for itself, because one of them was told to, and what takes longer than the
//! relay may be busy with one order. An order says it; each relay keeps it as a file in `spool/tasks/` and has it done
//! by a program beside it.

use std::io;
use std::path::PathBuf;

use super::{Cluster, order};
use crate::fs::dirs::{self, Dirs, SPOOL};
use crate::fs::file;
use crate::record::{RecordId, clean, show};

/// The directory in the spool.
const TASKS: &str = "tasks";
/// The longest, in bytes.
const MAX_BYTES: u64 = 4 * 1024;
/// What may be done so: commands of `chatctl`, each of which knows [`HERE`].
const COMMANDS: [&str; 2] = ["erase", "person"];
/// The flag that says to do it on this machine alone.
pub const HERE: &str = "--here";
/// The flag that says up to which record: what stands behind the order on one machine does so on all, however late they
/// come to do it.
pub const UNTIL: &str = "--until";
/// The file in `run/relay/` that says why one failed.
const FAILED: &str = "task.failed";
/// The longest reason, in bytes.
const MAX_REASON: usize = 300;

/// A task of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its file: it is done when that is removed.
    pub path: PathBuf,
    /// The order's id.
    pub id: RecordId,
    /// The command of `chatctl` and what it is given, without [`HERE`] and [`UNTIL`].
    pub words: Vec<String>,
}

/// Has all other machines do it; this one does it by itself. The id up to which it holds; `None`: the site is on one.
///
/// # Errors
/// Nobody does it then, unless nobody could say in time.
pub fn give(dirs: &Dirs, words: &[&str]) -> io::Result<Option<RecordId>> {
    let text = words.join("\n");
    if parse(&text).as_deref() != Some(&words.iter().map(ToString::to_string).collect::<Vec<_>>()) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    order::give_task(dirs, &text)
}

fn parse(text: &str) -> Option<Vec<String>> {
    let words: Vec<_> = text.split('\n').map(str::to_owned).collect();
    let is_good = COMMANDS.contains(&&*words[0]) && text.len() as u64 <= MAX_BYTES;
    (is_good && !text.contains('\0')).then_some(words)
}

/// Keeps one until it is done. False: it is none that this version knows.
///
/// # Errors
/// Those of writing the file.
pub(super) fn keep(dirs: &Dirs, id: RecordId, text: &[u8]) -> io::Result<bool> {
    let is_known = std::str::from_utf8(text).is_ok_and(|text| parse(text).is_some());
    if is_known {
        let dir = place(dirs);
        dirs::create_private(&dir)?;
        file::replace(&dir.join(id.as_micros().to_string()), text)?;
    }
    Ok(is_known)
}

/// Those that are not done, the oldest first.
///
/// # Errors
/// Those of reading the directory; a missing one holds none.
pub fn all(dirs: &Dirs) -> io::Result<Vec<Task>> {
    let entries = match std::fs::read_dir(place(dirs)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut tasks = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let id = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        let Some(id) = id.map(RecordId::from_micros) else {
            continue;
        };
        let text = String::from_utf8_lossy(&file::read_whole(&path, MAX_BYTES)?).into_owned();
        tasks.extend(parse(&text).map(|words| Task { path, id, words }));
    }
    tasks.sort_by_key(|task| task.id);
    Ok(tasks)
}

/// Says why one failed; `None`: none has, that is not done.
///
/// # Errors
/// Those of writing or removing the file.
pub fn say_failed(cluster: &Cluster, why: Option<&str>) -> io::Result<()> {
    let path = cluster.run.join(FAILED);
    if let Some(why) = why {
        return file::swap(&path, format!("{}\n", clean(why)).as_bytes());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Why one failed that is tried again.
///
/// # Errors
/// Those of reading the file.
pub fn failed(cluster: &Cluster) -> io::Result<Option<String>> {
    let text = file::read_whole(&cluster.run.join(FAILED), MAX_REASON as u64)?;
    let text = show(text.split(|&byte| byte == b'\n').next().unwrap_or_default()).into_owned();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn place(dirs: &Dirs) -> PathBuf {
    dirs.base().join(SPOOL).join(TASKS)
}
