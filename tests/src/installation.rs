//! The chat as `make install` puts it on a machine, below a directory of its own: programs, pages and configurations are
//! those that are shipped, and only the paths and ports in them are others.

use std::cell::OnceCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{User, chown, geteuid};
use tempfile::TempDir;

use crate::chat::Record;
use crate::cluster_of_one::ClusterOfOne;
use crate::daemon::Daemon;
use crate::program::Program;
use crate::requirement::part;
use crate::tls::Authority;
use crate::transport::Endpoint;
use crate::under_test::{Kind, Subject, chat_cgi, chat_handler, chatctl, target, workspace};

/// Debian's user of web servers and their programs.
pub const SERVICE_USER: &str = "www-data";

/// Places of the system that the shipped files name.
const PLACES: [&str; 5] = [
    "/usr/local/",
    "/etc/websocketd-rs",
    "/var/lib/websocketd-rs",
    "/run/php/",
    "/run/fcgiwrap.socket",
];

/// An installed chat; `Drop` deletes it.
pub struct Installation {
    // Before the files that it uses.
    cluster: OnceCell<Option<ClusterOfOne>>,
    root: TempDir,
    authority: Authority,
}

impl Installation {
    /// Installs it.
    ///
    /// # Panics
    /// When `make stage` fails.
    #[track_caller]
    pub fn new() -> Self {
        // They refuse programs that are older than their sources.
        let _ = (Subject::under_test(), chat_handler(), chat_cgi(), chatctl());
        let root = tempfile::tempdir().expect("a temporary directory");
        let mut make = Command::new("make");
        make.args(["--no-print-directory", "stage"])
            .arg(format!("DESTDIR={}", root.path().display()))
            .env("CARGO_TARGET_DIR", target())
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .current_dir(workspace());
        let staged = Program::run(&make);
        assert_eq!(staged.code(), 0, "{staged:#?}");
        let installation = Self {
            cluster: OnceCell::new(),
            root,
            authority: Authority::new(),
        };
        installation.prepare();
        installation
    }

    /// What the administrator makes: directories, and a chat.ini that names them.
    fn prepare(&self) {
        // A temporary directory is its owner's alone; the service's user must pass.
        fs::set_permissions(self.root.path(), Permissions::from_mode(0o755)).expect("ours");
        for dir in [
            "/var/lib/websocketd-rs/chat/sessions",
            "/run/php",
            "/srv/www",
        ] {
            fs::create_dir_all(self.path(dir)).expect("writable");
        }
        for dir in [
            "/var/lib/websocketd-rs/chat",
            "/var/lib/websocketd-rs/chat/sessions",
            "/run",
            "/run/php",
        ] {
            give_to_service_user(&self.path(dir));
        }
        fs::write(self.path("/srv/www/index.html"), "<title>The site</title>").expect("writable");
        self.configure("chat.ini", |text| text);
    }

    /// Where a file of the system lies in this installation.
    pub fn path(&self, system: &str) -> PathBuf {
        self.root.path().join(system.trim_start_matches('/'))
    }

    /// The directory `BASE_DIR`.
    pub fn base(&self) -> PathBuf {
        self.path("/var/lib/websocketd-rs/chat")
    }

    /// Who signs its certificates.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The text of a file with the system's places replaced by this installation's.
    pub fn relocate(&self, text: &str) -> String {
        PLACES.iter().fold(text.to_owned(), |text, place| {
            text.replace(place, &format!("{}{place}", self.root.path().display()))
        })
    }

    /// Takes a configuration as it was shipped, lets `edit` change what an administrator changes, and writes it to its
    /// place, which is given.
    pub fn configure(
        &self,
        name: &str,
        edit: impl FnOnce(Configuration) -> Configuration,
    ) -> PathBuf {
        let path = self.path("/etc/websocketd-rs").join(name);
        let shipped =
            fs::read_to_string(workspace().join("conf").join(name)).expect("it is shipped");
        let mut edited = edit(Configuration(shipped)).0;
        if name == "chat.ini"
            && let Some(Some(cluster)) = self.cluster.get()
        {
            edited.push_str(cluster.section());
        }
        fs::write(&path, self.relocate(&edited)).expect("writable");
        path
    }

    /// The machine that one of its further sites is, if that is asked for; `user` is the site's.
    #[track_caller]
    pub fn cluster_of(&self, site: &str, user: &str) -> Option<ClusterOfOne> {
        let ini = self.path(&format!("/etc/websocketd-rs/sites/{site}/chat.ini"));
        let base = self.path(&format!("/var/lib/websocketd-rs/sites/{site}"));
        let relay = self.path("/usr/local/bin/chat-relay");
        ClusterOfOne::run_by(&ini, &base, || as_user(user, &relay.display().to_string()))
    }

    /// Starts the daemon with one of the configurations, as the service's user where that is possible.
    #[track_caller]
    pub fn daemon(&self, name: &str, edit: impl FnOnce(Configuration) -> Configuration) -> Daemon {
        self.cluster.get_or_init(|| {
            let chat_ini = self.path("/etc/websocketd-rs/chat.ini");
            let relay = self.path("/usr/local/bin/chat-relay");
            ClusterOfOne::run_by(&chat_ini, &self.base(), || {
                as_service_user(&relay.display().to_string())
            })
        });
        let config = self.configure(name, edit);
        let text = fs::read_to_string(&config).expect("just written");
        let subject = Subject {
            path: self.path("/usr/local/bin/websocketd-rs"),
            kind: Kind::Ours,
        };
        let mut builder = Daemon::of(&subject)
            .flag(format!("--config={}", config.display()))
            .env("CHAT_CONFIG", self.path("/etc/websocketd-rs/chat.ini"));
        if geteuid().is_root() {
            builder = builder.flag(format!("--user={SERVICE_USER}"));
        }
        let mut daemon = builder.start();
        if text.lines().any(|line| line == "ssl = true") {
            let client =
                crate::tls::client_trusting(&self.path("/etc/websocketd-rs/localhost.pem"));
            daemon.endpoint = Endpoint::Tls(daemon.address(), client);
        }
        daemon
    }

    /// A certificate for localhost that signs itself, made by the commands that behind-a-proxy.ini tells.
    pub fn make_certificate(&self) {
        let shipped =
            fs::read_to_string(workspace().join("conf/behind-a-proxy.ini")).expect("it is shipped");
        let told: String = shipped
            .lines()
            .skip_while(|line| !line.starts_with("#   openssl req"))
            .take_while(|line| line.starts_with("#   "))
            .filter_map(|line| line.strip_prefix("#   "))
            .fold(String::new(), |all, line| all + line + "\n");
        // Giving it away needs root, and with root only.
        let told = if geteuid().is_root() {
            told
        } else {
            told.replace("chown", ": chown")
        };
        let mut shell = Command::new("bash");
        shell.args(["-euc", &self.relocate(&told)]);
        let made = Program::run(&shell);
        assert_eq!(made.code(), 0, "{told}\n{made:#?}");
    }

    /// Adds an account to the file that the log-in form reads, by the command that apache.conf tells.
    pub fn add_account(&self, name: &str, password: &str) {
        let users = self.path("/etc/websocketd-rs/chat.users");
        let mut command = Command::new(part("/usr/bin/htpasswd", "apache2-utils"));
        command.arg("-bB");
        if !users.exists() {
            command.arg("-c");
        }
        let added = Program::run(command.arg(&users).args([name, password]));
        assert_eq!(added.code(), 0, "{added:#?}");
        fs::set_permissions(&users, Permissions::from_mode(0o640)).expect("ours");
        give_to_service_user(&users);
    }

    /// The records of a room so far; none when nobody spoke.
    pub fn records(&self, room: &str) -> Vec<Record> {
        let text =
            fs::read(self.base().join("rooms").join(format!("{room}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .map(Record::parse)
            .collect()
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

/// A configuration on its way from what is shipped to what an administrator makes of it. Each change names what it
/// changes, and fails when that is no longer there.
pub struct Configuration(pub String);

impl Configuration {
    /// Puts `new` in place of `old`.
    #[track_caller]
    #[must_use]
    pub fn replace(self, old: &str, new: &str) -> Self {
        assert!(self.0.contains(old), "{old:?} is not in\n{}", self.0);
        Self(self.0.replace(old, new))
    }

    /// Makes the comment whose text begins with `start` a setting.
    #[track_caller]
    #[must_use]
    pub fn uncomment(self, start: &str) -> Self {
        let mut found = 0;
        let lines = self.0.lines().map(|line| {
            let text = line
                .trim_start()
                .trim_start_matches([';', '#'])
                .trim_start();
            if line.trim_start().starts_with([';', '#']) && text.starts_with(start) {
                found += 1;
                return text;
            }
            line
        });
        let text = lines.fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(found, 1, "one comment {start:?} in\n{}", self.0);
        Self(text)
    }

    /// Adds lines to the end.
    #[must_use]
    pub fn append(self, lines: &str) -> Self {
        Self(self.0 + lines + "\n")
    }
}

/// A command that runs `program` as the service's user where we are root, and as ourselves otherwise.
pub fn as_service_user(program: &str) -> Command {
    as_user(SERVICE_USER, program)
}

fn as_user(user: &str, program: &str) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={user}"))
        .arg("--init-groups")
        .arg(program);
    command
}

/// Lets the service's user own a file, where we can give it away.
pub fn give_to_service_user(path: &Path) {
    if geteuid().is_root() {
        let user = User::from_name(SERVICE_USER).expect("users can be asked for");
        let user = user.expect("Debian has www-data");
        chown(path, Some(user.uid), Some(user.gid)).expect("we are root");
    }
}
