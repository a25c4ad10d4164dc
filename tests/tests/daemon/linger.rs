//! `--linger`: sessions that outlive their connection.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::lingering::{Came, Lingering};
use e2e::network;
use e2e::proc::Process;
use e2e::raw::{Frame, RawSocket, opcode};
use e2e::transport::Endpoint;
use e2e::under_test::handler;
use e2e::ws::Client;
use nix::sys::signal::Signal;

/// Longer than any test takes.
const LONG: &str = "--linger=600000";

fn lingers(program: impl AsRef<OsStr>, args: &[&str]) -> Builder {
    Daemon::builder()
        .flags([LONG, "--loglevel=trace"])
        .command(program, args)
}

fn connect(daemon: &Daemon) -> Lingering {
    Lingering::connect(&daemon.endpoint, "/")
}

/// Drops the connection, and waits until the daemon knows.
#[track_caller]
fn lose(daemon: &Daemon, client: &mut Lingering, times: usize) {
    client.vanish();
    eventually("the session waits for its client", || {
        (daemon.log().count("its program is kept for") == times).then_some(())
    });
}

#[track_caller]
fn metric(admin: &Endpoint, line: &str) {
    eventually(&format!("the metrics say {line}"), || {
        let page = e2e::http::get(admin, "/metrics");
        page.text().lines().any(|found| found == line).then_some(())
    });
}

#[test]
fn a_session_goes_on_after_its_connection_is_lost() {
    let daemon = lingers(handler(), &["pid"]).start();
    let mut client = connect(&daemon);
    assert_eq!(client.standing, "new");
    let pid = client.text();
    client.send("before");
    assert_eq!(client.text(), "before");
    lose(&daemon, &mut client, 1);
    client.send("meanwhile");
    client.come();
    assert_eq!(client.standing, "resumed");
    assert_eq!(client.text(), "meanwhile");
    let handlers = daemon.handlers();
    assert_eq!(handlers.len(), 1);
    assert_eq!(handlers[0].pid.to_string(), pid);
    daemon.log().wait_for(&["Session resumed", "127.0.0.1"]);
    assert_eq!(daemon.log().count("| CONNECT"), 1);
    // A close frame is the end, at once.
    client.close(1001);
    assert_eq!(client.to_the_end().1, Some(1001));
    daemon.log().wait_for(&["| DISCONNECT"]);
    daemon.assert_no_process_left();
}

#[test]
fn what_the_program_writes_meanwhile_comes_later_and_once() {
    // It writes when its client is known to be lost, and not to one that may be reading still.
    let script = r#"echo first; until [ -e "$0" ]; do sleep 0.05; done; seq 1 20000; echo last"#;
    let dir = tempfile::tempdir().expect("a directory");
    let lost = dir.path().join("lost");
    let daemon = lingers("bash", &["-c", script, &lost.to_string_lossy()])
        .flag("--lingerbytes=1000000")
        .start();
    let mut client = connect(&daemon);
    assert_eq!(client.text(), "first");
    lose(&daemon, &mut client, 1);
    std::fs::write(&lost, "").expect("writable");
    // All fits, so that the program ends though nobody is there; its status is kept, too.
    daemon.log().wait_for(&["Program exited with status 0"]);
    client.come();
    let (texts, code) = client.to_the_end();
    let expected = (1..=20_000)
        .map(|n| n.to_string())
        .chain(["last".to_owned()]);
    assert!(texts.into_iter().eq(expected));
    assert_eq!(code, Some(1000));
    daemon.log().wait_for(&["| DISCONNECT"]);
}

#[test]
fn the_close_code_waits_for_whoever_has_not_heard_it() {
    let daemon = lingers("bash", &["-c", "read; echo bye; exit 7"])
        .flags(["--close-on-exit=7:4007", "--closetimeout=500"])
        .start();
    let mut client = connect(&daemon);
    lose(&daemon, &mut client, 1);
    client.send("end");
    client.come();
    // It is gone again before it has read how it ended.
    client.forget();
    for _ in 0..2 {
        client.come();
        client.forget();
    }
    client.come();
    let (_, code) = client.to_the_end();
    assert_eq!(code, Some(4007));
    daemon.log().wait_for(&["| DISCONNECT"]);
    assert_eq!(daemon.log().count("| DISCONNECT"), 1);
}

#[test]
fn a_full_ring_makes_the_program_wait() {
    let script = "seq 1 100000; echo all >&2; read";
    let daemon = lingers("bash", &["-c", script])
        .flag("--lingerbytes=1000")
        .start();
    let mut client = connect(&daemon);
    for n in 1..=10 {
        assert_eq!(client.text(), n.to_string());
    }
    lose(&daemon, &mut client, 1);
    // Nothing tells of a program that waits; it has had its time.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(
        daemon.log().count("| all"),
        0,
        "it has written all that it can"
    );
    client.come();
    for n in client.received + 1..=100_000 {
        assert_eq!(client.text(), n.to_string());
    }
    daemon.log().wait_for(&["| all"]);
}

#[test]
fn whoever_comes_too_late_begins_anew() {
    let daemon = Daemon::builder()
        .flags([
            "--linger=200",
            "--loglevel=trace",
            "--admin-address=127.0.0.1:0",
        ])
        .command(handler(), ["pid"])
        .start();
    let mut client = connect(&daemon);
    let pid = client.text();
    client.send("x");
    assert_eq!(client.text(), "x");
    client.vanish();
    daemon
        .log()
        .wait_for(&["Client did not come back within --linger"]);
    daemon.log().wait_for(&["| DISCONNECT"]);
    daemon.assert_no_process_left();
    client.send("unconfirmed");
    client.come();
    assert_eq!(client.standing, "lost");
    assert_ne!(client.text(), pid);
    daemon
        .log()
        .wait_for(&["Client comes back to a session that is no more"]);
    client.send("again");
    assert_eq!(
        client.text(),
        "again",
        "what was kept for the old one is not sent"
    );
}

#[test]
fn a_second_connection_takes_the_session_over() {
    let daemon = lingers("cat", &[]).start();
    let mut client = connect(&daemon);
    client.send("one");
    assert_eq!(client.text(), "one");
    let mut before = client.come().expect("it had a connection");
    assert_eq!(client.standing, "resumed");
    let code = loop {
        let frame = before.frame().expect("a close frame");
        if let Some(code) = frame.close_code() {
            break code;
        }
    };
    assert_eq!(code, 4409);
    before.send(&Frame::text("from the older"));
    client.send("two");
    assert_eq!(client.text(), "two");
    daemon
        .log()
        .wait_for(&["Session taken over from another connection"]);
    assert_eq!(daemon.log().count("| DISCONNECT"), 0);
}

#[test]
fn a_client_that_knows_less_than_it_acknowledged_begins_anew() {
    let daemon = lingers("bash", &["-c", "seq 1 50000; cat"]).start();
    let mut client = connect(&daemon);
    for n in 1..=50_000 {
        assert_eq!(client.text(), n.to_string());
    }
    let old: Vec<u32> = daemon
        .handlers()
        .iter()
        .map(|process| process.pid)
        .collect();
    // A page that was loaded again with the token of before.
    client.received = 0;
    let mut before = client.come().expect("it had a connection");
    assert_eq!(client.standing, "lost");
    assert_eq!(client.text(), "1");
    assert_eq!(before.close_code(), Some(4409));
    eventually("the old program is gone", || {
        let is_old = |process: &Process| old.contains(&process.pid);
        (!daemon.handlers().iter().any(is_old)).then_some(())
    });
}

/// Makes both directions busy, cuts the connection again and again, and counts.
#[track_caller]
fn run_with_cuts(daemon: &Daemon, cuts: usize, mut cut: impl FnMut(usize, &mut Lingering)) {
    const BETWEEN: u64 = 2_000;
    let mut client = connect(daemon);
    let (mut sent, mut echoed, mut resumed) = (0_u64, 0_u64, 0);
    let all = BETWEEN * cuts as u64;
    let text = |n: u64| format!("{n} {}", "x".repeat(usize::try_from(n % 97).expect("few")));
    while echoed < all || client.pending() > 0 {
        while sent < all && client.pending() < 5_000 {
            sent += 1;
            client.send(text(sent));
        }
        match client.next(Duration::from_millis(50)) {
            Came::Message(message) => {
                echoed += 1;
                let expected = text(echoed);
                assert!(
                    message == expected.as_bytes(),
                    "after {resumed} cuts {:?} came in place of {expected:?}",
                    String::from_utf8_lossy(&message)
                );
            }
            Came::Nothing => {}
            Came::End(None) => {
                client.come();
                assert_eq!(client.standing, "resumed");
            }
            Came::End(code) => panic!("closed with {code:?}"),
        }
        if resumed < cuts && echoed >= resumed as u64 * BETWEEN + BETWEEN / 2 {
            cut(resumed, &mut client);
            resumed += 1;
            client.come();
            assert_eq!(client.standing, "resumed");
        }
    }
    assert_eq!((resumed, echoed), (cuts, all));
    assert!(client.is_confirmed());
    assert_eq!(client.next(Duration::from_millis(200)), Came::Nothing);
    assert_eq!(daemon.log().count("| CONNECT"), 1);
    assert_eq!(daemon.log().count("| DISCONNECT"), 0);
}

#[test]
fn a_network_that_is_cut_a_hundred_times_loses_nothing_and_doubles_nothing() {
    network::enter();
    let daemon = lingers("cat", &[]).flag("--pingms=300").start();
    run_with_cuts(&daemon, 100, |number, client| {
        network::cut();
        // Some come again before the daemon has noticed, some after.
        if number % 10 == 0 {
            let losses = daemon.log().count("its program is kept for");
            eventually("the daemon has noticed", || {
                (daemon.log().count("its program is kept for") > losses).then_some(())
            });
        }
        client.forget();
        network::mend();
    });
}

#[test]
fn connections_that_are_reset_lose_nothing_in_any_framing() {
    for flag in ["--framing=line", "--framing=nul", "--framing=length"] {
        // A record of text is the same in both directions.
        let daemon = lingers("cat", &[]).flag(flag).start();
        run_with_cuts(&daemon, 30, |_, client| client.vanish());
    }
}

#[test]
fn chunks_are_resumed_to_the_byte() {
    let daemon = lingers("bash", &["-c", "seq 1 200000; sleep 600"])
        .flag("--binary")
        .start();
    let mut client = connect(&daemon);
    let mut seen = Vec::new();
    let expected: Vec<u8> = (1..=200_000)
        .flat_map(|n| format!("{n}\n").into_bytes())
        .collect();
    let mut next_cut = 50_000;
    while seen.len() < expected.len() {
        match client.next(Duration::from_secs(5)) {
            Came::Message(bytes) => seen.extend(bytes),
            Came::Nothing => {}
            Came::End(code) => panic!("{code:?}"),
        }
        if seen.len() > next_cut {
            next_cut += 100_000;
            client.vanish();
            client.come();
            assert_eq!(client.standing, "resumed");
        }
    }
    let same = seen
        .iter()
        .zip(&expected)
        .take_while(|(one, other)| one == other)
        .count();
    assert!(
        seen == expected,
        "{} bytes, the first {same} as they should be, then {:?}",
        seen.len(),
        String::from_utf8_lossy(&seen[same..seen.len().min(same + 40)])
    );
}

#[test]
fn a_terminal_is_resumed_with_what_it_shows() {
    let daemon = lingers("bash", &["--norc", "--noprofile", "-i"])
        .flags(["--pty", "--env=PS1=> ", "--env=HOME=/nonexistent"])
        .start();
    let mut client = connect(&daemon);
    let mut screen = String::new();
    let mut sees = |client: &mut Lingering, text: &str| {
        while !screen.contains(text) {
            screen += &String::from_utf8_lossy(&client.message());
        }
    };
    client.send_binary("x=41; stty size\r");
    sees(&mut client, "24 80");
    client.send_binary("sleep 1; echo while nobody looks $((x + 1))\r");
    lose(&daemon, &mut client, 1);
    client.send("{\"resize\":[132,43]}");
    client.send_binary("stty size\r");
    client.come();
    assert_eq!(client.standing, "resumed");
    sees(&mut client, "while nobody looks 42");
    sees(&mut client, "43 132");
    client.close(1000);
    assert_eq!(client.to_the_end().1, Some(1000));
    daemon.assert_no_process_left();
}

#[test]
fn plain_clients_see_no_difference() {
    let plain = Daemon::builder().command("cat", [""; 0]).start();
    let lingering = lingers("cat", &[]).start();
    // Headers and frames, to the byte, but for the date.
    let talk = |daemon: &Daemon| {
        let mut socket = RawSocket::open(&daemon.endpoint, "/");
        let mut frames = Vec::new();
        for text in ["a", "\0b", "\0{\"linger\":\"new\"}", ""] {
            socket.send(&Frame::text(text));
            frames.push(socket.frame().expect("an echo"));
        }
        // Nothing follows within the time that a lingering client is acknowledged in.
        frames.extend(
            socket
                .frame_within(Duration::from_millis(1500))
                .ok()
                .flatten(),
        );
        socket.send(&Frame::close(1000));
        frames.extend(socket.frames());
        frames
    };
    let _other = connect(&lingering);
    assert_eq!(talk(&lingering), talk(&plain));
}

#[test]
fn a_programs_own_nul_is_told_from_the_daemons_words() {
    let daemon = lingers("cat", &[]).start();
    let mut client = connect(&daemon);
    for text in ["\0{\"received\":99}", "\0", "\0\0x", "", "plain"] {
        client.send(text);
        assert_eq!(client.text(), text);
    }
}

#[test]
fn both_directions_are_acknowledged_within_a_second_or_so() {
    let daemon = lingers("cat", &[]).start();
    let mut client = connect(&daemon);
    client.send("little");
    assert_eq!(client.text(), "little");
    let start = Instant::now();
    while !client.is_confirmed() || client.pings.is_empty() {
        client.next(Duration::from_secs(5));
        assert!(start.elapsed() < Duration::from_secs(60), "{client:?}");
    }
    assert_eq!(client.pings, ["linger 1"]);
}

#[test]
fn a_program_that_does_not_read_holds_its_client_back_and_no_pong() {
    // It writes more than the ring holds before it reads: pongs must pass what waits for it.
    let script = "seq 1 300000; while read -r line; do echo $line; done";
    let daemon = lingers("bash", &["-c", script]).start();
    let mut client = connect(&daemon);
    for n in 0..3_000 {
        client.send(format!("{n} {}", "x".repeat(300)));
    }
    for n in 1..=300_000 {
        assert_eq!(client.text(), n.to_string());
    }
    for n in 0..3_000 {
        assert!(client.text().starts_with(&format!("{n} x")));
    }
}

#[test]
fn tokens_are_in_no_log_and_no_environment() {
    let daemon = Daemon::builder()
        .flags([LONG, "--loglevel=debug", "--protocol=other"])
        .command("bash", ["-c", "env; echo end; read"])
        .start();
    let mut client = connect(&daemon);
    let token = client.token.clone();
    let mut lines = Vec::new();
    loop {
        let line = client.text();
        if line == "end" {
            break;
        }
        lines.push(line);
    }
    let own = lines
        .iter()
        .find(|line| line.starts_with("HTTP_SEC_WEBSOCKET_PROTOCOL="));
    assert_eq!(
        own.map(String::as_str),
        Some("HTTP_SEC_WEBSOCKET_PROTOCOL=linger.v1")
    );
    lose(&daemon, &mut client, 1);
    client.come();
    // Where nothing lingers the offer is logged as one that is not known.
    let plain = Daemon::builder()
        .flags(["--loglevel=debug", "--authorize=sh -c 'env >&2'"])
        .command("env", [""; 0])
        .start();
    let offer = client.offer();
    let refused = Client::try_connect(&plain.endpoint, "/", &[("Sec-WebSocket-Protocol", &offer)]);
    drop(refused);
    plain.log().wait_for(&["linger.v1"]);
    client.close(1000);
    daemon.log().wait_for(&["| DISCONNECT"]);
    assert!(!lines.concat().contains(&token));
    for log in [daemon.log(), plain.log()] {
        assert_eq!(log.count(&token), 0);
    }
}

#[test]
fn another_user_does_not_get_the_session_by_its_token() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let who = dir.path().join("who");
    let script = dir.path().join("authorize");
    let text = format!(
        "#!/bin/sh\necho \"Variable: REMOTE_USER=$(cat {})\"\n",
        who.display()
    );
    std::fs::write(&script, text).expect("it can be written");
    let mut mode = std::fs::metadata(&script)
        .expect("it is there")
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&script, mode).expect("it is ours");
    let as_user = |name: &str| std::fs::write(&who, name).expect("it can be written");
    as_user("alice");
    let daemon = lingers("cat", &[])
        .flag(format!("--authorize={}", script.display()))
        .flag("--origin=http://good.example")
        .start();
    let mut client = Lingering::away(&daemon.endpoint, "/");
    client.header("Origin", "http://good.example");
    client.come();
    client.send("one");
    assert_eq!(client.text(), "one");
    as_user("bob");
    assert_eq!(client.try_come().expect_err("refused").status, 403);
    daemon.log().wait_for(&["Session is another user's"]);
    as_user("alice");
    let mut elsewhere = Lingering::away(&daemon.endpoint, "/");
    elsewhere.header("Origin", "http://bad.example");
    elsewhere.token.clone_from(&client.token);
    elsewhere.received = 1;
    assert_eq!(elsewhere.try_come().expect_err("refused").status, 403);
    // The session was not touched.
    client.send("two");
    assert_eq!(client.text(), "two");
    client.vanish();
    client.come();
    assert_eq!(client.standing, "resumed");
}

#[test]
fn a_session_keeps_its_permits_and_needs_no_others() {
    let daemon = lingers("cat", &[]).flag("--maxforks=1").start();
    let mut client = connect(&daemon);
    lose(&daemon, &mut client, 1);
    let mut other = Lingering::away(&daemon.endpoint, "/");
    assert_eq!(other.try_come().expect_err("refused").status, 429);
    client.come();
    client.send("still here");
    assert_eq!(client.text(), "still here");
    client.close(1000);
    client.to_the_end();
    daemon.log().wait_for(&["| DISCONNECT"]);
    eventually("the permit is back", || other.try_come().ok());
}

#[test]
fn a_connection_that_is_lost_counts_for_no_address() {
    let daemon = lingers("cat", &[])
        .flags(["--maxconnsperip=1", "--maxconns=1"])
        .start();
    let mut client = connect(&daemon);
    lose(&daemon, &mut client, 1);
    client.come();
    client.send("one at a time");
    assert_eq!(client.text(), "one at a time");
    // Nobody fills --maxforks by connecting and leaving.
    lose(&daemon, &mut client, 2);
    let mut other = connect(&daemon);
    lose(&daemon, &mut other, 3);
    daemon
        .log()
        .wait_for(&["Too many sessions wait for clients of this address"]);
    daemon.log().wait_for(&["| DISCONNECT"]);
    assert_eq!(daemon.handlers().len(), 1);
}

#[test]
fn when_all_rings_together_are_full_programs_without_a_client_wait() {
    let script = "echo start; read; seq 1 3000; echo all >&2; read";
    let daemon = lingers("bash", &["-c", script])
        .flags(["--lingerbytes=10000", "--lingertotal=10000"])
        .start();
    let mut clients = [connect(&daemon), connect(&daemon)];
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.text(), "start");
        client.send("go");
        assert_eq!(client.text(), "1");
        lose(&daemon, client, number + 1);
    }
    std::thread::sleep(Duration::from_millis(500));
    for client in &mut clients {
        client.come();
        for n in client.received..=3000 {
            assert_eq!(client.text(), n.to_string());
        }
    }
    eventually("both have gone on", || {
        (daemon.log().count("| all") == 2).then_some(())
    });
}

#[test]
fn a_daemon_that_stops_says_so_and_keeps_nobody() {
    let mut daemon = lingers("cat", &[]).start();
    let mut client = connect(&daemon);
    let mut parked = connect(&daemon);
    lose(&daemon, &mut parked, 1);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(client.to_the_end().1, Some(1001));
    assert_eq!(daemon.wait(), 0);
    eventually("both ends are logged", || {
        (daemon.log().count("| DISCONNECT") == 2).then_some(())
    });
    daemon.assert_no_process_left();
}

#[test]
fn a_daemon_that_is_killed_leaves_a_session_that_is_lost() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("socket");
    let start = || lingers(handler(), &["pid"]).unix_socket(&path).start();
    let mut daemon = start();
    let mut client = connect(&daemon);
    let pid = client.text();
    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    daemon.assert_no_process_left();
    client.vanish();
    let _daemon = start();
    client.come();
    assert_eq!(client.standing, "lost");
    assert_ne!(client.text(), pid);
}

#[test]
fn a_session_outlives_a_reload() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("websocketd.conf");
    std::fs::write(&file, "linger = 600000\nlingerbytes = 4096\n").expect("it can be written");
    let daemon = Daemon::builder()
        .flag(format!("--config={}", file.display()))
        .flag("--loglevel=trace")
        .command("cat", [""; 0])
        .start();
    let mut client = connect(&daemon);
    lose(&daemon, &mut client, 1);
    std::fs::write(&file, "linger = 500000\n").expect("it can be written");
    daemon.signal(Signal::SIGHUP);
    daemon.log().wait_for(&["Reloaded configuration"]);
    client.send("after the reload");
    client.come();
    assert_eq!(client.standing, "resumed");
    assert_eq!(client.text(), "after the reload");
}

#[test]
fn what_became_of_sessions_is_counted() {
    let port = e2e::daemon::free_port();
    let admin = Endpoint::Tcp(([127, 0, 0, 1], port).into());
    let daemon = lingers("cat", &[])
        .flag(format!("--admin-address=127.0.0.1:{port}"))
        .start();
    let mut client = connect(&daemon);
    client.send("x");
    assert_eq!(client.text(), "x");
    lose(&daemon, &mut client, 1);
    metric(&admin, "websocketd_linger_parked 1");
    metric(&admin, "websocketd_sessions_open 0");
    client.come();
    metric(&admin, "websocketd_linger_parked 0");
    metric(&admin, "websocketd_sessions_open 1");
    client.come();
    for (event, count) in [("parked", 1), ("resumed", 1), ("taken_over", 1)] {
        metric(
            &admin,
            &format!("websocketd_linger_total{{event=\"{event}\"}} {count}"),
        );
    }
    client.close(1000);
    client.to_the_end();
    metric(&admin, "websocketd_linger_bytes 0");
    metric(
        &admin,
        "websocketd_sessions_ended_total{end=\"client_closed\"} 1",
    );
}

#[test]
fn a_client_that_never_pongs_is_waited_for_and_then_given_up() {
    let daemon = lingers(handler(), &["flood"])
        .flags(["--lingerbytes=10000", "--writetimeout=500"])
        .start();
    let client = Lingering::away(&daemon.endpoint, "/");
    let offer = client.offer();
    let (mut socket, _) =
        RawSocket::try_open(&daemon.endpoint, "/", &[("Sec-WebSocket-Protocol", &offer)])
            .expect("an answer");
    let mut bytes = 0;
    while let Some(frame) = socket.frame() {
        bytes += if frame.opcode == opcode::TEXT {
            frame.payload.len()
        } else {
            0
        };
    }
    assert!((5_000..500_000).contains(&bytes), "{bytes}");
    daemon
        .log()
        .wait_for(&["Client does not read what the program writes; its program is kept"]);
}
