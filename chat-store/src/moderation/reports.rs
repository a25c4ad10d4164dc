//! What members told the moderators of a room, in `state/ROOM.reports`. A line each:
//! `ID<TAB>BY<TAB>ABOUT<TAB>ATTRS<TAB>REASON`; ID is the moment, and what it is resolved by.

use std::io;

use super::{CHANGE_TRIES, LOCK_TIMEOUT, MAX_REASON_CHARS, ModerationError, Network, open_lock};
use crate::cluster::order;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::people::presence::About;
use crate::record::{Attrs, RecordId, attrs, clean, show};

/// Open reports of one room.
pub const MAX_REPORTS: usize = 500;
/// And of one person: an account, or the guests of one address.
pub const MAX_REPORTS_OF_ONE: usize = 10;
/// The largest list that is read, in bytes: what [`MAX_REPORTS`] take with long reasons.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// How the files are called.
const REPORTS: &str = "reports";
/// Attributes: who reports is known as, and the message that it is about.
const BY: &str = "of";
const MESSAGE: &str = "message";

/// What somebody reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When; by this it is resolved.
    pub id: RecordId,
    /// The name of who reports.
    pub by: String,
    /// How who reports is known: `account:`, `address:` or `number:`, as [`known_as`] says it.
    pub known_as: String,
    /// The name of who is reported.
    pub about: String,
    /// What they log in as.
    pub account: Option<String>,
    /// Their number.
    pub person: Option<String>,
    /// The message; `None`: they as such.
    pub message: Option<RecordId>,
    /// Why; maybe empty.
    pub reason: String,
}

/// Whose reports count together: a new name or browser gives nobody more of them.
pub fn known_as(about: &About) -> String {
    let network = about.address.as_deref().and_then(Network::around);
    let number = about.person.as_ref().map_or("", PersonId::as_str);
    match (&about.account, network) {
        (Some(account), _) => format!("account:{account}"),
        (None, Some(network)) => format!("address:{network}"),
        (None, None) => format!("number:{number}"),
    }
}

impl Report {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.splitn(5, |&byte| byte == b'\t');
        let id = RecordId::parse(fields.next()?)?;
        let by = show(fields.next()?).into_owned();
        let about = show(fields.next()?).into_owned();
        let pairs = show(fields.next()?);
        let attr = |key| {
            let found = Attrs::new(&pairs).find(|(k, v)| *k == key && !v.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        Some(Self {
            id,
            by,
            known_as: attr(BY).unwrap_or_default(),
            about,
            account: attr(attrs::ACCOUNT),
            person: attr(attrs::PERSON),
            message: attr(MESSAGE).and_then(|id| RecordId::parse(id.as_bytes())),
            reason: show(fields.next()?).into_owned(),
        })
    }

    fn write_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(&self.id.to_text());
        for name in [&self.by, &self.about] {
            text.push(b'\t');
            text.extend_from_slice(clean(name).as_bytes());
        }
        text.push(b'\t');
        let message = self.message.map(|id| id.to_string());
        let pairs = [
            (BY, Some(self.known_as.as_str())),
            (attrs::ACCOUNT, self.account.as_deref()),
            (attrs::PERSON, self.person.as_deref()),
            (MESSAGE, message.as_deref()),
        ];
        attrs::write_to(&pairs, text);
        text.push(b'\t');
        text.extend_from_slice(clean(&self.reason).as_bytes());
        text.push(b'\n');
    }
}

/// The open reports of a room, oldest first.
///
/// # Errors
/// Those of reading the file; a missing one is an empty list.
pub fn list(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Report>> {
    let text = file::read_whole(&dirs.state(room, REPORTS), MAX_BYTES)?;
    Ok(reports_in(&text))
}

fn reports_in(text: &[u8]) -> Vec<Report> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter_map(Report::parse).take(MAX_REPORTS).collect()
}

/// The rooms that have a list, by name.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    super::rooms_with(dirs, REPORTS)
}

/// Adds a report. One about the same message or person by the same is replaced.
///
/// # Errors
/// Nothing is changed then.
pub fn add(dirs: &Dirs, room: &RoomName, report: &Report) -> Result<(), ModerationError> {
    if report.reason.chars().count() > MAX_REASON_CHARS {
        return Err(ModerationError::ReasonTooLong);
    }
    change(dirs, room, |reports| {
        let is_of_them = |old: &Report| old.known_as == report.known_as;
        reports.retain(|old| {
            !(is_of_them(old) && old.message == report.message && old.about == report.about)
        });
        if reports.iter().filter(|old| is_of_them(old)).count() >= MAX_REPORTS_OF_ONE {
            return Err(ModerationError::TooManyOfYours);
        }
        if reports.len() >= MAX_REPORTS {
            return Err(ModerationError::TooManyReports);
        }
        reports.push(report.clone());
        Ok(())
    })
}

/// Takes a report off the list. False: there was none.
///
/// # Errors
/// Nothing is changed then.
pub fn resolve(dirs: &Dirs, room: &RoomName, id: RecordId) -> Result<bool, ModerationError> {
    let mut found = false;
    change(dirs, room, |reports| {
        let before = reports.len();
        reports.retain(|report| report.id != id);
        found = reports.len() < before;
        Ok(())
    })?;
    Ok(found)
}

/// Deletes those that `is_theirs` finds: by them, or about them.
///
/// # Errors
/// Nothing is changed then.
pub fn forget(
    dirs: &Dirs,
    room: &RoomName,
    is_theirs: &dyn Fn(&Report) -> bool,
) -> Result<usize, ModerationError> {
    let mut count = 0;
    change(dirs, room, |reports| {
        let before = reports.len();
        reports.retain(|report| !is_theirs(report));
        count = before - reports.len();
        Ok(())
    })?;
    Ok(count)
}

fn change(
    dirs: &Dirs,
    room: &RoomName,
    mut edit: impl FnMut(&mut Vec<Report>) -> Result<(), ModerationError>,
) -> Result<(), ModerationError> {
    let path = dirs.state(room, REPORTS);
    let lock_file = open_lock(&path)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ModerationError::Busy);
    };
    for _ in 0..CHANGE_TRIES {
        let before = file::read_whole(&path, MAX_BYTES)?;
        let mut reports = reports_in(&before);
        edit(&mut reports)?;
        let mut text = Vec::new();
        for report in &reports {
            report.write_to(&mut text);
        }
        // What is not read again would be lost by the next change.
        if text.len() as u64 > MAX_BYTES {
            return Err(ModerationError::TooManyReports);
        }
        if order::replace(dirs, &path, &before, &text)? {
            return Ok(());
        }
    }
    Err(ModerationError::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(number: u64, by: &str) -> Report {
        Report {
            id: RecordId::from_micros(1_790_000_000_000_000 + number),
            by: by.to_owned(),
            known_as: format!("account:{by}"),
            about: "eve".to_owned(),
            account: None,
            person: Some("f00".to_owned()),
            message: Some(RecordId::from_micros(number + 1)),
            reason: "spam\n\tand ;=more".to_owned(),
        }
    }

    #[test]
    fn reports_are_kept_bounded_and_resolved() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let room = RoomName::lobby();
        for number in 0..MAX_REPORTS_OF_ONE as u64 {
            add(&dirs, &room, &report(number, "anna")).unwrap();
        }
        let full = add(&dirs, &room, &report(99, "anna"));
        assert!(
            matches!(full, Err(ModerationError::TooManyOfYours)),
            "{full:?}"
        );
        // The same once more takes the place of the first.
        add(&dirs, &room, &report(3, "anna")).unwrap();
        add(&dirs, &room, &report(0, "bob")).unwrap();
        let all = list(&dirs, &room).unwrap();
        assert_eq!(all.len(), MAX_REPORTS_OF_ONE + 1);
        assert_eq!(all[0].reason, "spam  and ;=more");
        assert_eq!(all[0].message, Some(RecordId::from_micros(1)));
        assert!(resolve(&dirs, &room, report(0, "").id).unwrap());
        assert!(!resolve(&dirs, &room, report(0, "").id).unwrap());
        assert_eq!(
            forget(&dirs, &room, &|report| report.by == "anna").unwrap(),
            9
        );
        assert_eq!(rooms(&dirs).unwrap(), [room]);
    }

    #[test]
    fn a_room_takes_no_more_than_it_can_hold() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let room = RoomName::lobby();
        let mut text = Vec::new();
        for number in 0..MAX_REPORTS as u64 {
            report(number, &format!("a{number}")).write_to(&mut text);
        }
        std::fs::write(dirs.state(&room, REPORTS), text).unwrap();
        let full = add(&dirs, &room, &report(0, "bob"));
        assert!(
            matches!(full, Err(ModerationError::TooManyReports)),
            "{full:?}"
        );
    }
}
