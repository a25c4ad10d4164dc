//! Networks of machines that are on this one: namespaces, joined by two bridges in one of their own. Whatever was made
//! here goes with the processes that hold it.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use nix::sched::{CloneFlags, setns};

use crate::deadline::eventually;
use crate::requirement::part;

/// The namespaces.
#[derive(Debug)]
pub struct Cables {
    switch: Holder,
    machines: Vec<Holder>,
}

/// A process that does nothing but have a network of its own.
#[derive(Debug)]
struct Holder(Child);

/// Whose cable it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The machines' own.
    Machines,
    /// The people's.
    People,
}

impl Network {
    fn letter(self) -> char {
        match self {
            Self::Machines => 'm',
            Self::People => 'p',
        }
    }
}

impl Cables {
    /// So many machines, each with both networks.
    ///
    /// # Panics
    /// Without the rights of root.
    #[track_caller]
    pub fn lay(machines: usize) -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "networks of their own take the rights of root: run this test as root"
        );
        let cables = Self {
            switch: Holder::new(),
            machines: (0..machines).map(|_| Holder::new()).collect(),
        };
        let switch = cables.switch.pid();
        let at_switch = |words: &str| ip(switch, words);
        at_switch("link set lo up");
        for (bridge, own) in [("bm", None), ("bp", Some("10.1.0.254/24"))] {
            at_switch(&format!("link add {bridge} type bridge"));
            without_ipv6(switch, bridge);
            at_switch(&format!("link set {bridge} up"));
            if let Some(own) = own {
                at_switch(&format!("addr add {own} dev {bridge}"));
            }
        }
        for at in 0..machines {
            cables.connect(at);
        }
        cables
    }

    fn connect(&self, at: usize) {
        let (switch, pid, number) = (self.switch.pid(), self.inside(at), at + 1);
        ip(pid, "link set lo up");
        for (letter, net) in [('m', 0), ('p', 1)] {
            let (port, end) = (format!("{letter}port{number}"), format!("eth{net}"));
            ip(
                switch,
                &format!("link add {port} type veth peer name {end} netns {pid}"),
            );
            ip(switch, &format!("link set {port} master b{letter}"));
            without_ipv6(switch, &port);
            without_ipv6(pid, &end);
            ip(switch, &format!("link set {port} up"));
            // The same after another boot: nobody looks for a card that is another one.
            let card = format!("02:00:00:00:0{net}:{number:02x}");
            ip(pid, &format!("link set {end} address {card}"));
            ip(pid, &format!("addr add 10.{net}.0.{number}/24 dev {end}"));
            ip(pid, &format!("link set {end} up"));
        }
    }

    /// Gives a machine another network under the same addresses, in which no connection of the one before is known.
    #[track_caller]
    pub(super) fn renew(&mut self, at: usize) -> u32 {
        for network in [Network::Machines, Network::People] {
            let port = format!("{}port{}", network.letter(), at + 1);
            ip(self.switch.pid(), &format!("link delete {port}"));
        }
        self.machines[at] = Holder::new();
        self.connect(at);
        self.inside(at)
    }

    /// The process in whose network the machine `at` is.
    pub fn inside(&self, at: usize) -> u32 {
        self.machines[at].pid()
    }

    /// The process in whose network people are, for programs.
    pub fn outside(&self) -> u32 {
        self.switch.pid()
    }

    /// The way into the machine `at` itself, which has both networks.
    pub fn entrance_of(&self, at: usize) -> Entrance {
        Entrance(self.machines[at].pid())
    }

    /// The way to where people are, for a thread of theirs.
    pub fn entrance(&self) -> Entrance {
        Entrance(self.switch.pid())
    }

    /// Pulls a machine's cable: no FIN and no RST passes.
    pub fn cut(&self, at: usize, network: Network) {
        self.set(at, network, "down");
    }

    /// Puts it in again.
    pub fn mend(&self, at: usize, network: Network) {
        self.set(at, network, "up");
    }

    fn set(&self, at: usize, network: Network, state: &str) {
        let (letter, number) = (network.letter(), at + 1);
        ip(
            self.switch.pid(),
            &format!("link set {letter}port{number} {state}"),
        );
    }
}

/// The way into one of the networks.
#[derive(Clone, Copy, Debug)]
pub struct Entrance(u32);

impl Entrance {
    /// Moves this thread there.
    #[track_caller]
    pub fn enter(self) {
        let network = File::open(format!("/proc/{}/ns/net", self.0)).expect("it lives");
        setns(network, CloneFlags::CLONE_NEWNET).expect("root may");
    }
}

impl Holder {
    #[track_caller]
    fn new() -> Self {
        // It ends with the thread that starts it, also when that is killed.
        let child = Command::new(part("/usr/bin/setpriv", "util-linux"))
            .args(["--pdeathsig", "KILL", "--", "unshare", "--net"])
            .args(["--", "sleep", "infinity"])
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts");
        let holder = Self(child);
        let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let (own, pid) = (network("self"), holder.pid().to_string());
        eventually("a network of its own", || {
            (network(&pid)? != own.clone()?).then_some(())
        });
        holder
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program in the network of this process; it ends with the thread that starts it.
#[track_caller]
pub fn inside(pid: u32, program: &str) -> Command {
    let mut command = Command::new(part("/usr/bin/nsenter", "util-linux"));
    command
        .args(["--net", "--target", &pid.to_string(), "--"])
        .args(["setpriv", "--pdeathsig", "KILL", "--", program])
        .stdin(Stdio::null());
    command
}

/// A browser that loads a page drops all that it has asked for when another address comes: one of IPv6 comes by itself,
/// when a busy machine has found out that nobody else has it.
#[track_caller]
fn without_ipv6(pid: u32, link: &str) {
    ip(pid, &format!("link set {link} addrgenmode none"));
}

#[track_caller]
fn ip(pid: u32, words: &str) {
    let mut command = inside(pid, part("/bin/ip", "iproute2"));
    let output = command.args(words.split(' ')).output().expect("ip runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {words}: {told}");
}
