//! A process without a free descriptor. A test program of its own: the limit is the process's.

use std::fs::File;

use chat_store::log::room_log::RoomLog;
use chat_store::record::{Draft, Kind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn emfile_is_told_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("lobby.log");
    let mut log = RoomLog::at(live.clone());
    let say = Draft::new(Kind::Say, "a", "x");
    log.append(&say).unwrap();
    let limit = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(64),
            maximum: limit,
        },
    )
    .unwrap();
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    // The log that is open goes on.
    log.append(&say).unwrap();
    // A new one, or one that was rotated, cannot be opened.
    let error = RoomLog::at(live.clone()).append(&say).unwrap_err();
    assert_eq!(error.code(), "too-many-files");
    std::fs::rename(&live, dir.path().join("lobby.log.1")).unwrap();
    hoard.pop();
    std::fs::write(&live, "").unwrap();
    hoard.push(File::open("/dev/null").unwrap());
    let error = log.append(&say).unwrap_err();
    assert_eq!(error.code(), "too-many-files");
    hoard.clear();
    assert_eq!(std::fs::read(&live).unwrap(), b"", "nothing half-written");
    log.append(&say).unwrap();
    assert!(!std::fs::read(&live).unwrap().is_empty());
}
