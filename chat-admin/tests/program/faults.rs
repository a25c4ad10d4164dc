//! The storage when processes are killed and the disk is full: with real processes, `chatctl say`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind, Record};
use e2e::cluster_of_one::{ClusterOfOne, needs_alone};

struct Site {
    // Before the files that it uses.
    _cluster: Option<ClusterOfOne>,
    dir: tempfile::TempDir,
    live: PathBuf,
}

fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let base = dir.path().display();
    let ini = dir.path().join("chat.ini");
    fs::write(&ini, format!("[global]\nBASE_DIR={base}\n")).unwrap();
    let live = dirs.room_log(&RoomName::lobby());
    Site {
        _cluster: ClusterOfOne::of(&ini, dir.path()),
        dir,
        live,
    }
}

impl Site {
    fn say(&self, text: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
        command
            .arg("--config")
            .arg(self.dir.path().join("chat.ini"));
        command.args(["say", "lobby", text]);
        command
    }

    fn texts(&self) -> Vec<String> {
        let text = fs::read(&self.live).unwrap();
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        let records = lines.map(|line| {
            assert!(line.ends_with(b"\n"), "a torn line");
            Record::parse(line).expect("a record")
        });
        records.map(|record| record.text.into_owned()).collect()
    }
}

/// Three pages: the kernel may stop a write of a killed process between pages.
fn long(round: usize, number: usize) -> String {
    format!("{round}:{number} {}", "x".repeat(3_900))
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let site = site();
    let mut acknowledged = Vec::new();
    let mut killed = 0;
    for round in 0..100 {
        let start = |number: usize| -> Child {
            site.say(&long(round, number))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let mut children: Vec<_> = (0..4).map(start).collect();
        // Anywhere between the start and the end of a process; which one dies does not matter.
        std::thread::sleep(Duration::from_micros(150 * (round as u64 % 20)));
        for child in &mut children[..3] {
            child.kill().unwrap();
        }
        for (number, child) in children.into_iter().enumerate() {
            let Output {
                status,
                stdout,
                stderr,
            } = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&stderr);
            assert!(status.code().is_none_or(|code| code == 0), "{told}");
            if stdout.is_empty() {
                killed += 1;
            } else {
                acknowledged.push(long(round, number));
            }
        }
    }
    let texts = site.texts();
    for text in &acknowledged {
        let count = texts.iter().filter(|stored| *stored == text).count();
        assert_eq!(count, 1, "{}", &text[..10]);
    }
    assert!(killed > 0 && acknowledged.len() >= 100);
    let ids = fs::read(&site.live).unwrap();
    let ids: Vec<_> = ids
        .split(|&byte| byte == b'\n')
        .filter_map(Record::id_of)
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_line_that_does_not_fit_is_not_saved_and_leaves_nothing() {
    let _alone = needs_alone("the limit is that of chatctl, and a relay writes the log");
    let site = site();
    let mut log = RoomLog::at(site.live.clone());
    while fs::metadata(&site.live).map_or(0, |found| found.len()) < 8_000 {
        log.append(&Draft::new(Kind::Say, "a", &"y".repeat(200)))
            .unwrap();
    }
    let before = fs::read(&site.live).unwrap();
    // A file may have 16 blocks of 512 bytes: the write is cut short there, as by a full disk.
    let full = |text: &str| {
        let say = site.say(text);
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""]);
        shell
            .arg(say.get_program())
            .args(say.get_args())
            .output()
            .unwrap()
    };
    for length in [300, 600, 3_000] {
        let Output { status, stderr, .. } = full(&"z".repeat(length));
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(1), "{told}");
        assert!(
            told.contains("not saved") && told.contains("disk is full"),
            "{told}"
        );
        assert_eq!(fs::read(&site.live).unwrap(), before, "{length}");
    }
    assert!(site.say("fits again").status().unwrap().success());
    assert_eq!(site.texts().last().unwrap(), "fits again");
}
