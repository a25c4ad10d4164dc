//! Other programs that know better what is wrong: asked, for a bounded time.

use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// What is read of what it prints, in bytes.
const MAX_PRINTED: u64 = 64 * 1024;

/// What a program said.
#[derive(Debug)]
pub(in crate::ctl) struct Answer {
    /// Whether its exit status was 0.
    pub(in crate::ctl) is_good: bool,
    /// All that it printed.
    pub(in crate::ctl) text: String,
}

/// Runs `program`; `None`: it is not there.
///
/// # Errors
/// It could not be started, or took too long.
pub(in crate::ctl) fn ask(program: &Path, arguments: &[&str]) -> io::Result<Option<Answer>> {
    ask_for(program, arguments, LIMIT)
}

/// The same, for as long as `limit`.
///
/// # Errors
/// As [`ask`].
#[expect(
    clippy::disallowed_methods,
    reason = "programs that the administrator's own asks"
)]
pub(in crate::ctl) fn ask_for(
    program: &Path,
    arguments: &[&str],
    limit: Duration,
) -> io::Result<Option<Answer>> {
    // Into a file and not a pipe: neither waits for the other.
    let mut printed = tempfile::tempfile()?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed.try_clone()?);
    let mut child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        child => child?,
    };
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() >= limit {
            // It may have ended just now.
            let _ = child.kill();
            child.wait()?;
            let text = format!("took more than {} s", limit.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        std::thread::sleep(PAUSE);
    };
    printed.rewind()?;
    let mut bytes = Vec::new();
    printed.take(MAX_PRINTED).read_to_end(&mut bytes)?;
    Ok(Some(Answer {
        is_good: status.success(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }))
}
