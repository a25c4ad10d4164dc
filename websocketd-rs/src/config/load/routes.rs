//! Routes and hosts: what the file says of a place, of its host, and of all, together.

use std::path::PathBuf;

use super::Merge;
use crate::cli::{self, Args, Ending};
use crate::config::check::{
    Problem, check_route_user, check_site, max_connections_per_address, max_forks,
};
use crate::config::keys::{CERTIFICATE_FLAGS, CONTENT_FLAGS};
use crate::config::section::Section;
use crate::config::{
    Config, Environment, ForkLimit, HostLimits, HostPattern, KeyPair, SiteConfig, SiteKey, User,
};

/// What holds for a host's routes, unless they say otherwise.
type Host = (HostPattern, Section);

impl Merge<'_> {
    pub(super) fn add_routes(
        &self,
        config: &mut Config,
        variables: &Environment,
    ) -> Result<(), Ending> {
        for (key, section) in &self.file.routes {
            let site = self.place(key, section, variables, config.user.as_ref())?;
            config.sites.push(site.into());
        }
        let mut named: Vec<&HostPattern> = Vec::new();
        for (key, _) in &self.file.routes {
            if let Some(host) = &key.host
                && !named.contains(&host)
            {
                named.push(host);
            }
        }
        for host in named {
            let key = SiteKey {
                host: Some(host.clone()),
                path: String::new(),
            };
            if !config.sites.iter().any(|site| site.key == key) {
                // Where none of its routes matches, a host serves nothing: what is for the others is not for it.
                let empty = Section::default();
                let site = self.place(&key, &empty, variables, config.user.as_ref())?;
                config.sites.push(site.into());
            }
        }
        self.add_certificates(config)
    }

    /// The most specific `[host]` that a route's host is one of.
    fn host_of(&self, key: &SiteKey) -> Option<&Host> {
        let host = key.host.as_ref()?;
        let hosts = self.file.hosts.iter();
        let covering = hosts.filter(|(hosts, _)| hosts.covers(host));
        covering.max_by_key(|(hosts, _)| hosts.precedence())
    }

    /// What section, host and daemon say of a place together, and the sections that speak of it, the most specific
    /// first.
    fn merged<'a>(
        &'a self,
        key: &SiteKey,
        section: &'a Section,
    ) -> Result<(Args, Vec<&'a Section>), Ending> {
        // What the command line says holds for the daemon: a route's own word is about the route.
        let mut words = self.words.clone();
        for flag in CONTENT_FLAGS {
            words.remove(flag);
        }
        words.command.clear();
        let mut sections = vec![section];
        if let Some((_, host)) = self.host_of(key) {
            let mut of_routes = host.words.clone();
            for flag in CERTIFICATE_FLAGS {
                of_routes.remove(flag);
            }
            words = words.overridden_by(&of_routes);
            sections.push(host);
        }
        let merged = cli::type_words(words.overridden_by(&section.words), self.program)?;
        Ok((merged, sections))
    }

    fn place(
        &self,
        key: &SiteKey,
        section: &Section,
        variables: &Environment,
        own: Option<&User>,
    ) -> Result<SiteConfig, Ending> {
        let (merged, sections) = self.merged(key, section)?;
        let blame =
            |problem: Problem| self.blame(problem.in_section(&format!("route {key}")), &sections);
        let more = sections.iter().rev().flat_map(|section| &section.variables);
        let variables: Environment = variables.iter().chain(more).cloned().collect();
        // Nothing is only where the file names the host and not the place.
        let must_serve = section.place_of("").is_some();
        let mut site = check_site(&merged, &variables, self.environment, must_serve)
            .and_then(|site| check_route_user(site, own))
            .map_err(blame)?;
        if let Some(user) = &mut site.user {
            self.sign(user, &sections);
        }
        site.key = key.clone();
        if section.words.has("maxforks") {
            site.forks = ForkLimit::Own(max_forks(&merged.limits));
        }
        site.host = match self.host_of(key) {
            None => None,
            Some(host) => self.limits(host)?,
        };
        Ok(site)
    }

    /// The limits that a `[host]` sets for all its routes together.
    fn limits(&self, (hosts, section): &Host) -> Result<Option<HostLimits>, Ending> {
        let counts = section.words.has("maxforks");
        let limits_addresses = section.words.has("maxconnsperip");
        if !counts && !limits_addresses {
            return Ok(None);
        }
        let words = self.words.clone().overridden_by(&section.words);
        let merged = cli::type_words(words, self.program)?;
        let per_address = max_connections_per_address(&merged.limits).map_err(|problem| {
            self.blame(problem.in_section(&format!("host {hosts}")), &[section])
        })?;
        Ok(Some(HostLimits {
            hosts: hosts.clone(),
            forks: if counts {
                ForkLimit::Own(max_forks(&merged.limits))
            } else {
                ForkLimit::Shared
            },
            max_per_address: per_address.filter(|_| limits_addresses),
        }))
    }

    /// The certificates of `[host]` sections, and what is wrong with sections that hold for nothing.
    fn add_certificates(&self, config: &mut Config) -> Result<(), Ending> {
        let mut pairs = Vec::new();
        for host @ (hosts, section) in &self.file.hosts {
            let wrong = |flag, text: &str| {
                let problem = Problem::alone(flag, text.to_owned());
                self.blame(problem.in_section(&format!("host {hosts}")), &[section])
            };
            let file = |flag| section.words.value(flag).filter(|file| !file.is_empty());
            match (file("sslcert"), file("sslkey")) {
                (None, None) => {}
                _ if config.listen.tls.is_none() => {
                    let text = "a certificate needs ssl=true, before the first section";
                    return Err(wrong("sslcert", text));
                }
                (Some(cert), Some(key)) => {
                    let (cert, key) = (PathBuf::from(cert), PathBuf::from(key));
                    pairs.push((hosts.clone(), KeyPair { cert, key }));
                }
                _ => return Err(wrong("sslcert", "please specify both sslcert and sslkey")),
            }
            let mut keys = self.file.routes.iter().map(|(key, _)| key);
            let is_used =
                keys.any(|key| self.host_of(key).is_some_and(|it| std::ptr::eq(it, host)));
            if !is_used && section.sets_beside(&CERTIFICATE_FLAGS) {
                let text = format!(
                    "what it says holds for routes of this host, and there is none; write [route //{hosts}/]"
                );
                return Err(wrong("", &text));
            }
        }
        pairs.sort_by_key(|(hosts, _)| std::cmp::Reverse(hosts.precedence()));
        if let Some(tls) = &mut config.listen.tls {
            tls.hosts = pairs;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
