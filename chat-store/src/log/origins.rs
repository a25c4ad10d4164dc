//! Which submissions of which machine a log holds: so that none is written twice, whatever is given again.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use memchr::memmem::Finder;

use crate::log::chain;
use crate::log::lines::{self, Backward};
use crate::record::{Record, RecordId, attrs};

/// A submission, by its machine and number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The machine's incarnation.
    pub node: String,
    /// The number, which rises strictly.
    pub number: RecordId,
}

impl Origin {
    /// As it stands in a record.
    pub fn parse(text: &str) -> Option<Self> {
        let (node, number) = text.rsplit_once('.')?;
        Some(Self {
            node: node.to_owned(),
            number: RecordId::from_micros(number.parse().ok()?),
        })
    }

    /// That of a record.
    pub fn of(record: &Record<'_>) -> Option<Self> {
        Self::parse(&record.attr(attrs::ORIGIN)?)
    }

    /// As a record has it.
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.node, self.number.as_micros())
    }
}

/// The greatest number of each machine in the log whose live file is `live`, among the records behind `since`.
///
/// # Errors
/// Those of reading the log's files.
pub fn greatest(live: &Path, since: RecordId) -> io::Result<BTreeMap<String, RecordId>> {
    let mut found = BTreeMap::new();
    each_back(live, since, &mut |record| {
        if let Some(Origin { node, number }) = Origin::of(record) {
            let greatest: &mut RecordId = found.entry(node).or_default();
            *greatest = number.max(*greatest);
        }
    })?;
    Ok(found)
}

/// Gives each record with an origin behind `since`, the last first.
///
/// # Errors
/// As [`greatest`].
pub fn each_back(
    live: &Path,
    since: RecordId,
    give: &mut dyn FnMut(&Record<'_>),
) -> io::Result<()> {
    each_back_having(live, since, attrs::ORIGIN, give)
}

/// As [`each_back`], for records with an attribute that is called `key`; some others may be among them.
///
/// # Errors
/// As [`greatest`].
pub fn each_back_having(
    live: &Path,
    since: RecordId,
    key: &str,
    give: &mut dyn FnMut(&Record<'_>),
) -> io::Result<()> {
    let needle = format!("{key}=");
    let finder = Finder::new(needle.as_bytes());
    // Given twice if somebody rotates meanwhile, which does no harm.
    lines::until_whole(|| {
        for entry in chain::list(live)?.iter().rev() {
            let Some(file) = entry.open()? else { continue };
            let mut lines = Backward::new(&file, entry.size);
            while let Some((_, line)) = lines.next()? {
                if Record::id_of(line).is_some_and(|id| id <= since) {
                    return Ok(());
                }
                if finder.find(line).is_some()
                    && let Some(record) = Record::parse(line)
                {
                    give(&record);
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::room_log::RoomLog;
    use crate::record::{Draft, Kind};

    #[test]
    fn the_greatest_of_each_machine_is_found_over_a_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let live = dir.path().join("r.log");
        let mut first = RecordId::ZERO;
        for (at, (node, number)) in [("a~1", 5), ("b~2", 9), ("a~1", 7)].into_iter().enumerate() {
            if at == 1 {
                std::fs::rename(&live, dir.path().join("r.log.1")).unwrap();
                std::fs::write(&live, "").unwrap();
            }
            let origin = Origin {
                node: node.to_owned(),
                number: RecordId::from_micros(number),
            };
            let draft = Draft {
                origin: Some(&origin.to_text()),
                ..Draft::new(Kind::Say, "x", "y")
            };
            let id = RoomLog::at(live.clone()).append(&draft).unwrap();
            first = if at == 0 { id } else { first };
        }
        let of = |since| greatest(&live, since).unwrap();
        let of_a = |since| of(since).get("a~1").copied();
        assert_eq!(of_a(RecordId::ZERO), Some(RecordId::from_micros(7)));
        assert_eq!(of(RecordId::ZERO).len(), 2);
        assert_eq!(of(first).len(), 2);
        assert_eq!(of_a(RecordId::now().next()), None);
    }
}
