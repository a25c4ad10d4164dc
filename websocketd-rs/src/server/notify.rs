//! Notifies the service manager (`sd_notify(3)`): ready, reloading, stopping, alive.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::Supervisor;

/// The service manager, if there is one.
#[derive(Debug)]
pub(super) struct Notifier {
    manager: Option<(UnixDatagram, SocketAddr)>,
    alive: Option<Interval>,
}

impl Notifier {
    /// Must be called inside the runtime. A manager that can't be reached counts as none: it notices by itself.
    pub(super) fn new(supervisor: &Supervisor) -> Self {
        let address = supervisor.socket.as_deref().and_then(address);
        let socket = UnixDatagram::unbound().and_then(|socket| {
            // A manager that does not read must not stall the server.
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        // Twice as often as required: `sd_watchdog_enabled(3)`.
        let alive = supervisor.watchdog.map(|limit| {
            let mut alive = interval((limit / 2).max(Duration::from_millis(1)));
            alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
            alive
        });
        Self {
            manager: socket.ok().zip(address),
            alive,
        }
    }

    pub(super) fn ready(&self) {
        self.notify("READY=1\nSTATUS=Serving");
    }

    /// A manager of `Type=notify-reload` wants the time of this message as well.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.notify(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    pub(super) fn stopping(&self) {
        self.notify("STOPPING=1\nSTATUS=Closing connections");
    }

    /// Waits until the watchdog's notification is due, and sends it; for ever without a watchdog. Cancel safe.
    pub(super) async fn watch(&mut self) {
        match &mut self.alive {
            None => std::future::pending().await,
            Some(alive) => {
                alive.tick().await;
                self.notify("WATCHDOG=1");
            }
        }
    }

    fn notify(&self, state: &str) {
        if let Some((socket, manager)) = &self.manager {
            // Lost when the manager's queue is full or it is gone; there is no one to report that to.
            let _ = socket.send_to_addr(state.as_bytes(), manager);
        }
    }
}

/// A path, or an abstract name after `@`.
fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name).ok(),
        _ => SocketAddr::from_pathname(name).ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn received(manager: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_state_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let supervisor = Supervisor {
            socket: Some(path.into()),
            watchdog: Some(Duration::from_millis(2)),
        };
        let mut notifier = Notifier::new(&supervisor);
        notifier.ready();
        assert!(received(&manager).starts_with("READY=1\n"));
        notifier.reloading();
        assert!(received(&manager).starts_with("RELOADING=1\nMONOTONIC_USEC="));
        notifier.watch().await;
        notifier.watch().await;
        assert_eq!(
            (received(&manager), received(&manager)),
            ("WATCHDOG=1".into(), "WATCHDOG=1".into())
        );
        notifier.stopping();
        assert!(received(&manager).starts_with("STOPPING=1\n"));
    }

    #[tokio::test]
    async fn abstract_names_begin_with_an_at_sign() {
        let name = format!("websocketd-test-{}", std::process::id());
        let bound = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&bound).unwrap();
        let socket = Some(format!("@{name}").into());
        Notifier::new(&Supervisor {
            socket,
            watchdog: None,
        })
        .ready();
        assert!(received(&manager).starts_with("READY=1\n"));
    }

    #[tokio::test]
    async fn without_a_manager_no_socket_is_used_and_no_watchdog_wakes() {
        let mut notifier = Notifier::new(&Supervisor::default());
        notifier.ready();
        assert!(notifier.manager.is_none());
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(notifier.watch()).poll(&mut context).is_pending());
    }

    #[tokio::test]
    async fn a_manager_that_comes_back_hears_what_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let notifier = Notifier::new(&Supervisor {
            socket: Some(path.clone().into()),
            watchdog: None,
        });
        notifier.ready();
        let manager = UnixDatagram::bind(&path).unwrap();
        notifier.stopping();
        assert!(received(&manager).starts_with("STOPPING=1\n"));
    }
}
