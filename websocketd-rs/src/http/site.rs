//! What is served at each place: settings, permits and spawner together.

use std::sync::Arc;

use crate::config::{Config, ForkLimit, SiteConfig, SiteKey};
use crate::permit::Permits;
use crate::process::{Spawner, Spawners};

/// What is served at one place.
#[derive(Debug)]
pub struct Site {
    /// The settings, and the place.
    pub config: Arc<SiteConfig>,
    /// Permits for programs: its own, or the daemon's.
    pub forks: Arc<Permits>,
    /// Starts programs as the user that they run as here. `None` when no spawner is that user's: no reload lets that happen.
    pub spawner: Option<Arc<Spawner>>,
}

/// All sites of one configuration.
#[derive(Debug)]
pub struct Sites {
    /// The most specific place first; the last is any place.
    all: Vec<Site>,
    /// `--maxforks`.
    shared: Arc<Permits>,
}

impl Sites {
    /// The sites of `config`.
    pub fn new(config: &Config, spawners: &Spawners) -> Self {
        let shared = Arc::new(Permits::new(config.limits.max_forks));
        Self::build(config, spawners, shared, &[])
    }

    /// The sites of a new `config`. A site that stays keeps its permits, those in use included.
    #[must_use]
    pub fn reload(&self, config: &Config, spawners: &Spawners) -> Self {
        self.shared.resize(config.limits.max_forks);
        Self::build(config, spawners, Arc::clone(&self.shared), &self.all)
    }

    fn build(config: &Config, spawners: &Spawners, shared: Arc<Permits>, old: &[Site]) -> Self {
        let site = |config: &Arc<SiteConfig>| Site {
            forks: match config.forks {
                ForkLimit::Shared => Arc::clone(&shared),
                ForkLimit::Own(limit) => own_permits(config, limit, old),
            },
            spawner: spawners.of(config.user.as_ref()).cloned(),
            config: Arc::clone(config),
        };
        let all = config.sites.iter().map(site).collect();
        Self { all, shared }
    }

    /// The permits of `--maxforks`, which sites without a limit of their own take.
    pub fn shared_forks(&self) -> &Arc<Permits> {
        &self.shared
    }

    /// The site for a decoded, clean path at `host` (without its port).
    pub fn at(&self, host: &str, path: &[u8]) -> &Site {
        let mut sites = self.all.iter();
        sites
            .find(|site| site.config.key.matches(host, path))
            .unwrap_or(self.default_site())
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
