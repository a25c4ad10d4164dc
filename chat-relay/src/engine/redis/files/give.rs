//! What other machines ask this one for, given one after the other, and not faster than messages can bear.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_store::attachments::{Attachment, Shelf};
use chat_store::closed;
use chat_store::fs::dirs::Dirs;

use super::super::link::Link;
use super::super::script;
use super::super::shared::{Shared, locked};
use super::super::trouble::Result;
use super::{PART, Question, Reply};
use crate::journal;

/// What one machine gives in a second, in bytes.
const RATE: u64 = 8 * 1024 * 1024;
/// Questions that wait at most, of some 300 bytes each; who is not answered asks again. Each other machine has
/// [`MAX_TASKS`](super::fetch::MAX_TASKS) for files that it lacks, and one for each file that its people say something with
/// just now: so it is enough for 30.
const MAX_ASKED: usize = 1024;
/// Between two looks whether it is to end.
const LOOK: Duration = Duration::from_secs(1);
/// The connection is closed when nothing was asked for so long.
const IDLE: Duration = Duration::from_secs(30);

/// Who gives.
#[derive(Debug)]
pub struct Giver<'a> {
    shared: &'a Shared,
    /// Those of a machine alone.
    dirs: Dirs,
    asked: Mutex<VecDeque<Question>>,
    changed: Condvar,
}

impl<'a> Giver<'a> {
    /// Of the files in `dirs`.
    pub fn new(shared: &'a Shared, dirs: &Dirs) -> Self {
        Self {
            shared,
            dirs: dirs.alone(),
            asked: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Another machine asks.
    pub fn asked(&self, text: &[u8]) {
        let Some(question) = Question::parse(text) else {
            return;
        };
        let mut asked = locked(&self.asked);
        if asked.len() >= MAX_ASKED {
            return;
        }
        match question.from {
            // Somebody may wait for it who says something.
            None => asked.push_front(question),
            Some(_) => asked.push_back(question),
        }
        drop(asked);
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Question> {
        let mut asked = locked(&self.asked);
        if asked.is_empty() {
            let waited = self.changed.wait_timeout(asked, LOOK);
            asked = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        asked.pop_front()
    }

    /// Gives, until the end.
    pub fn run(&self) {
        let mut link: Option<Link> = None;
        let mut used = Instant::now();
        let mut free_at = Instant::now();
        while !self.shared.is_stopping() {
            let Some(question) = self.next() else {
                if used.elapsed() > IDLE {
                    link = None;
                }
                continue;
            };
            used = Instant::now();
            let access = &self.shared.setup.access;
            let is_current = |link: &Link| access.is_found_at(&link.place);
            if !link.as_ref().is_some_and(is_current) {
                link = Link::open_found(access, script::ALL).ok();
            }
            // Who asked asks again when there is an engine.
            let Some(open) = &mut link else { continue };
            if question.from.is_some() {
                self.wait_until(free_at);
            }
            match self.answer(open, &question) {
                Ok(given) => {
                    let pause = Duration::from_micros(given * 1_000_000 / RATE);
                    free_at = free_at.max(Instant::now()) + pause;
                }
                Err(_) => link = None,
            }
        }
    }

    fn wait_until(&self, moment: Instant) {
        while !self.shared.is_stopping()
            && let Some(left) = moment.checked_duration_since(Instant::now())
        {
            self.shared.pause(left.max(Duration::from_millis(1)));
        }
    }

    /// Gives what was asked for; so many bytes.
    fn answer(&self, link: &mut Link, question: &Question) -> Result<u64> {
        let read = self.look(question).unwrap_or_else(|error| {
            journal::note(format_args!("the file {}: {error}", question.id));
            None
        });
        let own = &self.shared.setup.machine.incarnation;
        let (about, bytes);
        let reply = match read {
            None => Reply::Lacks,
            Some((file, None)) => {
                about = file.to_line();
                Reply::Here(own, &about)
            }
            Some((_, Some(part))) => {
                bytes = part;
                Reply::Bytes(&bytes)
            }
        };
        let channel = format!("files:{}", question.asker);
        let text = reply.to_bytes(question.number);
        let length = text.len() as u64;
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.shared.setup.keys.key(&channel)).arg(text);
        link.ask::<u64>(&publish)?;
        Ok(length)
    }

    /// What the file is, and the part of it that is wanted; `None`: it is not here, or not so long.
    fn look(&self, question: &Question) -> io::Result<Option<(Attachment, Option<Vec<u8>>)>> {
        let dirs = closed::dirs_of(&self.dirs, &question.room);
        let room = Shelf::of(&dirs, &question.room);
        let file = room.find(&question.id)?;
        let Some(file) = file.filter(|file| room.has_content(file)) else {
            return Ok(None);
        };
        let Some(from) = question.from else {
            return Ok(Some((file, None)));
        };
        let left = file.size.saturating_sub(from);
        let length = usize::try_from(left).unwrap_or(PART).min(PART);
        if length == 0 {
            return Ok(None);
        }
        let mut part = vec![0; length];
        File::open(room.content(&file))?.read_exact_at(&mut part, from)?;
        Ok(Some((file, Some(part))))
    }
}
