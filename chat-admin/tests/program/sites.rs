//! `chatctl site`, `chatctl --site`, `chatctl backup` and `restore`: the real program, in a tree of its own.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid};
use serde_json::Value;
use tempfile::TempDir;

/// Every Debian has these.
const USERS: [&str; 2] = ["games", "news"];

/// What a command line gave.
struct Done {
    code: i32,
    out: String,
    err: String,
}

/// A machine's `/etc` and `/var`, with programs beside them.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        assert!(
            geteuid().is_root(),
            "this test gives files to users, which only root can: sudo make test"
        );
        let root = tempfile::tempdir().expect("a directory");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        let bin = root.path().join("usr/bin");
        fs::create_dir_all(&bin).expect("ours");
        std::os::unix::fs::symlink(
            e2e::under_test::beside("chat-handler"),
            bin.join("chat-handler"),
        )
        .expect("ours");
        Self(root)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    #[track_caller]
    fn run(&self, words: &[&str], code: i32) -> Done {
        let done = chatctl(&[&["--root", self.0.path().to_str().expect("UTF-8")], words].concat());
        assert_eq!(done.code, code, "{words:?}: {}{}", done.out, done.err);
        done
    }

    fn add(&self, name: &str, host: &str, user: &str) {
        let prefix = self.path("usr").display().to_string();
        let host = format!("--host={host}");
        self.run(
            &[
                "site", "add", name, &host, "--user", user, "--prefix", &prefix,
            ],
            0,
        );
    }

    fn say(&self, site: &str, room: &str, text: &str) {
        self.run(&["--site", site, "say", room, text], 0);
    }
}

fn chatctl(words: &[&str]) -> Done {
    let output = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("chatctl starts");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Done {
        code: output.status.code().expect("an exit status"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

fn mode_and_owner(path: &Path) -> (u32, u32, u32) {
    let metadata = fs::metadata(path).expect("it is there");
    (metadata.mode() & 0o777, metadata.uid(), metadata.gid())
}

#[test]
fn sites_are_added_listed_checked_and_removed() {
    let tree = Tree::new();
    tree.add("alpha", "chat.a.example", USERS[0]);
    let user = User::from_name(USERS[0])
        .expect("passwd")
        .expect("every Debian has it");
    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
    let base = tree.path("var/lib/websocketd-rs/sites/alpha");
    assert_eq!(mode_and_owner(&base), (0o750, uid, gid));
    assert_eq!(
        mode_and_owner(&tree.path("etc/websocketd-rs/sites/alpha")),
        (0o750, 0, gid)
    );
    assert_eq!(
        mode_and_owner(&tree.path("etc/websocketd-rs/sites/alpha/chat.ini")),
        (0o640, 0, gid)
    );
    let taken = tree.run(
        &[
            "site",
            "add",
            "other",
            "--host=CHAT.a.example",
            "--user",
            USERS[1],
            "--prefix",
            &tree.path("usr").display().to_string(),
        ],
        1,
    );
    assert!(taken.err.contains("is the site alpha's"), "{}", taken.err);
    assert!(!tree.path("etc/websocketd-rs/sites/other").exists());
    tree.add("beta", "*.b.example", USERS[1]);

    tree.say("alpha", "lobby", "of alpha");
    tree.say("beta", "lobby", "of beta");
    let said = tree.run(&["--site", "alpha", "history", "lobby"], 0).out;
    assert!(
        said.contains("of alpha") && !said.contains("of beta"),
        "{said}"
    );
    let log = base.join("rooms/lobby.log");
    assert_eq!(mode_and_owner(&log).1, uid, "as the site's user");

    let listed: Value =
        serde_json::from_str(&tree.run(&["--json", "site", "list"], 0).out).expect("JSON");
    let fact = |index: usize, key: &str| listed[index][key].clone();
    assert_eq!(
        (fact(0, "site"), fact(0, "hosts")[0].clone()),
        ("alpha".into(), "chat.a.example".into())
    );
    assert_eq!(
        (fact(1, "user"), fact(1, "rooms"), fact(1, "state")),
        (USERS[1].into(), 1.into(), "served".into())
    );
    assert!(
        fact(0, "bytes").as_u64().is_some_and(|bytes| bytes > 10),
        "{listed}"
    );

    // The daemon takes what was written.
    fs::create_dir_all(tree.path("usr/share/websocketd-rs/htdocs")).expect("ours");
    fs::create_dir_all(tree.path("usr/lib/websocketd-rs/cgi")).expect("ours");
    let main = tree.path("etc/websocketd-rs/sites.ini");
    fs::write(&main, "port=0\naddress=127.0.0.1\ninclude=sites.d\n").expect("ours");
    let checked = Command::new(e2e::under_test::beside("websocketd-rs"))
        .arg(format!("--config={}", main.display()))
        .arg("--check")
        .output()
        .expect("it starts");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );

    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).expect("ours");
    let wrong = tree.run(&["site", "check", "alpha"], 1);
    assert!(
        wrong.err.contains("open to every user") && wrong.err.contains("chmod 750"),
        "{}",
        wrong.err
    );
    let routes = tree.path("etc/websocketd-rs/sites.d/alpha.ini");
    let text = fs::read_to_string(&routes).expect("there");
    fs::write(&routes, text.replace("hidepath", "# hidepath")).expect("ours");
    let wrong = tree.run(&["site", "check", "alpha"], 1);
    assert!(
        wrong.err.contains("no hidepath = /api/v1/in/"),
        "{}",
        wrong.err
    );
    fs::write(&routes, text).expect("ours");
    assert!(
        tree.run(&["site", "check", "gamma"], 3)
            .err
            .contains("no site gamma")
    );
    tree.run(&["--site", "gamma", "rooms"], 5);

    removes_all_but_an_archive(&tree, &base);
}

fn removes_all_but_an_archive(tree: &Tree, base: &Path) {
    let asked = tree.run(&["site", "remove", "alpha"], 1);
    assert!(
        asked.err.contains("--yes deletes") && base.exists(),
        "{}",
        asked.err
    );
    tree.run(&["site", "remove", "alpha", "--yes"], 0);
    assert!(!base.exists() && !tree.path("etc/websocketd-rs/sites/alpha").exists());
    assert!(!tree.path("etc/websocketd-rs/sites.d/alpha.ini").exists());
    let state = fs::read_dir(tree.path("var/lib/websocketd-rs/sites")).expect("there");
    let archive = state
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.is_file());
    let archive = archive.expect("an archive stays");
    assert_eq!(mode_and_owner(&archive).0, 0o600);
    assert!(chatctl(&["--help"]).out.contains("site"));
    let held = Command::new("tar")
        .arg("-tzf")
        .arg(&archive)
        .output()
        .expect("tar");
    let held = String::from_utf8_lossy(&held.stdout).into_owned();
    for name in [
        "base/rooms/lobby.log",
        "etc/chat.ini",
        "etc/routes.ini",
        "MANIFEST.json",
    ] {
        assert!(held.lines().any(|line| line == name), "{name} in {held}");
    }
    assert!(
        tree.run(&["--site", "beta", "history", "lobby"], 0)
            .out
            .contains("of beta"),
        "it does not notice"
    );
}

/// What an export of a room is.
fn export(ini: &Path, room: &str) -> String {
    let done = chatctl(&[
        "--config",
        ini.to_str().expect("UTF-8"),
        "export",
        room,
        "--format",
        "json",
    ]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.out
}

#[test]
fn a_backup_under_load_is_restored_to_the_byte_and_damage_is_refused() {
    let tree = Tree::new();
    tree.add("alpha", "a.example", USERS[0]);
    let ini = tree.path("etc/websocketd-rs/sites/alpha/chat.ini");
    let base = tree.path("var/lib/websocketd-rs/sites/alpha");
    for number in 0..5 {
        tree.say("alpha", "lobby", &format!("before {number}"));
    }
    tree.run(&["--site", "alpha", "ban", "lobby", "Mallory", "rude"], 0);
    let to = saves_under_load(&tree, &ini, &base);
    let archive = Path::new(&to);
    assert_eq!(mode_and_owner(archive).0, 0o600);
    assert!(
        tree.run(&["--site", "alpha", "backup", &to], 1)
            .err
            .contains("exists"),
        "never over another"
    );
    let good = tree
        .run(&["--site", "alpha", "restore", "--check", &to], 0)
        .out;
    assert!(good.starts_with("good: "), "{good}");

    // Not over what is there.
    let there = tree.run(&["--site", "alpha", "restore", &to], 1);
    assert!(there.err.contains("is there already"), "{}", there.err);
    tree.add("copy", "copy.example", USERS[1]);
    tree.run(&["--site", "copy", "restore", &to], 0);
    let copy = tree.path("etc/websocketd-rs/sites/copy/chat.ini");
    let (now, then) = (export(&ini, "lobby"), export(&copy, "lobby"));
    let records = |text: &str| -> Vec<Value> { serde_json::from_str(text).expect("an array") };
    let (now, then) = (records(&now), records(&then));
    assert!(
        then.len() > 8 && then.len() <= now.len(),
        "{} of {}",
        then.len(),
        now.len()
    );
    assert_eq!(
        then[..],
        now[..then.len()],
        "all that was said up to then, in its order"
    );
    let bans = tree.run(&["--site", "copy", "bans"], 0).out;
    assert!(bans.contains("Mallory"), "{bans}");
    let log = tree.path("var/lib/websocketd-rs/sites/copy/rooms");
    let owner = User::from_name(USERS[1])
        .expect("passwd")
        .expect("there")
        .uid
        .as_raw();
    assert_eq!(
        mode_and_owner(&log),
        (
            0o750,
            owner,
            User::from_uid(owner.into())
                .expect("x")
                .expect("y")
                .gid
                .as_raw()
        )
    );
    // A backup at rest is the same to the byte when it is restored.
    let rest = tree.path("rest.tar.gz");
    let rest = rest.to_str().expect("UTF-8");
    tree.run(&["--site", "alpha", "backup", rest], 0);
    tree.add("second", "second.example", USERS[1]);
    tree.run(&["--site", "second", "restore", rest], 0);
    let second = tree.path("etc/websocketd-rs/sites/second/chat.ini");
    assert_eq!(export(&second, "lobby"), export(&ini, "lobby"));

    refuses_damage(&tree, &to);
}

/// A backup while somebody writes and logs are rotated; where it is.
fn saves_under_load(tree: &Tree, ini: &Path, base: &Path) -> String {
    // Somebody writes all the time, as fast as they can, and logs are rotated meanwhile.
    let text = fs::read_to_string(ini).expect("made");
    let fast = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\n\n[room descriptions]";
    fs::write(ini, text.replace("[room descriptions]", fast)).expect("ours");
    let handler = e2e::under_test::beside("chat-handler");
    let script = format!(
        "i=0; while [ $i -lt 3000 ]; do echo \"load $i\"; i=$((i+1)); done | \
         REMOTE_ADDR=192.0.2.1 PATH_INFO=/lobby QUERY_STRING='username=Loud' {} --config {} >/dev/null",
        handler.display(),
        ini.display()
    );
    let mut load = Command::new("setpriv")
        .args([
            "--reuid",
            USERS[0],
            "--regid",
            USERS[0],
            "--clear-groups",
            "sh",
            "-c",
            &script,
        ])
        .spawn()
        .expect("setpriv of util-linux");
    e2e::deadline::eventually("somebody writes", || {
        export(ini, "lobby").contains("load 3").then_some(())
    });
    let live = base.join("rooms/lobby.log");
    let archive = tree.path("backup.tar.gz");
    let to = archive.to_str().expect("UTF-8").to_owned();
    let rotating = std::thread::spawn({
        let live = live.clone();
        move || {
            for number in (1..4).rev() {
                let aside = live.with_file_name(format!("lobby.log.{number}"));
                let _ = fs::rename(&live, aside);
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
        }
    });
    tree.run(&["--site", "alpha", "backup", &to], 0);
    rotating.join().expect("it rotates");
    load.wait().expect("it ends");
    to
}

/// Each is refused before anything is touched.
fn refuses_damage(tree: &Tree, good: &str) {
    tree.add("empty", "empty.example", USERS[1]);
    let base = tree.path("var/lib/websocketd-rs/sites/empty");
    let work = tree.path("work");
    let bytes = fs::read(good).expect("ours");
    let shell = |script: &str| {
        let _ = fs::remove_dir_all(&work);
        fs::create_dir(&work).expect("ours");
        let script = format!(
            "set -e; cd {}; tar -xzf {good}; {script}; tar -czf bad.tar.gz --owner=0 --group=0 base etc MANIFEST.json $MORE",
            work.display()
        );
        let done = Command::new("sh")
            .args(["-c", &script])
            .output()
            .expect("sh");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        fs::read(work.join("bad.tar.gz")).expect("made")
    };
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x20;
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"more");
    for (name, bad, told) in [
        ("torn", bytes[..bytes.len() * 2 / 3].to_vec(), "torn"),
        ("flipped", flipped, ""),
        ("longer", longer, "something follows"),
        ("nothing", Vec::new(), "torn"),
        ("foreign", b"hello, world".repeat(100), "torn"),
        (
            "changed",
            shell("echo x >> $(ls base/rooms/* | head -1)"),
            "not what it was",
        ),
        (
            "added",
            shell("echo x > base/rooms/extra.log"),
            "was not saved",
        ),
        ("missing", shell("rm -r base/state"), "is not in it"),
        (
            "link",
            shell("f=$(ls base/rooms/* | head -1); rm $f; ln -s /etc/passwd $f"),
            "is no file",
        ),
        (
            "elsewhere",
            shell("mkdir evil; echo x > evil/f; MORE=evil"),
            "behind the manifest",
        ),
        (
            "up",
            shell("echo x > ../f; MORE='-P ../f'"),
            "behind the manifest",
        ),
        ("unsigned", shell("echo '{}' > MANIFEST.json"), "manifest"),
    ] {
        let path = tree.path(&format!("{name}.tar.gz"));
        fs::File::create(&path)
            .expect("ours")
            .write_all(&bad)
            .expect("ours");
        let path = path.to_str().expect("UTF-8").to_owned();
        for words in [
            &["--site", "empty", "restore", "--check", &path][..],
            &["--site", "empty", "restore", &path],
        ] {
            let refused = tree.run(words, 1);
            assert!(refused.err.contains(told), "{name}: {}", refused.err);
        }
        assert_eq!(fs::read_dir(&base).expect("there").count(), 0, "{name}");
    }
    tree.run(&["--site", "empty", "restore", good], 0);
}

#[test]
fn a_site_whose_space_is_used_up_takes_no_message() {
    let tree = Tree::new();
    tree.add("alpha", "a.example", USERS[0]);
    let ini = tree.path("etc/websocketd-rs/sites/alpha/chat.ini");
    let text = fs::read_to_string(&ini).expect("made");
    tree.say("alpha", "lobby", &"x".repeat(2000));
    let send = |limit: &str| {
        fs::write(
            &ini,
            text.replace("; DISK_MAX=", &format!("DISK_MAX={limit}")),
        )
        .expect("ours");
        let script = format!(
            "echo hello there | REMOTE_ADDR=192.0.2.1 PATH_INFO=/lobby QUERY_STRING=username=Bob {} --config {}",
            e2e::under_test::beside("chat-handler").display(),
            ini.display()
        );
        let ran = Command::new("setpriv")
            .args([
                "--reuid",
                USERS[0],
                "--regid",
                USERS[0],
                "--clear-groups",
                "sh",
                "-c",
                &script,
            ])
            .output()
            .expect("setpriv of util-linux");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    let refused = send("1K");
    assert!(
        refused.contains("space of this chat is used up"),
        "{refused}"
    );
    assert!(
        !tree
            .run(&["--site", "alpha", "history", "lobby"], 0)
            .out
            .contains("hello there")
    );
    send("1M");
    assert!(
        tree.run(&["--site", "alpha", "history", "lobby"], 0)
            .out
            .contains("hello there")
    );
}
