//! A file that somebody says something with on this machine and that was put on another: the relay is asked what it is.
//! What it holds comes after the message; what stands in the message must be known before.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::Cluster;
use super::answer::{Answer, Refused};
use super::spool::Writer;
use super::tell::{put, take};
use crate::attachments::{Attachment, AttachmentId};
use crate::bell;
use crate::fs::dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::RecordId;

/// The file with the questions, in `run/relay/`.
const FILE: &str = "sought";
/// The longest wait: every machine that is there answers at once.
const WAIT: Duration = Duration::from_secs(3);
/// How long what was found is kept, for somebody who sends the message again.
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

    /// What a file of `room` is that another machine may have; `None`: none of them has it.
    ///
    /// # Errors
    /// Those of asking; as `TimedOut`, nobody knows.
    pub fn seek(&self, room: &RoomName, id: &AttachmentId) -> io::Result<Option<Attachment>> {
        let began = Instant::now();
        let mut writer = self
            .writer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if writer.is_none() {
            *writer = Some(Writer::open(self).map_err(io::Error::other)?);
        }
        let Some(writer) = writer.as_mut() else {
            return Ok(None);
        };
        let ear = writer.ear();
        let sought = Sought {
            answer: ear.name().to_owned(),
            number: RecordId::now(),
            room: room.clone(),
            id: id.clone(),
        };
        put(&self.run.join(FILE), sought.written().as_bytes())?;
        if !bell::ring_at(&self.personal_bell())? {
            // The relay is away, or there is no other machine.
            return Ok(None);
        }
        match ear.wait_for(sought.number, began + WAIT)? {
            Some(Answer::Stored(_) | Answer::Again(_)) => {
                let path = self.found_dir().join(id.as_str());
                Ok(Attachment::from_line(
                    id.clone(),
                    &file::read_whole(&path, Attachment::MAX_LINE)?,
                ))
            }
            Some(Answer::Refused(Refused::NotMember)) => Ok(None),
            Some(Answer::Refused(_)) | None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// All questions that wait for the relay, which empties the file.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn take_sought(&self) -> io::Result<Vec<Sought>> {
        let text = take(&self.run.join(FILE))?;
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        Ok(lines.filter_map(Sought::parse).collect())
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
        self.answer_parcel(&sought.answer, sought.number, found.is_some())
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
        let cluster = Cluster::new(home, &home.join("run"), WAIT);
        cluster.create().unwrap();
        cluster
    }

    #[test]
    fn who_seeks_is_answered_by_the_relay_and_without_one_at_once() {
        let home = tempfile::tempdir().unwrap();
        let cluster = machine(home.path());
        let (room, id) = (RoomName::lobby(), AttachmentId::new().unwrap());
        assert_eq!(cluster.seek(&room, &id).unwrap(), None);
        cluster.take_sought().unwrap();

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
