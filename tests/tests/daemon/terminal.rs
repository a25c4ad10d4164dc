//! `--pty`: programs with a terminal, typed into by clients.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::proc::{self, Process};
use e2e::program::Program;
use e2e::under_test::Subject;
use e2e::ws::{Client, Ended, Refused};
use nix::sys::signal::Signal;

/// A client of a terminal, and what it was shown.
struct Screen {
    client: Client,
    /// All that was shown.
    seen: String,
}

impl Screen {
    fn at(client: Client) -> Self {
        let seen = String::new();
        Self { client, seen }
    }

    fn types(&mut self, keys: impl AsRef<[u8]>) {
        self.client.send_binary(keys.as_ref());
    }

    fn resizes(&mut self, columns: u16, rows: u16) {
        self.client
            .send(format!("{{\"resize\":[{columns},{rows}]}}"));
    }

    /// Reads on until `text` is shown, and takes away all up to it.
    #[track_caller]
    fn sees(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            match self.client.message() {
                Ok(message) if message.is_binary() => {
                    self.seen += &String::from_utf8_lossy(&message.into_data());
                }
                other => panic!("{other:?} before {text:?} was shown: {:?}", self.seen),
            }
        }
    }
}

fn pty(program: &str, args: &[&str]) -> Builder {
    Daemon::builder().flag("--pty").command(program, args)
}

/// A shell without anybody's settings, whose prompt is `> `.
fn shell() -> Builder {
    let home = "/nonexistent";
    pty("bash", &["--norc", "--noprofile", "-i"])
        .flags(["--env=PS1=> ", "--closetimeout=100"])
        .flag(format!("--env=HOME={home}"))
}

fn open(daemon: &Daemon) -> Screen {
    Screen::at(daemon.client("/"))
}

/// What the daemon's spawner has started, which are of kernel sessions of their own.
fn programs(daemon: &Daemon) -> Vec<Process> {
    let mut all = proc::descendants(daemon.pid());
    all.retain(|process| process.name != "wsd-rs-spawner" && !process.has_ended());
    all
}

/// Processes of `sleep` with this argument.
fn sleepers(seconds: &str) -> Vec<Process> {
    let mut all = proc::all();
    all.retain(|process| {
        let words = fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        words.starts_with(format!("sleep\0{seconds}\0").as_bytes()) && !process.has_ended()
    });
    all
}

#[track_caller]
fn assert_runs(seconds: &str) {
    eventually("it runs", || (!sleepers(seconds).is_empty()).then_some(()));
}

#[track_caller]
fn assert_ends(seconds: &str) {
    let what = format!("sleep {seconds} has ended");
    eventually(&what, || sleepers(seconds).is_empty().then_some(()));
}

#[test]
fn a_shell_shows_a_prompt_echoes_keys_and_ends() {
    let mut daemon = shell().start();
    let mut screen = open(&daemon);
    screen.sees("> ");
    screen.types("echo $((6 * 7)) $TERM; tty\r");
    screen.sees("echo $((6 * 7)) $TERM; tty\r\n");
    screen.sees("42 xterm-256color\r\n");
    screen.sees("/dev/pts/");
    screen.types("exit 3\r");
    screen.sees("exit\r\n");
    let ended = screen.client.ended();
    assert_eq!(ended, Ended::Closed(1011, "exit status 3".to_owned()));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn keys_interrupt_stop_and_end_what_runs_in_front() {
    let daemon = shell().start();
    daemon.log().wait_for(&["Terminal at / ", ": writable"]);
    let mut screen = open(&daemon);
    screen.types("sleep 2101; echo \"status $?\"\r");
    assert_runs("2101");
    screen.types("\x03");
    // bash gives the whole line up.
    screen.sees("^C");
    screen.types("echo \"status $?\"\r");
    screen.sees("status 130");
    screen.types("sleep 2102\r");
    assert_runs("2102");
    screen.types("\x1a");
    screen.sees("Stopped");
    screen.types("jobs; bg; fg\r");
    screen.sees("sleep 2102 &");
    assert_runs("2102");
    screen.sees("sleep 2102\r\n");
    // It is said a moment before the terminal is its own.
    eventually("the key ends it", || {
        screen.types("\x1c");
        sleepers("2102").is_empty().then_some(())
    });
    // Keys of the editor end before the command begins.
    screen.types("echo $((6 * 7)); cat\r");
    screen.sees("42\r\n");
    screen.types("line\r");
    screen.sees("line\r\nline\r\n");
    screen.types("\x04");
    screen.sees("> ");
    screen.types("\x04");
    assert_eq!(
        screen.client.to_the_end().1,
        Ended::Closed(1000, String::new())
    );
}

/// As a daemon that a script starts with `&`, which ignores the keys of the terminal it is not at.
#[test]
fn keys_interrupt_whatever_the_daemon_ignores() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("started-in-the-background");
    let text = format!(
        "#!/bin/sh\ntrap '' INT QUIT HUP TSTP\nexec {} \"$@\"\n",
        Subject::under_test().path.display()
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
    let subject = Subject {
        path: script,
        ..Subject::under_test()
    };
    let daemon = Daemon::of(&subject)
        .flags(["--pty", "--env=PS1=> ", "--env=HOME=/nonexistent"])
        .command("bash", ["--norc", "--noprofile", "-i"])
        .start();
    let mut screen = open(&daemon);
    screen.types("sleep 2115; echo \"status $?\"\r");
    assert_runs("2115");
    screen.types("\x03");
    screen.sees("^C");
    screen.types("echo \"status $?\"\r");
    screen.sees("status 130");
}

#[test]
fn a_terminal_has_the_size_that_the_client_says() {
    let daemon = shell().start();
    let mut first = open(&daemon);
    first.types("stty size\r");
    first.sees("24 80");
    let mut screen = Screen::at(daemon.client("/?cols=132&rows=43"));
    screen.types("stty size; trap 'stty size' WINCH\r");
    screen.sees("43 132");
    screen.sees("> ");
    screen.resizes(90, 30);
    screen.types("\r");
    screen.sees("30 90");
    // What is no size changes nothing.
    for text in [r#"{"resize":[0,0]}"#, r#"{"resize":"x"}"#, r#"{"later":1}"#] {
        screen.client.send(text);
    }
    screen.types("echo still $(stty size)\r");
    screen.sees("still 30 90");
}

#[test]
fn a_pause_holds_back_output_and_loses_none() {
    let daemon = pty("bash", &["-c", "read -rs go; seq 1 100000; read -r end"]).start();
    let mut screen = open(&daemon);
    screen.client.send(r#"{"pause":true}"#);
    screen.types("go\r");
    let patience = std::time::Duration::from_millis(300);
    assert_eq!(screen.client.text_within(patience), None);
    screen.client.send(r#"{"pause":false}"#);
    screen.sees("1\r\n2\r\n3\r\n");
    screen.sees("99999\r\n100000\r\n");
}

#[test]
fn text_that_is_no_json_is_told_that_keys_are_binary() {
    let daemon = shell().start();
    let mut client = daemon.client("/");
    client.send("ls\n");
    let why = "keys are binary messages, text is JSON".to_owned();
    let mut ended = client.message();
    while ended.is_ok() {
        ended = client.message();
    }
    assert_eq!(ended.expect_err("the end"), Ended::Closed(1008, why));
}

#[test]
fn a_megabyte_is_pasted() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pasted");
    // Lines of a terminal hold 4095 bytes at the most (termios(3)).
    let line = "x".repeat(1023) + "\n";
    let text = line.repeat(1024);
    let script = format!(
        "stty -echo; echo ready; head -c {} > {}; echo done",
        text.len(),
        file.display()
    );
    let daemon = pty("bash", &["-c", &script]).start();
    let mut screen = open(&daemon);
    screen.sees("ready");
    screen.types(&text);
    screen.sees("done");
    assert!(fs::read_to_string(&file).expect("ours") == text);
}

#[test]
fn what_a_shell_started_ends_with_its_client() {
    let daemon = shell().start();
    let mut screen = open(&daemon);
    screen.types("trap '' HUP; sleep 2103 & (trap '' TERM HUP INT; sleep 2104) & nohup sleep 2105 > /dev/null & timeout 300 sleep 2106\r");
    let all = ["2103", "2104", "2105", "2106"];
    for seconds in all {
        assert_runs(seconds);
    }
    drop(screen);
    for seconds in all {
        assert_ends(seconds);
    }
    // One that a key has stopped, too.
    let mut screen = Screen::at(daemon.client("/"));
    screen.types("sleep 2107\r");
    assert_runs("2107");
    screen.types("\x1a");
    screen.sees("Stopped");
    assert!(!programs(&daemon).is_empty());
    screen.client.close();
    assert_ends("2107");
    eventually("the shell has ended, too", || {
        programs(&daemon).is_empty().then_some(())
    });
}

#[test]
fn jobs_in_the_background_end_with_the_shell() {
    let daemon = shell().start();
    let mut screen = open(&daemon);
    screen.types("nohup sleep 2108 > /dev/null & disown; exec true\r");
    assert_eq!(
        screen.client.to_the_end().1,
        Ended::Closed(1000, String::new())
    );
    assert_ends("2108");
}

#[test]
fn a_session_of_its_own_outlives_the_terminal() {
    let daemon = shell().start();
    let mut screen = open(&daemon);
    screen.types("setsid sleep 2109 < /dev/null > /dev/null 2>&1 &\r");
    assert_runs("2109");
    screen.types("exit\r");
    assert_eq!(
        screen.client.to_the_end().1,
        Ended::Closed(1000, String::new())
    );
    // What another terminal leaves is looked for, and ends, before this is asked.
    let mut other = Screen::at(daemon.client("/"));
    other.types("trap '' HUP; sleep 2110 &\r");
    assert_runs("2110");
    drop(other);
    assert_ends("2110");
    let left = sleepers("2109");
    assert_eq!(left.len(), 1);
    nix::sys::signal::kill(e2e::program::pid_of(left[0].pid), Signal::SIGKILL).expect("ours");
}

#[test]
fn a_killed_daemon_leaves_no_job() {
    let mut daemon = shell().start();
    let mut screen = open(&daemon);
    screen.types("trap '' HUP; nohup sleep 2111 > /dev/null & sleep 2112\r");
    assert_runs("2111");
    assert_runs("2112");
    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    assert_ends("2111");
    assert_ends("2112");
}

#[test]
fn a_daemon_that_stops_hangs_up() {
    let mut daemon = shell().flag("--shutdowngrace=60000").start();
    let mut screen = open(&daemon);
    screen.types("trap 'echo bye; exit' HUP; sleep 2113 &\r");
    assert_runs("2113");
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait(), 0);
    assert!(matches!(
        screen.client.to_the_end().1,
        Ended::Closed(1001, _)
    ));
    assert_ends("2113");
}

#[test]
fn another_directory_and_another_kind_of_terminal() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().canonicalize().expect("it is there");
    let script = "pwd; echo $TERM; ps -o comm= -p $PPID; read -r end";
    let daemon = pty("bash", &["-c", script])
        .flag(format!("--cwd={}", path.display()))
        .flag("--term=vt100")
        .start();
    let mut first = open(&daemon);
    first.sees(&format!("{}\r\nvt100\r\nwsd-rs-spawner", path.display()));
    drop(first);
    let builder = pty("bash", &["-c", "echo $TERM"]);
    let daemon = builder.flag("--env=TERM=linux").start();
    open(&daemon).sees("linux\r\n");
    // The directory is looked at when a program starts, too.
    let daemon = pty("true", &[])
        .flag(format!("--cwd={}", path.display()))
        .start();
    drop(dir);
    let refused = Client::try_connect(&e2e::transport::Endpoint::Tcp(daemon.address()), "/", &[]);
    assert!(
        matches!(refused, Err(Refused::Status(500, _))),
        "{refused:?}"
    );
}

#[test]
fn pages_of_other_sites_may_not_type() {
    let daemon = shell().start();
    let address = daemon.address();
    let connect = |host: &str, origin: &str| {
        let endpoint = e2e::transport::Endpoint::Tcp(address);
        let headers = [("Origin", origin), ("Host", host)];
        let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
        match status(&endpoint, &headers.collect::<Vec<_>>()) {
            101 => true,
            403 => false,
            status => panic!("{status}"),
        }
    };
    let own = address.to_string();
    assert!(connect(&own, &format!("http://{own}")));
    assert!(connect(&own, ""), "no page");
    for origin in [
        "http://evil.example",
        "null",
        "https://localhost",
        "file://",
    ] {
        assert!(!connect(&own, origin), "{origin}");
    }
    // A name that its owner has made to point here (DNS rebinding).
    assert!(!connect("evil.example", "http://evil.example"));
    daemon.log().wait_for(&["list others by --origin"]);
    let localhost = format!("localhost:{}", address.port());
    assert!(connect(&localhost, &format!("http://{localhost}")));
    let daemon = shell().flag("--origin=good.example").start();
    let endpoint = e2e::transport::Endpoint::Tcp(daemon.address());
    let good = [("Host", "good.example"), ("Origin", "http://good.example")];
    assert_eq!(status(&endpoint, &good), 101);
}

#[test]
fn a_terminal_that_is_open_to_all_is_told() {
    const TOLD: &str = "Anybody who reaches this server can type into the terminal at /";
    // Where nobody else is, all interfaces can be listened on.
    let start = |flag: &str| {
        let mut unshare = Command::new("unshare");
        unshare
            .arg("--net")
            .arg(Subject::under_test().path)
            .args(["--port=0", "--pty", flag, "cat"]);
        Program::start(&unshare)
    };
    let program = start("--term=vt100");
    program
        .output
        .wait("it is told", |line| line.contains(TOLD));
    for flag in ["--readonly", "--address=127.0.0.1", "--authorize=/bin/true"] {
        let program = start(flag);
        // What is told is told before that.
        program
            .output
            .wait("it listens", |line| line.contains(" ws://"));
        let lines = program.output.so_far();
        assert!(!lines.iter().any(|line| line.contains(TOLD)), "{flag}");
    }
}

/// The status that an upgrade request with these headers gets.
fn status(endpoint: &e2e::transport::Endpoint, headers: &[(&str, &str)]) -> u16 {
    let mut all = vec![
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    all.extend(headers);
    let head = all
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let host = if headers.iter().any(|(name, _)| *name == "Host") {
        ""
    } else {
        "Host: h\r\n"
    };
    let request = format!("GET / HTTP/1.1\r\n{host}{}\r\n", head.collect::<String>());
    let mut stream = endpoint.connect().expect("it listens");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("it reads");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line).expect("text");
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{line:?}"))
}

#[test]
fn who_may_only_look_types_nothing() {
    let daemon = shell().flag("--readonly").start();
    daemon.log().wait_for(&["Terminal at / ", ": read-only"]);
    let mut screen = open(&daemon);
    assert_eq!(screen.client.text(), r#"{"readonly":true}"#);
    screen.sees("> ");
    screen.types("echo t\"\"yped\r");
    screen.client.send(r#"{"resize":[100,50]}"#);
    let script = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done";
    let daemon = pty("bash", &["-c", script]).flag("--readonly").start();
    let mut ttyd = daemon.client_with("/", &[("Sec-WebSocket-Protocol", "tty")]);
    assert!(ttyd.binary().starts_with(b"1/"), "a title");
    assert_eq!(ttyd.binary(), br#"2{"disableStdin":true}"#);
    let mut other = open(&daemon);
    assert_eq!(other.client.text(), r#"{"readonly":true}"#);
    other.sees("ready");
    other.types("\x03");
    other.resizes(100, 50);
    other.sees("50 100");
    // The first has had as much time.
    screen.resizes(101, 50);
    assert!(!screen.seen.contains("typed"));
    // With lines as with a terminal.
    let daemon = Daemon::builder()
        .flag("--readonly")
        .command(
            "bash",
            ["-c", "echo first; read -t 0.5 -r line; echo \"got $line\""],
        )
        .start();
    let mut client = daemon.client("/");
    client.send("hello");
    assert_eq!(client.to_the_end().0, ["first", "got "]);
    let shared = Daemon::builder()
        .flags(["--readonly", "--shared=broadcast"])
        .command("bash", ["-c", "while sleep 0.1; do echo tick; done & cat"])
        .start();
    let mut client = shared.client("/");
    client.send("hello");
    for _ in 0..5 {
        assert_eq!(client.text(), "tick");
    }
}

#[test]
fn clients_of_ttyd_are_served() {
    let daemon = shell().start();
    let headers = [("Sec-WebSocket-Protocol", "tty")];
    let mut client = daemon.client_with("/ws", &headers);
    let protocol = client
        .headers
        .iter()
        .find(|(name, _)| name == "sec-websocket-protocol");
    assert_eq!(protocol.map(|(_, value)| value.as_str()), Some("tty"));
    let title = client.binary();
    assert!(
        title.starts_with(b"1/") && title.ends_with(b"/bash"),
        "{title:?}"
    );
    assert_eq!(client.binary(), b"2{}");
    client.send_binary(*br#"{"AuthToken":"","columns":132,"rows":43}"#);
    client.send_binary(*b"0stty size\r");
    let mut shown = String::new();
    let mut sees = |client: &mut Client, text: &str| {
        while !shown.contains(text) {
            let message = client.binary();
            assert_eq!(message[0], b'0');
            shown += &String::from_utf8_lossy(&message[1..]);
        }
    };
    sees(&mut client, "43 132");
    client.send_binary(*br#"1{"columns":90,"rows":30}"#);
    client.send_binary(*b"2");
    client.send_binary(*b"0stty size\r");
    let patience = std::time::Duration::from_millis(300);
    assert_eq!(client.text_within(patience), None, "paused");
    client.send_binary(*b"3");
    sees(&mut client, "30 90");
    client.send_binary(*b"0exit 4\r");
    let mut last = client.message();
    while last.is_ok() {
        last = client.message();
    }
    assert_eq!(
        last.expect_err("the end"),
        Ended::Closed(1011, "exit status 4".to_owned())
    );
}

#[test]
fn combinations_that_mean_nothing_are_refused() {
    for (flags, message) in [
        (
            &["--pty", "--binary"][..],
            "--pty speaks for itself; please drop --binary",
        ),
        (
            &["--pty", "--passstderr"],
            "--pty speaks for itself; please drop --passstderr",
        ),
        (
            &["--pty", "--unbuffered"],
            "--pty speaks for itself; please drop --unbuffered",
        ),
        (
            &["--pty", "--shared=ids"],
            "--pty speaks for itself; please drop --shared",
        ),
        (
            &["--term=vt100"],
            "--term is about the terminal of --pty; please add that, or drop it",
        ),
        (
            &["--pty", "--term=../x"],
            "--term: '../x' is no name of a terminal",
        ),
    ] {
        let finished = Daemon::builder().flags(flags).command("cat", [""; 0]).run();
        assert_eq!(finished.code(), 1, "{flags:?}");
        assert_eq!(finished.stderr.trim_end(), message);
    }
}

#[test]
fn terminals_leave_no_descriptor_open() {
    let daemon = shell().start();
    let open_files = || {
        let spawners = proc::children(daemon.pid()).into_iter();
        let pids = spawners.map(|spawner| spawner.pid).chain([daemon.pid()]);
        pids.map(proc::open_files).sum::<usize>()
    };
    open(&daemon).sees("> ");
    let start = eventually("the first is gone", || {
        programs(&daemon).is_empty().then(&open_files)
    });
    for _ in 0..5 {
        let mut screens: Vec<_> = (0..10).map(|_| open(&daemon)).collect();
        for screen in &mut screens {
            screen.sees("> ");
        }
    }
    eventually("no more are open than at the start", || {
        (programs(&daemon).is_empty() && open_files() <= start).then_some(())
    });
}
