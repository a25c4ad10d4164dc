//! What a power cut leaves: file systems in images, whose power is taken away below their journals (`FS_IOC_SHUTDOWN`
//! without a flush), and what they hold when they are mounted again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::chat::Files;
use e2e::page::Page;
use e2e::pipe::Handler;
use serde_json::json;

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nSESSION_ADMIN_PATH=admin";

/// How long a sync may take here before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A disk under the whole chat.
struct Disk {
    image: tempfile::NamedTempFile,
    at: PathBuf,
}

impl Disk {
    fn under(chat: &Files, kind: &str) -> Self {
        let ini = fs::read(chat.ini()).expect("an ini");
        let image = tempfile::NamedTempFile::new().expect("a file");
        // xfs does not go smaller.
        image.as_file().set_len(320 << 20).expect("a sparse file");
        run(Command::new(format!("mkfs.{kind}"))
            .arg("-q")
            .arg(image.path()));
        let disk = Self {
            image,
            at: chat.base().to_owned(),
        };
        chat.without_relay(|| {
            disk.mount();
            fs::write(chat.ini(), ini).expect("written");
        });
        // What the test itself puts there is there before the power goes.
        run(Command::new("sync").arg("--file-system").arg(&disk.at));
        disk
    }

    fn mount(&self) {
        run(Command::new("mount")
            .args(["-o", "loop"])
            .arg(self.image.path())
            .arg(&self.at));
    }

    /// Whatever is not on the disk is gone. Nothing may be open there any more.
    fn cut_power(&self, chat: &Files, then: impl FnOnce()) {
        run(Command::new("xfs_io")
            .args(["-x", "-c", "shutdown"])
            .arg(chat.base()));
        chat.without_relay(|| {
            then();
            run(Command::new("umount").arg(&self.at));
            self.mount();
        });
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .expect("tests/install-packages installs it");
    assert!(
        output.status.success(),
        "{command:?}: {}\nthis test mounts disks: run it as root, with CAP_SYS_ADMIN (docker run --privileged)",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Waits until the room's mark says that this record is on the disk.
fn wait_for_sync(chat: &Files, id: &str) {
    let began = Instant::now();
    let mark = chat.path("run/r.synced");
    while !fs::read_to_string(&mark).is_ok_and(|text| text.ends_with(&format!(" {id}\n"))) {
        assert!(began.elapsed() < PATIENCE, "{id} is never synced");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(mut page: Page<Handler>) {
    page.client.child.kill().expect("our child");
    page.client.wait();
}

/// Says forty lines, then the power goes: what is left of them.
fn left_after_a_cut(kind: &str, sync: &str) -> usize {
    let chat = Files::with(&format!("{FAST}\nSYNC={sync}"));
    let disk = Disk::under(&chat, kind);
    let mut page = chat.page("r", "alice");
    let mut last = String::new();
    for number in 0..40 {
        last = page.say_acked(&format!("line {number}"), &format!("m{number}"));
    }
    if sync == "second" {
        wait_for_sync(&chat, &last);
    }
    disk.cut_power(&chat, || end(page));
    let log = fs::read(chat.path("rooms/r.log")).unwrap_or_default();
    String::from_utf8_lossy(&log).matches("\tline ").count()
}

#[test]
fn acked_messages_survive_a_power_cut() {
    for kind in ["ext4", "xfs"] {
        // What the others are measured by: without a sync the cut takes everything.
        assert_eq!(left_after_a_cut(kind, "no"), 0, "{kind}");
        assert_eq!(left_after_a_cut(kind, "second"), 40, "{kind}");
        assert_eq!(left_after_a_cut(kind, "ack"), 40, "{kind}");
    }
}

#[test]
fn who_leaves_takes_no_message_along() {
    let chat = Files::with(FAST);
    let disk = Disk::under(&chat, "ext4");
    let mut page = chat.page("r", "alice");
    page.say_acked("goodbye", "m");
    page.client.leave();
    disk.cut_power(&chat, || {});
    assert!(chat.log("r").contains("\tgoodbye\n"));
}

/// The file is replaced: the old list or the new one, never none.
#[test]
fn a_ban_survives_a_power_cut() {
    for kind in ["ext4", "xfs"] {
        let chat = Files::with(FAST);
        let disk = Disk::under(&chat, kind);
        fs::create_dir_all(chat.path("sessions")).expect("made");
        let cookie = chat.log_in(&[("username", "boss"), ("admin", "1")]);
        let mut boss = chat.page_with("r", "", &cookie);
        for number in 0..5 {
            boss.say_acked(&format!("/ban troll{number} spam"), &format!("m{number}"));
        }
        boss.send(&json!({"type": "ping"}));
        boss.expect("pong");
        disk.cut_power(&chat, || end(boss));
        let bans = banned(&chat.path("state"));
        for number in 0..5 {
            assert!(bans.contains(&format!("troll{number}")), "{kind}: {bans}");
        }
    }
}

fn banned(state: &Path) -> String {
    fs::read_to_string(state.join("r.bans")).unwrap_or_default()
}
