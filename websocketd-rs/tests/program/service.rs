//! What a service manager does with the daemon: users, sockets, notifications.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use e2e::deadline::eventually;
use e2e::proc;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::daemon::{Daemon, run};
use crate::http::Client;

/// A line of /proc/PID/status.
fn status(pid: u32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {key}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn another_user_is_become_for_good() {
    let unknown = run(&["--user=no-such-user", "cat"]);
    assert_eq!(unknown.code, Some(1));
    assert_eq!(unknown.stderr, "--user: there is no user 'no-such-user'\n");

    let words = ["--port=0", "--address=127.0.0.1", "--user=nobody", "cat"];
    if !geteuid().is_root() {
        let ran = run(&words);
        assert_eq!(ran.code, Some(3));
        assert!(
            ran.stdout
                .contains("--user=nobody: cannot change user: only root can"),
            "{}",
            ran.stdout
        );
        return;
    }
    let daemon = Daemon::start(&words);
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let four = |id: u32| [id; 4].map(|id| id.to_string()).join(" ");
    let children = format!("/proc/{0}/task/{0}/children", daemon.pid());
    let spawner: u32 = fs::read_to_string(children)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    for pid in [daemon.pid(), spawner] {
        assert_eq!(status(pid, "Uid"), four(nobody.uid.as_raw()));
        assert_eq!(status(pid, "Gid"), four(nobody.gid.as_raw()));
        assert_eq!(status(pid, "Groups"), nobody.gid.to_string());
        assert_eq!(status(pid, "NoNewPrivs"), "1");
        assert_eq!(status(pid, "CapEff"), "0000000000000000");
    }
    assert!(TcpStream::connect(("127.0.0.1", daemon.port())).is_ok());
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn sockets_are_inherited() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let daemon = Daemon::start_on(socket.into(), &["cat"]);
    assert_eq!(daemon.ports("ws"), [port], "the inherited one and no other");
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(daemon.stop().0, Some(0));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let socket = UnixListener::bind(&path).unwrap();
    let daemon = Daemon::start_on(socket.into(), &["--port=0", "--address=127.0.0.1", "cat"]);
    assert!(
        daemon
            .log
            .contains(&format!("unix socket at {}", path.display())),
        "{}",
        daemon.log
    );
    assert!(UnixStream::connect(&path).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", daemon.port())).is_ok());
    assert_eq!(daemon.stop().0, Some(0));
    assert!(path.exists(), "the file is the manager's");
}

#[test]
fn a_connected_socket_is_an_error_that_names_the_cure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" cat 3<&0 </dev/null";
    let ran = Command::new("/bin/sh")
        .args(["-c", script])
        .arg(e2e::under_test::beside("websocketd-rs"))
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(accepted)))
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3));
    let log = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        log.contains("inherited socket 0: ") && log.contains("write Accept=no"),
        "{log}"
    );
}

#[test]
fn files_of_whoever_starts_the_daemon_do_not_reach_programs() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "x").unwrap();
    let open = format!("exec 7<{0} 9<{0}", secret.display());
    let list = "for fd in /proc/self/fd/*; do readlink $fd; done";
    let words = ["--port=0", "--address=127.0.0.1", "/bin/sh", "-c", list];
    let daemon = Daemon::start_after(&open, &words);
    let (mut client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    let files = crate::handshake::messages(&mut client);
    assert!(
        files.iter().any(|file| file.starts_with("pipe:")),
        "{files:?}"
    );
    assert!(
        !files.iter().any(|file| file.ends_with("/secret")),
        "{files:?}"
    );
}

#[test]
fn a_manager_is_notified_of_start_reload_and_stop() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let hear = || {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let next = || loop {
        let message = hear();
        if message != "WATCHDOG=1" {
            return message.lines().next().unwrap().to_owned();
        }
    };
    let daemon = Daemon::start_with(&["--port=0", "--address=127.0.0.1", "cat"], |command| {
        command
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "20000");
    });
    assert_eq!(next(), "READY=1");
    while hear() != "WATCHDOG=1" {}
    daemon.signal(Signal::SIGHUP);
    assert_eq!(
        (next(), next()),
        ("RELOADING=1".to_owned(), "READY=1".to_owned())
    );
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(next(), "STOPPING=1");
}

/// The daemon's child that starts its programs.
fn spawner_of(daemon: &Daemon) -> nix::unistd::Pid {
    let children = format!("/proc/{0}/task/{0}/children", daemon.pid());
    let children = fs::read_to_string(children).expect("the daemon lives");
    nix::unistd::Pid::from_raw(children.trim().parse().expect("one child"))
}

#[test]
fn a_daemon_whose_spawner_was_killed_ends_and_says_so() {
    let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let (mut client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    nix::sys::signal::kill(spawner_of(&daemon), Signal::SIGKILL).unwrap();
    daemon.read_until("Can't go on: the spawner process died");
    // 1001: the client may come again, when somebody has started the daemon anew.
    let bytes = client.read_to_end();
    assert!(bytes.starts_with(&[0x88]) && bytes[2..4] == 1001_u16.to_be_bytes());
    assert_eq!(daemon.end().0, Some(3));
}

#[test]
fn a_spawner_that_is_stopped_does_not_hold_up_the_end() {
    let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let spawner = spawner_of(&daemon);
    nix::sys::signal::kill(spawner, Signal::SIGSTOP).unwrap();
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.end().0, Some(0));
    // The kernel wakes it when the daemon is gone, and it ends.
    proc::wait_until_ended(spawner.as_raw().cast_unsigned());
}

#[test]
fn a_spawner_that_is_stopped_makes_clients_wait_for_a_while_only() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let spawner = spawner_of(&daemon);
    nix::sys::signal::kill(spawner, Signal::SIGSTOP).unwrap();
    let (_, refused) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(refused.status, 503);
    nix::sys::signal::kill(spawner, Signal::SIGCONT).unwrap();
    // Its own program, not the one that came too late: that is ended.
    let (_client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    eventually("the program that came too late has ended", || {
        let children = proc::children(spawner.as_raw().cast_unsigned());
        (children.len() == 1).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_burst_of_clients_needs_no_more_descriptors_than_their_sessions() {
    const CLIENTS: usize = 200;
    let words = ["--port=0", "--address=127.0.0.1", "--maxforks=0", "cat"];
    // Four for each session, and three more for each of 64 starts that the spawner has not heard of: these for all would be too many.
    let daemon = Daemon::start_after("ulimit -n 1050", &words);
    let open_files = || {
        let files = fs::read_dir(format!("/proc/{}/fd", daemon.pid()));
        files.expect("the daemon lives").count()
    };
    let before = open_files();
    let spawner = spawner_of(&daemon);
    nix::sys::signal::kill(spawner, Signal::SIGSTOP).unwrap();
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::connect(&daemon)).collect();
    for client in &mut clients {
        // So long that few fit in the socket to the spawner.
        let long = format!("X-Long: {}\r\n", "x".repeat(6000));
        client.send(crate::handshake::upgrade_request("/", &long));
    }
    // All have asked; on a machine that is too slow for that the spawner goes on before clients are sent away.
    for _ in 0..1000 {
        if open_files() >= before + CLIENTS + 64 * 3 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    nix::sys::signal::kill(spawner, Signal::SIGCONT).unwrap();
    for client in &mut clients {
        assert_eq!(client.head().status, 101);
    }
    drop(clients);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn programs_ignore_the_signals_that_the_daemon_was_started_to_ignore() {
    // nohup(1) does this. SIGPIPE, which Rust's runtime ignores, is at its default; and nothing is blocked.
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "grep",
        "-E",
        "SigBlk|SigIgn",
        "/proc/self/status",
    ];
    let daemon = Daemon::start_after("trap '' USR1", &words);
    let (mut client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    let [blocked, ignored] = crate::handshake::messages(&mut client)
        .try_into()
        .expect("two lines");
    assert_eq!(blocked, "SigBlk:\t0000000000000000");
    // The tests may have been started by nohup themselves; what they start gets SIGPIPE's default back.
    let status = fs::read_to_string("/proc/self/status").expect("our own status");
    let own = status
        .lines()
        .find(|line| line.starts_with("SigIgn:"))
        .expect("the signals that the tests ignore");
    let (usr1, pipe) = (1 << 9, 1 << 12);
    // Of the real-time signals glibc has two ignored in all that it starts.
    let standard = |line: &str| mask(line) & 0x0fff_ffff;
    assert_eq!(
        standard(&ignored),
        standard(own) & !pipe | usr1,
        "{ignored}"
    );
    assert_eq!(daemon.stop().0, Some(0));
}

/// The bits of a line like `SigIgn:\t0000000000001000` of `proc_pid_status(5)`.
fn mask(line: &str) -> u64 {
    let (_, bits) = line.split_once('\t').expect("a name and bits");
    u64::from_str_radix(bits, 16).expect("hexadecimal")
}

#[test]
fn the_working_directory_need_not_be_open_to_the_user() {
    // As after `cd /root; sudo -u www-data websocketd-rs ...`.
    let dir = tempfile::tempdir().expect("a directory");
    let scripts = tempfile::tempdir().expect("a directory");
    let everybody = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(scripts.path(), everybody(0o755)).unwrap();
    let script = scripts.path().join("where");
    fs::write(
        &script,
        "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; pwd -P\n",
    )
    .unwrap();
    fs::set_permissions(&script, everybody(0o755)).unwrap();
    let cgidir = format!("--cgidir={}", scripts.path().display());
    let mut words = vec!["--port=0", "--address=127.0.0.1", &cgidir];
    if geteuid().is_root() {
        words.push("--user=nobody");
    }
    words.extend(["readlink", "/proc/self/cwd"]);
    let closed = format!("cd '{}' && chmod 0 .", dir.path().display());
    let daemon = Daemon::start_after(&closed, &words);
    // Those with a directory of their own run there, all others where the daemon was started.
    let own = fs::canonicalize(scripts.path()).unwrap();
    assert_eq!(
        crate::http::get(&daemon, "/where").utf8().trim(),
        own.to_str().unwrap()
    );
    let (mut client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    let here = fs::canonicalize(dir.path()).unwrap();
    assert_eq!(
        crate::handshake::messages(&mut client),
        [here.to_str().unwrap()]
    );
    assert_eq!(daemon.stop().0, Some(0));
    fs::set_permissions(dir.path(), everybody(0o700)).unwrap();
}

#[test]
fn once_is_one_session() {
    let words = ["--once", "--port=0", "--address=127.0.0.1", "/bin/cat"];
    let mut daemon = Daemon::start(&words);
    // What is no session does not count.
    assert_eq!(crate::http::get(&daemon, "/").status, 404);
    let (client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    drop(client);
    daemon.read_until("The session of --once has ended");
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn an_idle_daemon_stops_when_that_was_asked_for() {
    let words = [
        "--exit-when-idle=300",
        "--port=0",
        "--address=127.0.0.1",
        "/bin/cat",
    ];
    let mut daemon = Daemon::start(&words);
    let (client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    // Far longer than the limit, with a session that is open and silent.
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert!(TcpStream::connect(("127.0.0.1", daemon.port())).is_ok());
    drop(client);
    daemon.read_until("No connection for --exit-when-idle");
    assert_eq!(daemon.end().0, Some(0));
}
