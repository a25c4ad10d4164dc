//! What is served at a path: the daemon's own settings, or those of a `[route]`.

use std::sync::Arc;

use super::Service;
use crate::capacity::Slots;
use crate::config::Config;
use crate::process::Spawner;

/// The settings that hold for a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// All of them but `listen`, `limits` and `log`.
    pub(super) config: &'a Arc<Config>,
    /// The begin of the decoded path that led here: empty, or a route without a slash at its end. Programs see it in
    /// `SCRIPT_NAME`, and what follows in `PATH_INFO`.
    pub(super) prefix: &'a str,
    /// Slots for programs.
    pub(super) forks: &'a Arc<Slots>,
    /// Starts programs as the user that they run as here; `None` when there is none, which a reload sees to.
    pub(super) spawner: Option<&'a Arc<Spawner>>,
}

impl<'a> Site<'a> {
    /// The site for a decoded, clean path.
    pub(super) fn at(service: &'a Service, path: &[u8]) -> Self {
        let routes = &service.config.routes;
        let spawner = |config: &Config| service.spawners.of(config.user.as_ref());
        match service.config.route(path) {
            None => Self {
                config: &service.config,
                prefix: "",
                forks: &service.forks,
                spawner: spawner(&service.config),
            },
            Some(route) => {
                let at = routes.iter().position(|other| std::ptr::eq(other, route));
                let own = at
                    .and_then(|at| service.route_forks.get(at))
                    .and_then(Option::as_ref);
                Self {
                    config: &route.config,
                    prefix: &route.path,
                    forks: own.unwrap_or(&service.forks),
                    spawner: spawner(&route.config),
                }
            }
        }
    }
}
