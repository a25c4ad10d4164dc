//! A machine that sends its people to the others.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::Cluster;
use crate::fs::file;

/// The longest time that people are given.
const MAX_DRAIN: Duration = Duration::from_secs(3600);
/// What is read of the file: seconds and a newline.
const MAX_BYTES: u64 = 16;

impl Cluster {
    /// There while this machine's people are to go to others, with the seconds that they have for it, from when it was
    /// written.
    pub fn drain(&self) -> PathBuf {
        self.run.join("drain")
    }

    /// How long this machine's people may still stay; `None`: as long as they like. One system call then.
    pub fn time_to_go(&self) -> Option<Duration> {
        let path = self.drain();
        let written = fs::symlink_metadata(&path).ok()?.modified().ok()?;
        let text = file::read_whole(&path, MAX_BYTES).ok()?;
        // Who cannot read it goes at once: the machine is about to be stopped.
        let seconds = str::from_utf8(&text)
            .ok()
            .and_then(|it| it.trim().parse().ok());
        let whole = Duration::from_secs(seconds.unwrap_or(0)).min(MAX_DRAIN);
        // A clock that was set back does not keep them.
        let passed = SystemTime::now().duration_since(written).unwrap_or(whole);
        Some(whole.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_what_is_left_of_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::new(dir.path(), &dir.path().join("run"), Duration::from_secs(1));
        cluster.create().unwrap();
        let at = |text: &str, age: u64| {
            fs::write(cluster.drain(), text).unwrap();
            let written = SystemTime::now() - Duration::from_secs(age);
            let file = fs::File::options().write(true).open(cluster.drain());
            file.unwrap().set_modified(written).unwrap();
            cluster.time_to_go()
        };
        assert_eq!(cluster.time_to_go(), None);
        let left = at("1000\n", 100).unwrap().as_secs();
        assert!((800..=900).contains(&left), "{left}");
        assert_eq!(at("60\n", 61), Some(Duration::ZERO));
        assert_eq!(at("soon\n", 0), Some(Duration::ZERO));
        assert!(at("99999999999\n", 0).unwrap() <= MAX_DRAIN);
        fs::remove_file(cluster.drain()).unwrap();
        assert_eq!(cluster.time_to_go(), None);
    }
}
