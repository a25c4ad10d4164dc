//! That a program cannot be asked is told once, and not by each of a thousand handlers: a file says that it was.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_store::fs::file;
use chat_store::people::person::hex_of;

use super::Hook;
use super::reply::Fault;

/// Directory below the run directory.
const DIR: &str = "hooks";
/// Bytes of one mark, and marks, that are read.
const MAX_MARK: u64 = 4096;
const MAX_MARKS: usize = 100;
/// One that fails now and then is told of once in this time.
const AGAIN: Duration = Duration::from_secs(60);

fn mark(run: &Path, hook: &Hook) -> PathBuf {
    let name = hex_of(&["hook\0", &hook.to_string()]);
    run.join(DIR).join(format!("{name}.down"))
}

/// What is known of the programs that failed when they were asked last, a line each.
pub fn failures(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(run.join(DIR)).into_iter().flatten().flatten();
    let marks = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "down"));
    let told = marks.map(|path| {
        let text = file::read_whole(&path, MAX_MARK).unwrap_or_default();
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    told.take(MAX_MARKS).collect()
}

/// What the log is to be told of a failure, if nobody has told it.
pub(super) fn failed(run: &Path, hook: &Hook, fault: &Fault) -> Option<String> {
    let path = mark(run, hook);
    let told = format!("the hook {hook} {fault}");
    let make = || {
        fs::File::create_new(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, format!("{told}\n").as_bytes()))
    };
    let outcome = match make() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(run.join(DIR)).and_then(|()| make())
        }
        outcome => outcome,
    };
    match outcome {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        // Better told too often than never.
        _ => Some(told),
    }
}

/// And of one that answers again.
pub(super) fn works(run: &Path, hook: &Hook) -> Option<String> {
    let path = mark(run, hook);
    let since = fs::metadata(&path)
        .and_then(|about| about.modified())
        .ok()?;
    if since.elapsed().is_ok_and(|age| age < AGAIN) {
        return None;
    }
    // Whoever removes it tells it.
    fs::remove_file(&path).ok()?;
    Some(format!("the hook {hook} answers again"))
}
