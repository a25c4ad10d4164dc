//! What is for one person who is on another machine: handed to the relay, from there by the engine's channels to the
//! other machine's relay, which puts it into their inboxes there. Who may not miss it is told that it did not arrive.

use std::io;
use std::time::Duration;

use super::Cluster;
use super::handover::Tray;
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{MAX_LINE, RecordId};

/// The file with the parcels. Word that one has arrived comes at once, or not at all.
const TRAY: Tray<Parcel> = Tray {
    file: "personal",
    wait: Duration::from_secs(2),
    parse: Parcel::parse,
    number: |parcel| parcel.number,
};

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
    /// Hands the relay a line for somebody's inboxes on `nodes`, which are between blanks. If somebody `waits`: false,
    /// they are on none of them.
    ///
    /// # Errors
    /// As [`Cluster::hand_over`]. As `TimedOut`, nobody knows whether it arrived.
    pub(crate) fn tell(
        &self,
        nodes: &str,
        room: &RoomName,
        person: &PersonId,
        line: &[u8],
        waits: bool,
    ) -> io::Result<bool> {
        self.hand_over(&TRAY, waits, &|ear, number| {
            let parcel = Parcel {
                nodes: nodes.split_whitespace().map(str::to_owned).collect(),
                room: room.clone(),
                person: person.clone(),
                answer: waits.then(|| ear.to_owned()),
                number,
                line: line.to_vec(),
            };
            parcel.written()
        })
    }

    /// All parcels that wait for the relay.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn take_parcels(&self) -> io::Result<Vec<Parcel>> {
        self.take_handed(&TRAY)
    }
}

#[cfg(test)]
mod tests {
    use super::super::handover::put;
    use super::*;

    #[test]
    fn a_parcel_says_what_it_said_and_waits_for_nobody_once_it_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let cluster = Cluster::new(home.path(), &home.path().join("run"), TRAY.wait);
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
        let found = std::fs::metadata(cluster.run.join(TRAY.file)).unwrap();
        assert_eq!(mode(&found.permissions()) & 0o777, 0o600);
        // Left by somebody who has given up.
        let old = Parcel {
            number: RecordId::from_micros(RecordId::now().as_micros() - 4_000_000),
            ..parcels[0].clone()
        };
        put(&cluster.run.join(TRAY.file), &old.written()).unwrap();
        tell().unwrap();
        let numbers = cluster.take_parcels().unwrap();
        assert!(numbers.len() == 1 && numbers[0].number != old.number);
    }
}
