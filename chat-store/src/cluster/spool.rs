//! The spool: what the people of this machine have submitted, in the form of a room's log. A submission's number is
//! the id of its record there: it rises strictly, over rotations and when the clock steps back.

use std::io;
use std::time::Instant;

use super::Cluster;
use super::answer::{Answer, Ear, Refused};
use crate::bell;
use crate::log::room_log::{AppendError, RoomLog, Stored};
use crate::name::RoomName;
use crate::record::{Draft, Kind, Record, RecordId, attrs};

/// The spool's file.
pub const SPOOL: &str = "out.log";
/// The log of orders, beside it.
pub const ORDERS: &str = "orders.log";
/// The attribute that names the room, in the spool only.
pub const ROOM: &str = "_room";
/// The attribute that names whom to answer, in the spool only.
pub const ANSWER: &str = "_answer";
/// The attribute with the member who does it, in the spool only: all machines agree on who is one.
pub const MEMBER: &str = "_member";
/// The attribute that says what the member's name looks like, in the spool only.
pub const KEY: &str = "_key";
/// The attribute with the most members of the room, in the spool only.
pub const LIMIT: &str = "_limit";
/// The attribute of what changes who is a member and is no record, in the spool only.
pub const QUIET: &str = "_quiet";
/// How all attributes begin that are in the spool only.
const OWN: char = '_';

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

    /// Where answers come.
    pub(super) fn ear(&mut self) -> &mut Ear {
        &mut self.ear
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
            Some(Answer::Refused(Refused::Away)) => Err(AppendError::Isolated),
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
    /// The member who does it; `None`: it does not matter who is a member.
    pub member: Option<String>,
    /// What the member's name looks like.
    pub key: Option<String>,
    /// The most members of the room; zero: any.
    pub limit: u32,
    /// It changes who is a member, and is no record.
    pub quiet: bool,
}

impl Submission {
    /// What a record of the spool is; `None`: nothing that this version knows.
    pub fn of(record: &Record<'_>) -> Option<Self> {
        let room = RoomName::parse(&record.attr(ROOM)?).ok()?;
        let of = |key: &str| record.attr(key).map(Into::into);
        let pairs: Vec<_> = record
            .attrs()
            .filter(|(key, _)| !key.starts_with(OWN))
            .collect();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (*key, Some(&**value)))
            .collect();
        let mut line = Vec::new();
        attrs::write_to(&pairs, &mut line);
        Some(Self {
            number: record.id,
            room,
            answer: of(ANSWER),
            kind: record.kind,
            from: record.from.clone().into_owned(),
            attrs: String::from_utf8_lossy(&line).into_owned(),
            text: record.text.clone().into_owned(),
            member: of(MEMBER),
            key: of(KEY),
            limit: of(LIMIT)
                .and_then(|it: String| it.parse().ok())
                .unwrap_or(0),
            quiet: of(QUIET).is_some(),
        })
    }
}
