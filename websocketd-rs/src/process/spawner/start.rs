//! The start of the spawner process itself.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Child, Stdio};
use std::time::Duration;

use super::server::{ARGV0, READY};
use crate::config::User;

/// How long a spawner may take to become its user: the look-up of the groups may ask a directory server.
const READY_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest reason for not becoming a user that is told.
const MAX_REASON: u64 = 1024;

/// Starts this binary again, with one end of a socket pair as its stdin; returns the other end. As `user`, if one is given.
///
/// # Errors
/// When `/proc/self/exe` can't be started, a socket can't be had, or with the reason for not becoming that user.
#[expect(
    clippy::disallowed_methods,
    reason = "the daemon starts its spawner, and nothing else"
)]
pub(super) fn start(user: Option<&User>) -> io::Result<(StdUnixStream, Child)> {
    let (mut ours, theirs) = StdUnixStream::pair()?;
    let mut program = process::Command::new("/proc/self/exe");
    // Out of our process group, so that a Ctrl-C is for the daemon alone; without our stdout, whose reader must see its end.
    program
        .arg0(ARGV0)
        .env_clear()
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null());
    if let Some(User { name, uid, gid, .. }) = user {
        program.arg(name).args([uid.to_string(), gid.to_string()]);
    }
    let mut child = program.spawn().map_err(explain)?;
    // The other end lives in this until it is dropped: else the spawner's death would not be seen.
    drop(program);
    if user.is_some()
        && let Err(error) = await_ready(&mut ours)
    {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok((ours, child))
}

/// A bare "no such file" would name neither.
fn explain(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    for (file, advice) in [
        ("/proc/self/exe", "mount /proc"),
        ("/dev/null", "make it by mknod /dev/null c 1 3"),
    ] {
        if !Path::new(file).exists() {
            return io::Error::new(error.kind(), format!("{file} is missing: {advice}"));
        }
    }
    error
}

/// Waits until the spawner has become its user, or says why it can't.
fn await_ready(socket: &mut StdUnixStream) -> io::Result<()> {
    socket.set_read_timeout(Some(READY_TIMEOUT))?;
    let mut answer = [0];
    socket.read_exact(&mut answer)?;
    if answer == [READY] {
        return Ok(());
    }
    let mut reason = answer.to_vec();
    socket.take(MAX_REASON).read_to_end(&mut reason)?;
    let reason = String::from_utf8_lossy(&reason);
    Err(io::Error::other(reason.into_owned()))
}
