//! A file that somebody says something with on this machine and that was put on another: the relay is asked what it is.
//! What it holds comes after the message; what stands in the message must be known before.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::Cluster;
use super::answer::Refused;
use super::handover::Tray;
use crate::attachments::{Attachment, AttachmentId};
use crate::fs::dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::RecordId;

/// The file with the questions. Every machine that is there answers at once.
const TRAY: Tray<Sought> = Tray {
    file: "sought",
    wait: Duration::from_secs(3),
    parse: Sought::parse,
    number: |sought| sought.number,
};
/// How old what was found must be to be removed by a sweep: who asked reads it as soon as they are answered.
const KEPT: Duration = Duration::from_secs(60);

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Whom to answer.
    pub answer: String,
    /// What tells it from others of this machine.
    pub number: RecordId,
    /// The room.
    pub room: RoomName,
    /// The file.
    pub id: AttachmentId,
}

impl Sought {
    fn written(&self) -> String {
        let Self {
            answer,
            number,
            room,
            id,
        } = self;
        format!("{answer}\t{number}\t{room}\t{id}\n")
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = line.split('\t');
        Some(Self {
            answer: fields.next()?.to_owned(),
            number: RecordId::parse(fields.next()?.as_bytes())?,
            room: RoomName::parse(fields.next()?).ok()?,
            id: AttachmentId::parse(fields.next()?)?,
        })
    }
}

impl Cluster {
    fn found_dir(&self) -> PathBuf {
        self.run.join("found")
    }

    /// What a file of `room` is that another machine may have; `None`: none of them has it, or there is no other.
    ///
    /// # Errors
    /// Those of asking; as `NotConnected` and `TimedOut`, nobody knows now.
    pub fn seek(&self, room: &RoomName, id: &AttachmentId) -> io::Result<Option<Attachment>> {
        let passing = |kind| io::Error::new(kind, Refused::Away.to_string());
        if !self.is_up() {
            return Err(passing(io::ErrorKind::NotConnected));
        }
        if !self.personal_bell().exists() {
            return Ok(None);
        }
        let has = self.hand_over(&TRAY, true, &|ear, number| {
            let sought = Sought {
                answer: ear.to_owned(),
                number,
                room: room.clone(),
                id: id.clone(),
            };
            sought.written().into_bytes()
        });
        match has {
            Ok(true) => {
                let path = self.found_dir().join(id.as_str());
                let line = file::read_whole(&path, Attachment::MAX_LINE)?;
                Ok(Attachment::from_line(id.clone(), &line))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(match error.kind() {
                kind @ (io::ErrorKind::NotConnected | io::ErrorKind::TimedOut) => passing(kind),
                _ => error,
            }),
        }
    }

    /// All questions that wait for the relay.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn take_sought(&self) -> io::Result<Vec<Sought>> {
        self.take_handed(&TRAY)
    }

    /// Tells who waits what was found, or that no machine has it.
    ///
    /// # Errors
    /// Those of writing; who waits tries again.
    pub fn answer_sought(&self, sought: &Sought, found: Option<&Attachment>) -> io::Result<()> {
        if let Some(found) = found {
            dirs::create_private(&self.found_dir())?;
            let path = self.found_dir().join(sought.id.as_str());
            file::swap(&path, &found.to_line())?;
        }
        self.reply(&sought.answer, sought.number, found.is_some())
    }

    /// Removes what was found of files that are `wanted`; how many.
    ///
    /// # Errors
    /// Those of reading and removing.
    pub fn forget_found(&self, wanted: &dyn Fn(&Attachment) -> bool) -> io::Result<usize> {
        let entries = match std::fs::read_dir(self.found_dir()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut count = 0;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(AttachmentId::parse) else {
                continue;
            };
            let line = file::read_whole(&path, Attachment::MAX_LINE)?;
            if Attachment::from_line(id, &line).is_some_and(|found| wanted(&found)) {
                match std::fs::remove_file(&path) {
                    // Swept since.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => count += 1,
                }
            }
        }
        Ok(count)
    }

    /// Removes what was found a while ago.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn sweep_found(&self) -> io::Result<()> {
        let entries = match std::fs::read_dir(self.found_dir()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let made = entry.metadata().and_then(|found| found.modified());
            let age = |made| SystemTime::now().duration_since(made).unwrap_or_default();
            if made.is_ok_and(|made| age(made) > KEPT) {
                // Somebody may have been quicker.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Bell;

    fn machine(home: &std::path::Path) -> Cluster {
        let cluster = Cluster::new(home, &home.join("run"), TRAY.wait);
        cluster.create().unwrap();
        cluster
    }

    #[test]
    fn who_seeks_is_answered_by_the_relay_and_knows_when_nobody_can() {
        let home = tempfile::tempdir().unwrap();
        let cluster = machine(home.path());
        let (room, id) = (RoomName::lobby(), AttachmentId::new().unwrap());
        let tray = cluster.run.join(TRAY.file);
        let refused = || cluster.seek(&room, &id).unwrap_err().kind();
        // The relay, or its engine, is away.
        assert_eq!(refused(), io::ErrorKind::NotConnected);
        // There is no other machine.
        std::fs::write(cluster.up(), "").unwrap();
        assert_eq!(cluster.seek(&room, &id).unwrap(), None);
        assert!(!tray.exists(), "there is nobody to take it");
        // The relay was killed.
        drop(Bell::make(&cluster.personal_bell()).unwrap());
        assert_eq!(refused(), io::ErrorKind::NotConnected);
        // Who asked that has given up.
        let old = Sought {
            answer: "1-2".to_owned(),
            number: RecordId::from_micros(RecordId::now().as_micros() - 4_000_000),
            room: room.clone(),
            id: id.clone(),
        };
        std::fs::write(&tray, old.written()).unwrap();
        assert_eq!(cluster.take_sought().unwrap(), []);

        let _bell = Bell::make(&cluster.personal_bell()).unwrap();
        let found = Attachment {
            id: id.clone(),
            name: "a b.txt".to_owned(),
            kind: "text/plain".to_owned(),
            size: 3,
            pixels: None,
            hash: "a".repeat(64),
            person: "p".to_owned(),
            account: None,
            owner: "o".to_owned(),
            at: RecordId::from_micros(9),
            message: None,
            msgid: None,
        };
        // The relay's part, by another handle.
        let relay = machine(home.path());
        for known in [Some(&found), None] {
            let told = std::thread::scope(|scope| {
                #[expect(clippy::disallowed_methods, reason = "both sides of a question")]
                let asker = scope.spawn(|| cluster.seek(&room, &id).unwrap());
                let sought = loop {
                    if let Some(sought) = relay.take_sought().unwrap().pop() {
                        break sought;
                    }
                    std::thread::yield_now();
                };
                assert_eq!((&sought.room, &sought.id), (&room, &id));
                relay.answer_sought(&sought, known).unwrap();
                asker.join().unwrap()
            });
            assert_eq!(told.as_ref(), known);
        }
        assert_eq!(relay.forget_found(&|it| it.person == "q").unwrap(), 0);
        assert_eq!(relay.forget_found(&|it| it.person == "p").unwrap(), 1);
        assert_eq!(relay.forget_found(&|_| true).unwrap(), 0);
    }
}
