//! Tasks of this machine, one after the other, each by a `chatctl` of its own: they may look through all logs, and
//! nobody's message waits for that. One that fails is tried again, less and less often, and the others are done meanwhile.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_store::cluster::Cluster;
use chat_store::cluster::tasks::{self, HERE, Task, UNTIL};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;

use crate::journal;

/// How long one that failed waits; each time twice as long.
const AGAIN: Duration = Duration::from_secs(60);
/// The longest such wait.
const SELDOM: Duration = Duration::from_secs(3600);
/// The exit status of `chatctl` where there is nothing of what it is to do.
const MISSING: i32 = 3;
/// What it says goes into this file, in `run/relay/`.
const SAID: &str = "task.said";
/// The most of it that is read, in bytes: it says why in one line.
const MAX_SAID: u64 = 4 * 1024;

/// One that is not done.
#[derive(Debug)]
struct Waiting {
    task: Task,
    /// How often it has failed.
    failed: u32,
    not_before: Option<Instant>,
}

/// Those that are to be done, and the one that is being done.
#[derive(Debug)]
pub struct Tasks {
    cluster: Arc<Cluster>,
    /// The file with the site's settings; without it nothing is done.
    settings: Option<PathBuf>,
    due: VecDeque<Waiting>,
    now: Option<(Child, Waiting)>,
}

impl Tasks {
    /// Those of a machine; none is done yet.
    pub fn new(cluster: &Arc<Cluster>) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            settings: None,
            due: VecDeque::new(),
            now: None,
        }
    }

    /// Has them done by the settings in that file, those first that were left.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn begin(&mut self, dirs: &Dirs, settings: PathBuf) -> io::Result<()> {
        self.settings = Some(settings);
        tasks::say_failed(&self.cluster, None)?;
        self.look(dirs)
    }

    /// Looks which there are.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn look(&mut self, dirs: &Dirs) -> io::Result<()> {
        for task in tasks::all(dirs)? {
            let now = self.now.as_ref().map(|(_, now)| now);
            if !now.into_iter().chain(&self.due).any(|it| it.task == task) {
                self.due.push_back(Waiting {
                    task,
                    failed: 0,
                    not_before: None,
                });
            }
        }
        Ok(())
    }

    /// Sees whether one is done, and begins the next. It waits for none.
    pub fn go_on(&mut self) {
        if let Some((child, _)) = &mut self.now {
            let Some(ended) = child.try_wait().transpose() else {
                return;
            };
            let Some((_, waiting)) = self.now.take() else {
                return;
            };
            if let Err(error) = self.end(&waiting.task, ended) {
                self.put_off(waiting, &error);
            } else if self.due.iter().all(|it| it.failed == 0) {
                self.say_failed(None);
            }
        }
        let now = Instant::now();
        let is_time = |it: &Waiting| it.not_before.is_none_or(|at| at <= now);
        let Some(settings) = self.settings.clone() else {
            return;
        };
        let next = self.due.iter().position(is_time);
        let Some(waiting) = next.and_then(|at| self.due.remove(at)) else {
            return;
        };
        match self.start(&settings, &waiting.task) {
            Ok(child) => self.now = Some((child, waiting)),
            Err(error) => self.put_off(waiting, &format!("it cannot be started: {error}")),
        }
    }

    /// What is done goes; else why it is not.
    fn end(&self, task: &Task, ended: io::Result<ExitStatus>) -> Result<(), String> {
        let status = ended.map_err(|error| error.to_string())?;
        if !status.success() && status.code() != Some(MISSING) {
            let said = file::read_whole(&self.cluster.run.join(SAID), MAX_SAID).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            return Err(last.map_or_else(|| status.to_string(), str::to_owned));
        }
        // A warning may name whoever is forgotten now.
        let _ = std::fs::remove_file(self.cluster.run.join(SAID));
        match std::fs::remove_file(&task.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    /// Again later.
    fn put_off(&mut self, mut waiting: Waiting, why: &str) {
        let wait = wait_after(waiting.failed);
        waiting.failed = waiting.failed.saturating_add(1);
        waiting.not_before = Some(Instant::now() + wait);
        journal::note(format_args!(
            "chatctl {} failed here, and is tried again in {} s: {why}",
            waiting.task.words[0],
            wait.as_secs()
        ));
        self.say_failed(Some(why));
        self.due.push_back(waiting);
    }

    fn say_failed(&self, why: Option<&str>) {
        if let Err(error) = tasks::say_failed(&self.cluster, why) {
            journal::note(format_args!("run/relay: {error}"));
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the relay starts programs"
    )]
    fn start(&self, settings: &Path, task: &Task) -> io::Result<Child> {
        let program = std::env::current_exe()?.with_file_name("chatctl");
        // Behind `--` are names, which may look like flags.
        let names = task.words.iter().position(|word| word == "--");
        let (command, names) = task.words.split_at(names.unwrap_or(task.words.len()));
        Command::new(program)
            .arg("--config")
            .arg(settings)
            .args(command)
            .args([HERE, UNTIL, &task.id.to_string()])
            .args(names)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.cluster.run.join(SAID))?)
            .spawn()
    }
}

/// How long one waits that has failed so often before.
fn wait_after(failed: u32) -> Duration {
    AGAIN.saturating_mul(1 << failed.min(8)).min(SELDOM)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_again_and_again_is_tried_less_often() {
        let waits = [0, 1, 5, 6, 9, u32::MAX].map(|failed| wait_after(failed).as_secs());
        assert_eq!(waits, [60, 120, 1920, 3600, 3600, 3600]);
    }
}
