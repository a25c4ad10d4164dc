//! The lines a program under test prints, kept, with a wait that is woken by the line itself.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::deadline::DEADLINE;

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line, without its newline; bad UTF-8 replaced.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it was written.
    pub stream: Stream,
    /// What was written.
    pub text: String,
    /// Whether all of it was UTF-8.
    pub utf8: bool,
}

/// Every line so far, shared between the readers of the pipes and the waiting test.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<Line>,
    open_pipes: usize,
}

impl Lines {
    /// Reads `pipe` to its end on a thread of its own.
    pub fn follow(&self, stream: Stream, pipe: impl Read + Send + 'static) {
        self.lock().open_pipes += 1;
        let lines = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut bytes) {
                let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
                let utf8 = matches!(text, Cow::Borrowed(_));
                let text = text.into_owned();
                lines.lock().lines.push(Line { stream, text, utf8 });
                lines.shared.changed.notify_all();
                bytes.clear();
            }
            lines.lock().open_pipes -= 1;
            lines.shared.changed.notify_all();
        });
    }

    /// The first line, seen already or still to come, that `wanted` accepts.
    ///
    /// # Panics
    /// When the pipes end or the deadline passes without it; the message holds all lines there were.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_for_count(what, 1, wanted).remove(0)
    }

    /// The first line that contains all of `parts`, seen already or still to come.
    #[track_caller]
    pub fn wait_for(&self, parts: &[&str]) -> String {
        self.wait(&format!("a line with {parts:?}"), |line| {
            parts.iter().all(|part| line.contains(part))
        })
    }

    /// The first line of `stream` after the first `seen` of all, and how many were seen with it. `None`: it ended.
    ///
    /// # Panics
    /// When none comes before the deadline.
    #[track_caller]
    pub fn line_after(&self, mut seen: usize, stream: Stream) -> Option<(usize, Line)> {
        let started = Instant::now();
        let mut state = self.lock();
        loop {
            while let Some(line) = state.lines.get(seen) {
                seen += 1;
                if line.stream == stream {
                    return Some((seen, line.clone()));
                }
            }
            if state.open_pipes == 0 {
                return None;
            }
            let left = DEADLINE.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero(),
                "nothing more was printed:\n{}",
                render(&state.lines)
            );
            state = self.wait_for_change(state, left);
        }
    }

    /// The first `count` lines that `wanted` accepts, when there are that many.
    #[track_caller]
    pub fn wait_for_count(
        &self,
        what: &str,
        count: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        match self.try_wait_for_count(count, wanted) {
            Ok(found) => found,
            Err(all) => panic!("never printed: {what}. What was printed:\n{all}"),
        }
    }

    /// Like [`Self::wait_for_count`]; gives the whole output when it ends, or the deadline passes, before that.
    pub fn try_wait_for_count(
        &self,
        count: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, String> {
        let started = Instant::now();
        let mut state = self.lock();
        let mut seen = 0;
        let mut found = Vec::new();
        loop {
            for line in &state.lines[seen..] {
                if found.len() < count && wanted(&line.text) {
                    found.push(line.text.clone());
                }
            }
            seen = state.lines.len();
            if found.len() >= count {
                return Ok(found);
            }
            let left = DEADLINE.saturating_sub(started.elapsed());
            if state.open_pipes == 0 || left.is_zero() {
                return Err(render(&state.lines));
            }
            state = self.wait_for_change(state, left);
        }
    }

    /// Waits until every pipe has ended, then gives all lines.
    #[track_caller]
    pub fn to_the_end(&self) -> Vec<Line> {
        let wait = self
            .shared
            .changed
            .wait_timeout_while(self.lock(), DEADLINE, |state| state.open_pipes > 0);
        let (state, waited) = wait.expect("no reader panics");
        assert!(
            !waited.timed_out(),
            "the output never ended:\n{}",
            render(&state.lines)
        );
        state.lines.clone()
    }

    /// All lines so far.
    pub fn so_far(&self) -> Vec<String> {
        self.lock()
            .lines
            .iter()
            .map(|line| line.text.clone())
            .collect()
    }

    /// How many lines so far hold `part`.
    pub fn count(&self, part: &str) -> usize {
        self.lock()
            .lines
            .iter()
            .filter(|line| line.text.contains(part))
            .count()
    }

    fn wait_for_change<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.shared.changed.wait_timeout(state, patience);
        waited.expect("no reader panics").0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("no reader panics")
    }
}

fn render(lines: &[Line]) -> String {
    lines.iter().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "  {:?}: {}", line.stream, line.text);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_line_that_came_before_the_wait_is_found() {
        let lines = Lines::default();
        lines.follow(Stream::Stdout, Cursor::new("one\ntwo\nthree"));
        assert_eq!(lines.wait_for(&["w"]), "two");
        assert_eq!(lines.wait_for(&["three"]), "three");
        assert_eq!(lines.to_the_end().len(), 3);
    }

    #[test]
    fn a_line_that_comes_later_wakes_the_waiter() {
        use std::io::Write as _;
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let lines = Lines::default();
        lines.follow(Stream::Stderr, ours);
        let writer = thread::spawn(move || theirs.write_all(b"noise\nready\n").unwrap());
        assert_eq!(lines.wait_for(&["ready"]), "ready");
        writer.join().unwrap();
    }

    #[test]
    fn the_end_of_the_output_ends_the_wait() {
        let lines = Lines::default();
        lines.follow(Stream::Stdout, Cursor::new("one\n"));
        let all = lines.try_wait_for_count(2, |_| true).unwrap_err();
        assert!(all.contains("Stdout: one"), "{all}");
    }
}
