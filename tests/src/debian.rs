//! A Debian of a test's own, booted by systemd: this machine's files under a layer that is thrown away, with processes,
//! services and a network that nobody else sees. Nothing is fetched, and nothing on the machine changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::deadline::eventually;
use crate::network;
use crate::proc;
use crate::program::{Finished, Program};
use crate::requirement::part;
use crate::under_test::{target, workspace};

/// What a container's manager does before it starts systemd (systemd.io, "The Container Interface"): a root that can be
/// written to, /proc and /sys that cannot, a few devices, a group of its own. Of the machine's services none is enabled,
/// of the chat's files none is left, and there is no PHP.
const ENTER: &str = r#"
layer=$1
mount -t tmpfs -o mode=755 layer "$layer"
mkdir "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
root=$layer/root
cd "$root/etc"
rm -rf systemd/system/*.wants systemd/system/*.requires rc?.d default/websocketd-rs* websocketd-rs* systemd/system/websocketd-rs*
rm -rf ../var/lib/websocketd-rs* ../usr/sbin/policy-rc.d ../usr/bin/php* ../usr/sbin/php-fpm* ../usr/local/bin/chat*
rm -f ../usr/local/bin/websocketd-rs
: >fstab; : >machine-id
echo "127.0.0.1 localhost chat.example.org" >hosts
cd "$root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom tty; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 run run
mount -t tmpfs tmp tmp
mkdir run/machine
pivot_root . run/machine
export container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot . sh -c 'umount -l /run/machine; exec /lib/systemd/systemd --system multi-user.target'
"#;

/// How long lines of a shell may take, in seconds: a package is installed, a service waits for its time limits.
const PATIENCE: &str = "300";

/// A machine that runs; `Drop` ends all that runs in it.
#[derive(Debug)]
pub struct Debian {
    /// unshare(1), which ends as the first process does.
    program: Program,
    /// Gone after the processes.
    _group: Group,
    _layer: TempDir,
}

/// A control group of its own: of several machines each has services of the same names.
#[derive(Debug)]
struct Group(PathBuf);

impl Group {
    #[track_caller]
    fn new(name: &Path) -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").expect("cgroup 2");
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let name = name.file_name().expect("a name").to_string_lossy();
        // Where systemd runs the machine it is /sys/fs/cgroup.
        let mounts = fs::read_to_string("/proc/mounts").expect("Linux");
        let mut mounts = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        let mount = mounts.find(|words| words.get(2) == Some(&"cgroup2"));
        let group = Path::new(mount.expect("cgroup 2 is mounted")[1])
            .join(own.expect("cgroup 2"))
            .join(format!("e2e-{}", name.trim_start_matches('.')));
        fs::create_dir(&group).expect("root may make a control group");
        Self(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        // What was killed goes in a moment; what stays is empty and does no harm.
        for _ in 0..TRIES {
            if remove_groups(&self.0) {
                return;
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Looks at groups that are to be gone, and the pause between two.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Removes a group and those below; whether it is gone.
fn remove_groups(group: &Path) -> bool {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_groups(&entry.path());
        }
    }
    fs::remove_dir(group).is_ok() || !group.exists()
}

/// The package, built once from what `make build` built.
///
/// # Panics
/// When it cannot be built.
pub fn package() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let mut command = Command::new(workspace().join("packaging/build"));
        command
            .env("CARGO_TARGET_DIR", target())
            // It is unpacked a moment later.
            .env("DPKG_DEB_COMPRESSOR_LEVEL", "0")
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL");
        // As long as it takes: of programs with all their symbols it is a minute's work.
        let built = command.output().expect("it starts");
        assert!(built.status.success(), "{built:#?}");
        let said = String::from_utf8_lossy(&built.stdout);
        let package = said.split('\'').find(|word| word.contains(".deb"));
        PathBuf::from(package.unwrap_or_else(|| panic!("a package: {built:#?}")))
    })
}

impl Debian {
    /// Boots it. This thread moves into its network, so that it can be a client there.
    ///
    /// # Panics
    /// When it cannot: it takes the rights of root.
    #[track_caller]
    pub fn boot() -> Self {
        network::enter();
        let machine = Self::power_on(&[]);
        machine.wait_until_booted();
        machine
    }

    /// Powers one on in the network of that process, so that several can be joined by cables.
    ///
    /// # Panics
    /// When it cannot: it takes the rights of root.
    #[track_caller]
    pub fn power_on_inside(network: u32) -> Self {
        let network = format!("--net=/proc/{network}/ns/net");
        Self::power_on(&["nsenter", &network, "--"])
    }

    #[track_caller]
    fn power_on(before: &[&str]) -> Self {
        part("/lib/systemd/systemd", "systemd");
        let layer = tempfile::tempdir().expect("a temporary directory");
        let group = Group::new(layer.path());
        let own = ["--mount", "--pid", "--ipc", "--uts", "--cgroup"];
        let mut unshare = Command::new("sh");
        unshare
            .args(["-euc", r#"echo $$ >"$0/cgroup.procs"; exec "$@""#])
            .arg(&group.0)
            .args(before)
            .arg("unshare")
            .args(own)
            .args(["--fork", "--kill-child", "sh", "-euc", ENTER, "enter"])
            .arg(layer.path());
        Self {
            program: Program::start(&unshare),
            _group: group,
            _layer: layer,
        }
    }

    /// Waits until its services have been started.
    #[track_caller]
    pub fn wait_until_booted(&self) {
        eventually("it has booted", || {
            let said = self.try_run("systemctl is-system-running")?;
            // Not everything of every machine starts in a container.
            ["running\n", "degraded\n"]
                .contains(&said.stdout.as_str())
                .then_some(())
        });
    }

    /// Runs lines of a shell as root, in root's directory, and wants each to succeed.
    ///
    /// # Panics
    /// With what they printed.
    #[track_caller]
    pub fn run(&self, lines: &str) -> Finished {
        let finished = self.try_run(lines).expect("it has a first process");
        assert_eq!(
            finished.code(),
            0,
            "{lines}\n{finished:#?}\n{}",
            self.journal()
        );
        finished
    }

    /// The same, however they end; `None` while there is nothing to run them in.
    pub fn try_run(&self, lines: &str) -> Option<Finished> {
        let children = proc::children(self.program.pid());
        let first = children.first()?;
        let mut nsenter = Command::new("nsenter");
        nsenter
            .arg(format!("--target={}", first.pid))
            .args(["--mount", "--pid", "--ipc", "--uts", "--cgroup", "--net"])
            .args([
                "--root",
                "--wd",
                "env",
                "-i",
                "HOME=/root",
                "LC_ALL=C.UTF-8",
            ])
            .args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
            .args([
                "DEBIAN_FRONTEND=noninteractive",
                "timeout",
                PATIENCE,
                "bash",
                "-euo",
                "pipefail",
                "-c",
            ])
            .arg(format!("cd /root\n{lines}"));
        let output = nsenter.output().expect("nsenter starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Finished {
            status: output.status,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }

    /// What its services said last.
    pub fn journal(&self) -> String {
        let said = self
            .try_run("journalctl --no-pager -n 60 -u 'websocketd-rs*' -u 'chat-*' -u 'redis-*'");
        said.map_or_else(String::new, |said| said.stdout)
    }
}
