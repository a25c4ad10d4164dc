//! The servers that are compared: how each is started, found ready, and ended with all it started.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::client::Endpoint;
use crate::proc::Group;
use crate::tls::Tls;
use crate::xmpp;

const START_TIMEOUT: Duration = Duration::from_secs(10);
/// After SIGTERM; what is left gets SIGKILL.
const STOP_GRACE: Duration = Duration::from_secs(3);
const PORT_TRIES: usize = 5;
/// More than any message here: the original has no such limit.
const LARGE_FRAME: &str = "--maxframesize=67108864";

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// websocketd-rs.
    Ours,
    /// Debian's websocketd.
    Websocketd,
    /// websocat 1.x from crates.io.
    Websocat,
    /// Debian's ucspi-tcp: a process for each TCP connection, no WebSocket.
    Tcpserver,
    /// Debian's prosody: an XMPP server, chat rooms only.
    Prosody,
    /// scalesocket from crates.io: a program for each room of clients.
    Scalesocket,
    /// Our chat on one machine, without `[cluster]`.
    Alone,
    /// Debian's ejabberd as a cluster: an XMPP server, chat rooms only.
    Ejabberd,
}

impl Kind {
    /// As the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "websocketd-rs",
            Self::Websocketd => "websocketd",
            Self::Websocat => "websocat",
            Self::Tcpserver => "tcpserver",
            Self::Prosody => "prosody",
            Self::Scalesocket => "scalesocket",
            Self::Alone => "one machine, no [cluster]",
            Self::Ejabberd => "ejabberd",
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone, clap::Args)]
pub struct Programs {
    /// Our daemon
    #[arg(long, default_value = "target/bin/websocketd-rs", value_name = "FILE")]
    pub ours: PathBuf,
    /// Our chat handler
    #[arg(long, default_value = "target/bin/chat-handler", value_name = "FILE")]
    pub chat_handler: PathBuf,
    /// What puts what is said on several machines in order
    #[arg(long, default_value = "target/bin/chat-relay", value_name = "FILE")]
    pub chat_relay: PathBuf,
    /// How several machines are set up, as it is shipped
    #[arg(long, default_value = "conf/cluster", value_name = "DIR")]
    pub cluster_conf: PathBuf,
    /// The XMPP server that knows clusters
    #[arg(long, default_value = "/usr/sbin/ejabberdctl", value_name = "FILE")]
    pub ejabberd: PathBuf,
    /// The original
    #[arg(long, default_value = "/usr/bin/websocketd", value_name = "FILE")]
    pub websocketd: PathBuf,
    /// websocat 1.x
    #[arg(long, default_value = "target/peers/bin/websocat", value_name = "FILE")]
    pub websocat: PathBuf,
    /// tcpserver of ucspi-tcp
    #[arg(long, default_value = "/usr/bin/tcpserver", value_name = "FILE")]
    pub tcpserver: PathBuf,
    /// The XMPP server
    #[arg(long, default_value = "/usr/bin/prosody", value_name = "FILE")]
    pub prosody: PathBuf,
    /// A program for each room of clients
    #[arg(
        long,
        default_value = "target/peers/bin/scalesocket",
        value_name = "FILE"
    )]
    pub scalesocket: PathBuf,
    /// The static echo handler
    #[arg(long, default_value = "target/bench/echo-handler", value_name = "FILE")]
    pub echo_handler: PathBuf,
    /// The chat as a bash script
    #[arg(long, default_value = "bench/peers/chat.sh", value_name = "FILE")]
    pub chat_script: PathBuf,
    /// Logs and the chat's files
    #[arg(long, default_value = "target/bench", value_name = "DIR")]
    pub work_dir: PathBuf,
}

impl Programs {
    fn of(&self, kind: Kind) -> &Path {
        match kind {
            Kind::Ours | Kind::Alone => &self.ours,
            Kind::Websocketd => &self.websocketd,
            Kind::Websocat => &self.websocat,
            Kind::Tcpserver => &self.tcpserver,
            Kind::Prosody => &self.prosody,
            Kind::Scalesocket => &self.scalesocket,
            Kind::Ejabberd => &self.ejabberd,
        }
    }

    /// Whether it can be started.
    pub fn has(&self, kind: Kind) -> bool {
        self.of(kind).exists()
    }
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Launch<'a> {
    /// Who.
    pub kind: Kind,
    /// The handler; the configuration where there are none.
    pub handler: &'a Path,
    /// Binary messages in place of lines.
    pub binary: bool,
    /// Messages over a MiB.
    pub large: bool,
    /// TLS; ours alone.
    pub tls: Option<&'a Tls>,
    /// Programs have a terminal; ours alone.
    pub terminal: bool,
    /// Bare TCP in place of WebSocket; ours alone, for tcpserver speaks nothing else.
    pub tcp: bool,
    /// Further flags; ours alone.
    pub flags: &'static [&'static str],
    /// Variables that the handler gets too.
    pub env: Vec<(&'static str, OsString)>,
}

impl<'a> Launch<'a> {
    /// Lines, plain, with nothing special.
    pub fn lines(kind: Kind, handler: &'a Path) -> Self {
        Self {
            kind,
            handler,
            binary: false,
            large: false,
            tls: None,
            terminal: false,
            tcp: false,
            flags: &[],
            env: Vec::new(),
        }
    }

    fn arguments(&self, port: u16) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |argument: &str| arguments.push(argument.into());
        match self.kind {
            Kind::Ours if self.tcp => {
                add("--maxforks=0");
                add(&format!("--config={}", self.handler.display()));
            }
            Kind::Ours | Kind::Websocketd => {
                add("--address=127.0.0.1");
                add(&format!("--port={port}"));
                add("--maxforks=0");
                if self.binary {
                    add("--binary");
                }
                if self.terminal {
                    add("--pty");
                }
                if self.kind == Kind::Ours {
                    self.flags.iter().for_each(|flag| add(flag));
                }
                if self.large && self.kind == Kind::Ours {
                    add(LARGE_FRAME);
                }
                let names: Vec<&str> = self.env.iter().map(|&(name, _)| name).collect();
                if !names.is_empty() {
                    add(&format!("--passenv=PATH,{}", names.join(",")));
                }
                if let Some(tls) = self.tls {
                    add("--ssl");
                    add(&format!("--sslcert={}", tls.cert.display()));
                    add(&format!("--sslkey={}", tls.key.display()));
                }
                arguments.push(self.handler.into());
            }
            Kind::Websocat => {
                add(if self.binary { "-b" } else { "-t" });
                add("-E");
                add(&format!("ws-l:127.0.0.1:{port}"));
                add(&format!("exec:{}", self.handler.display()));
            }
            Kind::Tcpserver => {
                // -H -R -l0: no look-ups. -c: as many as there may be.
                for argument in ["-H", "-R", "-l0", "-c", "10000", "-b", "1000", "127.0.0.1"] {
                    add(argument);
                }
                add(&port.to_string());
                arguments.push(self.handler.into());
            }
            Kind::Scalesocket => {
                add(&format!("--addr=127.0.0.1:{port}"));
                arguments.push(self.handler.into());
            }
            // Started with all that it needs on several machines: `machines`.
            Kind::Alone | Kind::Ejabberd => {}
            Kind::Prosody => {
                add("-F");
                add("--config");
                arguments.push(self.handler.into());
            }
        }
        arguments
    }
}

/// Writes a configuration file that serves `handler` over bare TCP.
fn section(dir: &Path, handler: &Path, port: u16) -> io::Result<PathBuf> {
    let file = dir.join("tcp.ini");
    let handler = fs::canonicalize(handler)?;
    let text = format!(
        "[tcp bench]\naddress=127.0.0.1\nport={port}\ncommand={}\n",
        handler.display()
    );
    fs::write(&file, text)?;
    Ok(file)
}

/// A running server; dropping it ends it and all it started.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// For its CPU time and memory.
    pub group: Group,
}

impl Server {
    /// Starts it and waits until it accepts connections.
    pub fn start(programs: &Programs, launch: &Launch<'_>) -> io::Result<Self> {
        let mut last = io::Error::other("not tried");
        for _ in 0..PORT_TRIES {
            match Self::start_once(programs, launch) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn start_once(programs: &Programs, launch: &Launch<'_>) -> io::Result<Self> {
        // All want a number: one that the kernel finds free just now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let name = launch.kind.name();
        let log = programs.work_dir.join(format!("{name}.stderr"));
        let program = fs::canonicalize(programs.of(launch.kind))
            .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
        let configuration = match launch.kind {
            Kind::Prosody => Some(xmpp::configure(
                &programs.work_dir,
                (Ipv4Addr::LOCALHOST, port).into(),
            )?),
            Kind::Ours if launch.tcp => Some(section(&programs.work_dir, launch.handler, port)?),
            _ => None,
        };
        let launch = &Launch {
            handler: configuration.as_deref().unwrap_or(launch.handler),
            ..launch.clone()
        };
        let child = Command::new(&program)
            .args(launch.arguments(port))
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // The interpreter, where it is a script.
        let program = fs::read_link(format!("/proc/{}/exe", child.id())).unwrap_or(program);
        let mut server = Self {
            child,
            endpoint: Endpoint {
                path: if launch.kind == Kind::Scalesocket {
                    "/room"
                } else {
                    "/"
                },
                address,
                raw: launch.tcp || launch.kind == Kind::Tcpserver,
                tls: launch.tls.map(|tls| tls.client.clone()),
            },
            group: Group {
                root: std::process::id(),
                server: program,
            },
        };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).is_err() {
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                let told = fs::read_to_string(&log).unwrap_or_default();
                let told = told.lines().next().unwrap_or("it does not listen");
                return Err(io::Error::other(format!("{name} does not start: {told}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut [&mut self.child]);
    }
}

/// Ends `children` and all that descends from this process: one server is measured at a time.
pub fn end(children: &mut [&mut Child]) {
    let all = descendants();
    let ids: Vec<u32> = children.iter().map(|child| child.id()).collect();
    for &pid in &ids {
        signal(pid, Signal::TERM);
    }
    let deadline = Instant::now() + STOP_GRACE;
    loop {
        let have_ended = children
            .iter_mut()
            .all(|child| !matches!(child.try_wait(), Ok(None)));
        let pids = all.pids();
        if have_ended && pids.is_empty() {
            return;
        }
        if Instant::now() > deadline {
            if Instant::now() > deadline + START_TIMEOUT {
                return;
            }
            for pid in pids {
                signal(pid, Signal::KILL);
            }
        }
        reap_orphans(&ids);
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ends all that was started, when this program is told to end.
pub fn end_with_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        if let Some(number) = signals.forever().next() {
            kill_all();
            std::process::exit(128 + number);
        }
    });
    Ok(())
}

fn kill_all() {
    for pid in descendants().pids() {
        signal(pid, Signal::KILL);
    }
}

fn descendants() -> Group {
    Group {
        root: std::process::id(),
        server: PathBuf::new(),
    }
}

/// Makes `run`, and ends it after `limit` by ending its server: whatever waits for an answer then gets an error.
pub fn bounded<T>(limit: Duration, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let (done, ended) = sync_channel::<()>(1);
    thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let late = ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                kill_all();
            }
            late
        });
        let outcome = run();
        drop(done);
        match watch.join() {
            Ok(true) => Err(io::Error::other(format!("not done in {limit:?}"))),
            _ => outcome,
        }
    })
}

/// Only ids of processes that descend from this one come here.
fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The load program is a subreaper: what a server left behind is its child, and must be waited for.
fn reap_orphans(servers: &[u32]) {
    for pid in descendants().pids() {
        if !servers.contains(&pid)
            && let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw)
        {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Held by each test that starts processes: ending all of them must not meet another test's.
    pub static CHILDREN: Mutex<()> = Mutex::new(());

    #[test]
    fn what_waits_for_a_server_that_hangs_is_ended() {
        let _alone = CHILDREN.lock();
        let outcome = bounded(Duration::from_millis(100), || {
            Command::new("sleep").arg("600").status()
        });
        let error = outcome.unwrap_err().to_string();
        assert_eq!(error, "not done in 100ms");
        let outcome = bounded(Duration::from_secs(600), || Ok(7));
        assert_eq!(outcome.unwrap(), 7);
    }
}
