//! What a file is written to before it is put in place of another, and what becomes of that if nobody puts it there:
//! who is killed in between leaves it, with whatever it says of people.
//!
//! It is called `.new-PID-NAME`: nothing of the site's has a name that begins so. Whoever writes it holds its lock
//! until it has been renamed, so whose lock is free is nobody's any more, unless it was made just now by a process that
//! is there and has yet to lock it. The process may be one of another container, which cannot be seen: its writer finds
//! that the file is gone, and writes it again.

use std::fs::{DirEntry, File, ReadDir};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, unlink};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::dirs::Dirs;
use super::file;
use super::lock::{self, Share};

/// How the names begin.
const PREFIX: &str = ".new-";
/// How long a process that is there may have made a file without having locked it.
const YOUNG: Duration = Duration::from_secs(10);
/// How far below a directory of the site's it is looked: `state/hooks/`, `closed/ROOM/state/`.
const DEPTH: usize = 2;
/// What a closed room has that is not replaced in this way, and may be large.
const OTHERS: [&str; 3] = ["files", "rooms", "users"];

/// What is written before it is put in place of `path`.
pub(super) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{PREFIX}{}-{name}", std::process::id()))
}

/// Says that somebody writes it. Where a file system has no locks nobody finds one that is free.
pub(super) fn hold(file: &File) {
    let _ = lock::try_hold(file, Share::Exclusive);
}

/// Removes what was left by processes that were killed; how many there were. It reads most of the site's directories.
///
/// # Errors
/// The first of reading the directories and removing. The others were looked at all the same.
pub fn sweep(dirs: &Dirs) -> io::Result<usize> {
    let mut sweep = Sweep::of(dirs);
    while !sweep.go_on(Duration::MAX) {}
    sweep.end()
}

/// As [`sweep`], a little at a time.
#[derive(Debug)]
pub struct Sweep {
    /// Directories that have not been begun.
    rest: Vec<PathBuf>,
    /// Those that are being read, each in the one before it.
    open: Vec<(PathBuf, ReadDir)>,
    count: usize,
    failed: Option<io::Error>,
}

impl Sweep {
    /// One of the whole site.
    pub fn of(dirs: &Dirs) -> Self {
        let rest = [
            &dirs.site_state,
            &dirs.names,
            &dirs.accounts,
            &dirs.profiles,
            &dirs.marks,
            &dirs.logins,
            &dirs.closed,
            &dirs.log,
            dirs.site_run(),
            &dirs.base().join(super::dirs::SPOOL),
        ];
        Self {
            rest: rest.map(Path::to_owned).to_vec(),
            open: Vec::new(),
            count: 0,
            failed: None,
        }
    }

    /// Goes on for about so long; true: it is over.
    pub fn go_on(&mut self, limit: Duration) -> bool {
        let began = Instant::now();
        while self.step() {
            if began.elapsed() >= limit {
                return false;
            }
        }
        true
    }

    /// Looks at one thing; false: there is none.
    fn step(&mut self) -> bool {
        let Some((_, entries)) = self.open.last_mut() else {
            let next = self.rest.pop();
            return next.map(|dir| self.enter(dir)).is_some();
        };
        match entries.next() {
            Some(Ok(entry)) => self.look(&entry),
            Some(Err(error)) => {
                if let Some((dir, _)) = self.open.pop() {
                    self.fail(&dir, &error);
                }
            }
            None => {
                self.open.pop();
            }
        }
        true
    }

    /// How many there were.
    ///
    /// # Errors
    /// As [`sweep`].
    pub fn end(self) -> io::Result<usize> {
        self.failed.map_or(Ok(self.count), Err)
    }

    fn enter(&mut self, dir: PathBuf) {
        match std::fs::read_dir(&dir) {
            // Made by the first who needs it, or deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.fail(&dir, &error),
            Ok(entries) => self.open.push((dir, entries)),
        }
    }

    fn look(&mut self, entry: &DirEntry) {
        let (name, path) = (entry.file_name(), entry.path());
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.fail(&path, &error),
        };
        if kind.is_dir() {
            if self.open.len() <= DEPTH && !OTHERS.iter().any(|other| name == *other) {
                self.enter(path);
            }
        } else if kind.is_file()
            && let Some(pid) = name.to_str().and_then(writer_of)
        {
            match remove_if_left(&path, pid) {
                Ok(was_left) => self.count += usize::from(was_left),
                Err(error) => self.fail(&path, &error),
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        let told = || io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        self.failed.get_or_insert_with(told);
    }
}

/// The process that has made a file, if that is called as [`beside`] does it.
fn writer_of(name: &str) -> Option<Pid> {
    let (pid, name) = name.strip_prefix(PREFIX)?.split_once('-')?;
    Pid::from_raw(pid.parse().ok().filter(|&pid| pid > 0)?).filter(|_| !name.is_empty())
}

fn remove_if_left(path: &Path, writer: Pid) -> io::Result<bool> {
    // For writing, because NFS gives the lock to nobody else.
    let file = match file::open(path, OFlags::RDWR) {
        Err(Errno::NOENT) => return Ok(false),
        opened => opened?.0,
    };
    // A clock that was set back makes it of a time to come.
    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
    if age < YOUNG && test_kill_process(writer) != Err(Errno::SRCH) {
        return Ok(false);
    }
    if !lock::try_hold(&file, Share::Exclusive)? || !file::is_at(&file, path)? {
        return Ok(false);
    }
    match unlink(path) {
        Err(Errno::NOENT) => Ok(false),
        removed => Ok(removed.map(|()| true)?),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::SystemTime;

    use super::*;

    fn site() -> (tempfile::TempDir, Dirs) {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        dirs.create().unwrap();
        (base, dirs)
    }

    #[test]
    fn what_a_killed_process_left_goes_and_all_else_stays() {
        let (base, dirs) = site();
        let left = [
            "state/.new-4194304-lobby.topic",
            "state/hooks/.new-4194304-shop",
            "accounts/.new-4194304-anna",
            "marks/.new-4194304-0123",
            "closed/~r/.new-4194304-list",
            "closed/~r/state/.new-4194304-r.pins",
            "run/relay/.new-4194304-state",
            "spool/tasks/.new-4194304-1796",
        ];
        let kept = [
            "state/lobby.topic",
            "accounts/.costs",
            // Somebody may be called so.
            "accounts/bob.new-7",
            "accounts/bob.new-7-anna",
            "closed/moved/lobby.new-7",
            "closed/.new-0123456789abcdef",
            "closed/.new-7a-list",
            "closed/~r/rooms/.new-7-r.log",
            "rooms/lobby.log.new-7",
        ];
        for name in left.iter().chain(&kept) {
            let path = base.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(sweep(&dirs).unwrap(), left.len());
        for name in left {
            assert!(!base.path().join(name).exists(), "{name}");
        }
        for name in kept {
            assert!(base.path().join(name).exists(), "{name}");
        }
        assert_eq!(sweep(&dirs).unwrap(), 0);
    }

    #[test]
    fn what_somebody_writes_stays_until_they_are_gone() {
        let (_base, dirs) = site();
        // Linux gives no process so high a number: it is in another container.
        let path = dirs.state.join(".new-4194304-lobby.topic");
        let file = File::create(&path).unwrap();
        hold(&file);
        assert_eq!(sweep(&dirs).unwrap(), 0);
        assert!(path.exists());
        drop(file);
        assert_eq!(sweep(&dirs).unwrap(), 1);
        assert!(!path.exists());
    }

    #[test]
    fn it_is_done_a_little_at_a_time() {
        let (_base, dirs) = site();
        let path = dirs.state.join(".new-4194304-lobby.topic");
        File::create(&path).unwrap();
        let mut sweep = Sweep::of(&dirs);
        assert!(!sweep.go_on(Duration::ZERO) && path.exists());
        while !sweep.go_on(Duration::ZERO) {}
        assert_eq!(sweep.end().unwrap(), 1);
    }

    #[test]
    fn what_was_made_just_now_by_a_process_that_is_there_is_still_to_be_locked() {
        let (_base, dirs) = site();
        let path = beside(&dirs.state.join("lobby.topic"));
        let file = File::create(&path).unwrap();
        assert_eq!(sweep(&dirs).unwrap(), 0);
        file.set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
        assert_eq!(sweep(&dirs).unwrap(), 1);
    }

    #[test]
    fn one_that_cannot_be_removed_keeps_no_other() {
        let (_base, dirs) = site();
        fs::create_dir(dirs.state.join(".new-7-lobby.topic")).unwrap();
        fs::write(&dirs.logins, "in its place").unwrap();
        fs::write(dirs.log.join(".new-4194304-status.minutes"), "x").unwrap();
        let error = sweep(&dirs).unwrap_err();
        assert!(error.to_string().contains("logins"), "{error}");
        assert!(!dirs.log.join(".new-4194304-status.minutes").exists());
        assert!(dirs.state.join(".new-7-lobby.topic").exists());
    }

    #[test]
    fn whoever_writes_all_the_time_is_not_disturbed_by_who_sweeps_all_the_time() {
        let (_base, dirs) = site();
        let path = dirs.state.join("lobby.topic");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    sweep(&dirs).unwrap();
                }
            });
            let written = (0..2000).try_for_each(|at: u32| {
                let text = format!("topic {at}\n");
                file::swap(&path, text.as_bytes())?;
                assert_eq!(fs::read_to_string(&path).unwrap(), text);
                io::Result::Ok(())
            });
            over.store(true, Ordering::Relaxed);
            written.unwrap();
        });
        assert_eq!(fs::read_dir(&dirs.state).unwrap().count(), 1);
    }
}
