//! `--unbuffered`: real programs that hold back what they write to a pipe.

use std::process::Command;
use std::time::Duration;

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::transport::Endpoint;
use e2e::under_test::Subject;
use e2e::ws::{Client, Ended, Refused};

/// How long a line that is held back is waited for in vain.
const HELD_BACK: Duration = Duration::from_millis(500);

/// Programs that write a line, read one and write it back, and know nothing of flushing.
const PROGRAMS: [(&str, &[&str]); 4] = [
    (
        "python3",
        &[
            "-c",
            "print('first')\nfor line in __import__('sys').stdin: print('got', line.strip())",
        ],
    ),
    (
        "perl",
        &[
            "-e",
            r#"print "first\n"; while (<STDIN>) { print "got $_" }"#,
        ],
    ),
    (
        "mawk",
        &[r#"BEGIN { print "first"; while ((getline line) > 0) print "got " line }"#],
    ),
    (
        "sh",
        &["-c", "{ echo first; sed -u 's/^/got /'; } | grep ."],
    ),
];

fn unbuffered(program: &str, args: &[&str]) -> Builder {
    Daemon::builder()
        .flag("--unbuffered")
        .command(program, args)
}

fn bash(script: &str) -> Builder {
    unbuffered("bash", &["-c", script])
}

#[test]
fn each_line_comes_when_it_is_written() {
    for (program, args) in PROGRAMS {
        let daemon = unbuffered(program, args).start();
        let mut client = daemon.client("/");
        assert_eq!(client.text(), "first", "{program}");
        // mawk holds back its input as well, until it has read 4 KiB: that is `-W interactive`'s to change.
        for text in ["one", "two"].iter().filter(|_| program != "mawk") {
            client.send(*text);
            assert_eq!(client.text(), format!("got {text}"), "{program}");
        }
        client.close();
        daemon.assert_no_process_left();
    }
}

#[test]
fn these_programs_do_hold_back_their_lines_otherwise() {
    for (program, args) in PROGRAMS {
        let daemon = Daemon::running(program, args);
        let mut client = daemon.client("/");
        assert_eq!(client.text_within(HELD_BACK), None, "{program}");
    }
}

#[test]
fn long_lines_come_whole_and_bytes_are_not_touched() {
    let script = r"
import sys
for n in range(12):
    print(str(n) + 'x' * 300_000)
sys.stdout.buffer.write(b'\x03\x04\x11\x13\x1a\x7f\t.\n\n')
sys.stdout.write('last')
";
    let daemon = unbuffered("python3", &["-c", script]).start();
    let (texts, end) = daemon.client("/").to_the_end();
    let long = (0..12).map(|n| n.to_string() + &"x".repeat(300_000));
    let rest = ["\x03\x04\x11\x13\x1a\x7f\t.", "", "last"].map(str::to_owned);
    let wanted: Vec<_> = long.chain(rest).collect();
    assert!(texts == wanted, "{} of 15 texts", texts.len());
    assert_eq!(end, Ended::Closed(1000, String::new()));
}

#[test]
fn a_slow_client_loses_nothing() {
    let daemon = bash("seq 1 200000").start();
    let mut client = daemon.client("/");
    std::thread::sleep(HELD_BACK);
    let (texts, _) = client.to_the_end();
    assert_eq!(texts.len(), 200_000);
    assert!(
        texts
            .iter()
            .zip(1..)
            .all(|(text, n)| *text == n.to_string())
    );
}

#[test]
fn the_exit_status_follows_the_last_line() {
    let daemon = bash("echo one; printf two; exit 3").start();
    let (texts, end) = daemon.client("/").to_the_end();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(end, Ended::Closed(1011, "exit status 3".to_owned()));
}

/// docs/decisions.md says why.
#[test]
fn a_prompt_waits_for_the_rest_of_its_line() {
    let daemon = bash("printf 'name? '; read -r name; echo \"hello $name\"").start();
    let mut client = daemon.client("/");
    assert_eq!(client.text_within(HELD_BACK), None);
    client.send("eve");
    assert_eq!(client.text(), "name? hello eve");
}

#[test]
fn stdout_alone_is_a_terminal() {
    let script = "for n in 0 1 2; do [ -t $n ] && echo $n; done; echo end";
    assert_eq!(
        bash(script).start().client("/").to_the_end().0,
        ["1", "end"]
    );
    // The daemon may lead a session, as service managers start it: the terminal is not to become that one's.
    let script = "(: > /dev/tty) 2> /dev/null || echo none";
    let daemon = bash(script).start();
    assert_eq!(daemon.client("/").to_the_end().0, ["none"]);
}

#[test]
fn programs_are_asked_for_plain_text_unless_their_owner_says_otherwise() {
    let script = "echo \"$TERM|${NO_COLOR-unset}\"";
    let term = |builder: Builder| builder.start().client("/").text();
    assert_eq!(term(bash(script)), "dumb|1");
    assert_eq!(
        term(
            bash(script)
                .flag("--env=TERM=vt100")
                .flag("--env=NO_COLOR=")
        ),
        "vt100|unset"
    );
    let passed = bash(script)
        .env("TERM", "linux")
        .flag("--passenv=TERM,PATH");
    assert_eq!(term(passed), "linux|1");
    // Who does not ask sees what was there before.
    let daemon = Daemon::running("bash", &["-c", "env"]);
    let (texts, _) = daemon.client("/").to_the_end();
    let is_ours = |text: &String| text.starts_with("TERM=") || text.starts_with("NO_COLOR=");
    assert!(!texts.iter().any(is_ours), "{texts:?}");
}

#[test]
fn it_goes_with_stderr_and_with_programs_of_many_clients() {
    let (program, args) = PROGRAMS[0];
    let daemon = unbuffered(program, args).flag("--passstderr").start();
    let first = r#"{"stream":"stdout","data":"first"}"#;
    assert_eq!(daemon.client("/").text(), first);
    let shared = unbuffered(program, args).flag("--shared=broadcast");
    let daemon = shared.flag("--replay=9").start();
    let mut clients = [daemon.client("/"), daemon.client("/")];
    for client in &mut clients {
        assert_eq!(client.text(), "first");
    }
    clients[0].send("to all");
    for client in &mut clients {
        assert_eq!(client.text(), "got to all");
    }
}

#[test]
fn a_route_has_its_own() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("site.ini");
    let text = "command = sh -c '[ -t 1 ] || echo pipe'\n[route /tty]\nunbuffered = true\ncommand = sh -c '[ -t 1 ] && echo tty'\n";
    std::fs::write(&file, text).expect("ours");
    let daemon = Daemon::builder()
        .flag(format!("--config={}", file.display()))
        .start();
    assert_eq!(daemon.client("/").text(), "pipe");
    assert_eq!(daemon.client("/tty").text(), "tty");
}

/// A daemon whose mount of terminals has only two.
fn start_with_two_terminals(flag: &str) -> (Program, Endpoint) {
    let script = "mount -t devpts -o newinstance,max=2,ptmxmode=666 none /dev/pts && \
                  mount --bind /dev/pts/ptmx /dev/ptmx && exec \"$0\" \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--mount", "sh", "-c", script])
        .arg(Subject::under_test().path)
        .args(["--port=0", "--address=127.0.0.1", flag, "bash"])
        .args(["-c", "[ -t 1 ] && echo tty; cat"]);
    let program = Program::start(&unshare);
    let line = program
        .output
        .wait("it listens", |line| line.contains(" ws://"));
    let address = line.split("ws://").nth(1).expect("an address");
    let address = address.trim_end_matches('/').parse();
    (program, Endpoint::Tcp(address.expect("host and port")))
}

#[test]
fn without_a_terminal_left_the_answer_is_503() {
    for flag in ["--unbuffered", "--pty"] {
        let (program, endpoint) = start_with_two_terminals(flag);
        let mut clients = [(); 2].map(|()| Client::connect(&endpoint, "/"));
        for client in &mut clients {
            let shown = client.message().expect("it runs").into_data();
            assert!(shown.starts_with(b"tty"), "{shown:?}");
        }
        let refused = Client::try_connect(&endpoint, "/", &[]).expect_err("none is left");
        assert!(matches!(refused, Refused::Status(503, _)), "{refused:?}");
        program.output.wait("the log says what to do", |line| {
            line.contains("all pseudo-terminals are in use; raise kernel.pty.max")
        });
        let [first, _second] = clients;
        first.close();
        eventually("one is free again", || {
            Client::try_connect(&endpoint, "/", &[]).ok()
        });
    }
}

#[test]
fn bytes_have_no_lines() {
    let finished = bash("cat").flag("--binary").run();
    assert_eq!(finished.code(), 1);
    assert!(
        finished
            .stderr
            .starts_with("--unbuffered is for lines; please drop --binary")
    );
}
