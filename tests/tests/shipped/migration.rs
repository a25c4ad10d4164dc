//! docs/migration.md, followed to the letter on a tree of 2016, there and back.

use std::fs;
use std::process::Command;

use e2e::chat::Record;
use e2e::daemon::Daemon;
use e2e::installation::{Installation, give_to_service_user};
use e2e::program::Program;
use e2e::under_test::{Subject, workspace};

/// Where the document's chat lies.
const BASE: &str = "/var/www/chat";

const OLD_LINES: &str =
    "[10:15:30] alice joined the lobby\n[10:15:31] alice> we were here in 2016\n";

/// The document's shell blocks, by the heading that they stand under.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(workspace().join("docs/migration.md")).expect("it is there");
    let mut found = Vec::new();
    let (mut heading, mut block) = (String::new(), None);
    for line in text.lines() {
        match (&mut block, line) {
            (None, "```sh") => block = Some(String::new()),
            (Some(text), "```") => {
                found.push((heading.clone(), std::mem::take(text)));
                block = None;
            }
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, line) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    found
}

/// Runs a block where the installation is. The service manager is not the test's: lines for it are left out.
#[track_caller]
fn follow(installation: &Installation, block: &str) -> String {
    let root = installation.path("");
    let block: String = block
        .lines()
        .filter(|line| !line.starts_with("systemctl "))
        .fold(String::new(), |all, line| all + line + "\n");
    let mut block = installation.relocate(&block);
    for place in ["/var/www/", "/etc/systemd/", "/etc/logrotate.d/"] {
        block = block.replace(place, &format!("{}{place}", root.display()));
    }
    let path = format!(
        "{}:{}",
        installation.path("/usr/local/bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &block])
        .env("PATH", path);
    let finished = Program::run(&shell);
    assert_eq!(finished.code(), 0, "{block}\n{finished:#?}");
    finished.stdout
}

/// The tree that a chat of 2016 has.
fn old_tree(installation: &Installation) {
    let base = installation.path(BASE);
    for dir in ["rooms", "users", "sessions", "log", "conf"] {
        fs::create_dir_all(base.join(dir)).expect("writable");
    }
    fs::write(base.join("rooms/lobby.log"), OLD_LINES).expect("writable");
    fs::write(
        base.join("conf/chat.ini"),
        "[global]\nBASE_DIR=..\nLANG=en_US.UTF-8\nICE_SERVER_DNS=\n\
         WEBSOCKETD_SERVER_URL=wss://www.example.org/chat/rooms/\nAUTHENTIZATION_WEBSERVICE_URL=\n\
         AUTHENTIZATION_COOKIENAME=\n\n[room descriptions]\nlobby=The old room\n",
    )
    .expect("writable");
    // A room that root's own tools made.
    give_to_service_user(&base.join("rooms"));
}

/// The installed daemon with the configuration that the service has.
fn start(installation: &Installation) -> Daemon {
    let config = installation.path("/etc/websocketd-rs/chat.ini");
    let before = fs::read_to_string(&config).expect("it is there");
    let daemon = installation.daemon("behind-a-proxy.ini", |text| text);
    assert_eq!(fs::read_to_string(&config).expect("it is there"), before);
    daemon
}

const ORIGIN: (&str, &str) = ("Origin", "https://chat.example.org");

#[test]
fn the_migration_goes_there_and_back() {
    let _alone = e2e::cluster_of_one::needs_alone("a chat of 2016 has no [cluster]");
    let installation = Installation::new();
    old_tree(&installation);
    let blocks = blocks();
    let (back, there): (Vec<_>, Vec<_>) = blocks
        .into_iter()
        .partition(|(heading, _)| heading == "The way back");
    assert_eq!((there.len(), back.len()), (4, 1), "the page's blocks");
    // As somebody has it who changes the program alone.
    fs::remove_file(installation.path("/etc/websocketd-rs/chat.ini")).expect("it was installed");
    for (_, block) in &there[..3] {
        follow(&installation, block);
    }
    let mut daemon = start(&installation);
    let said = follow(&installation, &there[3].1);
    assert!(said.contains("lobby"), "{said}");

    let mut bob = daemon.client_with("/lobby?nick=bob", &[ORIGIN]);
    bob.text_where(|line| line.contains("Welcome to the chat room lobby bob!"));
    bob.text_where(|line| line == "[10:15:31] alice> we were here in 2016");
    bob.send("and now");
    bob.text_where(|line| line.ends_with("bob> and now"));
    drop(bob);
    assert_eq!(daemon.stop(), 0);
    let log = installation.path(BASE).join("rooms/lobby.log");
    let text = fs::read_to_string(&log).expect("it is there");
    assert!(text.starts_with(OLD_LINES), "{text}");
    let said = Record::parse(
        text.lines()
            .find(|line| line.contains("now"))
            .expect("said"),
    );
    assert_eq!((said.kind.as_str(), said.from.as_str()), ("say", "bob"));

    follow(&installation, &back[0].1);
    let text = fs::read_to_string(&log).expect("it is there");
    assert!(text.starts_with(OLD_LINES), "{text}");
    let in_old_form = |line: &str| line.starts_with('[') && line.as_bytes().get(9) == Some(&b']');
    assert!(text.lines().all(in_old_form), "{text}");
    let old = Daemon::of(&Subject::original())
        .command(
            workspace().join("tests/tests/chat/chat_server.sh"),
            [installation.path(BASE)],
        )
        .start();
    let mut carl = old.client("/lobby");
    carl.text_where(|line| line.contains("alice> we were here in 2016"));
    carl.text_where(|line| line.ends_with("bob> and now"));
}
