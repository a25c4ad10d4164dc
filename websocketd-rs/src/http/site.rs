//! What is served at each place: settings, permits and spawner together.

use std::sync::Arc;

use crate::config::{Config, ForkLimit, HostLimits, HostPattern, SiteConfig, SiteKey};
use crate::metrics::{HostCounts, METRICS};
use crate::permit::{AddressPermits, Permits};
use crate::process::{Spawner, Spawners};

/// What is served at one place.
#[derive(Debug)]
pub struct Site {
    /// The settings, and the place.
    pub config: Arc<SiteConfig>,
    /// Permits for programs: its own, its host's, or the daemon's.
    pub forks: Arc<Permits>,
    /// What one client address may have at its host; `None`: as much as the daemon lets it.
    pub per_address: Option<PerAddress>,
    /// What is counted at its host; `None`: it has none of its own.
    pub counts: Option<Arc<HostCounts>>,
    /// Starts programs as the user that they run as here. `None` when no spawner is that user's: no reload lets that
    /// happen.
    pub spawner: Option<Arc<Spawner>>,
}

/// `maxconnsperip` of a `[host NAME]`.
#[derive(Debug, Clone)]
pub struct PerAddress {
    /// What is out.
    pub taken: Arc<AddressPermits>,
    /// What may be out of one address.
    pub most: usize,
}

/// All sites of one configuration.
#[derive(Debug)]
pub struct Sites {
    /// The most specific place first; the last is any place.
    all: Vec<Site>,
    /// What the places of a host share.
    hosts: Vec<Host>,
    /// `--maxforks`.
    shared: Arc<Permits>,
    /// Whether nothing is served to who asks for a host that no route names.
    refuses_other_hosts: bool,
}

/// The permits that a `[host NAME]` has of its own.
#[derive(Debug)]
struct Host {
    limits: HostLimits,
    forks: Arc<Permits>,
    addresses: Arc<AddressPermits>,
}

impl Sites {
    /// The sites of `config`.
    pub fn new(config: &Config, spawners: &Spawners) -> Self {
        let nothing = Self {
            all: Vec::new(),
            hosts: Vec::new(),
            shared: Arc::new(Permits::new(config.limits.max_forks)),
            refuses_other_hosts: false,
        };
        nothing.reload(config, spawners)
    }

    /// The sites of a new `config`. A site that stays keeps its permits, those in use included.
    #[must_use]
    pub fn reload(&self, config: &Config, spawners: &Spawners) -> Self {
        self.shared.resize(config.limits.max_forks);
        let mut hosts: Vec<Host> = Vec::new();
        for limits in config.sites.iter().filter_map(|site| site.host.as_ref()) {
            if find(&hosts, &limits.hosts).is_none() {
                hosts.push(Host::new(limits, find(&self.hosts, &limits.hosts)));
            }
        }
        let mut names: Vec<String> = Vec::new();
        for host in config
            .sites
            .iter()
            .filter_map(|site| site.key.host.as_ref())
        {
            if !names.contains(&host.to_string()) {
                names.push(host.to_string());
            }
        }
        METRICS.hosts.replace(names);
        let site = |config: &Arc<SiteConfig>| {
            let limits = config.host.as_ref();
            let host = limits.and_then(|limits| find(&hosts, &limits.hosts));
            let has_own = |host: &&Host| matches!(host.limits.forks, ForkLimit::Own(_));
            let per_address = |host: &Host| {
                Some(PerAddress {
                    taken: Arc::clone(&host.addresses),
                    most: host.limits.max_per_address?,
                })
            };
            let forks = host
                .filter(has_own)
                .map_or(&self.shared, |host| &host.forks);
            Site {
                forks: match config.forks {
                    ForkLimit::Shared => Arc::clone(forks),
                    ForkLimit::Own(limit) => own_permits(config, limit, &self.all),
                },
                per_address: host.and_then(per_address),
                counts: counts_of(&config.key),
                spawner: spawners.of(config.user.as_ref()).cloned(),
                config: Arc::clone(config),
            }
        };
        let serves = |site: &&Arc<SiteConfig>| site.key.host.is_none() && site.serves_anything();
        let has_hosts = config.sites.iter().any(|site| site.key.host.is_some());
        Self {
            refuses_other_hosts: has_hosts && !config.sites.iter().any(|site| serves(&site)),
            all: config.sites.iter().map(site).collect(),
            hosts,
            shared: Arc::clone(&self.shared),
        }
    }

    /// The permits of `--maxforks`, which sites without a limit of their own take.
    pub fn shared_forks(&self) -> &Arc<Permits> {
        &self.shared
    }

    /// The site for a decoded, clean path at `host` (canonical, without its port); `None` when nothing is served there.
    pub fn at(&self, host: &str, path: &[u8]) -> Option<&Site> {
        // `OPTIONS *` is about the host.
        let path = if path == b"*" { b"/" } else { path };
        let mut sites = self.all.iter();
        let found = sites.find(|site| site.config.key.matches(host, path));
        let found = found.unwrap_or(self.default_site());
        (found.config.key.host.is_some() || !self.refuses_other_hosts).then_some(found)
    }

    /// The site with this key.
    pub fn get(&self, key: &SiteKey) -> Option<&Site> {
        self.all.iter().find(|site| site.config.key == *key)
    }

    /// The site for a request that can't be parsed, which names none.
    pub fn default_site(&self) -> &Site {
        self.all.last().expect("the daemon's own is always there")
    }
}

impl Host {
    /// With the permits that it had before the reload, resized, or new ones.
    fn new(limits: &HostLimits, old: Option<&Self>) -> Self {
        let forks = old.map(|old| Arc::clone(&old.forks));
        let forks = forks.unwrap_or_else(|| Arc::new(Permits::new(None)));
        if let ForkLimit::Own(limit) = limits.forks {
            forks.resize(limit);
        }
        Self {
            limits: limits.clone(),
            forks,
            addresses: old
                .map(|old| Arc::clone(&old.addresses))
                .unwrap_or_default(),
        }
    }
}

fn find<'a>(hosts: &'a [Host], pattern: &HostPattern) -> Option<&'a Host> {
    hosts.iter().find(|host| host.limits.hosts == *pattern)
}

fn counts_of(key: &SiteKey) -> Option<Arc<HostCounts>> {
    METRICS.hosts.get(&key.host.as_ref()?.to_string())
}

/// The permits that the site had before the reload, resized, or new ones.
fn own_permits(config: &SiteConfig, limit: Option<usize>, old: &[Site]) -> Arc<Permits> {
    let is_same = |site: &&Site| {
        site.config.key == config.key && matches!(site.config.forks, ForkLimit::Own(_))
    };
    let permits = old.iter().find(is_same).map(|site| Arc::clone(&site.forks));
    let permits = permits.unwrap_or_else(|| Arc::new(Permits::new(limit)));
    permits.resize(limit);
    permits
}
