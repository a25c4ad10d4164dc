//! The spawner process: one thread, no runtime, no client socket. It starts programs for the daemon, reaps
//! them and reports how they ended. When the daemon is gone, even by `kill -9`, it ends what it started.

use std::ffi::{CStr, OsString};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recv, recvmsg, send,
};

use super::children::{Children, Reaped};
use super::launch::{Launched, Launcher};
use super::message::{HEAD, Head, REPLY, Reply};
use super::orphans::end_orphans;
use super::strays::{ID, Strays};
use crate::config::User;
use crate::process::privileges::become_user;
use crate::process::terminate;

/// argv[0] by which the binary knows that it was started as the spawner.
pub const ARGV0: &str = "websocketd-rs-spawner";

/// Its name in ps(1), of which the kernel keeps 15 bytes.
const NAME: &CStr = c"wsd-rs-spawner";

/// What a spawner that has become its user says; anything else is the text of why it can't.
pub(super) const READY: u8 = 0;

/// Serves the socket on descriptor 0 until the daemon closes it, then ends what still runs. `argv` may name the user to
/// become first: its name, id and group's id.
pub fn run(argv: &[OsString]) -> ExitCode {
    close_inherited();
    if let Some(user) = user(argv) {
        let socket = io::stdin();
        let refused = become_user(&user).err();
        let answer = match &refused {
            None => vec![READY],
            Some(error) => error.to_string().into_bytes(),
        };
        if send_all(&socket, &answer).is_err() || refused.is_some() {
            return ExitCode::FAILURE;
        }
    }
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print(&format!("{ARGV0}: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Closes what whoever started the daemon left open (a shell's or a cron job's files), before anything is opened here: programs
/// would inherit it. Without `/proc` it stays.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    // The descriptor of the listing itself is among them, and closed by then.
    for number in numbers.collect::<Vec<_>>() {
        if number > 2 {
            let _ = nix::unistd::close(number);
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

/// Serves requests until the daemon closes the socket, then ends what still runs.
fn serve() -> io::Result<()> {
    let socket = io::stdin();
    // Started as /proc/self/exe, it would be called `exe`.
    rustix::thread::set_name(NAME)?;
    // What its parent leaves behind is then ours to reap, also where the daemon is the first process of a container.
    nix::sys::prctl::set_child_subreaper(true)?;
    let signal_fd = hold_signals()?;
    let mut server = Server {
        socket: &socket,
        launcher: Launcher::new()?,
        children: Children::default(),
        strays: Strays::default(),
        body: Vec::new(),
    };
    loop {
        let mut fds = [
            PollFd::new(&socket, PollFlags::IN),
            PollFd::from_borrowed_fd(signal_fd.as_fd(), PollFlags::IN),
        ];
        let timers = [server.children.sweep_in(), server.strays.look_in()];
        let timeout = timers.into_iter().flatten().min().map(|left| Timespec {
            tv_sec: 0,
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let (request, signal) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
        if signal {
            // One is enough: for another one `poll` returns at once.
            let pid = signal_fd.read_signal()?.map(|signal| signal.ssi_pid);
            if server.on_signal(pid).is_err() {
                break;
            }
        }
        let Server {
            children, strays, ..
        } = &mut server;
        strays.look_if_due(|pid| children.contains(pid));
        if server.sweep_if_due().is_err() || request && !server.answer()? {
            break;
        }
    }
    end_orphans(&mut server.children, &mut server.strays);
    Ok(())
}

/// Blocked, not ignored: a program inherits an ignored signal, but the standard library gives it an empty mask.
/// A Ctrl-C or a `pkill` that hits daemon and spawner must leave the spawner alive until the daemon is done.
fn hold_signals() -> io::Result<SignalFd> {
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
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    Ok(SignalFd::with_flags(&signals, flags)?)
}

struct Server<'a> {
    socket: &'a io::Stdin,
    launcher: Launcher,
    children: Children,
    strays: Strays,
    /// Of one request, kept for the next.
    body: Vec<u8>,
}

impl Server<'_> {
    /// An error means that the daemon is gone.
    fn on_signal(&mut self, pid: Option<u32>) -> io::Result<()> {
        let mut report = reporter(self.socket);
        self.children.on_signal(pid, &mut report)
    }

    fn sweep_if_due(&mut self) -> io::Result<()> {
        let mut report = reporter(self.socket);
        self.children.sweep_if_due(&mut report)
    }

    /// Does what one request asks for; `false` when the daemon is gone.
    fn answer(&mut self) -> io::Result<bool> {
        let Some((head, pipes)) = receive_head(self.socket)? else {
            return Ok(false);
        };
        match head {
            Head::Start { id, body: length } => {
                self.body.clear();
                self.body.resize(length, 0);
                if !receive_exact(self.socket, &mut self.body)? {
                    return Ok(false);
                }
                let started = self.launcher.launch(&self.body, pipes);
                if let Ok(Launched { pid, leads_session }) = started {
                    self.children.add(pid);
                    if leads_session {
                        self.strays.on_session(pid);
                    }
                }
                let started = started.map(|launched| launched.pid);
                Ok(send_reply(self.socket, reply(id, started)).is_ok())
            }
            Head::Signal { group, signal } => {
                if let Ok(signal) = Signal::try_from(signal) {
                    terminate::send(group, signal);
                }
                Ok(true)
            }
            Head::Ended { session } => {
                let mut id = [0; ID];
                let is_whole = receive_exact(self.socket, &mut id)?;
                self.strays.on_end(id, session);
                Ok(is_whole)
            }
            Head::Look { pid } => {
                let mut report = reporter(self.socket);
                Ok(self.children.on_closed(pid, &mut report).is_ok())
            }
        }
    }
}

fn reporter(socket: &io::Stdin) -> impl FnMut(Reaped) -> io::Result<()> {
    move |(pid, status)| send_reply(socket, Reply::Exited { pid, status })
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

fn print(message: &str) {
    use std::io::Write;
    let _ = io::stderr().write_all(message.as_bytes());
}
