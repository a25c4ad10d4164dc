//! Section 11: where we do better. Each case fails on the original, where that can be shown without harm.

use std::fs;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::{DEADLINE, eventually};
use e2e::proc::{self, Process};
use e2e::raw::{Frame, RawSocket, opcode, upgrade_head};
use e2e::transport::Endpoint;
use e2e::under_test::{Subject, handler};
use e2e::ws::{Client, Ended};
use nix::sys::signal::Signal;

use crate::case::{Case, Section};
use crate::front_end::script;

/// How long to wait for what the original is expected never to do.
const SHOWN: Duration = Duration::from_secs(4);

/// Ours gets all the time it needs, the original enough to show that it hangs.
fn patience(subject: &Subject) -> Duration {
    if subject.is_original() {
        SHOWN
    } else {
        DEADLINE
    }
}

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

fn runs(subject: &Subject, args: &[&str]) -> Daemon {
    Daemon::of(subject).command(handler(), args).start()
}

/// A client that waits no longer than the subject is worth.
fn client(daemon: &Daemon) -> Client {
    let client = daemon.client("/");
    client
        .transport()
        .set_patience(patience(&daemon.subject))
        .expect("a live socket");
    client
}

/// Asserts that all of these end in the time the subject is worth.
#[track_caller]
fn assert_end(subject: &Subject, processes: &[Process]) {
    let started = Instant::now();
    while !processes.iter().all(Process::has_ended) {
        assert!(
            started.elapsed() < patience(subject),
            "still there: {processes:?}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("11 weaknesses");
    lost_data(&mut section);
    hangs(&mut section);
    ends(&mut section);
    resources(&mut section);
    processes(&mut section);
    injections(&mut section);
    origins(&mut section);
    escapes(&mut section);
    quality(&mut section);
    section.into_cases()
}

fn lost_data(section: &mut Section) {
    section.better(
        "1",
        "the last line without a newline is delivered",
        |subject| {
            let (texts, _) = runs(subject, &["no-newline", "the tail"])
                .client("/")
                .to_the_end();
            assert_eq!(texts, ["the tail"]);
        },
    );
    section.ours(
        "output is delivered although the handler no longer reads",
        "3; 0.4.1 loses it only now and then",
        |subject| {
            let daemon = runs(subject, &["close-stdin", "200000"]);
            let mut client = client(&daemon);
            assert_eq!(client.text(), "closed");
            for _ in 0..100 {
                if client.try_send("nobody reads this").is_err() {
                    break;
                }
            }
            let (texts, _) = client.to_the_end();
            assert_eq!(
                (texts.len(), texts.last().map(String::as_str)),
                (200_000, Some("200000"))
            );
        },
    );
    section.better(
        "7",
        "data right behind the upgrade is the first message",
        |subject| {
            let daemon = cat(subject).start();
            let mut socket = RawSocket::connect(&daemon.endpoint);
            let mut bytes = upgrade_head(&daemon.endpoint, "/", &[]).into_bytes();
            bytes.extend(Frame::text("early").encode());
            socket.send_bytes(&bytes);
            assert_eq!(socket.read_response().expect("an answer").status, 101);
            let frame = socket
                .frame_within(patience(subject))
                .expect("in time")
                .expect("no end");
            assert_eq!(
                (frame.opcode, frame.payload.as_slice()),
                (opcode::TEXT, &b"early"[..])
            );
        },
    );
}

fn hangs(section: &mut Section) {
    section.better("2", "a long line on stderr stops nothing", |subject| {
        let daemon = runs(subject, &["stderr-line", "200000"]);
        assert_eq!(client(&daemon).text(), "done");
        daemon
            .log()
            .wait_for(&["| ERROR  | stderr     |", "eeeeeeee"]);
    });
    section.better(
        "3",
        "full pipes never lock: 16 MiB of 64 KiB messages, all under way",
        |subject| {
            let daemon = cat(subject).flag("--binary").start();
            assert_flows(&daemon, &Frame::binary(vec![7; 64 << 10]), 256, |frame| {
                frame.payload.len()
            });
        },
    );
    section.ours(
        "full pipes never lock: 50,000 lines of 64 bytes, all under way",
        "3; 0.4.1 locks now and then",
        |subject| {
            let daemon = cat(subject).start();
            assert_flows(&daemon, &Frame::text("x".repeat(64)), 50_000, |frame| {
                frame.payload.len()
            });
        },
    );
    section.ours(
        "a handler that does not read does not cost a live client its session",
        "4; --pingms is of 0.5",
        |subject| {
            let daemon = Daemon::of(subject)
                .flag("--pingms=2000")
                .command(handler(), ["hang"])
                .start();
            let mut socket = daemon.raw();
            // More than the pipe holds: the daemon has to wait for the handler.
            for _ in 0..40 {
                socket.send(&Frame::text("x".repeat(10_000)));
            }
            let until = Instant::now() + Duration::from_secs(7);
            while Instant::now() < until {
                match socket.frame_within(Duration::from_millis(100)) {
                    Ok(Some(frame)) if frame.opcode == opcode::PING => {
                        socket.send(&Frame::new(opcode::PONG, frame.payload));
                    }
                    Ok(ended) => panic!("the session ended: {ended:?}"),
                    Err(_) => {}
                }
            }
        },
    );
}

/// Sends a message `count` times without waiting, and reads as many bytes back meanwhile.
#[track_caller]
fn assert_flows(daemon: &Daemon, message: &Frame, count: usize, size: impl Fn(&Frame) -> usize) {
    let mut socket = daemon.raw();
    let mut sender = socket
        .transport()
        .tcp()
        .expect("TCP")
        .try_clone()
        .expect("a second handle");
    let bytes = message.encode();
    let wanted = count * message.payload.len();
    let writer = thread::spawn(move || (0..count).try_for_each(|_| sender.write_all(&bytes)));
    let mut got = 0;
    while got < wanted {
        match socket.frame_within(patience(&daemon.subject)) {
            Ok(Some(frame)) => got += size(&frame),
            Ok(None) => panic!("it ended after {got} bytes of {wanted}"),
            Err(_) => {
                socket.transport().shutdown(std::net::Shutdown::Both);
                panic!("nothing moves after {got} bytes of {wanted}");
            }
        }
    }
    writer.join().expect("no panic").expect("all was sent");
}

fn ends(section: &mut Section) {
    section.better("5", "exit 0 closes with 1000", |subject| {
        let daemon = runs(subject, &["say", "x"]);
        let (texts, ended) = client(&daemon).to_the_end();
        assert_eq!(texts, ["x"]);
        assert!(matches!(ended, Ended::Closed(1000, _)), "{ended:?}");
    });
    section.better("5", "a failure closes with 1011 and a reason", |subject| {
        for script in ["exit 3", "kill -9 $$"] {
            let daemon = Daemon::of(subject).command("sh", ["-c", script]).start();
            let ended = client(&daemon).ended();
            assert!(
                matches!(&ended, Ended::Closed(1011, reason) if !reason.is_empty()),
                "{script}: {ended:?}"
            );
        }
    });
    section.better(
        "5, 13",
        "the server's stop closes with 1001, the server ends by itself",
        |subject| {
            let mut daemon = cat(subject).start();
            let mut clients: Vec<Client> = (0..3).map(|_| client(&daemon)).collect();
            for client in &mut clients {
                client.send("x");
                client.text();
            }
            daemon.signal(Signal::SIGTERM);
            for client in &mut clients {
                let ended = client.ended();
                assert!(matches!(ended, Ended::Closed(1001, _)), "{ended:?}");
            }
            assert_eq!(daemon.wait(), 0);
            daemon.assert_no_process_left();
        },
    );
    section.ours(
        "a second SIGTERM ends it at once, with its handlers",
        "13; 0.4.1 drains nothing",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let notes = dir.path().join("notes");
            let mut daemon = Daemon::of(subject)
                .flags(["--shutdowngrace=600000", "--closems=600000"])
                .command(handler(), ["ladder", notes.to_str().expect("UTF-8")])
                .start();
            let mut client = daemon.client("/");
            client.text();
            daemon.signal(Signal::SIGTERM);
            assert!(matches!(client.ended(), Ended::Closed(1001, _)));
            daemon.signal(Signal::SIGTERM);
            daemon.wait();
            daemon.assert_no_process_left();
        },
    );
    section.ours(
        "the Unix socket's file goes with the server",
        "13; --unixsocket is of 0.5",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("s");
            let mut daemon = cat(subject).unix_socket(&path).start();
            assert_eq!(daemon.stop(), 0);
            assert!(!path.exists());
        },
    );
    section.better(
        "6",
        "a handler that cannot start is an HTTP error, not a 101",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let program = dir.path().join("program");
            script(&program, "cat");
            let daemon = Daemon::of(subject).command::<&str>(&program, []).start();
            fs::remove_file(&program).expect("ours");
            let answer = RawSocket::try_open(&daemon.endpoint, "/", &[])
                .expect("an answer")
                .1;
            assert!((500..600).contains(&answer.status), "{}", answer.status);
            script(&program, "cat");
            let mut client = daemon.client("/");
            client.send("again");
            assert_eq!(client.text(), "again");
        },
    );
}

fn resources(section: &mut Section) {
    section.better(
        "8",
        "a line without an end is bounded: closed, told, little memory",
        |subject| {
            let daemon = runs(subject, &["line", "100000000"]);
            let ended = client(&daemon).ended();
            assert!(matches!(ended, Ended::Closed(1009 | 1011, _)), "{ended:?}");
            let memory = proc::anonymous_kib(daemon.pid());
            assert!(memory < 64 << 10, "{memory} KiB");
            daemon.log().wait("a line that tells", |line| {
                line.contains("| ERROR  |") && line.contains("line")
            });
            daemon.assert_no_process_left();
        },
    );
    section.better(
        "11",
        "lines that were written at once leave at once: one segment, one write",
        |subject| {
            let lines: Vec<String> = (1..=500).map(|n: u32| n.to_string()).collect();
            // Below PIPE_BUF, so that the daemon can read it in one piece.
            assert!(lines.join("\n").len() < 4096);
            let daemon = runs(subject, &["burst", "500"]);
            let mut socket = daemon.raw();
            for line in &lines {
                socket.expect(opcode::TEXT, line.as_bytes());
            }
            // The 101, the lines, perhaps the close frame; and one to spare for a program that was read between.
            let segments = socket.data_segments();
            assert!(segments <= 4, "{segments} segments");
        },
    );
    section.better(
        "9",
        "100 binary connections cost less than 50 MiB",
        |subject| {
            let daemon = cat(subject).flag("--binary").start();
            let before = proc::anonymous_kib(daemon.pid());
            let mut clients: Vec<Client> = (0..100).map(|_| client(&daemon)).collect();
            for client in &mut clients {
                client.send_binary(vec![1; 10_000]);
                let mut got = 0;
                while got < 10_000 {
                    got += client.binary().len();
                }
            }
            let memory = proc::anonymous_kib(daemon.pid()).saturating_sub(before);
            assert!(memory < 50 << 10, "{memory} KiB");
        },
    );
    section.ours(
        "a client that stops reading is let go after --writetimeout",
        "10; would pin the original for ever",
        |subject| {
            let daemon = Daemon::of(subject)
                .flag("--writetimeout=500")
                .command(handler(), ["flood"])
                .start();
            let socket = daemon.raw();
            daemon.log().wait_for(&["| DISCONNECT"]);
            daemon.assert_no_process_left();
            drop(socket);
        },
    );
    section.ours(
        "--maxconnsperip: connections per client address",
        "12; the original has no such limit",
        |subject| {
            let daemon = cat(subject).flag("--maxconnsperip=3").start();
            let mut inside: Vec<Client> = (0..3).map(|_| daemon.client("/")).collect();
            assert!(Client::try_connect(&daemon.endpoint, "/", &[]).is_err());
            let first = inside.remove(0);
            first.close();
            eventually("the place is free again", || {
                Client::try_connect(&daemon.endpoint, "/", &[]).ok()
            });
            inside[0].send("x");
            assert_eq!(inside[0].text(), "x");
        },
    );
}

fn processes(section: &mut Section) {
    section.better("14", "grandchildren end with their session", |subject| {
        let daemon = runs(subject, &["with-grandchild"]);
        let mut client = client(&daemon);
        let pid: u32 = client.text().parse().expect("its id");
        let family = daemon.handlers();
        assert!(
            family.iter().any(|process| process.pid == pid),
            "{family:?}"
        );
        let handlers: Vec<Process> = family
            .into_iter()
            .filter(|process| process.name == "e2e-handler")
            .collect();
        client.close();
        assert_end(subject, &handlers);
    });
    section.better(
        "15",
        "a CGI program ends when its client leaves",
        |subject| {
            let cgi = tempfile::tempdir().expect("a directory");
            script(&cgi.path().join("s"), "echo $$ > pid; exec sleep 1000");
            let daemon = cat(subject)
                .flag(format!("--cgidir={}", cgi.path().display()))
                .start();
            let mut socket = RawSocket::connect(&daemon.endpoint);
            socket.send_bytes(b"GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
            let pid = eventually("it started", || {
                let pid = fs::read_to_string(cgi.path().join("pid")).ok()?;
                pid.trim().parse::<u32>().ok()
            });
            let program = Process::find(pid).expect("it runs");
            socket.vanish();
            assert_end(subject, &[program]);
        },
    );
    section.ours(
        "a CGI program has a time limit",
        "15; the original has none",
        |subject| {
            let cgi = tempfile::tempdir().expect("a directory");
            script(&cgi.path().join("s"), "exec sleep 1000");
            let daemon = cat(subject)
                .flags([
                    "--cgitimeout=300".to_owned(),
                    format!("--cgidir={}", cgi.path().display()),
                ])
                .start();
            assert_eq!(daemon.get("/s").status, 504);
            daemon.assert_no_process_left();
        },
    );
    section.better(
        "16",
        "a handler has a process group of its own",
        |subject| {
            let daemon = cat(subject).start();
            let mut client = daemon.client("/");
            client.send("x");
            client.text();
            let family = daemon.handlers();
            let handler = family
                .iter()
                .find(|process| process.name == "cat")
                .expect("it runs");
            assert_ne!(handler.group, daemon.pid());
        },
    );
}

#[track_caller]
fn handler_variables(subject: &Subject, headers: &[(&str, &str)]) -> Vec<String> {
    variables_of(&runs(subject, &["env"]), headers)
}

#[track_caller]
fn variables_of(daemon: &Daemon, headers: &[(&str, &str)]) -> Vec<String> {
    let mut socket = RawSocket::open_with(&daemon.endpoint, "/", headers);
    let mut variables = Vec::new();
    while let Some(frame) = socket.frame() {
        match frame.opcode {
            opcode::TEXT => variables.push(String::from_utf8_lossy(&frame.payload).into_owned()),
            // Ours then waits for our close frame.
            opcode::CLOSE => break,
            _ => {}
        }
    }
    variables
}

fn injections(section: &mut Section) {
    section.better("17", "Proxy: does not become HTTP_PROXY", |subject| {
        let variables = handler_variables(subject, &[("Proxy", "http://evil.example")]);
        assert!(
            !variables.iter().any(|line| line.starts_with("HTTP_PROXY=")),
            "{variables:?}"
        );
        assert!(!variables.is_empty());
    });
    section.better("17", "X_Under does not pass for X-Under", |subject| {
        // The original keeps headers in a map whose order differs from request to request, and with it who wins.
        let daemon = runs(subject, &["env"]);
        for _ in 0..64 {
            let variables = variables_of(&daemon, &[("X-Under", "true"), ("X_Under", "forged")]);
            assert!(
                !variables.iter().any(|line| line.contains("forged")),
                "{variables:?}"
            );
            assert!(!variables.is_empty());
        }
    });
    section.better("18", "UNIQUE_ID cannot be guessed", |subject| {
        let daemon = runs(subject, &["env"]);
        let id = || {
            let (texts, _) = daemon.client("/").to_the_end();
            texts
                .iter()
                .find_map(|text| text.strip_prefix("UNIQUE_ID=").map(str::to_owned))
                .expect("it is there")
        };
        let (one, two) = (id(), id());
        let same = one
            .bytes()
            .zip(two.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        assert!(one.len() >= 20 && same < 8, "{one} {two}");
    });
    section.better("20", "a script's source is never served", |subject| {
        let base = tempfile::tempdir().expect("a directory");
        script(
            &base.path().join("cgi/s"),
            "printf 'Content-Type: text/plain\\n\\nran'",
        );
        let daemon = cat(subject)
            .flags([
                format!("--staticdir={}", base.path().display()),
                format!("--cgidir={}/cgi", base.path().display()),
            ])
            .start();
        for target in ["/cgi/s", "/cgi//s", "/cgi/./s", "/%63gi/s"] {
            assert!(!daemon.get(target).text().contains("#!/bin/sh"), "{target}");
        }
        assert_eq!(daemon.get("/s").text(), "ran");
    });
    section.better("19", "the redirect keeps path and query", |subject| {
        let port = e2e::daemon::free_port();
        let daemon = cat(subject).flag(format!("--redirport={port}")).start();
        let endpoint = Endpoint::Tcp(([127, 0, 0, 1], port).into());
        let answer = eventually("the redirect server listens", || {
            let text = format!(
                "GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            );
            e2e::http::exchange(&endpoint, text.as_bytes()).ok()
        });
        assert_eq!(
            answer.header("Location"),
            Some(daemon.url("/a/b?c=d").as_str())
        );
    });
}

fn origins(section: &mut Section) {
    let status = |daemon: &Daemon, headers: &[(&str, &str)]| {
        RawSocket::try_open(&daemon.endpoint, "/", headers)
            .expect("an answer")
            .1
            .status
    };
    section.better(
        "21",
        "a trailing comma in --origin lets nobody in",
        move |subject| {
            let daemon = cat(subject).flag("--origin=a.example,").start();
            assert_eq!(status(&daemon, &[]), 403);
            assert_eq!(status(&daemon, &[("Origin", "http://a.example")]), 101);
        },
    );
    section.better(
        "21",
        "blanks around the entries of --origin do not count",
        move |subject| {
            let daemon = cat(subject).flag("--origin=a.example, b.example").start();
            assert_eq!(status(&daemon, &[("Origin", "http://b.example")]), 101);
        },
    );
    section.better("21", "hosts are compared without case", move |subject| {
        let daemon = cat(subject).flag("--origin=A.example").start();
        assert_eq!(status(&daemon, &[("Origin", "http://a.Example")]), 101);
    });
}

fn escapes(section: &mut Section) {
    section.better(
        "22",
        "a handler's escape sequence does not reach the log",
        |subject| {
            let daemon = runs(subject, &["stderr", "\u{1b}[2J evil \u{7}"]);
            let _client = daemon.client("/");
            let line = daemon.log().wait_for(&["| ERROR  | stderr     |", "evil"]);
            assert!(!line.contains(['\u{1b}', '\u{7}']), "{line:?}");
        },
    );
    section.better(
        "22",
        "a client's quote ends no value in the log",
        |subject| {
            let daemon = cat(subject).start();
            daemon.client("/x'%20remote:'1.2.3.4").close();
            let line = daemon.log().wait_for(&["| CONNECT"]);
            assert!(
                !line.contains("/x' ") && !line.contains("/x'%20remote:'1"),
                "{line}"
            );
        },
    );
    section.better(
        "23",
        "text from the client that is not UTF-8 closes with 1007",
        |subject| {
            let daemon = cat(subject).start();
            let mut socket = daemon.raw();
            socket.send(&Frame::text(b"\xff\xfe".to_vec()));
            let frame = socket
                .frame_within(patience(subject))
                .expect("in time")
                .expect("a close frame");
            assert_eq!(frame.close_code(), Some(1007));
        },
    );
    section.better(
        "23",
        "bytes from the handler that are not UTF-8 are replaced",
        |subject| {
            let daemon = runs(subject, &["bytes", "61ff620a", "c5bd0a"]);
            let (texts, _) = client(&daemon).to_the_end();
            assert_eq!(texts, ["a\u{fffd}b", "Ž"]);
        },
    );
}

fn quality(section: &mut Section) {
    section.ours(
        "a client that leaves is no ERROR",
        "24; 0.4.1 tells one only now and then",
        |subject| {
            let daemon = runs(subject, &["flood"]);
            for _ in 0..5 {
                let mut socket = daemon.raw();
                socket.frame();
                socket.vanish();
            }
            daemon
                .log()
                .wait_for_count("five ends", 5, |line| line.contains("| DISCONNECT"));
            let errors: Vec<String> = daemon
                .log()
                .so_far()
                .into_iter()
                .filter(|line| line.contains("| ERROR  |"))
                .collect();
            assert!(errors.is_empty(), "{errors:?}");
        },
    );
    section.better(
        "24",
        "a missing script is told once and answered once",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let daemon = Daemon::of(subject)
                .flag(format!("--dir={}", dir.path().display()))
                .start();
            let answer = RawSocket::try_open(&daemon.endpoint, "/none", &[])
                .expect("an answer")
                .1;
            assert_eq!(
                (answer.status, answer.text().matches("404").count()),
                (404, 1)
            );
            daemon.get("/after");
            daemon
                .log()
                .wait_for(&["| ACCESS | http       |", "/after"]);
            assert_eq!(
                daemon
                    .log()
                    .so_far()
                    .iter()
                    .filter(|line| line.contains("/none"))
                    .count(),
                1
            );
        },
    );
    section.better(
        "25",
        "CGI: SCRIPT_NAME and PATH_INFO are split",
        |subject| {
            let cgi = tempfile::tempdir().expect("a directory");
            script(
                &cgi.path().join("s"),
                "printf 'Content-Type: text/plain\\n\\n%s|%s' \"$SCRIPT_NAME\" \"$PATH_INFO\"",
            );
            let daemon = cat(subject)
                .flag(format!("--cgidir={}", cgi.path().display()))
                .start();
            assert_eq!(daemon.get("/s/more/path").text(), "/s|/more/path");
            assert_eq!(daemon.get("/s").text(), "/s|");
        },
    );
    section.better("25", "CGI: a chunked body is passed on", |subject| {
        let cgi = tempfile::tempdir().expect("a directory");
        script(&cgi.path().join("s"), "printf 'Content-Type: text/plain\\n\\n'; cat");
        let daemon = cat(subject).flag(format!("--cgidir={}", cgi.path().display())).start();
        let text = "POST /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        let answer = e2e::http::exchange(&daemon.endpoint, text.as_bytes()).expect("an answer");
        assert_eq!(answer.text(), "hello world");
    });
    section.better("25", "CGI: output is passed on as it comes", |subject| {
        let cgi = tempfile::tempdir().expect("a directory");
        let body = "printf 'Content-Type: text/plain\\n\\nfirst\\n'; while [ ! -e go ]; do sleep 0.05; done; echo second";
        script(&cgi.path().join("s"), body);
        let daemon = cat(subject).flag(format!("--cgidir={}", cgi.path().display())).start();
        let mut transport = daemon.endpoint.connect().expect("it listens");
        transport.set_patience(patience(subject)).expect("a live socket");
        transport.write_all(b"GET /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut got = Vec::new();
        while !String::from_utf8_lossy(&got).contains("first") {
            let mut bytes = [0; 4096];
            let count = std::io::Read::read(&mut transport, &mut bytes).expect("the first line before the second");
            assert!(count > 0, "it ended");
            got.extend(&bytes[..count]);
        }
        fs::write(cgi.path().join("go"), "").expect("writable");
        while !String::from_utf8_lossy(&got).contains("second") {
            let mut bytes = [0; 4096];
            let count = std::io::Read::read(&mut transport, &mut bytes).expect("the second line");
            assert!(count > 0, "it ended");
            got.extend(&bytes[..count]);
        }
    });
    section.better("26", "HTTP_HOST is there", |subject| {
        let variables = handler_variables(subject, &[("Host", "a.example:81")]);
        assert!(
            variables
                .iter()
                .any(|line| line == "HTTP_HOST=a.example:81"),
            "{variables:?}"
        );
    });
    section.better("26", "cookies are joined with `; `", |subject| {
        let variables = handler_variables(subject, &[("Cookie", "a=1"), ("Cookie", "b=2")]);
        assert!(
            variables.iter().any(|line| line == "HTTP_COOKIE=a=1; b=2"),
            "{variables:?}"
        );
    });
}
