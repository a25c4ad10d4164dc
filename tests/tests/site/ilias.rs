//! `chatctl import ilias` with files as ILIAS writes them: sites that are served, old messages that go when they went, and
//! the heartbeat that ILIAS asks for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use e2e::daemon::{Daemon, free_port};
use e2e::http;
use e2e::installation::{Installation, SERVICE_USER};
use e2e::program::{Finished, Program};
use e2e::under_test::{Kind, Subject, workspace};
use nix::unistd::geteuid;
use serde_json::Value;

struct Machine {
    installation: Installation,
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        assert!(
            geteuid().is_root(),
            "this test changes users, which only root can: sudo make test"
        );
        let machine = Self {
            installation: Installation::new(),
            dir: tempfile::tempdir().expect("a directory"),
        };
        for name in ["server.cfg", "client.cfg"] {
            let shipped = workspace().join("tests/tests/site/ilias").join(name);
            fs::copy(shipped, machine.file(name)).expect("writable");
        }
        machine
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn path(&self, system: &str) -> PathBuf {
        self.installation.path(system)
    }

    fn edit(&self, name: &str, to: &str, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.file(name)).expect("there");
        fs::write(self.file(to), edit(text)).expect("writable");
    }

    fn import(&self, words: &[&str]) -> Finished {
        let mut command = Command::new(self.path("/usr/local/bin/chatctl"));
        command
            .arg("--root")
            .arg(self.path("/"))
            .args(["import", "ilias", "--user=games"])
            .arg(format!("--prefix={}", self.path("/usr/local").display()))
            .args(words)
            .current_dir(self.dir.path());
        Program::run(&command)
    }

    /// The files below /etc/websocketd-rs that a site is made of.
    fn sites(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("/etc/websocketd-rs/sites.d"));
        let entries = entries.into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn a_client_becomes_a_site_that_ilias_finds_alive() {
    let machine = Machine::new();
    let files = ["server.cfg", "client.cfg"];
    let tried = machine.import(&[&files[..], &["--dry-run"]].concat());
    assert_eq!(tried.code(), 0, "{tried:#?}");
    assert!(machine.sites().is_empty(), "a dry run makes nothing");
    let done = machine.import(&files);
    assert_eq!(done.code(), 0, "{done:#?}");
    for line in [
        "deletion_value                      mapped          KEEP=6months",
        "port                                by hand         port = 8585 in sites.ini",
        "database                            not applicable  ",
    ] {
        assert!(done.stdout.contains(line), "{line}\n{}", done.stdout);
    }
    let told = done.stdout + &done.stderr;
    for secret in ["hush-hush", "04e60a6e", "801c4a44"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert_eq!(machine.sites(), ["myilias.ini"]);
    let ini = fs::read_to_string(machine.path("/etc/websocketd-rs/sites/myilias/chat.ini"));
    let ini = ini.expect("made");
    assert!(ini.contains("\nKEEP=6months\n"), "{ini}");
    let timer = machine.path("/etc/systemd/system/chat-expire@myilias.timer.d/time.conf");
    let timer = fs::read_to_string(timer).expect("made");
    assert!(
        timer.ends_with("OnCalendar=\nOnCalendar=*-*-* 03:15:00\n"),
        "{timer}"
    );

    let shipped = fs::read_to_string(workspace().join("conf/sites.ini")).expect("it is shipped");
    let config = machine.path("/etc/websocketd-rs/sites.ini");
    let text = shipped.replace("port = 8080", &format!("port = {}", free_port()));
    fs::write(&config, text).expect("ours");
    let subject = Subject {
        path: machine.path("/usr/local/bin/websocketd-rs"),
        kind: Kind::Ours,
    };
    let _cluster = machine.installation.cluster_of("myilias", "games");
    let daemon = Daemon::of(&subject)
        .flag(format!("--config={}", config.display()))
        .flag(format!("--user={SERVICE_USER}"))
        .start();
    // As ilChatroomServerConnector asks: status 200 in a body that is JSON, whatever the credentials.
    let asked = "GET /backend/Heartbeat/MyILIAS HTTP/1.1\r\nHost: 192.168.1.94:8585\r\nConnection: close\r\n\
                 Content-Type: application/json; charset=utf-8\r\nAuthorization: Basic ODAxYzphMDRl\r\n\r\n";
    let alive = || http::exchange(&daemon.endpoint, asked.as_bytes()).expect("an answer");
    let answer = alive();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let value: Value = serde_json::from_str(answer.utf8()).expect("JSON");
    assert_eq!(value["status"], 200);
    let pages = asked.replace("/backend/Heartbeat/MyILIAS", "/");
    let pages = http::exchange(&daemon.endpoint, pages.as_bytes()).expect("an answer");
    assert_eq!(pages.status, 200, "{}", pages.text());
    // A chat whose files nobody can write is not alive: PHP's file_get_contents fails by the status.
    let base = machine.path("/var/lib/websocketd-rs/sites/myilias");
    // A relay has made rooms/ already.
    for dir in [base.join("rooms"), base] {
        if dir.exists() {
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).expect("ours");
        }
    }
    let answer = alive();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let value: Value = serde_json::from_str(answer.utf8()).expect("JSON");
    assert_eq!(value["status"], 503);
}

#[test]
fn what_is_wrong_is_named_before_anything_is_made() {
    let machine = Machine::new();
    machine.edit("client.cfg", "second.cfg", |text| {
        text.replace("MyILIAS", "other")
    });
    machine.edit("server.cfg", "bad.cfg", |text| {
        text.replace("\"months\"", "\"hours\"")
            .replace("03:15", "25:15")
    });
    machine.edit("client.cfg", "bad_client.cfg", |text| {
        text.replace(
            "\"chat_enabled\": true",
            "\"chat_enabled\": false, \"surprise\": 1",
        )
    });
    let refused = |words: &[&str], wanted: &[&str]| {
        let done = machine.import(words);
        assert_eq!(done.code(), 1, "{words:?}: {done:#?}");
        for part in wanted {
            assert!(done.stderr.contains(part), "{part}: {done:#?}");
        }
        assert!(machine.sites().is_empty(), "{words:?}");
    };
    refused(
        &["bad.cfg", "client.cfg", "bad_client.cfg"],
        &[
            "bad.cfg: deletion_value: with deletion_unit: the unit is unknown",
            "bad.cfg: deletion_time: is HH:MM",
            "bad_client.cfg: chat_enabled: ",
            "bad_client.cfg: surprise: is not known",
        ],
    );
    // Two clients have a host each; whose nobody says is asked for.
    refused(
        &[
            "server.cfg",
            "client.cfg",
            "second.cfg",
            "--host=MyILIAS=a.example",
        ],
        &["--host other=HOST"],
    );
    refused(
        &[
            "server.cfg",
            "client.cfg",
            "second.cfg",
            "--host=MyILIAS=a.example",
            "--host=other=a.example",
        ],
        &["a.example: is the host of other and of myilias"],
    );
    refused(
        &["server.cfg", "client.cfg", "--host=nobody=a.example"],
        &["none of the files"],
    );
    let both = [
        "server.cfg",
        "client.cfg",
        "second.cfg",
        "--host=MyILIAS=a.example",
        "--host=other=b.example",
    ];
    let done = machine.import(&both);
    assert_eq!(done.code(), 0, "{done:#?}");
    assert_eq!(machine.sites(), ["myilias.ini", "other.ini"]);
    let again = machine.import(&both);
    assert_eq!(again.code(), 1);
    assert!(again.stderr.contains("is there already"), "{again:#?}");
}
