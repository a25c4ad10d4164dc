//! The first message of somebody who said that they bring a token: waited for before anything else is done for them.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::input::{Input, RawLine};
use super::output::timespec;
use crate::occupant::Code;
use crate::wire::json::parse;

/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The token. What comes behind it stays in `input`.
///
/// # Errors
/// None came in time, or something else came.
pub fn token(stdin: BorrowedFd<'_>, input: &mut Input) -> Result<String, Code> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match input.next_line() {
            RawLine::Complete(line) => {
                let line = String::from_utf8_lossy(&line);
                let token = parse::token(&line).ok_or(Code::BadToken)?;
                return Ok(token.into_owned());
            }
            RawLine::TooLong => return Err(Code::BadToken),
            RawLine::End => return Err(Code::AuthTimeout),
            RawLine::Incomplete => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let fd = stdin.as_fd();
        match poll(
            &mut [PollFd::new(&fd, PollFlags::IN)],
            Some(&timespec(left)),
        ) {
            Err(Errno::INTR) => continue,
            Ok(0) | Err(_) => return Err(Code::AuthTimeout),
            Ok(_) => {}
        }
        if input.read(stdin).is_err() {
            return Err(Code::AuthTimeout);
        }
    }
}
