//! A network of a test's own, whose only link can be taken down: no FIN and no RST passes then, as when a cable is
//! pulled. What is sent is never acknowledged.

use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use crate::requirement::part;

/// Moves this thread, and what it starts, into a network of its own.
///
/// # Panics
/// Without the rights of root.
#[track_caller]
pub fn enter() {
    unshare(CloneFlags::CLONE_NEWNET).unwrap_or_else(|error| {
        panic!("a network of its own takes the rights of root (CAP_SYS_ADMIN): {error}")
    });
    mend();
}

/// Pulls the cable.
pub fn cut() {
    set_link("down");
}

/// Puts it in again.
pub fn mend() {
    set_link("up");
}

fn set_link(state: &str) {
    let ip = part("/bin/ip", "iproute2");
    let status = Command::new(ip)
        .args(["link", "set", "lo", state])
        .status()
        .expect("ip runs");
    assert!(status.success(), "ip link set lo {state}: {status}");
}
