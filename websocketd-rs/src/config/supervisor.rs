//! What a service manager passes in the environment.

use std::ffi::OsString;
use std::time::Duration;

use super::Environment;

/// The service manager's side, as read from the environment once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supervisor {
    /// `NOTIFY_SOCKET` (`sd_notify(3)`).
    pub socket: Option<OsString>,
    /// `WATCHDOG_USEC`: how long the daemon may be silent (`sd_watchdog_enabled(3)`).
    pub watchdog: Option<Duration>,
}

/// Whether a variable that names the process which it is for names us; one that is not there does not exclude us.
fn is_for_us(environment: &Environment, name: &str, own_pid: u32) -> bool {
    let pid = number(environment, name);
    pid.is_none_or(|pid| pid == u64::from(own_pid))
}

fn number(environment: &Environment, name: &str) -> Option<u64> {
    let (_, value) = environment.iter().find(|(key, _)| key == name)?;
    value.to_str()?.parse().ok()
}

impl Supervisor {
    /// What `environment` says to the process `own_pid`.
    pub(super) fn read(environment: &Environment, own_pid: u32) -> Self {
        let socket = environment.iter().find(|(key, _)| key == "NOTIFY_SOCKET");
        let watchdog = number(environment, "WATCHDOG_USEC")
            .filter(|micros| *micros > 0 && is_for_us(environment, "WATCHDOG_PID", own_pid));
        Self {
            socket: socket
                .map(|(_, value)| value.clone())
                .filter(|value| !value.is_empty()),
            watchdog: watchdog.map(Duration::from_micros),
        }
    }
}

/// Whether listening sockets were passed on (`sd_listen_fds(3)`).
pub(super) fn passes_sockets(environment: &Environment, own_pid: u32) -> bool {
    number(environment, "LISTEN_FDS").is_some_and(|count| count > 0)
        && is_for_us(environment, "LISTEN_PID", own_pid)
}

/// The names of the listening sockets that were passed on, as far as they have names.
pub(super) fn socket_names(environment: &Environment, own_pid: u32) -> Vec<String> {
    if !passes_sockets(environment, own_pid) {
        return Vec::new();
    }
    let names = environment.iter().find(|(key, _)| key == "LISTEN_FDNAMES");
    let names = names.and_then(|(_, value)| value.to_str());
    names.map_or_else(Vec::new, |names| {
        names.split(':').map(ToOwned::to_owned).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    }

    #[test]
    fn what_is_meant_for_others_is_left_alone() {
        let ours = environment(&[
            ("NOTIFY_SOCKET", "/n"),
            ("WATCHDOG_USEC", "5"),
            ("WATCHDOG_PID", "7"),
        ]);
        let read = Supervisor::read(&ours, 7);
        assert_eq!(read.socket, Some("/n".into()));
        assert_eq!(read.watchdog, Some(Duration::from_micros(5)));
        assert_eq!(Supervisor::read(&ours, 8).watchdog, None);
        assert_eq!(
            Supervisor::read(&environment(&[("NOTIFY_SOCKET", "")]), 7),
            Supervisor::default()
        );
        assert_eq!(
            Supervisor::read(&environment(&[("WATCHDOG_USEC", "0")]), 7).watchdog,
            None
        );
    }

    #[test]
    fn sockets() {
        let passed = environment(&[("LISTEN_FDS", "2"), ("LISTEN_PID", "7")]);
        assert!(passes_sockets(&passed, 7) && !passes_sockets(&passed, 8));
        assert!(passes_sockets(&environment(&[("LISTEN_FDS", "1")]), 7));
        assert!(!passes_sockets(&environment(&[("LISTEN_FDS", "0")]), 7));
        assert!(!passes_sockets(&environment(&[]), 7));
    }
}
