//! The administrator's program that looks at a file before anybody can read it.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::refusal::Refusal;
use chat_store::record::clean;

/// What is read of what it prints, in bytes: a reason is a line.
const MAX_REASON: u64 = 300;
/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// The exit status that refuses a file.
const REFUSES: i32 = 1;

/// Asks `program` about the file at `path`, of which `about` is JSON.
///
/// # Errors
/// It refuses the file, or could not be asked.
#[expect(
    clippy::disallowed_methods,
    reason = "the one program that chat-cgi starts"
)]
pub(super) fn ask(
    program: &Path,
    path: &Path,
    about: &str,
    limit: Duration,
) -> Result<(), Refusal> {
    let failed = |problem: String| Refusal::Hook(format!("{}: {problem}", program.display()));
    // Into a file and not a pipe: it never waits for us, and we never wait for what it left behind.
    let mut printed = tempfile::tempfile()?;
    let mut child = Command::new(program)
        .arg(path)
        .env("CHAT_FILE", about)
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() >= limit {
            // It may have ended just now.
            let _ = child.kill();
            child.wait()?;
            return Err(failed(format!("took more than {} s", limit.as_secs())));
        }
        std::thread::sleep(PAUSE);
    };
    match status.code() {
        Some(0) => Ok(()),
        Some(REFUSES) => Err(Refusal::Refused(reason(&mut printed)?)),
        _ => Err(failed(status.to_string())),
    }
}

/// The first line that it printed.
fn reason(printed: &mut File) -> std::io::Result<String> {
    printed.rewind()?;
    let mut bytes = Vec::new();
    printed.take(MAX_REASON).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let line = clean(text.lines().next().unwrap_or_default())
        .trim()
        .to_owned();
    Ok(if line.is_empty() {
        "the file was refused".to_owned()
    } else {
        line
    })
}
