//! What a presence file says: color, who they are besides, and until when they may come back.

use std::fs::File;
use std::io;
use std::time::Duration;

use super::About;
use super::users::PRESENCE_BYTES;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Lock, Share};
use crate::fs::slots::SLOTS;
use crate::record::{Attrs, RecordId, attrs, clean, show};

/// The longest color that is read, in bytes.
const COLOR_BYTES: usize = 64;
/// The longest grace: a deadline that is further ahead was written by a clock that was wrong.
pub const MAX_GRACE: Duration = Duration::from_secs(300);
/// The longest wait for somebody else who writes a few bytes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// Seconds that they may be away without anybody being told.
const GRACE: &str = "grace";
/// The highest slot that any of their connections has had, if it is not the first.
const TOP: &str = "top";
/// The other machines on which they are, between blanks.
const ON: &str = "on";
/// Of a site on several machines: somebody has been here as well, not on another machine alone.
const HERE: &str = "here";
/// And the others have not been told yet.
const DUE: &str = "due";
/// When those are over.
const UNTIL: &str = "until";

/// All of a presence file.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// Empty: they are just leaving.
    pub(super) color: Box<str>,
    pub(super) about: About,
    /// How long they may be away.
    pub(super) grace: Duration,
    /// The highest slot that any of their connections has had: what those left is looked for up to there.
    pub(super) top: u32,
    /// They are away, and gone for good at this time.
    pub(super) until: Option<RecordId>,
    /// The other machines on which they are, between blanks.
    pub(super) on: Box<str>,
    /// The site is on several machines, and they are on this one.
    pub(super) here: bool,
    /// Which the others have not been told yet: a handler of theirs does it as soon as it can.
    pub(super) due: bool,
}

impl Content {
    /// Three lines: the color; pairs about them; until when. Readers skip keys that they do not know.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|&byte| byte == b'\n');
        let mut next = || lines.next().unwrap_or_default();
        let color = next();
        let (about, state) = (show(next()), show(next()));
        let color = show(&color[..color.len().min(COLOR_BYTES)]).trim().into();
        Self {
            color,
            grace: value(&about, GRACE)
                .and_then(|seconds| seconds.parse().ok())
                .map_or(Duration::ZERO, Duration::from_secs)
                .min(MAX_GRACE),
            top: value(&about, TOP)
                .and_then(|slot| slot.parse().ok())
                .map_or(0, |slot: u32| slot.min(SLOTS - 1)),
            on: value(&about, ON).unwrap_or_default().into(),
            here: value(&about, HERE).is_some(),
            due: value(&about, DUE).is_some(),
            about: About::parse(&about),
            until: value(&state, UNTIL).and_then(|id| RecordId::parse(id.as_bytes())),
        }
    }

    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut bytes = [0; PRESENCE_BYTES];
        // One read: a file of a few bytes does not come in pieces.
        let filled = file::read_some_at(file, &mut bytes, 0)?;
        Ok(Self::parse(&bytes[..filled]))
    }

    /// As [`Content::read`]. On a site of one machine nobody is on another, whatever was written when there were some.
    pub(super) fn read_in(dirs: &Dirs, file: &File) -> io::Result<Self> {
        let mut content = Self::read(file)?;
        if !dirs.is_of_several() {
            content.on = "".into();
        }
        Ok(content)
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = clean(&self.color).trim_end().as_bytes().to_vec();
        text.push(b'\n');
        let seconds = self.grace.as_secs().to_string();
        let grace = (!self.grace.is_zero()).then_some(&*seconds);
        let top = self.top.to_string();
        let top = (self.top > 0).then_some(&*top);
        let [account, person, address, site] = self.about.pairs();
        let start = text.len();
        let on = (ON, Some(&*self.on).filter(|on| !on.is_empty()));
        let here = (HERE, self.here.then_some("1"));
        let due = (DUE, (self.here && self.due).then_some("1"));
        let pairs = [
            account,
            person,
            address,
            site,
            (GRACE, grace),
            (TOP, top),
            on,
            here,
            due,
        ];
        attrs::write_to(&pairs, &mut text);
        if text.len() > start {
            text.push(b'\n');
        }
        if let Some(until) = self.until {
            attrs::write_to(&[(UNTIL, Some(&*until.to_string()))], &mut text);
            text.push(b'\n');
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Writes it over what stands there. A reader in between sees a first line that is right.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let text = self.to_text();
        rustix::io::pwrite(file, text.as_bytes(), 0)?;
        Ok(rustix::fs::ftruncate(file, text.len() as u64)?)
    }

    /// Says that they are leaving: whoever held the file, and looks at it again, knows that somebody tells of it.
    pub(super) fn mark_leaving(&mut self, file: &File) -> io::Result<()> {
        self.color = "".into();
        self.until = None;
        self.write(file)
    }

    /// Whether somebody is telling that they have left.
    pub(super) fn is_leaving(&self) -> bool {
        self.color.is_empty()
    }

    /// Whether they are on another machine.
    pub(super) fn is_elsewhere(&self) -> bool {
        !self.on.is_empty()
    }

    /// Whether they are on other machines alone.
    pub(super) fn is_only_elsewhere(&self) -> bool {
        self.is_elsewhere() && !self.here
    }

    /// Until when they are waited for, if they still are.
    pub(super) fn awaited_until(&self) -> Option<RecordId> {
        let now = RecordId::now();
        let latest = after(now, MAX_GRACE);
        self.until.filter(|&until| until > now && until <= latest)
    }
}

/// On several machines the relay writes into the file, too: held while it is read and written again.
///
/// # Errors
/// Those of flock(2), and `TimedOut`.
pub(super) fn lock<'a>(dirs: &Dirs, file: &'a File) -> io::Result<Option<Lock<'a>>> {
    if dirs.cluster.is_none() {
        return Ok(None);
    }
    lock_always(file).map(Some)
}

/// As [`lock`], for the relay.
pub(super) fn lock_always(file: &File) -> io::Result<Lock<'_>> {
    let held = lock::take(file, Share::Exclusive, LOCK_TIMEOUT)?;
    held.ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// So much later.
pub(super) fn after(id: RecordId, time: Duration) -> RecordId {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    RecordId::from_micros(id.as_micros().saturating_add(micros))
}

fn value<'a>(line: &'a str, key: &str) -> Option<std::borrow::Cow<'a, str>> {
    Attrs::new(line)
        .find(|(found, _)| *found == key)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::person::PersonId;

    #[test]
    fn a_presence_file_says_what_it_said() {
        let content = Content {
            color: "#aa0000".into(),
            about: About {
                account: Some("a;b=c\nd".to_owned()),
                person: Some(PersonId::of_page("x")),
                address: Some("::1".to_owned()),
                moderates_all: true,
            },
            grace: Duration::from_secs(15),
            top: 3,
            on: "b~2 c~3".into(),
            here: true,
            due: true,
            until: Some(after(RecordId::now(), Duration::from_secs(9))),
        };
        let read = Content::parse(content.to_text().as_bytes());
        assert_eq!(read.color, content.color);
        assert_eq!(read.about.account.as_deref(), Some("a;b=c d"));
        assert_eq!(read.about.person, content.about.person);
        assert_eq!((read.grace, read.until), (content.grace, content.until));
        assert_eq!(read.top, 3);
        assert_eq!((&*read.on, read.here, read.due), ("b~2 c~3", true, true));
        assert_eq!(read.awaited_until(), content.until);
        let plain = Content {
            color: "red".into(),
            ..Content::default()
        };
        assert_eq!(plain.to_text(), "red\n");
    }

    #[test]
    fn nobody_is_awaited_for_ever() {
        let of = |until| Content {
            until: Some(until),
            ..Content::default()
        };
        assert_eq!(of(RecordId::now()).awaited_until(), None);
        assert_eq!(of(RecordId::MAX).awaited_until(), None);
        assert_eq!(Content::parse(b"red\ngrace=99999999\n").grace, MAX_GRACE);
    }
}
