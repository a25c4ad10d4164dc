//! `make dev`: what changes is served without anybody's doing.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;

use e2e::deadline::eventually;
use e2e::http;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::{target, workspace};
use e2e::ws::{Client, Ended};

/// A port of the kernel's choice whose successor is free too.
fn two_ports() -> (u16, Endpoint, Endpoint) {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let (first, _second) = std::iter::repeat_with(|| {
        let first = TcpListener::bind(at(0)).expect("the loopback has free ports");
        let port = first.local_addr().expect("bound").port();
        let second = TcpListener::bind(at(port.checked_add(1)?)).ok()?;
        Some((port, second))
    })
    .flatten()
    .next()
    .expect("it does not end");
    (
        first,
        Endpoint::Tcp(at(first)),
        Endpoint::Tcp(at(first + 1)),
    )
}

#[test]
fn pages_load_themselves_anew_and_a_changed_source_restarts_the_chat() {
    part("/usr/bin/inotifywait", "inotify-tools");
    // A first build takes as long as it takes; what `make dev` does then is to find that nothing is to be done.
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--locked", "--workspace", "--bins"]);
    cargo
        .current_dir(workspace())
        .env("CARGO_TARGET_DIR", target());
    assert!(cargo.status().expect("cargo starts").success());
    let dir = tempfile::tempdir().expect("a directory");
    let htdocs = dir.path().join("htdocs");
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(workspace().join("htdocs")).arg(&htdocs);
    assert_eq!(Program::run(&copy).code(), 0);
    let (port, chat, pages) = two_ports();
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "dev"])
        .arg(format!("PORT={port}"))
        .arg(format!("VAR={}", dir.path().join("var").display()))
        .arg(format!("HTDOCS={}", htdocs.display()))
        .env("CARGO_TARGET_DIR", target())
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(workspace());
    let program = Program::start(&make);
    program.output.wait_for(&["Watches established"]);
    let started = |count: usize| {
        let announced = "Starting WebSocket server   : ws://";
        program
            .output
            .wait_for_count("a chat", count, |line| line.contains(announced));
    };
    started(1);

    assert!(http::get(&chat, "/").text().contains("src=\"dev.js\""));
    let mut page = Client::connect(&pages, "/");
    // Its watcher has begun when a change is told; until then it is changed again.
    let old = "<title>before</title></head>";
    eventually("the page is told to load itself anew", || {
        fs::write(htdocs.join("new.html"), old).expect("writable");
        page.text_within(std::time::Duration::from_secs(1))
    });
    let served = http::get(&chat, "/new.html").text();
    assert!(
        served.contains("before") && served.contains("dev.js"),
        "{served}"
    );

    let mut person = Client::connect_with(
        &chat,
        "/lobby?format=json&nick=alice",
        &[("Origin", &format!("http://127.0.0.1:{port}"))],
    );
    person.text_where(|line| line.contains("\"welcome\""));
    // The workspace's own: no program of the tests counts as older than its sources by that.
    let manifest = workspace().join("Cargo.toml");
    let text = fs::read(&manifest).expect("it is there");
    fs::write(&manifest, text).expect("writable");
    started(2);
    assert!(matches!(person.ended(), Ended::Closed(1001, _)));
    assert_eq!(http::get(&chat, "/").status, 200);
}
