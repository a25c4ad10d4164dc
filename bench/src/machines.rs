//! Three machines on this one, each with a network of its own, and what serves a room in them.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::chat::Wire;
use crate::client::Endpoint;
use crate::proc;
use crate::server::{self, Kind, Programs};

pub mod chat;
mod ejabberd;
pub mod engine;
mod prosody;

/// As many as an engine with two copies takes.
pub const MACHINES: usize = 3;
const NAMES: [&str; MACHINES] = ["one", "two", "three"];
/// Longest wait for a program that starts, or for others to know it.
pub const START_TIMEOUT: Duration = Duration::from_secs(120);

/// What of the servers a process is, for its CPU time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Serves people: the daemon with its handlers, or a whole XMPP server.
    Service,
    /// chat-relay.
    Relay,
    /// redis-server.
    Engine,
    /// redis-sentinel, epmd.
    Watcher,
}

/// A process that does nothing but have a network.
#[derive(Debug)]
pub struct Network {
    holder: Child,
}

/// What runs on a machine.
#[derive(Debug)]
pub struct Running {
    /// What it is.
    pub part: Part,
    /// On which machine, from 0.
    pub at: usize,
    child: Child,
}

impl Running {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// Machines with one chat, and all that runs on them; dropping it ends all.
#[derive(Debug)]
pub struct Site {
    /// Where people reach each machine that serves.
    pub endpoints: Vec<Endpoint>,
    /// What is spoken there.
    pub wire: Wire,
    running: Vec<Running>,
    networks: Vec<Network>,
    /// The switch between them; the load program's thread is in it.
    switch: Network,
    home: File,
    dir: Dir,
}

/// Where all files are, removed when dropped.
#[derive(Debug)]
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The address of machine `at` among the machines.
pub fn inner(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(at + 1).unwrap_or(u8::MAX))
}

/// The address of machine `at` among people.
pub fn outer(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, 0, u8::try_from(at + 1).unwrap_or(u8::MAX))
}

impl Network {
    fn new() -> io::Result<Self> {
        let holder = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "unshare", "--net"])
            .args(["--", "sleep", "infinity"])
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| io::Error::other(format!("setpriv (util-linux): {error}")))?;
        let network = Self { holder };
        let own = fs::read_link("/proc/self/ns/net")?;
        wait_for("a network of its own", || {
            Ok(fs::read_link(network.path()).is_ok_and(|it| it != own))
        })?;
        Ok(network)
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// A program in this network; it ends with the load program.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", self.path()))
            .args(["--", "setpriv", "--pdeathsig", "KILL", "--"])
            .arg(program)
            .stdin(Stdio::null());
        command
    }

    fn ip(&self, words: &str) -> io::Result<()> {
        let mut command = self.command(Path::new("ip"));
        let output = command.args(words.split(' ')).output()?;
        if output.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("ip {words}: {told}")))
    }
}

impl Site {
    /// Networks in which nothing runs yet. This thread is in the switch from then on.
    fn lay(programs: &Programs, wire: Wire) -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(io::Error::other("networks take the rights of root"));
        }
        let home = File::open("/proc/thread-self/ns/net")?;
        let dir = Dir(std::path::absolute(&programs.work_dir)?.join("machines"));
        if dir.0.exists() {
            fs::remove_dir_all(&dir.0)?;
        }
        let mut site = Self {
            endpoints: Vec::new(),
            wire,
            running: Vec::new(),
            networks: Vec::new(),
            switch: Network::new()?,
            home,
            dir,
        };
        for at in 0..MACHINES {
            fs::create_dir_all(site.dir(at))?;
            site.networks.push(Network::new()?);
        }
        site.switch.ip("link set lo up")?;
        for net in 0..2 {
            for words in [
                format!("link add b{net} type bridge"),
                format!("link set b{net} up"),
                format!("addr add 10.{net}.0.254/24 dev b{net}"),
            ] {
                site.switch.ip(&words)?;
            }
        }
        for (at, machine) in site.networks.iter().enumerate() {
            machine.ip("link set lo up")?;
            let pid = machine.holder.id();
            for (net, address) in [inner(at), outer(at)].into_iter().enumerate() {
                let port = format!("port{net}{at}");
                for words in [
                    format!("link add {port} type veth peer name eth{net} netns {pid}"),
                    format!("link set {port} master b{net}"),
                    format!("link set {port} up"),
                ] {
                    site.switch.ip(&words)?;
                }
                machine.ip(&format!("addr add {address}/24 dev eth{net}"))?;
                machine.ip(&format!("link set eth{net} up"))?;
            }
        }
        enter(&File::open(site.switch.path())?)?;
        Ok(site)
    }

    /// The room of a chat of ours, or of another server: on three machines where it can be.
    pub fn start(programs: &Programs, kind: Kind) -> io::Result<Self> {
        match kind {
            Kind::Ejabberd => ejabberd::start(programs),
            Kind::Prosody => prosody::start(programs),
            _ => Ok(chat::Chat::start(programs, kind)?.site),
        }
    }

    /// The files of machine `at`.
    fn dir(&self, at: usize) -> PathBuf {
        self.dir.0.join(NAMES[at])
    }

    /// Starts a program of machine `at`, with what it tells in `NAME.told`.
    fn run(&mut self, part: Part, at: usize, command: &Line<'_>) -> io::Result<()> {
        let told = File::options()
            .create(true)
            .append(true)
            .open(self.dir(at).join(format!("{}.told", command.name)))?;
        let mut program = self.networks[at].command(command.program);
        program.args(&command.args).envs(command.env.clone());
        let child = program
            .stdout(told.try_clone()?)
            .stderr(told)
            .spawn()
            .map_err(|error| io::Error::other(format!("{}: {error}", command.name)))?;
        self.running.push(Running { part, at, child });
        Ok(())
    }

    /// Waits until the last program started accepts connections at `address`.
    fn wait_for_port(&mut self, address: SocketAddr) -> io::Result<()> {
        let running = self.running.last_mut();
        let mut child = running.map(|it| &mut it.child);
        wait_for(&format!("{address} to listen"), || {
            if let Some(child) = &mut child
                && let Some(status) = child.try_wait()?
            {
                let text = format!("what was to listen at {address} ended: {status}");
                return Err(io::Error::other(text));
            }
            Ok(TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok())
        })
    }

    /// Kills what runs as `part` on machine `at`, as a power cut would.
    pub fn kill(&mut self, part: Part, at: usize) -> io::Result<()> {
        for running in &mut self.running {
            if running.part == part && running.at == at {
                running.child.kill()?;
                running.child.wait()?;
            }
        }
        self.running.retain(|it| it.part != part || it.at != at);
        Ok(())
    }

    /// All that run as `part`.
    pub fn parts(&self, part: Part) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(move |it| it.part == part)
    }

    /// CPU time so far of `part` on machine `at`, with all below it, in nanoseconds.
    pub fn cpu(&self, part: Part, at: usize) -> u64 {
        let running = self.parts(part).filter(|it| it.at == at);
        running.map(|it| proc::tree_nanos(it.pid())).sum()
    }

    /// What the engine of machine `at` has on its disk, in bytes.
    pub fn engine_files(&self, at: usize) -> u64 {
        let files = fs::read_dir(self.dir(at).join("redis/appendonlydir"));
        let files = files.into_iter().flatten().filter_map(Result::ok);
        files.filter_map(|it| Some(it.metadata().ok()?.len())).sum()
    }

    /// Private memory of `part` on machine `at`, in KiB; of what it started none.
    pub fn private(&self, part: Part, at: usize) -> f64 {
        let running = self.parts(part).filter(|it| it.at == at);
        running.map(|it| proc::private(it.pid())).sum()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = enter(&self.home);
        let programs = self.running.iter_mut().map(|it| &mut it.child);
        let networks = self.networks.iter_mut().map(|it| &mut it.holder);
        let mut all: Vec<_> = programs.chain(networks).collect();
        all.push(&mut self.switch.holder);
        server::end(&mut all);
    }
}

/// What is started.
struct Line<'a> {
    name: &'static str,
    program: &'a Path,
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
}

fn enter(network: &File) -> io::Result<()> {
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(io::Error::from)
}

/// Looks again and again until it is so.
fn wait_for(what: &str, mut is_so: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    while !is_so()? {
        if Instant::now() > deadline {
            return Err(io::Error::other(format!("waited in vain for {what}")));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
