//! The spool: what the people of this machine have submitted, in the form of a room's log. A submission's number is
//! the id of its record there: it rises strictly, over rotations and when the clock steps back.

use std::io;
use std::time::Instant;

use super::Cluster;
use super::answer::{Answer, Ear};
use crate::bell;
use crate::log::room_log::{AppendError, RoomLog, Stored};
use crate::name::RoomName;
use crate::record::{Draft, Kind, Record, RecordId, attrs};

/// The spool's file.
pub const SPOOL: &str = "out.log";
/// The attribute that names the room, in the spool only.
pub const ROOM: &str = "_room";
/// The attribute that names whom to answer, in the spool only.
pub const ANSWER: &str = "_answer";

/// The spool, open for writing, and where answers come.
#[derive(Debug)]
pub(super) struct Writer {
    log: RoomLog,
    ear: Ear,
}

impl Writer {
    pub(super) fn open(cluster: &Cluster) -> Result<Self, AppendError> {
        let failed = |error| AppendError::of_io(error, &cluster.run);
        cluster.create().map_err(failed)?;
        Ok(Self {
            log: RoomLog::at(cluster.spool_log()),
            ear: Ear::open(&cluster.run).map_err(failed)?,
        })
    }

    pub(super) fn submit(
        &mut self,
        cluster: &Cluster,
        room: &RoomName,
        draft: &Draft<'_>,
        waits: bool,
    ) -> Result<Stored, AppendError> {
        let began = Instant::now();
        let mut extra = draft.extra.to_vec();
        extra.push((ROOM, Some(room.as_str())));
        extra.push((ANSWER, waits.then_some(self.ear.name())));
        let number = self.log.append(&Draft {
            extra: &extra,
            ..*draft
        })?;
        // Nobody there: the relay looks through the spool when it starts.
        let failed = |error: io::Error| AppendError::of_io(error, &cluster.run);
        bell::ring_at(&cluster.bell()).map_err(failed)?;
        if !waits {
            return Ok(Stored::New(number));
        }
        let until = began + cluster.wait;
        match self.ear.wait_for(number, until).map_err(failed)? {
            Some(Answer::Stored(id)) => Ok(Stored::New(id)),
            Some(Answer::Again(id)) => Ok(Stored::Already(id)),
            Some(Answer::Refused(why)) => Err(AppendError::Refused(why)),
            None => Err(AppendError::Busy),
        }
    }
}

/// A record of the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its number.
    pub number: RecordId,
    /// The room that it is for.
    pub room: RoomName,
    /// Whom to answer.
    pub answer: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub from: String,
    /// Its attributes without those of the spool, as they are written.
    pub attrs: String,
    /// The text.
    pub text: String,
}

impl Submission {
    /// What a record of the spool is; `None`: nothing that this version knows.
    pub fn of(record: &Record<'_>) -> Option<Self> {
        let room = RoomName::parse(&record.attr(ROOM)?).ok()?;
        let own = |key: &str| key == ROOM || key == ANSWER;
        let pairs: Vec<_> = record.attrs().filter(|(key, _)| !own(key)).collect();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (*key, Some(&**value)))
            .collect();
        let mut line = Vec::new();
        attrs::write_to(&pairs, &mut line);
        Some(Self {
            number: record.id,
            room,
            answer: record.attr(ANSWER).map(Into::into),
            kind: record.kind,
            from: record.from.clone().into_owned(),
            attrs: String::from_utf8_lossy(&line).into_owned(),
            text: record.text.clone().into_owned(),
        })
    }
}
