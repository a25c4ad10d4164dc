//! Files that people put into messages on three machines: by the daemon and chat-cgi of one, said on another, had on the
//! third.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::http;
use e2e::page::Page;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::{beside, chat_cgi};
use e2e::ws::Client;
use serde_json::{Value, json};

/// Where a machine's API is.
const API: u16 = 8090;
/// As `FILE_MAX` is by default.
const LARGEST: usize = 25 << 20;
const GUEST: (&str, &str) = ("Cookie", "chat-client=annas-browser");

/// Starts the daemon that runs chat-cgi.
fn start_api(machine: &mut Machine) {
    let dir = machine.disk().join("cgi");
    fs::create_dir_all(&dir).expect("writable");
    let (ini, cgi) = (machine.base().join("chat.ini"), chat_cgi());
    let script = format!(
        "#!/bin/sh\nCHAT_CONFIG={} exec {}\n",
        ini.display(),
        cgi.display()
    );
    fs::write(dir.join("api"), script).expect("writable");
    fs::set_permissions(dir.join("api"), fs::Permissions::from_mode(0o755)).expect("ours");
    let address = format!("--address={}", machine.address());
    let (port, dir) = (
        format!("--port={API}"),
        format!("--cgidir={}", dir.display()),
    );
    let daemon = beside("websocketd-rs");
    machine.start("api", &daemon.to_string_lossy(), &[&address, &port, &dir]);
}

/// Three machines with an API each.
fn site() -> Cluster {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "FILES_PER_MINUTE=1000\n");
    for machine in &mut cluster.machines {
        start_api(machine);
    }
    cluster
}

/// Does it among the people.
fn as_people<T: Send>(cluster: &Cluster, what: impl FnOnce() -> T + Send) -> T {
    let entrance = cluster.cables.entrance();
    thread::scope(|scope| {
        let done = scope.spawn(|| {
            entrance.enter();
            what()
        });
        done.join().expect("they are served")
    })
}

fn api(machine: &Machine) -> Endpoint {
    Endpoint::Tcp(SocketAddr::new(machine.address().into(), API))
}

/// Puts a file on a machine; its id.
fn put(machine: &Machine, name: &str, content: &str) -> String {
    let path = format!("/api/files?room=lobby&name={name}");
    let kind = ("Content-Type", "application/octet-stream");
    let answer = eventually("the API and the room are there", || {
        api(machine).connect().ok()?;
        let headers = [kind, GUEST];
        let answer = http::send(&api(machine), "POST", &path, &headers, content);
        (answer.status != 404).then_some(answer)
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told: Value = serde_json::from_str(&answer.text()).expect("JSON");
    told["id"].as_str().expect("an id").to_owned()
}

fn have(machine: &Machine, id: &str) -> http::Response {
    let path = format!("/api/files/{id}/name?room=lobby");
    http::get(&api(machine), &path)
}

#[track_caller]
fn wait_for(machine: &Machine, id: &str, content: &str) {
    let answer = eventually("the file has come", || {
        let answer = have(machine, id);
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        (answer.status == 200).then_some(answer)
    });
    assert!(
        answer.body == content.as_bytes(),
        "{} bytes",
        answer.body.len()
    );
}

fn enter(endpoint: &Endpoint, name: &str) -> Page<Client> {
    let path = format!("/lobby?format=json&nick={name}&client={name}s-browser");
    Page::enter(Client::connect(endpoint, &path))
}

/// Says something with a file, as a page does: again until it is acked.
fn say_with(page: &mut Page<Client>, id: &str) -> String {
    let msgid = format!("m-{id}");
    eventually("it is acked", || {
        let files = [json!({ "id": id })];
        page.send(&json!({ "type": "say", "text": "", "msgid": msgid, "files": files }));
        let answer =
            page.find(|it| it["msgid"] == *msgid && (it["type"] == "ack" || it["type"] == "error"));
        (answer["type"] == "ack").then(|| answer["id"].as_str().expect("an id").to_owned())
    })
}

fn content(length: usize) -> String {
    let line = format!("{:?}\n", std::time::SystemTime::now());
    let mut content = line.repeat(length / line.len() + 1);
    content.truncate(length);
    content
}

/// The files of the lobby that are not whole.
fn parts(machine: &Machine) -> Vec<PathBuf> {
    let entries = fs::read_dir(machine.base().join("files/lobby"));
    let paths = entries.into_iter().flatten().flatten().map(|it| it.path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == "part"))
        .collect()
}

/// Whether anything below `dir` has this name.
fn holds(dir: &Path, name: &str) -> bool {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        let is_it = path
            .file_name()
            .is_some_and(|it| it.to_string_lossy().contains(name));
        is_it || path.is_dir() && holds(&path, name)
    })
}

#[test]
fn a_file_is_put_on_one_machine_said_on_another_and_had_on_the_third() {
    let mut cluster = site();
    let rooms = cluster.endpoints();
    let (small, large) = (content(2_000_000), content(LARGEST));
    let id = as_people(&cluster, || {
        let [one, two, three] = &cluster.machines[..] else {
            panic!("three machines")
        };
        let (mut anna, mut bob) = (enter(&rooms[1], "anna"), enter(&rooms[2], "bob"));
        let id = put(one, "small.bin", &small);
        let message = say_with(&mut anna, &id);
        let seen = bob.find(|it| it["id"] == *message);
        assert_eq!(seen["files"][0]["id"], *id, "{seen}");
        for machine in [three, two, one] {
            wait_for(machine, &id, &small);
        }
        // Taken back on the one that it was put on, from another.
        let (code, said) = two.chatctl(&["redact", "lobby", &message]);
        assert_eq!(code, 0, "{said}");
        for machine in &cluster.machines {
            eventually("it is on no disk", || {
                (!holds(&machine.base().join("files"), &id)).then_some(())
            });
            assert_eq!(have(machine, &id).status, 404);
        }
        let id = put(one, "large.bin", &large);
        say_with(&mut anna, &id);
        id
    });
    // The third dies in the middle of it.
    eventually("a part of it has come", || {
        let length = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        parts(&cluster.machines[2])
            .iter()
            .any(|path| length(path) > 0)
            .then_some(())
    });
    let third = &mut cluster.machines[2];
    third.pull_the_plug();
    third.end("api");
    third.start_engine();
    third.start_relay();
    third.start_daemon();
    start_api(third);
    third.wait_until_up();
    as_people(&cluster, || {
        for machine in &cluster.machines {
            eventually("its API is there", || api(machine).connect().ok());
            wait_for(machine, &id, &large);
        }
    });
    let (_, said) = cluster.machines[2].chatctl(&["cluster", "status"]);
    assert!(!said.contains("not here yet"), "{said}");
}

/// A small disk for a machine's files.
struct Disk(PathBuf);

impl Disk {
    #[track_caller]
    fn mount(dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("writable");
        let mut mount = Command::new(part("/bin/mount", "mount"));
        let mount = mount.args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"]);
        assert!(mount.arg(dir).status().expect("it runs").success());
        Self(dir.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while somebody has a file there.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_the_file_comes_when_there_is_room() {
    let cluster = site();
    let rooms = cluster.endpoints();
    let [one, two, three] = &cluster.machines[..] else {
        panic!("three machines")
    };
    let disk = Disk::mount(&three.base().join("files"));
    as_people(&cluster, || {
        let content = content(3_000_000);
        let mut anna = enter(&rooms[0], "anna");
        let id = put(one, "small.bin", &content);
        say_with(&mut anna, &id);
        wait_for(two, &id, &content);
        eventually("the third says why it has not", || {
            let told = fs::read_to_string(three.told("relay")).unwrap_or_default();
            told.contains("files of other machines are not kept")
                .then_some(())
        });
        let (_, said) = three.chatctl(&["cluster", "status"]);
        assert!(said.contains("not here yet: 1 (3000000 bytes)"), "{said}");
        assert_eq!(have(three, &id).status, 503);
        // Nobody's message waits for it.
        say_with(&mut anna, &put(one, "tiny.bin", "a few words"));
        eventually("nothing of it is kept", || {
            parts(three).is_empty().then_some(())
        });
        drop(disk);
        wait_for(three, &id, &content);
    });
}
