//! What killed processes left on this machine: FIFOs for answers, and files that are in the place of no other yet.

use std::path::PathBuf;
use std::time::Duration;

use chat_store::cluster;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::temporary::Sweep;

use crate::journal;

/// Seconds between two looks for FIFOs.
const ANSWERS_EVERY: u32 = 60;
/// Seconds between two looks for files, in most of the site's directories.
const FILES_EVERY: u32 = 3600;
/// How long one look may take of a second in which others wait: a site may have a hundred thousand directories.
const LIMIT: Duration = Duration::from_millis(20);

/// Looks for it, once a second.
#[derive(Debug)]
pub struct Sweeper {
    dirs: Dirs,
    run: PathBuf,
    looks: u32,
    /// What is being looked through.
    files: Option<Sweep>,
}

impl Sweeper {
    /// For the site whose files are `dirs`; `run` is `run/relay/`.
    pub fn new(dirs: &Dirs, run: PathBuf) -> Self {
        Self {
            dirs: dirs.alone(),
            run,
            looks: 0,
            files: None,
        }
    }

    /// Once a second. What goes wrong is told: it is done the next time, or by `chatctl expire`.
    pub fn look(&mut self) {
        if self.looks.is_multiple_of(ANSWERS_EVERY)
            && let Err(error) = cluster::sweep_answers(&self.run)
        {
            journal::note(format_args!("run/relay: {error}"));
        }
        if self.looks.is_multiple_of(FILES_EVERY) {
            self.files.get_or_insert_with(|| Sweep::of(&self.dirs));
        }
        self.looks = self.looks.wrapping_add(1);
        if let Some(sweep) = self.files.take_if(|sweep| sweep.go_on(LIMIT))
            && let Err(error) = sweep.end()
        {
            journal::note(format_args!("what killed programs left: {error}"));
        }
    }
}
