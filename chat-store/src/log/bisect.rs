//! Where a record stands in a file of records with increasing ids.

use std::fs::File;
use std::io;

use crate::log::lines::Forward;
use crate::record::{Record, RecordId};

/// A range this small is read through; halving it further costs as many reads.
const READ_THROUGH: u64 = 32 * 1024;

/// The place behind the last record with an id of at most `after`, in the first `size` bytes. If
/// there is none: the place of the first record, and if there is none either, the end.
///
/// Lines without an id (the old form) are passed over; they belong to the record before them.
///
/// # Errors
/// Those of pread(2).
pub fn first_after(file: &File, size: u64, after: RecordId) -> io::Result<u64> {
    let (mut low, mut high) = (0, size);
    while high - low > READ_THROUGH {
        let middle = low + (high - low) / 2;
        match first_id(file, middle, high)? {
            Some((place, id)) if id <= after => low = place,
            _ => high = middle,
        }
    }
    let mut lines = Forward::new(file, low);
    let mut found = None;
    while let Some((place, line)) = lines.next()? {
        match Record::id_of(line) {
            Some(id) if id <= after => found = Some(place + line.len() as u64),
            Some(_) => return Ok(found.unwrap_or(place)),
            None => {}
        }
        if place >= size {
            break;
        }
    }
    Ok(found.unwrap_or(size))
}

/// The first record that starts after the first line end at or after `from`, before `end`.
fn first_id(file: &File, from: u64, end: u64) -> io::Result<Option<(u64, RecordId)>> {
    let mut lines = Forward::after(file, from);
    while let Some((place, line)) = lines.next()? {
        if place >= end {
            break;
        }
        if let Some(id) = Record::id_of(line) {
            return Ok(Some((place, id)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Draft, Kind};
    use proptest::prelude::*;
    use std::io::Write;

    #[test]
    fn a_file_without_records_gives_its_end() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(first_after(&file, 0, RecordId::now()).unwrap(), 0);
        (&file).write_all(b"[10:00:00] a> b\n").unwrap();
        assert_eq!(first_after(&file, 16, RecordId::now()).unwrap(), 16);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn bisection_agrees_with_reading(
            lines in proptest::collection::vec((0u64..4, 0usize..3_000), 1..120),
            wanted in 0usize..120, nudge in -1i64..=1,
        ) {
            let mut bytes = Vec::new();
            let mut ids = Vec::new();
            let mut id = 1_000_000_000_000_000;
            for (gap, length) in lines {
                if gap == 0 {
                    bytes.extend_from_slice(b"[10:00:00] old> line\n");
                    continue;
                }
                id += gap * 10;
                let place = bytes.len() as u64;
                let text = "x".repeat(length);
                Draft::new(Kind::Say, "n", &text).write_to(RecordId::from_micros(id), &mut bytes);
                ids.push((id, place, bytes.len() as u64));
            }
            let file = tempfile::tempfile().unwrap();
            (&file).write_all(&bytes).unwrap();
            let size = bytes.len() as u64;
            let asked = ids.get(wanted % ids.len().max(1)).map_or(5, |entry| entry.0)
                .saturating_add_signed(nudge);
            let model = ids.iter().rev().find(|entry| entry.0 <= asked).map(|entry| entry.2)
                .or(ids.first().map(|entry| entry.1)).unwrap_or(size);
            prop_assert_eq!(first_after(&file, size, RecordId::from_micros(asked)).unwrap(), model);
        }
    }
}
