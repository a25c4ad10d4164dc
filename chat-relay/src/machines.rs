//! What this machine has heard of each: its sign of life comes the way that messages come, so who is behind here is
//! behind for people, too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use chat_store::fs::file;
use chat_store::record::RecordId;

/// More were there at once nowhere: the oldest is forgotten.
const MAX: usize = 128;

/// The last sign of life of each machine.
#[derive(Debug, Default)]
pub struct Machines {
    /// By the incarnation: when the sign was put in order, and what that machine had written last when it gave it.
    heard: BTreeMap<String, (RecordId, RecordId)>,
    is_new: bool,
}

impl Machines {
    /// A sign of life has come: the machine's incarnation, the entry's id, and its text, the id that the machine had
    /// written last.
    pub fn seen(&mut self, incarnation: &str, at: RecordId, text: &str) {
        let applied = RecordId::parse(text.as_bytes()).unwrap_or_default();
        let known = self.heard.get(incarnation).map(|&(at, _)| at);
        if known.is_some_and(|known| known >= at) {
            return;
        }
        self.heard.insert(incarnation.to_owned(), (at, applied));
        self.is_new = true;
        if self.heard.len() > MAX {
            let oldest = self.heard.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.heard.remove(&oldest);
            }
        }
    }

    /// Keeps it in `run/relay/nodes`, a line for each machine: `INCARNATION ID-OF-SIGN ID-APPLIED`. To be called once a
    /// second or so; nothing is written if nothing was heard.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn keep(&mut self, run: &Path) -> io::Result<()> {
        if !self.is_new {
            return Ok(());
        }
        let mut text = String::new();
        for (name, (at, applied)) in &self.heard {
            let _ = writeln!(text, "{name} {at} {applied}");
        }
        file::swap(&run.join("nodes"), text.as_bytes())?;
        self.is_new = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_sign_of_each_is_kept_and_of_too_many_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let id = RecordId::from_micros;
        let mut machines = Machines::default();
        machines.seen("one~1", id(2_000_000), &id(1_000_000).to_string());
        machines.seen("one~1", id(1_500_000), "");
        machines.seen("two~1", id(3_000_000), "no id");
        machines.keep(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join("nodes")).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let [a, b, none] = [id(2_000_000), id(1_000_000), RecordId::default()];
        assert_eq!(lines[0], format!("one~1 {a} {b}"));
        assert_eq!(lines[1], format!("two~1 {} {none}", id(3_000_000)));
        for number in 0..MAX as u64 {
            machines.seen(&format!("m~{number}"), id(10_000_000 + number), "");
        }
        assert_eq!(machines.heard.len(), MAX);
        assert!(!machines.heard.contains_key("one~1") && !machines.heard.contains_key("two~1"));
    }
}
