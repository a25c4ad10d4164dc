//! One machine: its programs, and its files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};

use super::cables::inside;
use crate::chat::UNLIMITED;
use crate::deadline::eventually;
use crate::program::pid_of;
use crate::redis::{sentinel_program, server_program};
use crate::requirement::part;
use crate::transport::Endpoint;
use crate::under_test::{beside, chat_handler, workspace};

/// Where a daemon listens.
pub const ROOMS: u16 = 8089;
/// The programs of a machine, and what tests call them.
pub const PROGRAMS: [&str; 4] = ["redis", "sentinel", "relay", "daemon"];
/// As many rotated files of a room are kept.
const MAX_ROTATED: usize = 500;
/// What programs log in to the engine with.
const PASSWORDS: [(&str, &str); 3] = [
    ("CHAT-PASSWORD", "the-chat-s"),
    ("COPY-PASSWORD", "the-copies"),
    ("SENTINEL-PASSWORD", "the-sentinels"),
];

/// What puts records in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The machine's relay itself.
    Local,
    /// Redis on each machine, found through Sentinel as conf/cluster/ has it.
    Sentinel,
}

/// A machine, what runs on it, and its disk.
#[derive(Debug)]
pub struct Machine {
    /// What it is called.
    pub name: String,
    number: usize,
    network: u32,
    dir: PathBuf,
    engine: Engine,
    running: BTreeMap<&'static str, Child>,
    /// What daemons before this one have told, in bytes.
    daemon_told: usize,
}

impl Machine {
    /// The files of machine `number` of `machines`, below `dir`.
    pub(super) fn new(
        name: &str,
        number: usize,
        machines: usize,
        network: u32,
        dir: &Path,
        engine: Engine,
        lines: &str,
    ) -> Self {
        let machine = Self {
            name: name.to_owned(),
            number,
            network,
            dir: dir.to_owned(),
            engine,
            running: BTreeMap::new(),
            daemon_told: 0,
        };
        fs::create_dir_all(machine.base()).expect("writable");
        let grace = if lines.contains("PRESENCE_GRACE") {
            ""
        } else {
            "PRESENCE_GRACE=0\n"
        };
        let section = match engine {
            Engine::Local => format!("[cluster]\nNODE={name}\nENGINE=local\nSEND_TIMEOUT=10\n"),
            Engine::Sentinel => machine.write_engine(machines),
        };
        let ini = format!("[global]\nBASE_DIR=.\nLANG=en\n{grace}{UNLIMITED}\n{lines}\n{section}");
        fs::write(machine.base().join("chat.ini"), ini).expect("writable");
        machine
    }

    /// The configuration of its engine as it is shipped, and what chat.ini says of it.
    fn write_engine(&self, machines: usize) -> String {
        let dir = self.dir.join("redis");
        fs::create_dir_all(&dir).expect("writable");
        let own = format!("10.0.0.{}", self.number);
        let put = |name: &str, change: &dyn Fn(String) -> String| {
            let shipped = workspace().join("conf/cluster").join(name);
            let mut text = fs::read_to_string(shipped).expect("it is shipped");
            for (placeholder, password) in PASSWORDS {
                text = text.replace(placeholder, password);
            }
            fs::write(dir.join(name), change(text)).expect("writable");
        };
        let here = dir.display();
        put("redis.conf", &|text| {
            let replica = if self.number == 1 {
                ""
            } else {
                "replicaof 10.0.0.1 6379\n"
            };
            let text = text
                .replace("/var/lib/redis/chat", &here.to_string())
                .replace("/etc/redis/chat.acl", &format!("{here}/chat.acl"))
                .replace("bind 10.0.0.1 ", &format!("bind {own} "))
                .replace("announce-ip 10.0.0.1", &format!("announce-ip {own}"));
            format!("{text}{replica}")
        });
        put("chat.acl", &|text| text);
        put("sentinel.conf", &|text| {
            text.replace("bind 10.0.0.1\n", &format!("bind {own}\n"))
                .replace("announce-ip 10.0.0.1\n", &format!("announce-ip {own}\n"))
        });
        let password = self.base().join("engine.password");
        fs::write(&password, format!("{}\n", PASSWORDS[0].1)).expect("writable");
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).expect("ours");
        let shipped = fs::read_to_string(workspace().join("conf/cluster/chat.ini"));
        let shipped = shipped.expect("it is shipped");
        let shipped = shipped
            .replace("NODE=one", &format!("NODE={}", self.name))
            .replace("/etc/websocketd-rs/engine.password", "engine.password");
        match machines {
            // Nobody else has a copy.
            1 => shipped.replace("ENGINE_REPLICAS=1", "ENGINE_REPLICAS=0"),
            // A fourth has no engine of its own.
            _ => shipped,
        }
    }

    /// Its address among people.
    pub fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 1, 0, u8::try_from(self.number).expect("few machines"))
    }

    /// Where people reach it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(SocketAddr::new(self.address().into(), ROOMS))
    }

    /// Its address among the machines.
    pub fn at_engine(&self) -> String {
        format!("10.0.0.{}", self.number)
    }

    /// `BASE_DIR`.
    pub fn base(&self) -> PathBuf {
        self.dir.join("chat")
    }

    /// All its disk.
    pub fn disk(&self) -> &Path {
        &self.dir
    }

    /// What a program has told on standard output and error.
    pub fn told(&self, program: &str) -> PathBuf {
        self.dir.join(format!("{program}.told"))
    }

    /// Starts its Redis and its Sentinel.
    pub fn start_engine(&mut self) {
        if self.engine == Engine::Local {
            return;
        }
        let dir = self.dir.join("redis");
        let argument = |name: &str| dir.join(name).display().to_string();
        self.start("redis", &server_program(), &[&argument("redis.conf")]);
        self.start(
            "sentinel",
            &sentinel_program(),
            &[&argument("sentinel.conf")],
        );
    }

    /// Starts its relay; it need not be up yet.
    pub fn start_relay(&mut self) {
        let relay = beside("chat-relay");
        let config = format!("--config={}", self.base().join("chat.ini").display());
        self.start("relay", &relay.to_string_lossy(), &[&config]);
    }

    /// Starts its daemon.
    pub fn start_daemon(&mut self) {
        self.end("daemon");
        self.daemon_told = fs::read(self.told("daemon")).map_or(0, |told| told.len());
        let daemon = beside("websocketd-rs");
        let address = format!("--address={}", self.address());
        let port = format!("--port={ROOMS}");
        let handler = chat_handler().display().to_string();
        let config = format!("--config={}", self.base().join("chat.ini").display());
        let drain = self.base().join("run/relay/drain");
        let refuse = format!("--refuse-while={}", drain.display());
        let args = [&address, &port, "--pingms=9000", &refuse, &handler, &config];
        self.start("daemon", &daemon.to_string_lossy(), &args);
    }

    /// Starts a program of its own network again, or for the first time.
    pub fn start(&mut self, name: &'static str, program: &str, args: &[&str]) {
        self.end(name);
        let told = File::options()
            .create(true)
            .append(true)
            .open(self.told(name));
        let told = told.expect("writable");
        let child = inside(self.network, program)
            .args(args)
            .stdout(told.try_clone().expect("a descriptor"))
            .stderr(told)
            .spawn()
            .expect("it starts");
        self.running.insert(name, child);
    }

    /// Starts again what was killed.
    pub fn start_again(&mut self, program: &str) {
        match program {
            "relay" => self.start_relay(),
            "daemon" => self.start_daemon(),
            _ => self.start_engine(),
        }
    }

    /// Kills a program as a power cut would: at once. What the daemon started goes with it.
    pub fn end(&mut self, name: &str) {
        if let Some(mut child) = self.running.remove(name) {
            let pid = child.id();
            let orphans = crate::proc::descendants(pid);
            let _ = child.kill();
            let _ = child.wait();
            for orphan in orphans {
                let _ = kill(pid_of(orphan.pid), Signal::SIGKILL);
            }
        }
    }

    /// Everything on it dies at once.
    pub fn pull_the_plug(&mut self) {
        for program in PROGRAMS {
            self.end(program);
        }
    }

    /// How many people its daemon serves just now: each has a program of their own.
    pub fn served(&self) -> usize {
        let family = self.running.get("daemon").map(Child::id);
        let family = family.map(crate::proc::descendants).unwrap_or_default();
        let served = family.iter().filter(|it| it.name == "chat-handler");
        served.count()
    }

    /// Sends a program a signal.
    pub fn signal(&self, name: &str, signal: Signal) {
        if let Some(child) = self.running.get(name) {
            let _ = kill(pid_of(child.id()), signal);
        }
    }

    /// Whether its relay says that it takes what people say.
    pub fn is_up(&self) -> bool {
        self.base().join("run/relay/up").exists()
    }

    /// What its relay has counted since it was started; 0 where it counts nothing.
    pub fn counter(&self, name: &str) -> u64 {
        self.relay_says(name).parse().unwrap_or(0)
    }

    /// Which engine its relay uses, or used last.
    pub fn engine_in_use(&self) -> String {
        self.relay_says("engine")
    }

    fn relay_says(&self, name: &str) -> String {
        let state = fs::read_to_string(self.base().join("run/relay/state")).unwrap_or_default();
        let mut lines = state.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(key, _)| *key == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// Waits for that, and for its daemon.
    #[track_caller]
    pub fn wait_until_up(&self) {
        let name = &self.name;
        eventually(&format!("the relay of {name} is up"), || {
            self.is_up().then_some(())
        });
        eventually(&format!("the daemon of {name} listens"), || {
            let told = fs::read(self.told("daemon")).ok()?;
            let told = String::from_utf8_lossy(&told[self.daemon_told..]).into_owned();
            told.contains("Starting WebSocket server").then_some(())
        });
    }

    /// Runs a program in its network; gives what it printed.
    #[track_caller]
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        let output = inside(self.network, program)
            .args(args)
            .output()
            .expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    }

    /// Asks its Redis as one of the users of conf/cluster/chat.acl.
    #[track_caller]
    pub fn redis(&self, user: &str, words: &[&str]) -> String {
        let own = format!("10.0.0.{}", self.number);
        let name = format!("{}-PASSWORD", user.to_uppercase());
        let password = PASSWORDS.iter().find(|(known, _)| *known == name);
        let (_, password) = password.expect("a user of the file");
        let mut args = vec!["-h", &own, "--user", user, "--pass", password];
        args.push("--no-auth-warning");
        args.extend(words);
        self.run(part("/usr/bin/redis-cli", "redis-tools"), &args)
    }

    /// Asks its Sentinel.
    #[track_caller]
    pub fn sentinel(&self, words: &[&str]) -> String {
        let own = format!("10.0.0.{}", self.number);
        let args = [&["-h", &own, "-p", "26379"], words].concat();
        self.run(part("/usr/bin/redis-cli", "redis-tools"), &args)
    }

    /// Waits until its Sentinel knows the two others and two copies: before that it chooses none of them.
    #[track_caller]
    pub fn wait_for_copies(&self) {
        eventually("Sentinel knows the two others and two copies", || {
            let about = self.sentinel(&["sentinel", "master", "chat"]);
            let lines: Vec<&str> = about.lines().collect();
            let value = |key| {
                let at = lines.iter().position(|it| *it == key)?;
                lines.get(at + 1).copied()
            };
            let known = (value("num-slaves"), value("num-other-sentinels"));
            (known == (Some("2"), Some("2"))).then_some(())
        });
    }

    /// Where its Sentinel says that the engine is; nothing if it does not answer.
    pub fn primary(&self) -> Option<String> {
        let said = self.sentinel(&["sentinel", "get-master-addr-by-name", "chat"]);
        let address = said.lines().next().filter(|it| it.starts_with("10."));
        address.map(str::to_owned)
    }

    /// The administrator's command on this machine; its exit status and what it said.
    #[track_caller]
    pub fn chatctl(&self, args: &[&str]) -> (i32, String) {
        let config = self.base().join("chat.ini").display().to_string();
        let output = inside(self.network, &beside("chatctl").to_string_lossy())
            .args(["--config", &config])
            .args(args)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }

    /// All bytes of a room's log, rotated files first.
    pub fn whole_log(&self, room: &str) -> Vec<u8> {
        let live = self.base().join(format!("rooms/{room}.log"));
        let rotated = |number: usize| live.with_extension(format!("log.{number}"));
        let mut files: Vec<_> = (1..=MAX_ROTATED)
            .map(rotated)
            .take_while(|it| it.exists())
            .collect();
        files.reverse();
        files.push(live.clone());
        let read = files.iter().map(|it| fs::read(it).unwrap_or_default());
        read.collect::<Vec<_>>().concat()
    }

    /// What was said in a room, in order.
    pub fn said(&self, room: &str) -> Vec<String> {
        let log = self.whole_log(room);
        let log = String::from_utf8_lossy(&log);
        let lines = log.lines().map(|line| line.splitn(5, '\t').collect());
        lines
            .filter_map(|fields: Vec<&str>| {
                (fields.get(1) == Some(&"say")).then(|| fields.get(4).map(|it| (*it).to_owned()))?
            })
            .collect()
    }

    /// Rotates its rooms' logs by the real logrotate.
    #[track_caller]
    pub fn rotate(&self) {
        let rule = self.dir.join("rule");
        let text = format!(
            "{}/rooms/*.log {{\nsu root root\nrotate {MAX_ROTATED}\nmissingok\nnotifempty\ncreate 0640\nnocompress\n}}\n",
            self.base().display()
        );
        fs::write(&rule, text).expect("writable");
        fs::set_permissions(&rule, fs::Permissions::from_mode(0o644)).expect("ours");
        let output = Command::new(part("/usr/sbin/logrotate", "logrotate"))
            .args(["--force", "--state"])
            .arg(self.dir.join("logrotate.state"))
            .arg(&rule)
            .output()
            .expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "logrotate: {told}");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.pull_the_plug();
    }
}
