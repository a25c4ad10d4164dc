//! The images of `make image`, made by a real builder and run as their own configuration says.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use e2e::deadline::eventually;
use e2e::http;
use e2e::image::{Container, Image, Images, endpoint, status_of, visitor};
use e2e::program::Program;
use e2e::under_test::workspace;
use e2e::ws::Client;

/// Where people's messages are.
const VOLUME: &str = "/var/lib/websocketd-rs/chat";

/// Sessions, each of which leaves processes behind.
const SESSIONS: usize = 200;

/// What both are to be.
#[track_caller]
fn assert_well_made(image: &Image) {
    let config = &image.config;
    assert_eq!(config["User"], "65534:65534");
    assert!(config["ExposedPorts"]["8080/tcp"].is_object(), "{config}");
    assert_eq!(config["Healthcheck"]["Test"][0], "CMD", "{config}");
}

/// The exit status of the image's health check.
#[track_caller]
fn health(image: &Image, container: &Container) -> i32 {
    let check: Vec<String> = serde_json::from_value(image.config["Healthcheck"]["Test"].clone())
        .expect("a list of words");
    container.run(&check[1..]).code()
}

/// Nobody is root, and nobody can become it.
#[track_caller]
fn assert_unprivileged(container: &Container) {
    let first = container.first();
    assert!(status_of(&first).is_some(), "it runs");
    for process in container.processes() {
        // Who answered a question is on the way out.
        let Some(status) = status_of(&process) else {
            continue;
        };
        let values_of = |key: &str| -> Vec<&str> {
            let mut lines = status.lines();
            let values = lines.find_map(|line| line.strip_prefix(key));
            values.unwrap_or_default().split_whitespace().collect()
        };
        assert_eq!(values_of("Uid:"), ["65534"; 4], "{process:?}: {status}");
        assert_eq!(values_of("NoNewPrivs:"), ["1"], "{process:?}");
        assert_eq!(values_of("CapEff:"), ["0000000000000000"], "{process:?}");
    }
}

#[test]
fn the_chat_runs_in_a_container_that_holds_nothing_else() {
    let images = Images::new();
    let image = images.make("");
    assert_well_made(&image);
    for absent in ["bin", "lib", "lib64", "usr/lib/x86_64-linux-gnu"] {
        assert!(!image.root.join(absent).exists(), "{absent}");
    }
    // A volume takes its owner from here; the settings may hold a secret.
    let owned = fs::metadata(image.root.join(&VOLUME[1..])).expect("it is there");
    assert_eq!((owned.uid(), owned.mode() & 0o777), (65534, 0o750));
    let ini = image.root.join("etc/websocketd-rs/chat.ini");
    let ini = fs::metadata(ini).expect("it is there");
    assert_eq!(
        (ini.uid(), ini.gid(), ini.mode() & 0o777),
        (0, 65534, 0o640)
    );
    let mut container = image.start(VOLUME, &[]);
    assert_eq!(health(&image, &container), 0);
    let page = http::get(&endpoint(), "/");
    assert!(
        page.status == 200 && page.text().contains("<html"),
        "{}",
        page.text()
    );
    let mut alice = visitor("alice");
    let mut bob = visitor("bob");
    alice.say_acked("hello from a container", "1");
    bob.find(|event| event["text"] == "hello from a container");
    let rooms = http::get(&endpoint(), "/api/rooms");
    assert!(rooms.text().contains("lobby"), "{}", rooms.text());
    assert_unprivileged(&container);

    container.stop();
    assert_eq!(container.program.wait().code(), Some(0));
    assert_eq!(
        container.processes(),
        [],
        "all ended with the first process"
    );
}

#[test]
fn handlers_in_bash_leave_no_zombies_in_a_container() {
    let images = Images::new();
    let programs = [
        "/bin/bash",
        "/usr/bin/tail",
        "/usr/bin/sleep",
        "/usr/bin/setsid",
    ];
    images.stand_in("docker.io/library/debian:stable-slim", &programs);
    let image = images.make("debian");
    assert_well_made(&image);
    // One is left in the handler's group, one outlives even that.
    let script = "tail -f /dev/null & setsid sleep 0.1 & read -r line; echo \"said: $line\"";
    let words = ["--port=8080", "bash", "-c", script];
    let mut container = image.start("", &words);
    for turn in 0..SESSIONS {
        let mut client = Client::connect(&endpoint(), "/");
        client.send(turn.to_string());
        assert_eq!(client.text(), format!("said: {turn}"));
    }
    assert_eq!(health(&image, &container), 0);
    // The daemon and its spawner, under unshare.
    eventually("nothing is left of any session", || {
        let left = container.processes();
        (left.len() == 2).then_some(()).ok_or(left).ok()
    });
    assert_unprivileged(&container);
    container.stop();
    assert_eq!(container.program.wait().code(), Some(0));
}

#[test]
fn the_image_for_scripts_answers_and_is_begun_with_as_the_cookbook_tells() {
    let images = Images::new();
    images.stand_in("docker.io/library/debian:stable-slim", &["/bin/bash"]);
    let container = images.make("debian").start("", &[]);
    let mut client = Client::connect(&endpoint(), "/");
    client.send("hello");
    client.text_where(|line| line == "you said: hello");
    drop((client, container));

    let text = fs::read_to_string(workspace().join("docs/cookbook.md")).expect("it is there");
    let recipe = text.split(". In a container\n").nth(1).expect("a recipe");
    let block = recipe.split("```").nth(1).expect("a block");
    // podman wants an engine's rights: what it is told is done by what images are made and entered with here.
    let (podman, files): (Vec<&str>, Vec<&str>) = block
        .lines()
        .skip(1)
        .partition(|line| line.starts_with("podman "));
    assert_eq!(podman.len(), 2, "{block}");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut shell = Command::new("bash");
    shell
        .args(["-euc", &files.join("\n")])
        .current_dir(dir.path());
    assert_eq!(Program::run(&shell).code(), 0);
    let container = images.build(dir.path()).start("", &[]);
    let mut client = Client::connect(&endpoint(), "/");
    for said in ["one", "two"] {
        client.send(said);
    }
    client.text_where(|line| line == "2 two");
    drop(container);
}
