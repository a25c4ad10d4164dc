//! A disk of a machine's own: ext4 in an image. It can be full, and its power can be taken away: what was not synced is
//! gone then, as it is after a real power cut.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;

use crate::deadline::eventually;
use crate::requirement::part;

/// In bytes; sparse, so that it takes no more than what is on it.
const SIZE: u64 = 512 << 20;
/// What is asked of a disk that is to be full: first as much, and in the end no less.
const GREATEST: i64 = 256 << 20;
const SMALLEST: i64 = 4 << 10;

/// One of them, mounted.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    at: PathBuf,
}

/// A directory in which disks are mounted: what is mounted and unmounted there is so for all programs, also for those
/// that were started in a namespace of their own. Else these would keep a disk that has no power any more.
#[derive(Debug)]
pub struct Rack(PathBuf);

impl Rack {
    /// In this directory.
    #[track_caller]
    pub(super) fn new(at: &Path) -> Self {
        let rack = Self(at.to_owned());
        run(mount().arg("--bind").arg(at).arg(at));
        run(mount().arg("--make-shared").arg(at));
        rack
    }
}

impl Drop for Rack {
    fn drop(&mut self) {
        let _ = umount().arg("--lazy").arg(&self.0).status();
    }
}

impl Disk {
    /// An empty one, mounted at this directory, which is made. Its image lies beside.
    #[track_caller]
    pub(super) fn new(at: &Path) -> Self {
        fs::create_dir_all(at).expect("writable");
        let disk = Self {
            image: at.with_extension("img"),
            at: at.to_owned(),
        };
        let image = File::create(&disk.image).expect("writable");
        image.set_len(SIZE).expect("a sparse file");
        // Programs are root's here: nothing is reserved for them.
        run(Command::new(part("/sbin/mkfs.ext4", "e2fsprogs"))
            .args(["-q", "-m", "0"])
            .arg(&disk.image));
        disk.mount();
        disk
    }

    #[track_caller]
    fn mount(&self) {
        run(mount().args(["-o", "loop"]).arg(&self.image).arg(&self.at));
    }

    /// Makes what a test has put there outlast a power cut.
    #[track_caller]
    pub(super) fn sync(&self) {
        run(Command::new(part("/bin/sync", "coreutils"))
            .arg("--file-system")
            .arg(&self.at));
    }

    /// Takes its power away: nothing that is not on it yet gets there, not even its journal's end. Nobody may run any
    /// more who has something open there.
    #[track_caller]
    pub(super) fn cut_power(&self) {
        run(Command::new(part("/usr/sbin/xfs_io", "xfsprogs"))
            .args(["-x", "-c", "shutdown"])
            .arg(&self.at));
        let mut told = String::new();
        // A command of an administrator's may still be there.
        eventually("nobody has something open on a disk without power", || {
            let output = umount().arg(&self.at).output().expect("umount runs");
            told = String::from_utf8_lossy(&output.stderr).into_owned();
            output.status.success().then_some(())
        });
        // It would be mounted as it was, in memory, as long as somebody holds it.
        eventually("the kernel has let go of the disk", || {
            let output = Command::new(part("/sbin/losetup", "mount"))
                .arg("--associated")
                .arg(&self.image)
                .output()
                .expect("losetup runs");
            output.stdout.is_empty().then_some(())
        });
    }

    /// Gives it power again: its journal is replayed. Room that was made just before is not gone with it.
    #[track_caller]
    pub(super) fn power_on(&self) {
        self.mount();
        self.free();
    }

    /// Fills it, to the last block.
    #[track_caller]
    pub fn fill(&self) {
        let file = File::create(self.filler()).expect("writable");
        let (mut at, mut size) = (0, GREATEST);
        while size >= SMALLEST {
            match posix_fallocate(&file, at, size) {
                Ok(()) => at += size,
                Err(Errno::ENOSPC) => size /= 2,
                Err(error) => panic!("the disk can't be filled: {error}"),
            }
        }
    }

    /// Makes room again.
    #[track_caller]
    pub fn free(&self) {
        match fs::remove_file(self.filler()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = umount().arg("--lazy").arg(&self.at).status();
    }
}

#[track_caller]
fn mount() -> Command {
    Command::new(part("/bin/mount", "mount"))
}

fn umount() -> Command {
    Command::new("/bin/umount")
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\nthis test mounts disks: run it as root, with CAP_SYS_ADMIN (docker run --privileged)",
        String::from_utf8_lossy(&output.stderr)
    );
}
