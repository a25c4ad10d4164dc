//! The relay as systemd sees it.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::chat;

/// A relay that says nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

fn received(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 256];
    let length = manager.recv(&mut bytes).expect("the relay tells something");
    String::from_utf8(bytes[..length].to_vec()).expect("text")
}

#[test]
fn the_service_manager_hears_that_it_is_ready_what_it_does_and_that_it_lives() {
    let chat = chat();
    let path = chat.path("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut relay = Command::new(e2e::under_test::beside("chat-relay"))
        .arg("--config")
        .arg(chat.ini())
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    let heard = [received(&manager), received(&manager)];
    assert_eq!(heard, ["READY=1\n", "STATUS=putting records in order\n"]);
    for _ in 0..3 {
        assert_eq!(received(&manager), "WATCHDOG=1\n");
    }
    let pid = Pid::from_raw(relay.id().try_into().expect("a process"));
    kill(pid, Signal::SIGTERM).expect("it runs");
    let mut last = received(&manager);
    while last == "WATCHDOG=1\n" {
        last = received(&manager);
    }
    assert_eq!(last, "STOPPING=1\n");
    assert_eq!(received(&manager), "STATUS=nothing is taken\n");
    assert!(relay.wait().expect("it ends").success());
}
