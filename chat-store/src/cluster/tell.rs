//! What is for one person who is on another machine: handed to the relay by a file beside its bell, from there by the
//! engine's channels to the other machine's relay, which puts it into their inboxes there. It is kept nowhere on the
//! way: who may not miss it is told that it did not arrive.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::answer::{Answer, Refused};
use super::spool::Writer;
use super::{Cluster, answer};
use crate::bell;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{MAX_LINE, RecordId};

/// The file, in `run/relay/`.
const FILE: &str = "personal";
/// The longest wait for word that it has arrived.
pub(super) const WAIT: Duration = Duration::from_secs(2);
/// The longest wait for the file's lock, held for one write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// The most that may wait for the relay, in bytes.
const MAX_UNREAD: u64 = 4 * 1024 * 1024;

/// Something for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Which machines it is for.
    pub nodes: Vec<String>,
    /// The room.
    pub room: RoomName,
    /// The person.
    pub person: PersonId,
    /// Whom to answer; `None`: nobody waits.
    pub answer: Option<String>,
    /// What tells it from others of this machine.
    pub number: RecordId,
    /// The line of their inboxes, with its end.
    pub line: Vec<u8>,
}

impl Parcel {
    /// As bytes.
    pub fn written(&self) -> Vec<u8> {
        let head = format!(
            "{}\t{}\t{}\t{}\t{}\t",
            self.nodes.join(" "),
            self.room,
            self.person.as_str(),
            self.answer.as_deref().unwrap_or_default(),
            self.number,
        );
        [head.as_bytes(), &self.line].concat()
    }

    /// What [`Parcel::written`] gave; `None`: nothing that this version knows.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = text.splitn(6, |&byte| byte == b'\t');
        let mut next = || std::str::from_utf8(fields.next()?).ok();
        let nodes = next()?.split_whitespace().map(str::to_owned).collect();
        let room = RoomName::parse(next()?).ok()?;
        let person = PersonId::parse(next()?)?;
        let answer = Some(next()?.to_owned()).filter(|it| !it.is_empty());
        let number = RecordId::parse(next()?.as_bytes())?;
        let line = fields.next()?;
        let is_line = line.last() == Some(&b'\n') && line.len() <= MAX_LINE;
        is_line.then(|| Self {
            nodes,
            room,
            person,
            answer,
            number,
            line: line.to_vec(),
        })
    }
}

impl Cluster {
    /// The bell that wakes the relay for what is for one person.
    pub fn personal_bell(&self) -> std::path::PathBuf {
        self.run.join("personal.bell")
    }

    /// Hands the relay a line for somebody's inboxes on `nodes`, which are between blanks. If somebody `waits`: false,
    /// they are on none of them.
    ///
    /// # Errors
    /// It was not handed over, or, as `TimedOut`, nobody knows whether it arrived.
    pub(crate) fn tell(
        &self,
        nodes: &str,
        room: &RoomName,
        person: &PersonId,
        line: &[u8],
        waits: bool,
    ) -> io::Result<bool> {
        let began = Instant::now();
        let mut writer = self
            .writer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if writer.is_none() {
            *writer = Some(Writer::open(self).map_err(io::Error::other)?);
        }
        let Some(writer) = writer.as_mut() else {
            return Ok(false);
        };
        let ear = writer.ear();
        let parcel = Parcel {
            nodes: nodes.split_whitespace().map(str::to_owned).collect(),
            room: room.clone(),
            person: person.clone(),
            answer: waits.then(|| ear.name().to_owned()),
            number: RecordId::now(),
            line: line.to_vec(),
        };
        put(&self.run.join(FILE), &parcel.written())?;
        if !bell::ring_at(&self.personal_bell())? {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if !waits {
            return Ok(true);
        }
        match ear.wait_for(parcel.number, began + WAIT)? {
            Some(Answer::Stored(_) | Answer::Again(_)) => Ok(true),
            Some(Answer::Refused(Refused::NotMember)) => Ok(false),
            Some(Answer::Refused(_)) => Err(io::ErrorKind::StorageFull.into()),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// All that waits for the relay, which empties the file. What nobody waits for any more, because no relay was there,
    /// is dropped: whoever sent it may have sent it again.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn take_parcels(&self) -> io::Result<Vec<Parcel>> {
        let text = take(&self.run.join(FILE))?;
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        let wait = u64::try_from(WAIT.as_micros()).unwrap_or(u64::MAX);
        let oldest = RecordId::now().as_micros().saturating_sub(wait);
        let is_young = |parcel: &Parcel| parcel.number.as_micros() >= oldest;
        Ok(lines.filter_map(Parcel::parse).filter(is_young).collect())
    }

    /// Tells who waits whether a parcel of theirs has arrived.
    ///
    /// # Errors
    /// As [`answer`].
    pub fn answer_parcel(&self, to: &str, number: RecordId, arrived: bool) -> io::Result<()> {
        let what = if arrived {
            Answer::Stored(number)
        } else {
            Answer::Refused(Refused::NotMember)
        };
        answer(&self.run, to, number, what).map(drop)
    }
}

/// All that is in the file, which is empty then.
pub(super) fn take(path: &Path) -> io::Result<Vec<u8>> {
    let (file, _) = file::open_private(path, OFlags::RDWR)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let text = file::read_whole(path, MAX_UNREAD + MAX_LINE as u64)?;
    rustix::fs::ftruncate(&file, 0)?;
    Ok(text)
}

/// Adds a line to the file, whole or not at all.
pub(super) fn put(path: &Path, line: &[u8]) -> io::Result<()> {
    let (file, _) = file::open_private(path, OFlags::WRONLY | OFlags::APPEND)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let size = file::size_of(&rustix::fs::fstat(&file)?);
    if size + line.len() as u64 > MAX_UNREAD {
        return Err(io::ErrorKind::StorageFull.into());
    }
    if file::write_once(&file, line)? < line.len() {
        rustix::fs::ftruncate(&file, size)?;
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_says_what_it_said_and_waits_for_nobody_once_it_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let cluster = Cluster::new(home.path(), &home.path().join("run"), WAIT);
        cluster.create().unwrap();
        let person = PersonId::of(Some("anna"), None).unwrap();
        let line = b"2026-11-21T10:15:30.123456Z\twhisper\tbob\t\tps\xc3\xa4t\n";
        let tell = || cluster.tell("b~2 c~3", &RoomName::lobby(), &person, line, false);
        // No relay: nobody reads, and the sender knows.
        assert!(tell().is_err());
        let _bell = crate::bell::Bell::make(&cluster.personal_bell()).unwrap();
        assert!(tell().unwrap());
        let parcels = cluster.take_parcels().unwrap();
        assert_eq!(parcels.len(), 2);
        assert_eq!(parcels[1].nodes, ["b~2", "c~3"]);
        assert_eq!(parcels[1].line, line);
        assert_eq!(
            Parcel::parse(&parcels[1].written()),
            Some(parcels[1].clone())
        );
        assert!(cluster.take_parcels().unwrap().is_empty());
        let mode = std::os::unix::fs::PermissionsExt::mode;
        let found = std::fs::metadata(cluster.run.join(FILE)).unwrap();
        assert_eq!(mode(&found.permissions()) & 0o777, 0o600);
        // Left by somebody who has given up.
        let old = Parcel {
            number: RecordId::from_micros(RecordId::now().as_micros() - 4_000_000),
            ..parcels[0].clone()
        };
        put(&cluster.run.join(FILE), &old.written()).unwrap();
        tell().unwrap();
        let numbers = cluster.take_parcels().unwrap();
        assert!(numbers.len() == 1 && numbers[0].number != old.number);
    }
}
