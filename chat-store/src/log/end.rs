//! How a log ends: its last id, and whether its last line is whole.

use std::fs::File;
use std::io;

use memchr::{memrchr, memrchr_iter};

use crate::fs::file;
use crate::record::{MAX_LINE, Record, RecordId};

/// The first look at the end: the last line is seldom longer.
const FIRST_LOOK: u64 = 1024;
/// The last look: a torn line and a whole one of the greatest length.
const LAST_LOOK: u64 = 2 * MAX_LINE as u64;

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The greatest id of its last lines; `None` if they have none (an empty file, the old form).
    pub last: Option<RecordId>,
    /// Where the last whole line starts and ends; both 0 if there is none.
    pub line: (u64, u64),
    /// What stands after the last line end.
    pub torn: Torn,
}

/// What stands after the last line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// Nothing.
    Whole,
    /// The start of a record of ours. It was never acknowledged, and its sender may send it again,
    /// so it is cut off.
    Ours,
    /// Something else: another program's. A line end is put behind it.
    Foreign,
}

/// Looks at the end of the first `size` bytes. `scratch` is any buffer; what it held is lost.
///
/// # Errors
/// Those of pread(2).
pub fn look(file: &File, size: u64, scratch: &mut Vec<u8>) -> io::Result<End> {
    let mut window = FIRST_LOOK;
    loop {
        let start = size.saturating_sub(window);
        scratch.resize(
            usize::try_from(size - start).expect("at most the last look"),
            0,
        );
        let filled = file::read_at(file, scratch, start)?;
        scratch.truncate(filled);
        let everything = start == 0 || window >= LAST_LOOK;
        if let Some(end) = judge(scratch, start, everything) {
            return Ok(end);
        }
        window = (window * 8).min(LAST_LOOK);
    }
}

/// `None`: more must be seen to know.
fn judge(bytes: &[u8], start: u64, everything: bool) -> Option<End> {
    let newline = memrchr(b'\n', bytes);
    if newline.is_none() && !everything {
        return None;
    }
    let torn = match newline {
        // Its start was not seen: nobody may cut what he has not seen.
        None if start > 0 => Torn::Foreign,
        newline => torn(&bytes[newline.map_or(0, |at| at + 1)..]),
    };
    let Some(newline) = newline else {
        return Some(End {
            last: None,
            line: (0, 0),
            torn,
        });
    };
    let mut line = None;
    let mut line_end = newline;
    // The first piece of the window starts in the middle of a line, unless it is all of the file.
    for at in memrchr_iter(b'\n', &bytes[..newline])
        .map(Some)
        .chain([None])
    {
        let from = match at {
            Some(at) => at + 1,
            None if everything => 0,
            None => return None,
        };
        line = line.or(Some((start + from as u64, start + newline as u64 + 1)));
        if let Some(last) = Record::id_of(&bytes[from..line_end]) {
            return Some(End {
                last: Some(last),
                line: line.unwrap_or_default(),
                torn,
            });
        }
        line_end = from.saturating_sub(1);
    }
    Some(End {
        last: None,
        line: line.unwrap_or_default(),
        torn,
    })
}

fn torn(rest: &[u8]) -> Torn {
    if rest.is_empty() {
        return Torn::Whole;
    }
    let is_time = |byte: &u8| byte.is_ascii_digit() || b"-:.TZ".contains(byte);
    let rest = &rest[rest.iter().take_while(|&&byte| byte == 0).count()..];
    let ours = Record::id_of(rest).is_some()
        || (rest.len() <= RecordId::TEXT_LEN && rest.iter().all(is_time));
    if ours { Torn::Ours } else { Torn::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const ID: &str = "2026-11-21T10:15:30.123456Z";

    fn end_of(text: &[u8]) -> End {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        look(&file, text.len() as u64, &mut Vec::new()).unwrap()
    }

    #[test]
    fn the_last_id_is_found_behind_lines_without_one() {
        let last = RecordId::parse(ID.as_bytes());
        for tail in ["", "[10:00:00] a> b\n", "\n\nx\n"] {
            for length in [1, 600, 5_000, MAX_LINE - 60] {
                let text = format!("{ID}\tsay\ta\t\t{}\n{tail}", "x".repeat(length));
                assert_eq!(end_of(text.as_bytes()).last, last, "{tail:?} {length}");
            }
        }
    }

    #[test]
    fn torn_lines_are_told_apart() {
        let whole = format!("{ID}\tsay\ta\t\tb\n");
        for (rest, torn) in [
            ("", Torn::Whole),
            ("2026-11", Torn::Ours),
            ("2026-11-21T10:15:30.123457Z", Torn::Ours),
            ("2026-11-21T10:15:30.123457Z\tsay\tbob\t\thal", Torn::Ours),
            ("\0\0\0", Torn::Ours),
            ("something", Torn::Foreign),
            ("[10:00:00] a> hal", Torn::Foreign),
        ] {
            let end = end_of(format!("{whole}{rest}").as_bytes());
            assert_eq!(
                (end.torn, end.line),
                (torn, (0, whole.len() as u64)),
                "{rest}"
            );
            assert_eq!(end_of(rest.as_bytes()).torn, torn);
        }
    }

    #[test]
    fn a_long_hole_is_never_cut_with_what_is_before_it() {
        let whole = format!("{ID}\tsay\ta\t\tb\n");
        let hole = vec![0; 3 * MAX_LINE];
        assert_eq!(
            end_of(&[whole.as_bytes(), &hole].concat()).torn,
            Torn::Foreign
        );
    }

    #[test]
    fn an_empty_log_has_no_last_id() {
        let empty = End {
            last: None,
            line: (0, 0),
            torn: Torn::Whole,
        };
        assert_eq!(end_of(b""), empty);
        assert_eq!(
            end_of(b"x\n"),
            End {
                line: (0, 2),
                ..empty
            }
        );
    }
}
