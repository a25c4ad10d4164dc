//! What the sections of one configuration serve: settings, permits, spawner and TLS together.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::config::{Config, ForkLimit, TcpConfig};
use crate::net::tls::{self, ServerConfig, TlsError};
use crate::permit::{AddressPermits, Permits};
use crate::process::{Spawner, Spawners};

/// What one section serves.
#[derive(Debug)]
pub struct TcpSite {
    /// The settings.
    pub config: Arc<TcpConfig>,
    /// Permits for programs: its own, or the daemon's.
    pub forks: Arc<Permits>,
    /// Permits for connections, beside those of the daemon.
    pub connections: Arc<Permits>,
    /// Permits by client address: its own, or the daemon's.
    pub addresses: Arc<AddressPermits>,
    /// Starts programs as the user that they run as here. `None` when no spawner is that user's: no reload lets that happen.
    pub spawner: Option<Arc<Spawner>>,
    /// `None`: the clients speak no TLS.
    pub tls: Option<Arc<ServerConfig>>,
}

/// All sections.
#[derive(Debug, Default)]
pub struct TcpSites(Vec<Arc<TcpSite>>);

/// What a section may share with the rest of the daemon.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// `--maxforks`.
    pub forks: &'a Arc<Permits>,
    /// Of `--maxconnsperip`.
    pub addresses: &'a Arc<AddressPermits>,
    /// All users' spawners.
    pub spawners: &'a Spawners,
}

/// The TLS of each section, in their order.
pub type LoadedTls = Vec<Option<Arc<ServerConfig>>>;

/// Reads the files of all sections.
///
/// # Errors
/// Which section's files are wrong, and how.
pub fn load_tls(config: &Config) -> Result<LoadedTls, (String, TlsError)> {
    let load = |section: &Arc<TcpConfig>| {
        let files = section.listen.tls.as_ref();
        let loaded = files.map(tls::load_bare).transpose();
        loaded.map_err(|error| (section.place.clone(), error))
    };
    config.tcp.iter().map(load).collect()
}

impl TcpSites {
    /// The sections of a new `config`, with the TLS that was read for them. One that stays keeps its permits, those in use
    /// included.
    #[must_use]
    pub fn reload(&self, config: &Config, tls: LoadedTls, common: Common<'_>) -> Self {
        let sections = config.tcp.iter().zip(tls);
        let site = |(section, tls): (&Arc<TcpConfig>, _)| {
            let old = self.get(&section.name);
            TcpSite::new(section, tls, common, old.map(Arc::as_ref)).into()
        };
        Self(sections.map(site).collect())
    }

    /// The section of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<TcpSite>> {
        self.0.iter().find(|site| site.config.name == name)
    }

    /// Waits until a section that has all its connections has room again; for ever where none is full.
    pub async fn room(&self) {
        let full = self.0.iter().filter(|site| site.connections.is_full());
        let mut full: Vec<_> = full.map(|site| Box::pin(site.connections.take())).collect();
        poll_fn(|cx| {
            let is_there = full
                .iter_mut()
                .any(|taken| taken.as_mut().poll(cx).is_ready());
            if is_there {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

impl TcpSite {
    fn new(
        config: &Arc<TcpConfig>,
        tls: Option<Arc<ServerConfig>>,
        common: Common<'_>,
        old: Option<&Self>,
    ) -> Self {
        let limits = &config.limits;
        let had_own = |old: &&Self| matches!(old.config.forks, ForkLimit::Own(_));
        let forks = match config.forks {
            ForkLimit::Shared => Arc::clone(common.forks),
            ForkLimit::Own(limit) => {
                let kept = old.filter(had_own).map(|old| Arc::clone(&old.forks));
                let forks = kept.unwrap_or_else(|| Arc::new(Permits::new(limit)));
                forks.resize(limit);
                forks
            }
        };
        let connections = old.map(|old| Arc::clone(&old.connections));
        let connections = connections.unwrap_or_else(|| Arc::new(Permits::new(None)));
        connections.resize(limits.max_connections);
        let had_own = |old: &&Self| old.config.limits.counts_addresses_alone;
        let addresses = if limits.counts_addresses_alone {
            let kept = old.filter(had_own).map(|old| Arc::clone(&old.addresses));
            kept.unwrap_or_default()
        } else {
            Arc::clone(common.addresses)
        };
        Self {
            forks,
            connections,
            addresses,
            spawner: common.spawners.of(config.user.as_ref()).cloned(),
            tls,
            config: Arc::clone(config),
        }
    }
}
