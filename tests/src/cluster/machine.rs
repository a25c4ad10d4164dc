//! One machine: its programs, and its files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};

use super::cables::inside;
use super::clock::{self, Clock};
use super::disk::Disk;
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

/// What a machine has besides its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// Disk and clock are those of the machine that runs the test.
    Shared,
    /// A disk that can be full and whose power can be cut, and a clock that can be set.
    Own,
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
    /// What relays before this one have given an engine again.
    put_back: u64,
    boots: u32,
    // Dropped after the programs have ended.
    own: Option<(Disk, Clock)>,
}

impl Machine {
    /// The files of machine `number` of `machines`, below `dir`.
    pub(super) fn new(
        name: &str,
        (number, machines): (usize, usize),
        network: u32,
        dir: &Path,
        hardware: Hardware,
        engine: Engine,
        lines: &str,
    ) -> Self {
        let own = (hardware == Hardware::Own)
            .then(|| (Disk::new(dir), Clock::new(dir.with_extension("clock"))));
        let machine = Self {
            name: name.to_owned(),
            number,
            network,
            dir: dir.to_owned(),
            engine,
            running: BTreeMap::new(),
            daemon_told: 0,
            put_back: 0,
            boots: 0,
            own,
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
        if let Some((disk, _)) = &machine.own {
            disk.sync();
        }
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

    /// What a program has told on standard output and error. Of a machine with a disk of its own it is not on it.
    pub fn told(&self, program: &str) -> PathBuf {
        match self.own {
            None => self.dir.join(format!("{program}.told")),
            Some(_) => self.dir.with_extension(format!("{program}.told")),
        }
    }

    /// Its own disk.
    #[track_caller]
    pub fn own_disk(&self) -> &Disk {
        &self.own().0
    }

    /// Its own clock.
    #[track_caller]
    pub fn own_clock(&self) -> &Clock {
        &self.own().1
    }

    #[track_caller]
    fn own(&self) -> &(Disk, Clock) {
        self.own.as_ref().expect("a machine with Hardware::Own")
    }

    /// All programs end, and what they had not synced is gone.
    #[track_caller]
    pub(super) fn cut_power(&mut self) {
        self.pull_the_plug();
        self.own_disk().cut_power();
    }

    /// The network of this process is its own from now on.
    pub(super) fn plug_into(&mut self, network: u32) {
        self.network = network;
    }

    /// Its disk has power again. The relay will see that this is another boot.
    #[track_caller]
    pub(super) fn boot(&mut self) {
        self.own_disk().power_on();
        self.boots += 1;
    }

    /// A program in its network, with its clock and, after the power was cut, as what this boot is known by:
    /// `/proc/sys/kernel/random/boot_id` is another one, for this program alone.
    #[track_caller]
    fn command(&self, program: &str) -> Command {
        let mut command = if self.boots == 0 {
            inside(self.network, program)
        } else {
            let id = self.dir.with_extension("boot");
            let (name, boots) = (&self.name, self.boots);
            fs::write(&id, format!("boot-{boots}-of-{name}\n")).expect("writable");
            let mut command = inside(self.network, "unshare");
            command
                .args(["--mount", "--propagation", "slave", "--", "sh", "-ec"])
                .arg("mount --bind \"$0\" /proc/sys/kernel/random/boot_id; exec \"$@\"")
                .arg(id)
                .arg(program);
            command
        };
        if let Some((_, clock)) = &self.own {
            clock.dress(&mut command);
        }
        command
    }

    /// Starts its Redis and its Sentinel.
    pub fn start_engine(&mut self) {
        if self.engine == Engine::Local {
            return;
        }
        self.start_redis();
        self.start_sentinel();
    }

    fn start_redis(&mut self) {
        self.end("redis");
        // As conf/cluster/mend-aof.conf has its unit do; what fails the server tells itself.
        let (told, too) = self.tell("redis");
        let mut mend = Command::new("sh");
        mend.arg(workspace().join("conf/cluster/mend-aof"));
        mend.arg(self.dir.join("redis")).stdout(told).stderr(too);
        mend.status().expect("sh starts");
        let conf = self.dir.join("redis/redis.conf").display().to_string();
        self.start("redis", &server_program(), &[&conf]);
    }

    fn start_sentinel(&mut self) {
        let conf = self.dir.join("redis/sentinel.conf").display().to_string();
        self.start("sentinel", &sentinel_program(), &[&conf]);
    }

    /// Starts again what has ended by itself, as systemd does: a copy of an engine, for one, whose disk is full.
    pub fn revive(&mut self) {
        let has_ended = |child: &mut Child| matches!(child.try_wait(), Ok(Some(_)));
        let running = self.running.iter_mut();
        let ended: Vec<_> = running
            .filter_map(|(name, child)| has_ended(child).then_some(*name))
            .collect();
        for name in ended {
            match name {
                "redis" => self.start_redis(),
                "sentinel" => self.start_sentinel(),
                name => self.start_again(name),
            }
        }
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
        let hand_on = format!("--passenv=PATH,{}", clock::VARIABLES.join(","));
        let mut args = vec![address.as_str(), &port, "--pingms=9000", &refuse];
        if self.own.is_some() {
            args.push(&hand_on);
        }
        args.extend([handler.as_str(), &config]);
        self.start("daemon", &daemon.to_string_lossy(), &args);
    }

    /// Starts a program of its own network again, or for the first time.
    pub fn start(&mut self, name: &'static str, program: &str, args: &[&str]) {
        self.end(name);
        let (told, too) = self.tell(name);
        let child = self
            .command(program)
            .args(args)
            .stdout(told)
            .stderr(too)
            .spawn()
            .expect("it starts");
        self.running.insert(name, child);
    }

    /// Where a program tells what it does, twice.
    fn tell(&self, name: &str) -> (File, File) {
        let told = File::options()
            .create(true)
            .append(true)
            .open(self.told(name))
            .expect("writable");
        (told.try_clone().expect("a descriptor"), told)
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
            if name == "relay" {
                self.put_back += self.counter("resubmitted");
            }
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

    /// The process of a program that runs.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.running.get(name).map(Child::id)
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

    /// How many records its relays gave the engine again, as far as they told.
    pub fn put_back(&self) -> u64 {
        self.put_back + self.counter("resubmitted")
    }

    /// Waits for that, and for its daemon.
    #[track_caller]
    pub fn wait_until_up(&self) {
        let name = &self.name;
        eventually(&format!("the relay of {name} is up"), || {
            self.is_up().then_some(())
        });
        eventually(&format!("the daemon of {name} listens"), || {
            self.listens().then_some(())
        });
    }

    /// Whether its daemon takes connections.
    pub fn listens(&self) -> bool {
        let told = fs::read(self.told("daemon")).unwrap_or_default();
        let told = told.get(self.daemon_told..).unwrap_or_default();
        String::from_utf8_lossy(told).contains("Starting WebSocket server")
    }

    /// Why its relay does not take what people say, as it tells itself.
    pub fn why_not_up(&self) -> String {
        let state = fs::read_to_string(self.base().join("run/relay/state")).unwrap_or_default();
        let lines = state.lines();
        let told: Vec<_> = lines
            .filter(|it| it.starts_with("state") || it.starts_with("why"))
            .collect();
        told.join(", ")
    }

    /// Runs a program in its network; gives what it printed.
    #[track_caller]
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        let mut command = inside(self.network, program);
        let output = command.args(args).output().expect("it starts");
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
        self.administrator().chatctl(args)
    }

    /// Somebody who types these commands.
    pub fn administrator(&self) -> Administrator {
        Administrator {
            config: self.base().join("chat.ini"),
            clock: self.own.as_ref().map(|(_, clock)| clock.clone()),
        }
    }

    /// All bytes of a room's log, rotated files first. As for those who read it, what stands behind the last line end of
    /// a rotated one is none of it: a power cut leaves zeros there.
    pub fn whole_log(&self, room: &str) -> Vec<u8> {
        let live = self.base().join(format!("rooms/{room}.log"));
        let rotated = |number: usize| live.with_extension(format!("log.{number}"));
        let mut files: Vec<_> = (1..=MAX_ROTATED)
            .map(rotated)
            .take_while(|it| it.exists())
            .collect();
        files.reverse();
        files.push(live.clone());
        let read = files.iter().map(|it| {
            let mut bytes = fs::read(it).unwrap_or_default();
            if *it != live {
                let end = bytes.iter().rposition(|byte| *byte == b'\n');
                bytes.truncate(end.map_or(0, |at| at + 1));
            }
            bytes
        });
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

/// Who types an administrator's commands on a machine, whatever becomes of it. They take no network.
#[derive(Clone, Debug)]
pub struct Administrator {
    config: PathBuf,
    clock: Option<Clock>,
}

impl Administrator {
    /// One of them; its exit status and what it said.
    #[track_caller]
    pub fn chatctl(&self, args: &[&str]) -> (i32, String) {
        let mut command = Command::new(beside("chatctl"));
        if let Some(clock) = &self.clock {
            clock.dress(&mut command);
        }
        let output = command
            .arg("--config")
            .arg(&self.config)
            .args(args)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.pull_the_plug();
    }
}
