//! The rooms' logs under the real logrotate, while they are written and followed at full speed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use chat_store::fs::dirs::Dirs;
use chat_store::log::chain;
use chat_store::log::room_log::RoomLog;
use chat_store::log::tail::{Progress, Tail};
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind, Record, RecordId};

const ROTATIONS: usize = 30;
const SHIPPED: &str = include_str!("../../../logrotate/websocketd-rs-chat");

struct Site {
    dir: tempfile::TempDir,
    dirs: Dirs,
    rooms: Vec<RoomName>,
}

fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let rooms = ["lobby", "Železná hospoda", "a.log"];
    let rooms = rooms
        .iter()
        .map(|name| RoomName::parse(name).unwrap())
        .collect();
    Site { dir, dirs, rooms }
}

fn output(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Site {
    /// The shipped rule, for this directory and whoever runs the test.
    fn rule(&self) -> String {
        let owner = format!("{} {}", output("id", "-un"), output("id", "-gn"));
        let base = self.dir.path().to_str().unwrap();
        SHIPPED
            .replace("/var/lib/websocketd-rs/chat", base)
            .replace("www-data www-data", &owner)
    }

    /// Once something was said in every room since the last time.
    fn rotate(&self, rule: &Path) {
        for room in &self.rooms {
            let size = || fs::metadata(self.dirs.room_log(room)).map_or(0, |found| found.len());
            while size() == 0 {
                std::thread::yield_now();
            }
        }
        let output = Command::new("logrotate")
            .arg("-f")
            .arg("-s")
            .arg(self.dir.path().join("logrotate.state"))
            .arg(rule)
            .output()
            .expect("logrotate is installed");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{told}");
    }

    fn write_rule(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("rule");
        fs::write(&path, text).unwrap();
        // logrotate refuses a rule that others may write.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(&path, mode).unwrap();
        path
    }
}

/// Reads until nothing is left.
fn read(tail: &mut Tail, seen: &mut Vec<RecordId>) {
    while tail
        .read(20_000, &mut |record| seen.push(record.id))
        .unwrap()
        == Progress::More
    {}
}

/// Every id in every file of a room's log. A line without its end is none: a copy that logrotate made in the
/// middle of a write can end at a page's border.
fn stored(live: &Path) -> Vec<RecordId> {
    let mut ids = Vec::new();
    for entry in chain::list(live).unwrap() {
        let text = fs::read(entry.path).unwrap();
        ids.extend(
            text.split_inclusive(|&byte| byte == b'\n')
                .filter(|line| line.ends_with(b"\n"))
                .filter_map(Record::id_of),
        );
    }
    ids
}

/// Ends the loops of the threads also when the test fails.
struct Ends<'a>([&'a AtomicBool; 2]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0
            .iter()
            .for_each(|flag| flag.store(true, Ordering::Relaxed));
    }
}

struct Outcome {
    written: Vec<RecordId>,
    seen: Vec<Vec<RecordId>>,
    live: PathBuf,
}

/// Two writers and two followers in each room, while `rotate` runs.
fn run(site: &Site, rotate: impl FnOnce()) -> Vec<Outcome> {
    let done = AtomicBool::new(false);
    let write = |room: &RoomName, is_new: bool| {
        let mut ids = Vec::new();
        let mut log = RoomLog::new(&site.dirs, room);
        while !done.load(Ordering::Relaxed) {
            if is_new {
                // As somebody who has just come in.
                log = RoomLog::new(&site.dirs, room);
            }
            ids.push(
                log.append(&Draft::new(Kind::Say, "a", "hello there"))
                    .unwrap(),
            );
        }
        ids
    };
    let follow = |mut tail: Tail, over: &AtomicBool| {
        let mut seen = Vec::new();
        while !over.load(Ordering::Relaxed) {
            read(&mut tail, &mut seen);
        }
        read(&mut tail, &mut seen);
        seen
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends([&done, &over]);
        let mut rooms = Vec::new();
        for room in &site.rooms {
            let writers = [false, true].map(|is_new| scope.spawn(move || write(room, is_new)));
            let tails = [(); 2].map(|()| Tail::at_end(&site.dirs, room).unwrap());
            let over = &over;
            let followers = tails.map(|tail| scope.spawn(move || follow(tail, over)));
            rooms.push((room, writers, followers));
        }
        rotate();
        done.store(true, Ordering::Relaxed);
        let mut outcomes = Vec::new();
        let mut followers = Vec::new();
        for (room, writers, following) in rooms {
            let mut written: Vec<_> = writers
                .into_iter()
                .flat_map(|writer| writer.join().unwrap())
                .collect();
            written.sort();
            outcomes.push(Outcome {
                written,
                seen: vec![],
                live: site.dirs.room_log(room),
            });
            followers.push(following);
        }
        over.store(true, Ordering::Relaxed);
        for (outcome, following) in outcomes.iter_mut().zip(followers) {
            outcome.seen = following
                .into_iter()
                .map(|one| one.join().unwrap())
                .collect();
        }
        outcomes
    })
}

#[test]
fn the_shipped_rule_loses_nothing() {
    let site = site();
    // Somebody has been there before, so that the followers start at a place in a file.
    for room in &site.rooms {
        RoomLog::new(&site.dirs, room)
            .append(&Draft::new(Kind::Say, "a", "first"))
            .unwrap();
    }
    let rule = site.write_rule(&site.rule());
    let firsts: Vec<_> = site
        .rooms
        .iter()
        .map(|room| stored(&site.dirs.room_log(room))[0])
        .collect();
    let outcomes = run(&site, || (0..ROTATIONS).for_each(|_| site.rotate(&rule)));
    for (outcome, first) in outcomes.iter().zip(firsts) {
        let Outcome {
            written,
            seen,
            live,
        } = outcome;
        assert!(written.is_sorted_by(|a, b| a < b));
        assert!(
            chain::list(live).unwrap().len() >= ROTATIONS,
            "it was rotated"
        );
        // A follower starts while the first are written already.
        for seen in seen {
            let from = written.partition_point(|id| seen.first().is_some_and(|one| id < one));
            assert_eq!(seen.len(), written.len() - from);
            assert!(*seen == written[from..], "each line once and in order");
        }
        assert!(
            stored(live)[1..] == **written,
            "the files hold each line once and in order"
        );
        // Resuming from anywhere finds the rest.
        for start in (0..written.len()).step_by(written.len() / 7 + 1) {
            let mut tail = Tail::after_in(live.clone(), written[start]).unwrap();
            let mut rest = Vec::new();
            read(&mut tail, &mut rest);
            assert!(rest == written[start + 1..], "resumed after {start}");
        }
        let mut all = Vec::new();
        read(
            &mut Tail::after_in(live.clone(), first.previous()).unwrap(),
            &mut all,
        );
        assert_eq!(all.len(), written.len() + 1);
    }
}

#[test]
fn copytruncate_shows_nothing_twice_and_stalls_nobody() {
    let site = site();
    let text = site
        .rule()
        .replace("nocompress", "nocompress\n    copytruncate");
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("    create"))
        .collect();
    let rule = site.write_rule(&(text.join("\n") + "\n"));
    for room in &site.rooms {
        RoomLog::new(&site.dirs, room)
            .append(&Draft::new(Kind::Say, "a", "first"))
            .unwrap();
    }
    let outcomes = run(&site, || (0..ROTATIONS).for_each(|_| site.rotate(&rule)));
    for Outcome {
        written,
        seen,
        live,
    } in &outcomes
    {
        let stored = stored(live);
        assert!(
            stored.is_sorted_by(|a, b| a < b),
            "the files hold nothing twice"
        );
        let kept: BTreeSet<_> = stored.iter().copied().collect();
        let lost = written.iter().filter(|id| !kept.contains(id)).count();
        println!(
            "{}: {lost} of {} lines lost by logrotate",
            live.display(),
            written.len()
        );
        for seen in seen {
            assert!(
                seen.is_sorted_by(|a, b| a < b),
                "nothing twice, nothing out of order"
            );
            let seen: BTreeSet<_> = seen.iter().copied().collect();
            let from = *seen.first().unwrap();
            // What the files hold was seen; what was not seen is what logrotate lost.
            let missed = kept.range(from..).filter(|id| !seen.contains(id)).count();
            assert_eq!(missed, 0);
        }
        // Nothing stalls: the last line is seen.
        RoomLog::at(live.clone())
            .append(&Draft::new(Kind::Say, "a", "last"))
            .unwrap();
    }
}
