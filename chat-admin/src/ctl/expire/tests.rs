use super::*;
use chat_store::log::room_log::RoomLog;
use chat_store::log::tail::Tail;
use chat_store::record::Draft;
use std::fs;

const DAY: u64 = 86_400_000_000;

struct Home {
    _dir: tempfile::TempDir,
    live: PathBuf,
    now: u64,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("lobby.log");
    Home {
        _dir: dir,
        live,
        now: RecordId::now().as_micros(),
    }
}

impl Home {
    /// Lines of so many days ago.
    fn lines(&self, days: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &day in days {
            let id = RecordId::from_micros(self.now - day * DAY);
            Draft::new(Kind::Say, "a", &day.to_string()).write_to(id, &mut bytes);
        }
        bytes
    }

    fn write(&self, suffix: &str, days: &[u64]) -> PathBuf {
        let path = file::suffixed(&self.live, suffix);
        fs::write(&path, self.lines(days)).unwrap();
        path
    }

    fn pack(&self, suffix: &str, days: &[u64]) -> PathBuf {
        let path = file::suffixed(&self.live, suffix);
        let mut packer = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        packer.write_all(&self.lines(days)).unwrap();
        packer.finish().unwrap();
        path
    }

    fn expire(&self, days: u64, dry_run: bool) -> Vec<Change> {
        expire(
            &self.live,
            RecordId::from_micros(self.now - days * DAY),
            dry_run,
        )
        .unwrap()
    }
}

fn texts(bytes: &[u8]) -> Vec<String> {
    let records = bytes
        .split_inclusive(|&byte| byte == b'\n')
        .filter_map(Record::parse);
    records.map(|record| record.text.into_owned()).collect()
}

fn unpacked(path: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    texts(&bytes)
}

#[test]
fn what_is_older_goes_and_the_rest_stays() {
    let home = home();
    let (live, one, two) = (
        home.write("", &[12, 9, 1]),
        home.write(".1", &[40, 11, 9]),
        home.write(".2", &[60, 50]),
    );
    let (three, four) = (home.pack(".3.gz", &[80, 5]), home.pack(".4.gz", &[90, 89]));
    let before: Vec<_> = [&live, &one, &two, &three, &four]
        .map(|path| fs::read(path).unwrap())
        .into();
    let planned = home.expire(10, true);
    let after: Vec<_> = [&live, &one, &two, &three, &four]
        .map(|path| fs::read(path).unwrap())
        .into();
    assert_eq!((planned.len(), before), (5, after));
    let mut done = home.expire(10, false);
    done.sort_by(|a, b| a.path.cmp(&b.path));
    let removed: Vec<bool> = done.iter().map(|change| change.removed).collect();
    assert_eq!(removed, [false, false, true, false, true]);
    assert_eq!(texts(&fs::read(&live).unwrap()), ["9", "1"]);
    assert_eq!(texts(&fs::read(&one).unwrap()), ["9"]);
    assert_eq!(unpacked(&three), ["5"]);
    assert!(!two.exists() && !four.exists());
    assert_eq!(home.expire(10, false), []);
    assert_eq!(
        fs::read_dir(home.live.parent().unwrap()).unwrap().count(),
        3
    );
}

#[test]
fn the_live_log_stays_when_all_of_it_is_old() {
    let home = home();
    let live = home.write("", &[12, 11]);
    home.expire(10, false);
    assert_eq!(fs::read(&live).unwrap(), b"");
}

#[test]
fn old_form_lines_go_by_the_time_of_the_file() {
    let home = home();
    let rotated = file::suffixed(&home.live, ".1");
    fs::write(&rotated, "[10:00:00] a> x\n").unwrap();
    fs::write(
        &home.live,
        [b"[10:00:00] a> x\n", &home.lines(&[1])[..]].concat(),
    )
    .unwrap();
    assert_eq!(home.expire(10, false), []);
    let packed = home.pack(".2.gz", &[]);
    assert_eq!(home.expire(10, false), []);
    let old = SystemTime::now() - Duration::from_secs(11 * 24 * 3600);
    for path in [&rotated, &packed] {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    assert_eq!(home.expire(10, false).len(), 2);
    assert!(!rotated.exists() && !packed.exists());
}

#[test]
fn a_running_chat_loses_nothing_and_sees_nothing_twice() {
    let home = home();
    home.write("", &(1..400).rev().collect::<Vec<_>>());
    let mut tail = Tail::at_end_of(home.live.clone()).unwrap();
    let mut log = RoomLog::at(home.live.clone());
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..2_000 {
                log.append(&Draft::new(Kind::Say, "b", &n.to_string()))
                    .unwrap();
            }
        });
        let expirer = scope.spawn(|| {
            // Each time one more line is too old, so each time the file is replaced.
            (1..400).rev().for_each(|days| {
                assert_eq!(home.expire(days, false).len(), usize::from(days < 399));
            });
        });
        while !writer.is_finished() || !expirer.is_finished() {
            tail.read(10_000, &mut |record| seen.push(record.text.to_string()))
                .unwrap();
        }
    });
    while tail
        .read(10_000, &mut |record| seen.push(record.text.to_string()))
        .unwrap()
        == chat_store::log::tail::Progress::More
    {}
    assert_eq!(seen, (0..2_000).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn what_is_taken_back_meanwhile_stays_taken_back() {
    let home = home();
    home.write("", &[12]);
    let mut log = RoomLog::at(home.live.clone());
    let secrets: Vec<_> = (0..50)
        .map(|_| log.append(&Draft::new(Kind::Say, "b", "secret")).unwrap())
        .collect();
    std::thread::scope(|scope| {
        let redacter = scope.spawn(|| {
            for &secret in &secrets {
                while log.redact(secret, "mod").is_err() {}
            }
        });
        while !redacter.is_finished() {
            // It may refuse when too much changes under it.
            let _ = expire(&home.live, RecordId::from_micros(home.now - DAY), false);
            home.write(".9", &[]);
        }
    });
    assert!(
        !String::from_utf8(fs::read(&home.live).unwrap())
            .unwrap()
            .contains("secret")
    );
}

/// Its records say nothing about when they were written, the file does.
#[test]
fn what_a_wrong_clock_wrote_goes_by_the_time_of_the_file() {
    let home = home();
    let live = file::suffixed(&home.live, "");
    let mut bytes = Vec::new();
    let id = RecordId::from_micros(home.now + 400 * DAY);
    Draft::new(Kind::Say, "a", "future").write_to(id, &mut bytes);
    let rotated = file::suffixed(&live, ".1");
    for path in [&live, &rotated] {
        fs::write(path, &bytes).unwrap();
    }
    assert_eq!(home.expire(10, false), []);
    let old = SystemTime::now() - Duration::from_secs(20 * 24 * 3600);
    for path in [&live, &rotated] {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
    assert_eq!(home.expire(10, false).len(), 2);
    assert_eq!(
        (fs::read(&live).unwrap(), rotated.exists()),
        (Vec::new(), false)
    );
}
