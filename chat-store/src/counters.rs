//! How often what an operator watches has happened on this site: `log/counters`.
//!
//! A line of fixed length for each counter, changed in place under the file's lock: nothing grows, and where the disk
//! is full there is room for the number of messages that could not be saved. Only what is seldom is counted here, or
//! what costs a program's start anyway; messages are counted from the logs by whoever asks.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};

/// What is counted. The order is that of the file: a new one comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// What somebody wrote was not kept, and they were told so.
    NotSaved,
    /// Somebody has logged in by a password.
    LoggedIn,
    /// A wrong password.
    WrongPassword,
    /// A log-in that was not looked at: too many, or too many at once.
    LoginHeldBack,
    /// Accounts that people made for themselves.
    Registered,
    /// Requests to `api/v1`.
    ApiRequests,
    /// Those that were refused.
    ApiRefused,
    /// What was said, up to the time in the next one.
    Messages,
    /// In microseconds since 1970.
    MessagesUntil,
}

impl Counter {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::NotSaved,
        Self::LoggedIn,
        Self::WrongPassword,
        Self::LoginHeldBack,
        Self::Registered,
        Self::ApiRequests,
        Self::ApiRefused,
        Self::Messages,
        Self::MessagesUntil,
    ];

    /// The word in the file.
    fn word(self) -> &'static str {
        match self {
            Self::NotSaved => "not_saved",
            Self::LoggedIn => "logged_in",
            Self::WrongPassword => "wrong_password",
            Self::LoginHeldBack => "login_held_back",
            Self::Registered => "registered",
            Self::ApiRequests => "api_requests",
            Self::ApiRefused => "api_refused",
            Self::Messages => "messages",
            Self::MessagesUntil => "messages_until",
        }
    }

    fn offset(self) -> u64 {
        self as u64 * LINE as u64
    }

    fn line(self, value: u64) -> String {
        format!("{:<1$}{value:020}\n", self.word(), WORD)
    }
}

/// Bytes of a word with the spaces behind it.
const WORD: usize = 24;
/// Bytes of a number.
const DIGITS: usize = 20;
/// Bytes of a line.
const LINE: usize = WORD + DIGITS + 1;
/// The longest wait for others who count: nobody waits longer for a number.
const LOCK_TIMEOUT: Duration = Duration::from_millis(200);

/// Where they are.
pub fn path(dirs: &Dirs) -> PathBuf {
    dirs.log.join("counters")
}

/// Counts one more. What cannot be counted is not: no message and no log-in fails for a number.
pub fn add(dirs: &Dirs, counter: Counter) {
    let _ = change(dirs, &mut |counts| {
        let count = counts.get(counter).saturating_add(1);
        counts.set(counter, count);
    });
}

/// All counters of a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Counter::ALL.len()]);

impl Counts {
    /// How often.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Sets one.
    pub fn set(&mut self, counter: Counter, value: u64) {
        self.0[counter as usize] = value;
    }

    // What is not there or torn is 0: a counter that begins anew is what Prometheus expects.
    fn parse(bytes: &[u8]) -> Self {
        Self(Counter::ALL.map(|counter| {
            let start = usize::try_from(counter.offset()).unwrap_or(usize::MAX);
            let digits = bytes.get(start.saturating_add(WORD)..).unwrap_or_default();
            let digits = std::str::from_utf8(digits.get(..DIGITS).unwrap_or_default());
            digits.ok().and_then(|it| it.parse().ok()).unwrap_or(0)
        }))
    }
}

/// What is counted by now.
///
/// # Errors
/// Those of reading the file; a missing one is nothing.
pub fn read(dirs: &Dirs) -> io::Result<Counts> {
    let bytes = file::read_whole(&path(dirs), (Counter::ALL.len() * LINE) as u64)?;
    Ok(Counts::parse(&bytes))
}

/// Changes them while nobody else does.
///
/// # Errors
/// Those of the file, or others held it all the time.
pub fn change(dirs: &Dirs, edit: &mut dyn FnMut(&mut Counts)) -> io::Result<()> {
    let path = path(dirs);
    let flags = OFlags::RDWR | OFlags::CREATE;
    let (file, _) = match file::open(&path, flags) {
        Ok(opened) => opened,
        Err(rustix::io::Errno::NOENT) => {
            dirs::create_dir(&dirs.log)?;
            file::open(&path, flags)?
        }
        Err(error) => return Err(error.into()),
    };
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let mut bytes = [0; Counter::ALL.len() * LINE];
    let filled = file::read_at(&file, &mut bytes, 0)?;
    let before = Counts::parse(&bytes[..filled]);
    let mut after = before;
    edit(&mut after);
    for counter in Counter::ALL {
        let value = after.get(counter);
        // The first one who counts makes all lines: later there may be no room for them.
        if value != before.get(counter) || filled < bytes.len() {
            let line = counter.line(value);
            std::os::unix::fs::FileExt::write_all_at(&file, line.as_bytes(), counter.offset())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_count_at_once_is_all_counted_and_the_file_does_not_grow() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        assert_eq!(read(&dirs).unwrap(), Counts::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let one_more = &mut |counts: &mut Counts| {
                            counts.set(Counter::NotSaved, counts.get(Counter::NotSaved) + 1);
                        };
                        // A busy machine may take longer than anybody waits for a number.
                        while change(&dirs, one_more).is_err() {}
                    }
                });
            }
        });
        add(&dirs, Counter::ApiRefused);
        let counts = read(&dirs).unwrap();
        assert_eq!(counts.get(Counter::NotSaved), 200);
        assert_eq!(counts.get(Counter::ApiRefused), 1);
        assert_eq!(counts.get(Counter::LoggedIn), 0);
        let text = std::fs::read_to_string(path(&dirs)).unwrap();
        assert_eq!(text.len(), Counter::ALL.len() * LINE);
        assert!(text.starts_with("not_saved               00000000000000000200\n"));
    }

    #[test]
    fn a_file_of_an_older_release_gets_the_lines_that_it_lacks() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        dirs.create().unwrap();
        std::fs::write(path(&dirs), Counter::NotSaved.line(7) + "torn").unwrap();
        add(&dirs, Counter::NotSaved);
        add(&dirs, Counter::ApiRefused);
        let counts = read(&dirs).unwrap();
        assert_eq!(counts.get(Counter::NotSaved), 8);
        assert_eq!(counts.get(Counter::ApiRefused), 1);
    }

    #[test]
    fn who_cannot_count_goes_on() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        std::fs::create_dir_all(path(&dirs)).unwrap();
        add(&dirs, Counter::NotSaved);
        assert!(read(&dirs).is_err());
    }
}
