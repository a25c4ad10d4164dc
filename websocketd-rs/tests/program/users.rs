//! Programs of a route that run as another user: whose they are, how they end, and that nobody stays root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::deadline::eventually;
use e2e::proc;
use e2e::raw::opcode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

use crate::daemon::{Daemon, run};
use crate::handshake::{messages, upgrade};
use crate::http::get;

/// Every Debian has these.
const OWN: &str = "www-data";
const OTHERS: [&str; 2] = ["games", "nobody"];

#[track_caller]
fn need_root() {
    assert!(
        geteuid().is_root(),
        "this test changes users, which only root can: sudo make test"
    );
}

fn id_of(name: &str) -> u32 {
    let user = User::from_name(name).expect("/etc/passwd can be read");
    user.unwrap_or_else(|| panic!("there is no user {name}; Debian's package base-passwd makes it"))
        .uid
        .as_raw()
}

/// A directory that all users may look into.
fn open_directory() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(dir.path(), all).expect("it is ours");
    dir
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

fn config(dir: &TempDir, text: &str) -> String {
    let file = dir.path().join("websocketd.ini");
    fs::write(&file, text).expect("a file");
    format!("--config={}", file.display())
}

fn start(config: &str) -> Daemon {
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--closetimeout=100",
        config,
    ];
    Daemon::start(&words)
}

/// A daemon of `www-data` with two routes of other users.
fn serve(dir: &TempDir) -> Daemon {
    script(
        &dir.path().join("who"),
        "id -un; id -Gn; grep -E '^(NoNewPrivs|CapEff)' /proc/self/status",
    );
    // Answers no signal that a program can answer, and has a child that does not either.
    script(
        &dir.path().join("stubborn"),
        "trap '' INT TERM\nsh -c 'trap \"\" INT TERM; while :; do sleep 1; done' <&- >&- &\necho $! $$\nwhile :; do sleep 1; done",
    );
    fs::create_dir(dir.path().join("cgi")).expect("a directory");
    script(
        &dir.path().join("cgi/who"),
        "printf 'Content-Type: text/plain\\n\\n'; id -un",
    );
    let at = dir.path().display();
    let [first, second] = OTHERS;
    let config = config(
        dir,
        &format!(
            "user={OWN}\ncommand={at}/who\n\
             [route /first]\nuser={first}\ncommand={at}/who\n\
             [route /second]\nuser={second}\ncommand={at}/who\n\
             [route /again]\nuser={second}\ncgi={at}/cgi\ncommand={at}/stubborn\n"
        ),
    );
    start(&config)
}

/// The ids that `/again` tells: a child, and the program itself.
fn stubborn(daemon: &Daemon) -> (crate::http::Client, [u32; 2]) {
    let (mut client, reply) = upgrade(daemon, "/again", "");
    assert_eq!(reply.status, 101);
    let ids = loop {
        let text = client.0.unread();
        let digits: Vec<u32> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .filter(|pid| Path::new(&format!("/proc/{pid}")).exists())
            .collect();
        if let [child, own] = digits[..] {
            break [child, own];
        }
        assert!(client.0.read_some() > 0, "it ended after {text:?}");
    };
    (client, ids)
}

/// All processes below `pid`.
fn family(pid: u32) -> Vec<u32> {
    let children = format!("/proc/{pid}/task/{pid}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    children
        .flat_map(|id| [vec![id], family(id)].concat())
        .collect()
}

fn status(pid: u32, key: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn assert_end(pids: &[u32]) {
    for pid in pids {
        proc::wait_until_ended(*pid);
    }
}

/// The spawner of a user below the daemon.
fn spawner_of(daemon: &Daemon, user: &str) -> u32 {
    let id = id_of(user).to_string();
    let mut spawners = family(daemon.pid()).into_iter().filter(|pid| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let owner = status(*pid, "Uid").unwrap_or_default();
        words.starts_with(b"websocketd-rs-spawner") && owner.split(' ').next() == Some(&id)
    });
    spawners.next().expect("it runs")
}

#[test]
fn each_route_runs_as_its_user_and_no_process_stays_root() {
    need_root();
    let dir = open_directory();
    let daemon = serve(&dir);
    for (target, user) in [("/", OWN), ("/first", OTHERS[0]), ("/second", OTHERS[1])] {
        let (mut client, reply) = upgrade(&daemon, target, "");
        assert_eq!(reply.status, 101, "{target}");
        let group = Command::new("id")
            .args(["-Gn", user])
            .output()
            .expect("id runs");
        let groups = String::from_utf8_lossy(&group.stdout).trim().to_owned();
        let told = messages(&mut client);
        let expected = [user, &groups, "CapEff:\t0000000000000000", "NoNewPrivs:\t1"];
        assert_eq!(told, expected, "{target}");
    }
    assert_eq!(
        get(&daemon, "/again/who").utf8(),
        format!("{}\n", OTHERS[1])
    );
    // The last program may be on its way out.
    let family = eventually("a spawner for each user, shared by its routes", || {
        let family = family(daemon.pid());
        (family.len() == 3).then_some(family)
    });
    for pid in [vec![daemon.pid()], family].concat() {
        let ids = status(pid, "Uid").expect("it lives");
        assert!(ids.split(' ').all(|id| id != "0"), "{pid} is root: {ids}");
        assert_eq!(status(pid, "NoNewPrivs").as_deref(), Some("1"));
        assert_eq!(status(pid, "CapEff").as_deref(), Some("0000000000000000"));
    }
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_program_of_another_user_is_ended_as_any_other() {
    need_root();
    let dir = open_directory();
    let mut daemon = serve(&dir);
    let (client, pids) = stubborn(&daemon);
    for pid in pids {
        let ids = status(pid, "Uid").expect("it lives");
        assert!(ids.starts_with(&id_of(OTHERS[1]).to_string()), "{ids}");
    }
    drop(client);
    daemon.read_until("| DISCONNECT");
    assert_end(&pids);

    let (_client, pids) = stubborn(&daemon);
    assert_eq!(daemon.stop().0, Some(0));
    assert_end(&pids);
}

/// Programs open it again by its name: `tmux`, `gpg`, `sudo`.
#[test]
fn a_terminal_belongs_to_the_user_who_sits_at_it() {
    need_root();
    let dir = open_directory();
    let at = dir.path().display();
    let path = dir.path().join("who");
    script(
        &path,
        "stat -c %U \"$(tty)\"; echo opened > \"$(tty)\"; pwd",
    );
    let config = config(
        &dir,
        &format!(
            "user={OWN}\npty=true\ncwd={at}\ncommand={at}/who\n[route /other]\nuser={}\ncommand={at}/who\n",
            OTHERS[0]
        ),
    );
    let daemon = start(&config);
    for (target, user) in [("/", OWN), ("/other", OTHERS[0])] {
        let (mut client, _) = upgrade(&daemon, target, "");
        let frames = client.0.frames().into_iter();
        let shown: Vec<u8> = frames
            .filter(|frame| frame.opcode == opcode::BINARY)
            .flat_map(|frame| frame.payload)
            .collect();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert_eq!(shown, format!("{user}\r\nopened\r\n{at}\r\n"));
    }
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn programs_of_other_users_end_with_a_killed_daemon() {
    need_root();
    let dir = open_directory();
    let mut daemon = serve(&dir);
    let (_client, pids) = stubborn(&daemon);
    let everyone = family(daemon.pid());
    daemon.signal(Signal::SIGKILL);
    daemon.end();
    assert_end(&pids);
    assert_end(&everyone);
}

#[test]
fn a_daemon_that_lost_a_spawner_ends_and_says_whose() {
    need_root();
    let dir = open_directory();
    let mut daemon = serve(&dir);
    let spawner = spawner_of(&daemon, OTHERS[0]);
    kill(
        Pid::from_raw(i32::try_from(spawner).unwrap()),
        Signal::SIGKILL,
    )
    .expect("it runs");
    let line = daemon.read_until("Can't go on: ");
    assert!(
        line.contains(&format!("the spawner process of user {} died", OTHERS[0])),
        "{line}"
    );
    assert_eq!(daemon.end().0, Some(3));
}

#[test]
fn a_reload_takes_known_users_and_refuses_new_ones() {
    need_root();
    let dir = open_directory();
    let mut daemon = serve(&dir);
    let file = dir.path().join("websocketd.ini");
    let text = fs::read_to_string(&file).expect("it is there");
    let [first, second] = OTHERS;
    let swapped = text
        .replace(&format!("user={first}\n"), "user=X\n")
        .replace(&format!("user={second}\n"), &format!("user={first}\n"))
        .replace("user=X\n", &format!("user={second}\n"));
    fs::write(&file, &swapped).expect("a file");
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded configuration");
    let first_word = |daemon: &Daemon, target: &str| {
        let (mut client, reply) = upgrade(daemon, target, "");
        assert_eq!(reply.status, 101);
        messages(&mut client).swap_remove(0)
    };
    assert_eq!(first_word(&daemon, "/first"), second);

    for (wrong, told) in [
        (
            swapped.replace(&format!("user={first}\n"), "user=bin\n"),
            "user=bin: a user that no route named when the daemon started needs a restart",
        ),
        (
            swapped.replace(&format!("user={OWN}\n"), "user=bin\n"),
            "websocketd.ini:1: user=bin: the daemon itself needs a restart to become another user",
        ),
    ] {
        fs::write(&file, wrong).expect("a file");
        daemon.signal(Signal::SIGHUP);
        let line = daemon.read_until("Reload refused, the old configuration stays: ");
        assert!(line.contains(told), "{line}");
        assert_eq!(first_word(&daemon, "/second"), first, "the old one goes on");
    }
    let place = format!("{}:7: ", file.display());
    assert!(
        daemon.log.contains(&place),
        "{place} is not in {}",
        daemon.log
    );
}

#[test]
fn a_program_that_only_its_user_may_reach_survives_a_reload() {
    need_root();
    let dir = open_directory();
    let home = dir.path().join("home");
    fs::create_dir(&home).expect("a directory");
    script(&home.join("who"), "id -un");
    let nobody = id_of("nobody");
    std::os::unix::fs::chown(&home, Some(nobody), None).expect("we are root");
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("we are root");
    let text = format!(
        "user={OWN}\ncommand=cat\n[route /a]\nuser=nobody\ncommand={}/who\n",
        home.display()
    );
    let mut daemon = start(&config(&dir, &text));
    for reload in [false, true] {
        if reload {
            daemon.signal(Signal::SIGHUP);
            daemon.read_until("Reloaded configuration");
        }
        let (mut client, reply) = upgrade(&daemon, "/a", "");
        assert_eq!(reply.status, 101);
        assert_eq!(messages(&mut client), ["nobody"]);
    }
}

#[test]
fn without_root_another_user_is_an_error_with_its_line() {
    need_root();
    let dir = open_directory();
    // Where the tests are built another user need not be allowed to look.
    let program = dir.path().join("websocketd-rs");
    fs::copy(env!("CARGO_BIN_EXE_websocketd-rs"), &program).expect("a copy");
    let flag = config(
        &dir,
        "port=0\ncommand=cat\n[route /a]\ncommand=cat\nuser=games\n",
    );
    let told = format!(
        "{}:5: user=games: cannot change user: only root can",
        dir.path().join("websocketd.ini").display()
    );
    for check in [&[][..], &["--check"]] {
        let mut command = Command::new(&program);
        command.arg(&flag).args(check).stdin(Stdio::null());
        command.uid(id_of("nobody")).gid(65534);
        let ran = command.output().expect("it starts");
        assert_eq!(ran.status.code(), Some(3));
        let text = [ran.stdout, ran.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains(&told), "{text}");
    }
}

#[test]
fn impossible_users_are_errors_with_their_line() {
    let dir = open_directory();
    let file = dir.path().join("websocketd.ini");
    for (text, told) in [
        (
            "command=cat\n[route /a]\ncommand=cat\nuser=no-such-user\n",
            ":4: [route /a]: --user: there is no user 'no-such-user'\n",
        ),
        (
            "user=games\ncommand=cat\n[route /a]\nuser=root\ncommand=cat\n",
            ":4: [route /a]: user=root is not allowed beside --user, which gives up the rights of root\n",
        ),
    ] {
        let ran = run(&["--check", &config(&dir, text)]);
        assert_eq!(ran.code, Some(1));
        assert_eq!(ran.stderr, format!("{}{told}", file.display()));
    }
}
