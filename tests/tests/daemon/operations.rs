//! What docs/operations.md says of a running daemon: what a session costs, what systemd does with it, what a full disk does to its log.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use e2e::daemon::{Daemon, free_port};
use e2e::deadline::eventually;
use e2e::proc;
use e2e::program::Program;
use e2e::raw::{Frame, RawSocket, opcode};
use e2e::requirement::part;
use e2e::under_test::{Subject, workspace};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;

/// Sessions whose cost is measured.
const SESSIONS: usize = 300;

/// More than the 10 KB that the document names: allocators round up.
const MOST_KIB: u64 = 16;

#[test]
fn a_session_costs_four_descriptors_and_little_memory() {
    let daemon = Daemon::running("cat", &[]);
    let open = |count: usize| -> Vec<RawSocket> {
        let mut sockets: Vec<RawSocket> = (0..count).map(|_| daemon.raw()).collect();
        for socket in &mut sockets {
            socket.send(&Frame::text("x"));
            socket.expect(opcode::TEXT, b"x");
        }
        sockets
    };
    // What the first ones cost is for all.
    let few = open(50);
    let (files, memory) = (
        proc::open_files(daemon.pid()),
        proc::anonymous_kib(daemon.pid()),
    );
    let many = open(SESSIONS);
    let files = proc::open_files(daemon.pid()) - files;
    let memory = proc::anonymous_kib(daemon.pid()).saturating_sub(memory);
    assert_eq!(files, 4 * SESSIONS);
    assert!(memory < MOST_KIB * SESSIONS as u64, "{memory} KiB");
    drop((few, many));
    daemon.assert_no_process_left();
}

#[test]
fn systemd_may_open_the_sockets() {
    let activate = part("/usr/bin/systemd-socket-activate", "systemd");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("socket");
    let port = free_port();
    let mut command = Command::new(activate);
    command
        .args(["-l", &format!("127.0.0.1:{port}")])
        .arg("-l")
        .arg(&path)
        .arg(Subject::under_test().path)
        .arg("cat");
    let mut program = Program::start(&command);
    let request = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let mut client = eventually("systemd listens", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let mut answer = String::new();
    // The first client is what starts the daemon; it waits in the socket's queue until then.
    client.write_all(request).expect("it is open");
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    let mut client = UnixStream::connect(&path).expect("the other socket");
    let mut answer = String::new();
    client.write_all(request).expect("it is open");
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    program.output.wait_for(&["unix socket at"]);
    assert_eq!(e2e::program::exit_code(program.terminate()), 0);
    assert!(path.exists(), "the file is systemd's");
}

/// systemd's own opinion of the units that are shipped.
#[test]
fn the_units_are_sound() {
    let analyze = part("/usr/bin/systemd-analyze", "systemd");
    let conf = workspace().join("conf");
    let here = tempfile::tempdir().expect("a directory");
    let units = ["websocketd-rs.socket", "websocketd-rs.service"];
    let program = format!("ExecStart={}", Subject::under_test().path.display());
    for unit in units {
        let text = fs::read_to_string(conf.join(unit)).expect("it is shipped");
        // The program is elsewhere here.
        let text = text.replace("ExecStart=/usr/local/bin/websocketd-rs", &program);
        fs::write(here.path().join(unit), text).expect("a file");
    }
    let output = Command::new(analyze)
        .args(["verify", "--man=no"])
        .args(units.map(|unit| here.path().join(unit)))
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("websocketd-rs."), "{told}");
}

/// A small disk that this thread, and what it starts, sees at `dir`.
fn mount_small_disk(dir: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap_or_else(|error| {
        panic!("mounting a small disk takes the rights of root (CAP_SYS_ADMIN): {error}")
    });
    let mount = part("/bin/mount", "mount");
    let target = dir.to_str().expect("UTF-8");
    for args in [
        &["--make-rprivate", "/"][..],
        &["-t", "tmpfs", "-o", "size=64k", "tmpfs", target],
    ] {
        let status = Command::new(mount).args(args).status().expect("it starts");
        assert!(status.success(), "mount {args:?}: {status}");
    }
}

#[test]
fn a_full_disk_costs_log_lines_which_are_counted_and_not_the_service() {
    const REQUESTS: usize = 200;
    let dir = tempfile::tempdir().expect("a directory");
    mount_small_disk(dir.path());
    let (log, filler) = (dir.path().join("log"), dir.path().join("filler"));
    let daemon = Daemon::builder()
        .free_port()
        .flag(format!("--log-file={}", log.display()))
        .command::<&str>("cat", [])
        .start();
    let mut file = fs::File::create(&filler).expect("a file");
    while file.write_all(&[0; 1024]).is_ok() {}
    for number in 0..REQUESTS {
        assert_eq!(daemon.get(&format!("/full-{number}-")).status, 404);
    }
    fs::remove_file(&filler).expect("it is ours");
    drop(file);
    let read = || fs::read_to_string(&log).expect("text");
    // The line that tells comes with the next one that is written.
    let told = eventually("the loss is told", || {
        assert_eq!(daemon.get("/after").status, 404);
        let text = read();
        let line = text
            .lines()
            .find(|line| line.contains("could not be written: "))?;
        Some(line.to_owned())
    });
    assert!(
        told.contains("| ERROR  | server     |") && told.contains("No space left"),
        "{told}"
    );
    let message = told.rsplit(" | ").next().expect("a message");
    let lost: usize = message
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    let text = read();
    let is_whole = |line: &&str| line.contains("/full-") && line.ends_with("| NOT FOUND");
    assert_eq!(
        text.lines().filter(is_whole).count() + lost,
        REQUESTS,
        "{text}"
    );
    assert!(lost > 0);
    for (index, line) in text.lines().enumerate() {
        let starts = line.matches(" | ACCESS | ").count() + line.matches(" | ERROR  | ").count();
        assert!(starts <= 1, "line {index} is two: {line}");
    }
    let mut client = daemon.client("/");
    client.send("still there");
    assert_eq!(client.text(), "still there");
    daemon.signal(Signal::SIGTERM);
}
