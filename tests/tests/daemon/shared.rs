//! `--shared`: one program for many clients.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::ws::{Client, Ended, Refused};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A chat room, as docs/cookbook.md has it.
const ROOM: &str = r#"while read -r op id rest; do case $op in join) echo "all * $id came";; msg) echo "all $id: $rest";; leave) echo "all * $id left $rest";; esac; done"#;

fn bash(mode: &str, script: &str) -> Builder {
    Daemon::builder()
        .flag(format!("--shared={mode}"))
        .command("bash", ["-c", script])
}

/// The first of each client's messages tells its number.
fn enter(daemon: &Daemon) -> (Client, u64) {
    let mut client = daemon.client("/");
    let came = client.text_where(|text| text.ends_with(" came"));
    let id = came.split(' ').nth(1).and_then(|id| id.parse().ok());
    (
        client,
        id.unwrap_or_else(|| panic!("no number in {came:?}")),
    )
}

#[test]
fn a_chat_room_is_a_line_of_bash() {
    let daemon = bash("ids", ROOM).start();
    let (mut alice, first) = enter(&daemon);
    let (mut bob, second) = enter(&daemon);
    assert_eq!(alice.text(), format!("* {second} came"));
    alice.send("hello");
    for client in [&mut alice, &mut bob] {
        assert_eq!(client.text(), format!("{first}: hello"));
    }
    assert_eq!(daemon.handlers().len(), 1, "one program for both");
    assert_eq!(bob.close(), Ended::Closed(1000, String::new()));
    assert_eq!(alice.text(), format!("* {second} left 1000"));
    alice.close();
    daemon.assert_no_process_left();
}

#[test]
fn no_text_of_a_client_is_an_event() {
    let daemon = bash("ids", ROOM).start();
    let (mut client, id) = enter(&daemon);
    for (sent, seen) in [
        (format!("x\nleave {id} 1000"), format!("x leave {id} 1000")),
        ("\njoin 99".to_owned(), "join 99".to_owned()),
        ("a\r\nmsg 99 b".to_owned(), "a\r msg 99 b".to_owned()),
        ("all ha".to_owned(), "all ha".to_owned()),
    ] {
        client.send(sent);
        assert_eq!(client.text(), format!("{id}: {seen}"));
    }
    // What a request says is one word of the join line.
    let daemon = bash("ids", r#"while read -r line; do echo "all $line"; done"#).start();
    let mut client = daemon.client("/a%0Aleave%201%201000?x=1%0Aleave");
    let join = client.text();
    assert_eq!(
        join.split(' ').collect::<Vec<_>>(),
        [
            "join",
            "1",
            "REMOTE_ADDR=127.0.0.1",
            "PATH_INFO=/a%20leave%201%201000",
            "QUERY_STRING=x=1%250Aleave",
            "REMOTE_USER="
        ]
    );
}

#[test]
fn orders_reach_whom_they_name() {
    let script = r#"while read -r op id rest; do [ "$op" = msg ] && echo "$rest"; done"#;
    let daemon = bash("ids", script).start();
    let mut clients: Vec<_> = (0..3).map(|_| daemon.client("/")).collect();
    // All have entered when the last one's order comes back to all.
    clients[2].send("all start");
    for client in &mut clients {
        assert_eq!(client.text(), "start");
    }
    clients[0].send("send 1,3 some");
    clients[0].send("but 1 others");
    clients[0].send("secret without an order");
    clients[0].send("close 2 4007 go away");
    clients[0].send("all end");
    let texts = |client: &mut Client| {
        let mut texts = Vec::new();
        while texts.last().is_none_or(|text| text != "end") {
            texts.push(client.text());
        }
        texts
    };
    assert_eq!(texts(&mut clients[0]), ["some", "end"]);
    assert_eq!(texts(&mut clients[2]), ["some", "others", "end"]);
    let (rest, ended) = clients[1].to_the_end();
    assert_eq!(rest, ["others"]);
    assert_eq!(ended, Ended::Closed(4007, "go away".to_owned()));
    daemon.log().wait_for(&["are no order", "'secret'"]);
}

#[test]
fn a_program_that_knows_nothing_speaks_to_all() {
    let script = r#"echo "$WEBSOCKETD_SHARED|$REMOTE_ADDR|$QUERY_STRING|$PATH_INFO"; cat"#;
    let daemon = bash("broadcast", script).flag("--replay=10").start();
    let mut one = daemon.client("/x?y");
    assert_eq!(one.text(), "broadcast|||");
    let mut two = daemon.client("/z");
    assert_eq!(two.text(), "broadcast|||", "replayed");
    two.send("to all");
    assert_eq!((one.text(), two.text()), ("to all".into(), "to all".into()));
}

#[test]
fn each_path_has_a_program_of_its_own_if_asked() {
    let script = r#"echo "$PATH_INFO $$"; sleep 1000"#;
    let daemon = bash("broadcast", script)
        .flags(["--sharedby=path", "--maxshared=2", "--replay=1"])
        .start();
    let mut texts = Vec::new();
    let mut clients: Vec<_> = ["/a", "/b", "/a"].map(|path| daemon.client(path)).into();
    for client in &mut clients {
        texts.push(client.text());
    }
    assert!(texts[0].starts_with("/a ") && texts[1].starts_with("/b "));
    assert_eq!(texts[0], texts[2]);
    let refused = Client::try_connect(&daemon.endpoint, "/c", &[]);
    assert!(
        matches!(refused, Err(Refused::Status(429, _))),
        "{refused:?}"
    );
    drop(clients);
    daemon.assert_no_process_left();
    daemon.client("/c");
}

/// The start of a script that says again what it reads, up to `go`: the 101 comes before somebody is a member, and who is heard is
/// one.
const UNTIL_GO: &str = "while read -r word && [[ $word != go ]]; do echo \"$word\"; done";

fn wait_until_member(client: &mut Client, name: &str) {
    client.send(name);
    client.text_where(|text| text == name);
}

/// The last message before the end tells that nothing was lost: they are numbered.
fn expect_numbers(client: &mut Client, count: usize) {
    // What others said before it.
    client.text_where(|text| text == "0");
    for number in 1..count {
        assert_eq!(client.text(), number.to_string());
    }
}

#[test]
fn a_hundred_clients_at_full_speed_miss_nothing() {
    let (clients, lines) = (100, 5000);
    let script = format!("{UNTIL_GO}; seq 0 {}; cat", lines - 1);
    let daemon = bash("broadcast", &script).start();
    let mut readers: Vec<_> = (0..clients).map(|_| daemon.client("/")).collect();
    for (number, reader) in readers.iter_mut().enumerate() {
        wait_until_member(reader, &format!("reader {number}"));
    }
    readers[0].send("go");
    thread::scope(|scope| {
        for client in &mut readers {
            scope.spawn(move || expect_numbers(client, lines));
        }
    });
}

#[test]
fn a_burst_reaches_who_sleeps_too() {
    let lines = 50_000;
    let script = format!("{UNTIL_GO}; seq 0 {}; cat", lines - 1);
    let daemon = bash("broadcast", &script).start();
    let (mut fast, mut slow) = (daemon.client("/"), daemon.client("/"));
    wait_until_member(&mut fast, "fast");
    wait_until_member(&mut slow, "slow");
    fast.send("go");
    thread::scope(|scope| {
        scope.spawn(|| {
            // What it is tested with: a client that does not read for a while.
            thread::sleep(Duration::from_secs(1));
            expect_numbers(&mut slow, lines);
        });
        expect_numbers(&mut fast, lines);
    });
}

#[test]
fn who_does_not_read_is_sent_away_and_keeps_nobody() {
    let line = "x".repeat(1000);
    let script =
        format!("{UNTIL_GO}; for ((n = 0; n < 20000; n++)); do echo {line}; done; echo end; cat");
    let daemon = bash("broadcast", &script)
        .flags(["--maxqueue=65536", "--slowms=100"])
        .start();
    let mut readers: Vec<_> = (0..10).map(|_| daemon.client("/")).collect();
    let _stalled = daemon.client("/");
    for (number, reader) in readers.iter_mut().enumerate() {
        wait_until_member(reader, &format!("reader {number}"));
    }
    readers[0].send("go");
    thread::scope(|scope| {
        for client in &mut readers {
            scope.spawn(move || client.text_where(|text| text == "end"));
        }
    });
    daemon
        .log()
        .wait_for(&["does not read what the shared program writes"]);
    let mut late = daemon.client("/");
    late.send("on it goes");
    assert_eq!(late.text(), "on it goes");
}

#[test]
fn who_lags_may_miss_whole_messages_instead() {
    let (line, lines) = ("x".repeat(1000), 20_000);
    let script =
        format!("{UNTIL_GO}; for ((n = 0; n < {lines}; n++)); do echo $n {line}; done; cat");
    let daemon = bash("broadcast", &script)
        .flags(["--maxqueue=65536", "--slowms=100", "--slowclient=drop"])
        .start();
    let (mut fast, mut slow) = (daemon.client("/"), daemon.client("/"));
    wait_until_member(&mut fast, "fast");
    wait_until_member(&mut slow, "slow");
    fast.send("go");
    let last = format!("{} {line}", lines - 1);
    fast.text_where(|text| text == last);
    let caught_up = AtomicBool::new(false);
    let mut seen = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            // It misses these too, until it has read all that waited.
            while !caught_up.load(Ordering::Relaxed) {
                fast.send("again");
                fast.text();
            }
        });
        loop {
            let text = slow.text();
            let Some((number, rest)) = text.split_once(' ') else {
                break;
            };
            assert_eq!(rest, line, "each is whole");
            seen.push(number.parse::<usize>().expect("a number"));
        }
        caught_up.store(true, Ordering::Relaxed);
    });
    assert!(seen.is_sorted_by(|a, b| a < b));
    assert!(seen.len() < lines, "nothing was dropped");
}

#[test]
fn a_program_that_fails_starts_again_and_learns_who_is_there() {
    let script = r#"while read -r op id rest; do echo "all $op $id $$"; done"#;
    let daemon = bash("ids", script).start();
    let (mut one, mut two) = (daemon.client("/"), daemon.client("/"));
    let pid = |text: &str| text.rsplit(' ').next().map(str::to_owned);
    let first = pid(&one.text_where(|text| text.starts_with("join 2")));
    kill(
        Pid::from_raw(daemon.handlers()[0].pid.cast_signed()),
        Signal::SIGKILL,
    )
    .expect("ours");
    let mut joins = [one.text(), one.text()];
    joins.sort();
    assert!(
        joins[0].starts_with("join 1 ") && joins[1].starts_with("join 2 "),
        "{joins:?}"
    );
    assert_ne!(pid(&joins[0]), first);
    two.send("x");
    one.text_where(|text| text.starts_with("msg 2 "));
    daemon
        .log()
        .wait_for(&["Shared program ended (killed by signal 9)"]);
}

#[test]
fn a_program_that_always_fails_is_given_up() {
    let daemon = bash("broadcast", "exit 3").start();
    let mut client = daemon.client("/");
    assert_eq!(
        client.ended(),
        Ended::Closed(1011, "the program fails".to_owned())
    );
    daemon
        .log()
        .wait_for_count("four starts", 4, |line| line.contains("it starts again in"));
}

#[test]
fn a_program_that_has_ended_well_ends_its_sessions() {
    let daemon = bash("broadcast", "echo bye; exit 0").start();
    let (texts, ended) = daemon.client("/").to_the_end();
    assert_eq!(
        (texts, ended),
        (vec!["bye".to_owned()], Ended::Closed(1000, String::new()))
    );
    let daemon = bash("broadcast", "exit 7")
        .flag("--sharedrestart=never")
        .start();
    assert_eq!(
        daemon.client("/").ended(),
        Ended::Closed(1011, "exit status 7".to_owned())
    );
}

#[test]
fn a_reload_loses_no_line_and_doubles_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("websocketd.ini");
    let write = |name: &str| {
        let script = format!(
            "while read -r op id rest; do [ $op = msg ] && echo \"send $id {name} $rest\"; done"
        );
        fs::write(
            &config,
            format!("command = bash -c '{script}'\nshared = ids\n"),
        )
        .expect("writable");
    };
    write("old");
    let daemon = Daemon::builder()
        .flag(format!("--config={}", config.display()))
        .start();
    let mut client = daemon.client("/");
    let (lines, reload_at) = (4000, 1000);
    let mut seen = Vec::new();
    for number in 0..lines {
        client.send(number.to_string());
        if number == reload_at {
            write("new");
            daemon.signal(Signal::SIGHUP);
        }
        // Some are always under way.
        if number >= 50 {
            seen.push(client.text());
        }
    }
    while seen.len() < lines {
        seen.push(client.text());
    }
    let numbers: Vec<_> = seen
        .iter()
        .map(|text| text.split_once(' ').expect("two words"))
        .collect();
    for (number, (_, text)) in numbers.iter().enumerate() {
        assert_eq!(*text, number.to_string());
    }
    let news = numbers.iter().skip_while(|(name, _)| *name == "old");
    assert!(news.clone().count() > 0 && news.clone().all(|(name, _)| *name == "new"));
    eventually("only the new program runs", || {
        (daemon.handlers().len() == 1).then_some(())
    });
}

#[test]
fn a_newcomer_gets_what_was_said_last_without_a_gap() {
    let daemon = bash("broadcast", "cat").flag("--replay=1000").start();
    let mut speaker = daemon.client("/");
    let lines = 2000;
    let sender = |speaker: &mut Client| {
        for number in 0..lines {
            speaker.send(number.to_string());
            assert_eq!(speaker.text(), number.to_string());
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| sender(&mut speaker));
        for _ in 0..20 {
            let mut late = daemon.client("/");
            let mut next = None;
            for _ in 0..30 {
                let number: usize = late.text().parse().expect("a number");
                assert!(next.is_none_or(|next| next == number), "{next:?} {number}");
                next = Some(number + 1);
                if number + 1 == lines {
                    break;
                }
            }
        }
    });
}

#[test]
fn members_come_and_go_and_numbers_are_never_mixed() {
    let daemon = bash(
        "ids",
        r#"while read -r op id rest; do [ $op = msg ] && echo "send $id $id"; done"#,
    )
    .start();
    let mut stays = daemon.client("/");
    stays.send("who am I");
    let own = stays.text();
    let mut numbers = vec![own.clone()];
    for _ in 0..300 {
        let mut client = daemon.client("/");
        client.send("x");
        numbers.push(client.text());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 301);
    stays.send("who am I");
    assert_eq!(stays.text(), own);
}

#[test]
fn what_does_not_go_together_is_refused_in_a_sentence() {
    for (flags, said) in [
        (
            &["--shared=ids", "--binary"][..],
            "--shared speaks lines, or what --framing says; please drop --binary",
        ),
        (
            &["--shared=ids", "--passstderr"],
            "--shared speaks lines, or what --framing says; please drop --passstderr",
        ),
        (
            &["--shared=ids", "--framing=length", "--unbuffered"],
            "please drop --unbuffered",
        ),
        (
            &["--shared=all"],
            "--shared must be broadcast or ids, not 'all'",
        ),
        (
            &["--shared=ids", "--slowclient=wait"],
            "--slowclient must be close or drop, not 'wait'",
        ),
        (
            &["--shared=ids", "--sharedidle=-2"],
            "or -1 for ever, not -2",
        ),
        (
            &["--shared=ids", "--sharedenv=A B"],
            "--sharedenv: 'A B' is no name of a variable",
        ),
    ] {
        let finished = Daemon::builder().flags(flags).command("cat", [""; 0]).run();
        assert_eq!(finished.status.code(), Some(1), "{flags:?}");
        assert!(
            finished.stderr.contains(said),
            "{flags:?}: {}",
            finished.stderr
        );
    }
}

/// What the room of one line does when everybody talks at once: all hear all, each speaker's words in their order.
#[test]
fn a_hundred_talk_at_once_in_a_line_of_bash_and_all_hear_all() {
    let (clients, words) = (100, 20);
    let daemon = bash("ids", ROOM).start();
    let mut people: Vec<_> = (0..clients).map(|_| daemon.client("/")).collect();
    thread::scope(|scope| {
        for client in &mut people {
            scope.spawn(move || {
                for number in 0..words {
                    // Who would speak as somebody else, or have them leave, is only heard.
                    client.send(format!("{number}\nmsg 1 forged\nleave 1 1000"));
                }
                let mut heard = vec![0; clients + 1];
                while heard.iter().sum::<usize>() < clients * words {
                    let text = client.text();
                    if text.starts_with("* ") {
                        assert!(text.ends_with(" came"), "{text}");
                        continue;
                    }
                    let (id, said) = text.split_once(": ").expect("a speaker");
                    let next: &mut usize = &mut heard[id.parse::<usize>().expect("a number")];
                    assert_eq!(said, format!("{next} msg 1 forged leave 1 1000"), "{id}");
                    *next += 1;
                }
            });
        }
    });
    assert_eq!(daemon.handlers().len(), 1);
}
