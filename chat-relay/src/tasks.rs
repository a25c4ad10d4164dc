//! Tasks of this machine, one after the other, each by a `chatctl` of its own: they may look through all logs, and
//! nobody's message waits for that.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chat_store::cluster::tasks::{self, HERE, Task};
use chat_store::fs::dirs::Dirs;

use crate::journal;

/// Between two tries of one that failed.
const AGAIN: Duration = Duration::from_secs(60);
/// The exit status of `chatctl` where there is nothing of what it is to do.
const MISSING: i32 = 3;

/// Those that are to be done, and the one that is being done.
#[derive(Debug, Default)]
pub struct Tasks {
    /// The file with the site's settings; without it nothing is done.
    settings: Option<PathBuf>,
    due: VecDeque<Task>,
    now: Option<(Child, Task)>,
    not_before: Option<Instant>,
}

impl Tasks {
    /// Has them done by the settings in that file, those first that were left.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn begin(&mut self, dirs: &Dirs, settings: PathBuf) -> io::Result<()> {
        self.settings = Some(settings);
        self.look(dirs)
    }

    /// Looks which there are.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn look(&mut self, dirs: &Dirs) -> io::Result<()> {
        let is_known = |task: &Task| self.now.as_ref().is_some_and(|(_, now)| now == task);
        let mut found = tasks::all(dirs)?;
        found.retain(|task| !is_known(task));
        self.due = found.into();
        Ok(())
    }

    /// Sees whether one is done, and begins the next. It waits for none.
    pub fn go_on(&mut self) {
        if let Some((child, _)) = &mut self.now {
            let Some(ended) = child.try_wait().transpose() else {
                return;
            };
            let Some((_, task)) = self.now.take() else {
                return;
            };
            let what = &task.words[0];
            let is_done = match ended {
                Ok(status) => status.success() || status.code() == Some(MISSING),
                Err(_) => false,
            };
            let removed = if is_done {
                std::fs::remove_file(&task.path)
            } else {
                Ok(())
            };
            if !is_done || removed.is_err() {
                let seconds = AGAIN.as_secs();
                journal::note(format_args!(
                    "chatctl {what} failed here ({ended:?}): it is done again in {seconds} s"
                ));
                self.not_before = Some(Instant::now() + AGAIN);
                self.due.push_back(task);
            }
        }
        let is_time = self.not_before.is_none_or(|at| at <= Instant::now());
        let Some(settings) = self.settings.as_ref().filter(|_| is_time) else {
            return;
        };
        let Some(task) = self.due.pop_front() else {
            return;
        };
        match start(settings, &task) {
            Ok(child) => self.now = Some((child, task)),
            Err(error) => {
                journal::note(format_args!("chatctl cannot be started: {error}"));
                self.not_before = Some(Instant::now() + AGAIN);
                self.due.push_back(task);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the relay starts programs"
)]
fn start(settings: &std::path::Path, task: &Task) -> io::Result<Child> {
    let program = std::env::current_exe()?.with_file_name("chatctl");
    // Behind `--` are names, which may look like flags.
    let names = task.words.iter().position(|word| word == "--");
    let (command, names) = task.words.split_at(names.unwrap_or(task.words.len()));
    Command::new(program)
        .arg("--config")
        .arg(settings)
        .args(command)
        .arg(HERE)
        .args(names)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

impl Drop for Tasks {
    fn drop(&mut self) {
        // Its file is there still: the next relay has it done.
        if let Some((child, _)) = &mut self.now {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
