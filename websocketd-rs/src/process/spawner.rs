//! The spawner process: one thread, no runtime, no client socket. It starts programs for the daemon, reaps
//! them and tells how they ended. When the daemon is gone, even by `kill -9`, it ends what it started.

use std::ffi::OsString;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recv, recvmsg, send,
};

use super::children::Children;
use super::launch::Launcher;
use super::message::{HEAD, Head, REPLY, Reply};
use super::privileges::become_user;
use super::terminate::LADDER;
use crate::config::User;

/// argv[0] by which the binary knows that it was started as the spawner.
pub const ARGV0: &str = "websocketd-rs-spawner";

/// How often a spawner that lost its daemon looks whether its programs are gone.
const ORPHAN_POLL: Duration = Duration::from_millis(20);

/// What a spawner that has become its user says; anything else is the text of why it can't.
pub(super) const READY: u8 = 0;

/// Serves the socket on descriptor 0 until the daemon closes it, then ends what still runs. `argv` may name the user to
/// become first: its name, id and group's id.
pub fn run(argv: &[OsString]) -> ExitCode {
    if let Some(user) = user(argv) {
        let socket = io::stdin();
        let outcome = become_user(&user);
        let answer = outcome
            .as_ref()
            .map_or_else(String::as_bytes, |()| &[READY]);
        if send_all(&socket, answer).is_err() || outcome.is_err() {
            return ExitCode::FAILURE;
        }
    }
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("{ARGV0}: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn user(argv: &[OsString]) -> Option<User> {
    let [_, name, uid, gid] = argv else {
        return None;
    };
    let number = |text: &OsString| text.to_str()?.parse::<u32>().ok();
    Some(User {
        name: name.to_str()?.to_owned(),
        uid: number(uid)?.into(),
        gid: number(gid)?.into(),
        setting: String::new(),
    })
}

fn serve() -> io::Result<()> {
    let socket = io::stdin();
    // Blocked, not ignored: a program inherits an ignored signal, but the standard library gives it an empty mask.
    // A Ctrl-C or a `pkill` that hits daemon and spawner must leave the spawner alive until the daemon is done.
    let mut signals = SigSet::empty();
    for signal in [
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        // While a program with a limit is started, that is this process's own; see `Lowered`.
        Signal::SIGXCPU,
    ] {
        signals.add(signal);
    }
    signals.thread_block()?;
    let signal_fd = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;

    let mut launcher = Launcher::new()?;
    let mut children = Children::default();
    let mut body = Vec::new();
    // An error means that the daemon is gone.
    let mut tell = |(pid, status)| send_reply(&socket, Reply::Exited { pid, status });
    loop {
        let mut fds = [
            PollFd::new(&socket, PollFlags::IN),
            PollFd::from_borrowed_fd(signal_fd.as_fd(), PollFlags::IN),
        ];
        let patience = children.patience().map(|left| Timespec {
            tv_sec: 0,
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, patience.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let (request, signal) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
        if signal {
            // One is enough: for another one `poll` returns at once.
            let news = signal_fd.read_signal()?;
            let who = news.map(|news| news.ssi_pid);
            if children.hear(who, &mut tell).is_err() {
                break;
            }
        }
        if children.sweep_in_time(&mut tell).is_err() {
            break;
        }
        if request {
            match receive_head(&socket)? {
                Some((Head::Start { id, body: length }, pipes)) => {
                    body.clear();
                    body.resize(length, 0);
                    if !receive_exact(&socket, &mut body)? {
                        break;
                    }
                    let started = launcher.launch(&body, pipes);
                    if let Ok(pid) = started {
                        children.add(pid);
                    }
                    if send_reply(&socket, reply(id, started)).is_err() {
                        break;
                    }
                }
                Some((Head::Signal { group, signal }, _)) => {
                    if let Ok(signal) = Signal::try_from(signal) {
                        super::terminate::send(group, signal);
                    }
                }
                Some((Head::Look { pid }, _)) => {
                    if children.expect(pid, &mut tell).is_err() {
                        break;
                    }
                }
                None => break,
            }
        }
    }
    end_orphans(&mut children);
    Ok(())
}

fn reply(id: u64, started: io::Result<u32>) -> Reply {
    match started {
        Ok(pid) => Reply::Started { id, pid },
        Err(error) => Reply::Failed {
            id,
            errno: error.raw_os_error().unwrap_or(nix::libc::EINVAL),
        },
    }
}

fn receive_head(socket: &impl AsFd) -> io::Result<Option<(Head, Vec<OwnedFd>)>> {
    let mut bytes = [0; HEAD];
    let mut space =
        [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(Launcher::PIPES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(
            socket,
            &mut [IoSliceMut::new(&mut bytes)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET) => return Ok(None),
            other => break other?.bytes,
        }
    };
    let pipes: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    if received == 0 || (received < HEAD && !receive_exact(socket, &mut bytes[received..])?) {
        return Ok(None);
    }
    let head = Head::decode(bytes).ok_or_else(|| io::Error::other("a request that is too long"))?;
    Ok(Some((head, pipes)))
}

/// Fills `bytes`; `false` when the daemon is gone.
fn receive_exact(socket: &impl AsFd, mut bytes: &mut [u8]) -> io::Result<bool> {
    while !bytes.is_empty() {
        match recv(socket, &mut *bytes, RecvFlags::WAITALL) {
            Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(false),
            Ok((n, _)) => bytes = &mut bytes[n..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn send_reply(socket: &impl AsFd, reply: Reply) -> io::Result<()> {
    let bytes: [u8; REPLY] = reply.encode();
    send_all(socket, &bytes)
}

fn send_all(socket: &impl AsFd, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match send(socket, rest, SendFlags::NOSIGNAL) {
            Ok(n) => rest = &rest[n..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The daemon died without ending its handlers: their stdin is closed by that, the ladder does the rest.
fn end_orphans(children: &mut Children) {
    let start = Instant::now();
    let groups = children.ids();
    // Nobody is there to hear of it.
    let mut tell = |_| Ok(());
    for (signal, after) in LADDER {
        while start.elapsed() < after {
            let _ = children.sweep(&mut tell);
            if groups
                .iter()
                .all(|group| !super::terminate::group_exists(*group))
            {
                return;
            }
            std::thread::sleep(ORPHAN_POLL);
        }
        for group in &groups {
            super::terminate::send(*group, signal);
        }
    }
    let _ = children.sweep(&mut tell);
}

/// The status as `ExitStatus`, for the daemon's side.
pub(super) fn exit_status(status: i32) -> process::ExitStatus {
    process::ExitStatus::from_raw(status)
}

fn tell(message: &str) {
    use std::io::Write;
    let _ = io::stderr().write_all(message.as_bytes());
}
