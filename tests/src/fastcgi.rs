//! What runs programs for web servers: Debian's php-fpm and fcgiwrap, on Unix sockets of an installation.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;

use crate::deadline::eventually;
use crate::installation::{Installation, SERVICE_USER, as_service_user};
use crate::program::Program;
use crate::requirement::part;

/// php-fpm with one pool, listening where Debian's does; `Drop` ends it.
pub struct PhpFpm {
    /// The program.
    pub program: Program,
}

impl PhpFpm {
    /// Starts it.
    ///
    /// # Panics
    /// When it is not installed or does not get ready.
    #[track_caller]
    pub fn start(installation: &Installation) -> Self {
        let run = installation.path("/run/php");
        let socket = run.join("php-fpm.sock");
        let identity = if geteuid().is_root() {
            format!(
                "user = {SERVICE_USER}\ngroup = {SERVICE_USER}\nlisten.owner = {SERVICE_USER}\nlisten.group = {SERVICE_USER}\n"
            )
        } else {
            String::new()
        };
        let config = run.join("php-fpm.conf");
        let text = format!(
            "[global]\npid = {run}/php-fpm.pid\n[chat]\n{identity}listen = {socket}\npm = static\npm.max_children = 3\n\
             catch_workers_output = yes\nphp_admin_flag[log_errors] = on\n",
            run = run.display(),
            socket = socket.display(),
        );
        fs::write(&config, text).expect("writable");
        let mut command = Command::new(php_fpm());
        command
            .args(["--nodaemonize", "--force-stderr", "--fpm-config"])
            .arg(&config);
        let program = Program::start(&command);
        program.output.wait_for(&["ready to handle connections"]);
        Self { program }
    }
}

/// Its name holds PHP's version.
#[track_caller]
fn php_fpm() -> PathBuf {
    let entries = fs::read_dir("/usr/sbin").expect("Debian has it");
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("php-fpm") && name.ends_with(|last: char| last.is_ascii_digit())
        })
        .collect();
    found.sort();
    match found.pop() {
        Some(path) => path,
        None => part("/usr/sbin/php-fpm8.2", "php-fpm").into(),
    }
}

/// fcgiwrap, listening where Debian's does; `Drop` ends it.
pub struct Fcgiwrap {
    /// The program.
    pub program: Program,
}

impl Fcgiwrap {
    /// Starts it.
    ///
    /// # Panics
    /// When it is not installed or does not listen.
    #[track_caller]
    pub fn start(installation: &Installation) -> Self {
        let socket = installation.path("/run/fcgiwrap.socket");
        let mut command = as_service_user(part("/usr/sbin/fcgiwrap", "fcgiwrap"));
        command
            .args(["-f", "-c", "3", "-s"])
            .arg(format!("unix:{}", socket.display()));
        let mut program = Program::start(&command);
        wait_for_socket(&mut program, &socket);
        Self { program }
    }
}

/// It announces nothing.
#[track_caller]
fn wait_for_socket(program: &mut Program, socket: &Path) {
    eventually("it accepts connections", || {
        assert!(
            program.try_wait().is_none(),
            "it ended: {:#?}",
            program.output.so_far()
        );
        UnixStream::connect(socket).ok()
    });
}
