//! Section 6: process life.

use std::collections::HashSet;
use std::fs;
use std::time::SystemTime;

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::proc;
use e2e::under_test::{Subject, handler};
use e2e::ws::{Client, Refused};

use crate::case::{Case, Section};

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

fn runs(subject: &Subject, args: &[&str]) -> Daemon {
    Daemon::of(subject).command(handler(), args).start()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("6 process life");
    start(&mut section);
    end(&mut section);
    slots(&mut section);
    section.into_cases()
}

/// The time in milliseconds, as the handler `ladder` notes it.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.expect("after 1970").as_millis();
    u64::try_from(millis).expect("within 64 bits")
}

fn start(section: &mut Section) {
    section.same("one process per connection", |subject| {
        let daemon = runs(subject, &["pid"]);
        let mut clients: Vec<Client> = (0..10).map(|_| daemon.client("/")).collect();
        let pids: HashSet<String> = clients.iter_mut().map(Client::text).collect();
        assert_eq!(pids.len(), 10);
    });
    section.same("arguments as given, no shell", |subject| {
        let args = ["args", "a b", "$HOME", "*", "", "'q'", "a;b", "--port=1"];
        let (texts, _) = runs(subject, &args).client("/").to_the_end();
        assert_eq!(texts, args[1..]);
    });
    section.same("the working directory is the server's", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let real = fs::canonicalize(dir.path()).expect("it is there");
        let daemon = Daemon::of(subject)
            .command(handler(), ["cwd"])
            .current_dir(&real)
            .start();
        assert_eq!(daemon.client("/").text(), real.display().to_string());
    });
    section.same("stdin, stdout and stderr are pipes", |subject| {
        let script = "for n in 0 1 2; do readlink /proc/$$/fd/$n; done";
        let daemon = Daemon::of(subject).command("sh", ["-c", script]).start();
        let (texts, _) = daemon.client("/").to_the_end();
        assert!(
            texts.len() == 3 && texts.iter().all(|text| text.starts_with("pipe:")),
            "{texts:?}"
        );
    });
    section.same("no socket of the server is open in it", |subject| {
        let script = "for n in /proc/$$/fd/*; do readlink $n; done";
        let daemon = Daemon::of(subject).command("sh", ["-c", script]).start();
        let others: Vec<Client> = (0..3).map(|_| daemon.client("/")).collect();
        let (texts, _) = daemon.client("/").to_the_end();
        assert!(
            texts.len() >= 3 && !texts.iter().any(|text| text.starts_with("socket:")),
            "{texts:?}"
        );
        drop(others);
    });
}

fn end(section: &mut Section) {
    section.same(
        "stdout ends: the rest is delivered, then the session ends",
        |subject| {
            let (texts, _) = runs(subject, &["burst", "1000"]).client("/").to_the_end();
            assert_eq!(texts.last().map(String::as_str), Some("1000"));
        },
    );
    section.same(
        "a grandchild that holds stdout keeps the session up",
        |subject| {
            let daemon = Daemon::of(subject)
                .command("sh", ["-c", "(sleep 1; echo grandchild) & echo child"])
                .start();
            let (texts, _) = daemon.client("/").to_the_end();
            assert_eq!(texts, ["child", "grandchild"]);
        },
    );
    section.same(
        "the client goes: stdin closed, INT, TERM, KILL in this order",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let notes = dir.path().join("notes");
            let daemon = runs(subject, &["ladder", notes.to_str().expect("UTF-8")]);
            let mut client = daemon.client("/");
            assert_eq!(client.text(), "ready");
            let pid = daemon
                .handlers()
                .iter()
                .find(|process| process.name == "e2e-handler")
                .expect("it runs")
                .pid;
            let closed = now();
            client.close();
            proc::wait_until_ended(pid);
            let notes = fs::read_to_string(notes).expect("it noted");
            let steps: Vec<(&str, u64)> = notes
                .lines()
                .map(|line| line.split_once(' ').expect("two words"))
                .map(|(step, at)| (step, at.parse::<u64>().expect("milliseconds") - closed))
                .collect();
            let names: Vec<&str> = steps.iter().map(|(step, _)| *step).collect();
            assert_eq!(names, ["EOF", "SIGINT", "SIGTERM"]);
            // Not sooner than told; a busy machine may be later.
            assert!(steps[1].1 >= 100 && steps[2].1 >= 350, "{steps:?}");
        },
    );
    section.same("--closems adds to each step", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let notes = dir.path().join("notes");
        let daemon = Daemon::of(subject)
            .flag("--closems=400")
            .command(handler(), ["ladder", notes.to_str().expect("UTF-8")])
            .start();
        let mut client = daemon.client("/");
        client.text();
        let pid = daemon
            .handlers()
            .iter()
            .find(|process| process.name == "e2e-handler")
            .expect("it runs")
            .pid;
        let closed = now();
        client.close();
        proc::wait_until_ended(pid);
        let notes = fs::read_to_string(notes).expect("it noted");
        let at = |step: &str| -> u64 {
            let line = notes
                .lines()
                .find_map(|line| line.strip_prefix(step))
                .expect("it came");
            line.trim().parse::<u64>().expect("milliseconds") - closed
        };
        assert!(at("SIGINT") >= 500 && at("SIGTERM") >= 1150, "{notes}");
    });
    section.same(
        "a handler that ends at the end of stdin gets no signal",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let mark = dir.path().join("ended");
            let script = format!(
                "trap 'echo INT >> {0}' INT; cat; echo normally >> {0}",
                mark.display()
            );
            let daemon = Daemon::of(subject).command("sh", ["-c", &script]).start();
            let mut client = daemon.client("/");
            client.send("x");
            client.text();
            client.close();
            daemon.assert_no_process_left();
            assert_eq!(fs::read_to_string(mark).expect("it ended"), "normally\n");
        },
    );
    section.same(
        "a client that vanishes in the middle of output harms nobody",
        |subject| {
            let daemon = runs(subject, &["flood"]);
            for _ in 0..10 {
                let mut socket = daemon.raw();
                socket.frame();
                socket.vanish();
            }
            daemon.assert_no_process_left();
            assert!(daemon.client("/").text().starts_with("a line"));
        },
    );
    section.same(
        "a handler killed by a signal ends its session alone",
        |subject| {
            let daemon = Daemon::of(subject)
                .command(
                    "sh",
                    [
                        "-c",
                        "read x; if [ $x = die ]; then kill -9 $$; fi; echo $x; cat",
                    ],
                )
                .start();
            let mut other = daemon.client("/");
            let mut client = daemon.client("/");
            client.send("die");
            client.to_the_end();
            other.send("live");
            assert_eq!(other.text(), "live");
        },
    );
}

fn slots(section: &mut Section) {
    section.same(
        "--maxforks=5 with 50 clients: the first 5 stay usable",
        |subject| {
            let daemon = cat(subject).flag("--maxforks=5").start();
            let mut inside: Vec<Client> = (0..5).map(|_| daemon.client("/")).collect();
            for _ in 0..45 {
                let refused =
                    Client::try_connect(&daemon.endpoint, "/", &[]).expect_err("it is full");
                assert!(matches!(refused, Refused::Status(429, _)), "{refused:?}");
            }
            for (n, client) in inside.iter_mut().enumerate() {
                client.send(n.to_string());
                assert_eq!(client.text(), n.to_string());
            }
        },
    );
    section.same("a slot is free again once the process is gone", |subject| {
        let daemon = cat(subject).flag("--maxforks=2").start();
        for round in 0..5 {
            let clients: Vec<Client> = (0..2)
                .map(|_| {
                    eventually("a slot is free", || {
                        Client::try_connect(&daemon.endpoint, "/", &[]).ok()
                    })
                })
                .collect();
            for mut client in clients {
                client.send(round.to_string());
                assert_eq!(client.text(), round.to_string());
                client.close();
            }
        }
    });
    section.same("--maxforks=0 and below is without limit", |subject| {
        for flag in ["--maxforks=0", "--maxforks=-1"] {
            let daemon = cat(subject).flag(flag).start();
            let mut clients: Vec<Client> = (0..40).map(|_| daemon.client("/")).collect();
            for client in &mut clients {
                client.send("x");
                assert_eq!(client.text(), "x");
            }
        }
    });
    section.same(
        "the slot is held until the process is gone, not only the client",
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let notes = dir.path().join("notes");
            let daemon = Daemon::of(subject)
                .flags(["--maxforks=1", "--closems=20000"])
                .command(handler(), ["ladder", notes.to_str().expect("UTF-8")])
                .start();
            let mut client = daemon.client("/");
            client.text();
            client.close();
            eventually("the handler saw the end", || notes.exists().then_some(()));
            let refused = Client::try_connect(&daemon.endpoint, "/", &[])
                .expect_err("the handler still lives");
            assert!(matches!(refused, Refused::Status(429, _)), "{refused:?}");
        },
    );
}
