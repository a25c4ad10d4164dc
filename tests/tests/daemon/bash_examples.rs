//! The bash scripts that people run under websocketd, with the same outcome under both daemons.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::daemon::Daemon;
use e2e::deadline::DEADLINE;
use e2e::under_test::Subject;
use tempfile::TempDir;

/// Between two lines of somebody who waits to be heard.
const PAUSE: Duration = Duration::from_millis(20);

struct Script {
    dir: TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        let dir = tempfile::tempdir().expect("writable");
        let script = Self { dir };
        fs::write(script.path(), format!("#!/bin/bash\n{body}")).expect("writable");
        fs::set_permissions(script.path(), fs::Permissions::from_mode(0o755)).expect("writable");
        script
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("script.sh")
    }

    fn serve(&self, subject: &Subject) -> Daemon {
        Daemon::of(subject)
            .command::<&str>(self.path(), [])
            .current_dir(self.dir.path())
            .start()
    }
}

/// Both daemons, one after the other.
fn both() -> [Subject; 2] {
    [Subject::original(), Subject::under_test()]
}

#[test]
fn count_counts_and_ends() {
    // The pause at the end gives the original, which loses what a program says last, the time to pass it on.
    let script = Script::new(
        "for ((count = 1; count <= 10; count++)); do echo $count; sleep 0.02; done; sleep 0.3",
    );
    for subject in both() {
        let (texts, _) = script.serve(&subject).client("/").to_the_end();
        let wanted: Vec<String> = (1..=10).map(|n| n.to_string()).collect();
        assert_eq!(texts, wanted, "{subject:?}");
    }
}

#[test]
fn greeter_greets_each_name() {
    let script = Script::new("while read -r name; do echo \"Hello $name!\"; done");
    for subject in both() {
        let daemon = script.serve(&subject);
        let mut client = daemon.client("/");
        for name in ["world", "Žofie", "a  b", "$HOME", "`id`"] {
            client.send(name);
            let name = name.trim();
            assert_eq!(client.text(), format!("Hello {name}!"), "{subject:?}");
        }
        client.close();
        daemon.assert_no_process_left();
    }
}

/// A chat of one shared file, followed with `tail -f` by a child of each script.
#[test]
fn chat_with_tail_reaches_everybody() {
    let script = Script::new(
        "echo \"your name?\"
read -r user
echo \"[$(date)] $user joined the chat\" >> chat.log
echo \"[$(date)] Welcome to the chat $user!\"
tail -n 0 -f chat.log --pid=$$ | grep --line-buffered -v \"] $user>\" &
while read -r message; do echo \"[$(date)] $user> $message\" >> chat.log; done
",
    );
    fs::write(script.dir.path().join("chat.log"), "").unwrap();
    for subject in both() {
        let daemon = script.serve(&subject);
        let mut people: Vec<_> = (0..3)
            .map(|n| {
                let mut client = daemon.client("/");
                assert_eq!(client.text(), "your name?");
                client.send(format!("person{n}"));
                client.text_where(|line| line.contains("Welcome to the chat"));
                client
            })
            .collect();
        // Nobody tells when a tail has begun, and it shows nothing older: one talks until the others have heard.
        let mut speaker = people.remove(0);
        let all_heard = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let started = Instant::now();
                while !all_heard.load(Ordering::Relaxed) && started.elapsed() < DEADLINE {
                    speaker.send("are you there?");
                    thread::sleep(PAUSE);
                }
            });
            for listener in &mut people {
                listener.text_where(|line| line.contains("> are you there?"));
            }
            all_heard.store(true, Ordering::Relaxed);
        });
        people.push(speaker);
        for client in people {
            client.close();
        }
        if !subject.is_original() {
            // The original leaves the tails of its scripts behind: weakness 14.
            daemon.assert_no_process_left();
        }
    }
}
