//! Images for containers: made by the project's Containerfiles and a real builder (Debian's buildah), and entered as an
//! engine enters them. No engine is needed: namespaces, a root file system and a user are all that one sets up.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use tempfile::TempDir;

use crate::network;
use crate::page::Page;
use crate::proc::{self, Process};
use crate::program::{Finished, Program, pid_of};
use crate::requirement::part;
use crate::transport::Endpoint;
use crate::under_test::{static_programs, target, workspace};
use crate::ws::Client;

/// Where the images' daemons listen.
const PORT: u16 = 8080;

/// What an engine does before it starts the image's program: /proc, a few devices, a root that cannot be written to, a
/// small disk of the user's, no way to more rights.
const ENTER: &str = r#"
root=$1 user=$2 volume=$3; shift 3
mkdir -p "$root/proc" "$root/dev" "$root$volume"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root"
if [ -n "$volume" ]; then mount -t tmpfs -o "uid=${user%:*},gid=${user#*:},mode=750" volume "$root$volume"; fi
exec setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"
"#;

/// Where buildah keeps images; `Drop` deletes it.
#[derive(Debug)]
pub struct Images {
    dir: TempDir,
}

/// An image's root file system, and what its configuration says.
#[derive(Debug)]
pub struct Image {
    /// The directory.
    pub root: PathBuf,
    /// `Entrypoint`, `Cmd`, `User` and so on, as the Docker image specification has them.
    pub config: Value,
}

/// A container: `Drop` kills all that runs in it.
#[derive(Debug)]
pub struct Container {
    /// unshare(1), which ends as the container's first process does.
    pub program: Program,
    user: String,
}

impl Default for Images {
    fn default() -> Self {
        Self::new()
    }
}

impl Images {
    /// None yet.
    ///
    /// # Panics
    /// When there is no directory for them.
    pub fn new() -> Self {
        // Not in /tmp, which may be small and not allow programs.
        let dir = tempfile::tempdir_in(target()).expect("a directory of ours");
        Self { dir }
    }

    /// buildah, as root and with neither overlays nor anything else that a machine may not have.
    fn builder(&self) -> String {
        let buildah = part("/usr/bin/buildah", "buildah");
        let dir = self.dir.path().display();
        format!("{buildah} --storage-driver=vfs --root={dir}/root --runroot={dir}/run")
    }

    #[track_caller]
    fn buildah(&self, args: &[&str]) -> String {
        let builder = self.builder();
        let mut words = builder.split(' ');
        let mut command = Command::new(words.next().expect("a program"));
        let ran = Program::run(command.args(words).args(args));
        assert_eq!(ran.code(), 0, "buildah {args:?}: {ran:#?}");
        ran.stdout.trim().to_owned()
    }

    /// An image that Containerfiles begin with, made of programs of this machine and what they are linked with: there is
    /// no registry to fetch one from.
    #[track_caller]
    pub fn stand_in(&self, name: &str, programs: &[&str]) {
        let base = self.dir.path().join("base");
        for program in programs {
            for file in std::iter::once((*program).to_owned()).chain(libraries(program)) {
                let to = base.join(file.trim_start_matches('/'));
                fs::create_dir_all(to.parent().expect("below the base")).expect("ours");
                fs::copy(&file, to).unwrap_or_else(|error| panic!("{file}: {error}"));
            }
        }
        let container = self.buildah(&["from", "scratch"]);
        self.buildah(&["copy", "--quiet", &container, &base.to_string_lossy(), "/"]);
        self.buildah(&["commit", "--quiet", &container, name]);
    }

    /// What `make image` makes of what `make static` built, with `IMAGE=which`.
    #[track_caller]
    pub fn make(&self, which: &str) -> Image {
        static_programs();
        let mut command = Command::new(workspace().join("packaging/image"));
        command
            .env("BUILDER", self.builder())
            .env("IMAGE", which)
            .env("CARGO_TARGET_DIR", target())
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL");
        let made = Program::run(&command);
        assert_eq!(made.code(), 0, "{made:#?}");
        let tag = if which.is_empty() { "latest" } else { which };
        self.mount(&format!("localhost/websocketd-rs:{tag}"))
    }

    /// What the Containerfile in a directory says.
    #[track_caller]
    pub fn build(&self, dir: &Path) -> Image {
        let dir = dir.to_string_lossy();
        self.buildah(&["build", "--quiet", "--pull-never", "--tag=built", &dir]);
        self.mount("localhost/built")
    }

    #[track_caller]
    fn mount(&self, name: &str) -> Image {
        let told = self.buildah(&["inspect", "--type=image", name]);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let container = self.buildah(&["from", "--pull-never", name]);
        Image {
            root: self.buildah(&["mount", &container]).into(),
            config: told["Docker"]["config"].clone(),
        }
    }
}

/// The files that the dynamic loader adds to a program.
#[track_caller]
fn libraries(program: &str) -> Vec<String> {
    let listed = Program::run(Command::new("ldd").arg(program));
    assert_eq!(listed.code(), 0, "{listed:#?}");
    let words = listed.stdout.split_whitespace();
    words
        .filter(|word| word.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

impl Image {
    /// A word list of the configuration.
    pub fn words(&self, key: &str) -> Vec<String> {
        let words = self.config[key].as_array().into_iter().flatten();
        words
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    }

    /// Starts the image's program in namespaces of its own, with `command` in place of `Cmd` unless that is empty. This
    /// thread moves into the container's network, so that it can be a client there; `volume` can be written to.
    ///
    /// # Panics
    /// When it cannot: it takes the rights of root.
    #[track_caller]
    pub fn start(&self, volume: &str, command: &[&str]) -> Container {
        network::enter();
        let user = self.config["User"].as_str().unwrap_or("0:0").to_owned();
        let mut words = self.words("Entrypoint");
        if command.is_empty() {
            words.extend(self.words("Cmd"));
        }
        let mut unshare = Command::new("unshare");
        unshare
            .args([
                "--mount",
                "--pid",
                "--ipc",
                "--uts",
                "--fork",
                "--kill-child",
            ])
            .args(["sh", "-euc", ENTER, "enter"])
            .args([&self.root.to_string_lossy(), user.as_str(), volume])
            .args(words)
            .args(command);
        let container = Container {
            program: Program::start(&unshare),
            user,
        };
        container.program.output.wait("it listens", |line| {
            line.contains("Starting WebSocket server")
        });
        container
    }
}

impl Drop for Container {
    #[expect(clippy::print_stderr, reason = "a failed test shows it")]
    fn drop(&mut self) {
        // What the daemon logged is all there is to see of it.
        if std::thread::panicking() {
            eprintln!("the container: {:#?}", self.program.output.so_far());
        }
    }
}

impl Container {
    /// Its first process, as the machine knows it.
    #[track_caller]
    pub fn first(&self) -> Process {
        let children = proc::children(self.program.pid());
        let [first] = &children[..] else {
            panic!("unshare has one child: {children:?}");
        };
        first.clone()
    }

    /// Everything that runs in it.
    pub fn processes(&self) -> Vec<Process> {
        proc::descendants(self.program.pid())
    }

    /// Runs a program of the image beside those that run, as engines run health checks.
    #[track_caller]
    pub fn run(&self, words: &[String]) -> Finished {
        let (user, group) = self.user.split_once(':').expect("USER names both");
        let mut nsenter = Command::new("nsenter");
        nsenter
            .arg(format!("--target={}", self.first().pid))
            .args(["--mount", "--pid", "--root", "--wd=/"])
            .args([format!("--setuid={user}"), format!("--setgid={group}")])
            .args(words);
        Program::run(&nsenter)
    }

    /// What engines do to stop it.
    pub fn stop(&self) {
        let _ = kill(pid_of(self.first().pid), Signal::SIGTERM);
    }
}

/// What /proc has as the `status` of a process; `None` when it has ended.
pub fn status_of(process: &Process) -> Option<String> {
    let path = Path::new("/proc").join(process.pid.to_string());
    fs::read_to_string(path.join("status")).ok()
}

/// Where the daemon of a container listens, for a thread in its network.
pub fn endpoint() -> Endpoint {
    Endpoint::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))
}

/// Somebody whose browser shows the container's own page.
///
/// # Panics
/// When the daemon refuses them.
#[track_caller]
pub fn visitor(name: &str) -> Page<Client> {
    let path = format!("/lobby?format=json&nick={name}");
    let origin = format!("http://127.0.0.1:{PORT}");
    let client = Client::connect_with(&endpoint(), &path, &[("Origin", &origin)]);
    Page::enter(client)
}
