//! The configuration file's sections, and those of the files that it includes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::CommandFactory;

use super::file::{self, Entry, RawSection};
use super::include::{self, FileError};
use super::keys::{Kind, TCP_FLAGS, host_flags, is_name};
use super::section::{Section, place};
use super::{HostPattern, SiteKey};
use crate::cli::Args;

/// Flags that a route may set for itself. The rest belongs to the daemon or to the connection, which is there
/// before the route is known.
pub(super) const ROUTE_FLAGS: [&str; 58] = [
    "dir",
    "staticdir",
    "cgidir",
    "devconsole",
    "gzip",
    "header",
    "header-ws",
    "header-http",
    "hidepath",
    "sameorigin",
    "origin",
    "authorize",
    "htpasswd",
    "authorizeall",
    "authorizetimeout",
    "protocol",
    "close-on-exit",
    "binary",
    "framing",
    "passstderr",
    "unbuffered",
    "pty",
    "term",
    "terminal",
    "readonly",
    "passenv",
    "user",
    "closems",
    "cwd",
    "refuse-with-close",
    "refuse-while",
    "cgitimeout",
    "handlercpu",
    "handlermemory",
    "handlerfiles",
    "handlerprocs",
    "maxforks",
    "maxframesize",
    "maxfragments",
    "maxline",
    "maxenvbytes",
    "sessionidletimeout",
    "writetimeout",
    "closetimeout",
    "pingms",
    "reverselookup",
    "shared",
    "sharedby",
    "sharedenv",
    "replay",
    "sharedrestart",
    "sharedidle",
    "maxshared",
    "maxqueue",
    "slowms",
    "slowclient",
    "linger",
    "lingerbytes",
];

/// Flags that make no sense in the file that they would lead to or keep from being used.
pub(super) const LINE_ONLY: [&str; 6] = [
    "config",
    "check",
    "healthcheck",
    "help",
    "version",
    "license",
];

/// A configuration file, with those that it includes.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    pub(super) global: Section,
    /// Whether further files are looked for: sites come and go, and there may be none now.
    pub(super) includes: bool,
    pub(super) routes: Vec<(SiteKey, Section)>,
    pub(super) hosts: Vec<(HostPattern, Section)>,
    /// By name.
    pub(super) tcp: Vec<(String, Section)>,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let main = Source::read(path, false)?;
        let mut config = Self {
            global: Section::at(&main.path, 0),
            ..Self::default()
        };
        let mut mistakes = Vec::new();
        for entry in config.add(&main, &mut mistakes)? {
            config.includes = true;
            let place = place(path, entry.line);
            let files = include::files(path, &entry.value);
            let files = files
                .map_err(|wrong| FileError::Mistakes(vec![format!("{place}: include: {wrong}")]))?;
            for file in files {
                config.add(&Source::read(&file, true)?, &mut mistakes)?;
            }
        }
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(FileError::Mistakes(mistakes))
        }
    }

    /// Adds what a file says; which directories it includes.
    fn add(
        &mut self,
        source: &Source,
        mistakes: &mut Vec<String>,
    ) -> Result<Vec<Entry>, FileError> {
        let sections = file::parse(&source.text).map_err(|mistake| {
            let place = place(&source.path, mistake.line);
            FileError::Mistakes(vec![format!("{place}: {}", mistake.text)])
        })?;
        let mut included = Vec::new();
        for raw in &sections {
            let at = place(&source.path, raw.line);
            let name = raw.name.as_str();
            match name.split_once(' ') {
                None if name.is_empty() || name == "global" => {
                    included.extend(self.add_global(source, raw, mistakes));
                }
                Some(("route", place)) => match route_key(place) {
                    Ok(key) => {
                        let own = source.section(raw, Kind::Route, &ROUTE_FLAGS, mistakes);
                        add_once(&mut self.routes, (key, own), "route", &at, mistakes);
                    }
                    Err(wrong) => mistakes.push(format!("{at}: [{name}]: {wrong}")),
                },
                Some(("host", host)) => match HostPattern::parse(host) {
                    Ok(host) => {
                        let own = source.section(raw, Kind::Host, &host_flags(), mistakes);
                        add_once(&mut self.hosts, (host, own), "host", &at, mistakes);
                    }
                    Err(wrong) => mistakes.push(format!("{at}: [{name}]: {wrong}")),
                },
                Some(("tcp", tcp)) if is_name(tcp) => {
                    let own = source.section(raw, Kind::Tcp, &TCP_FLAGS, mistakes);
                    add_once(
                        &mut self.tcp,
                        (tcp.to_owned(), own),
                        "section",
                        &at,
                        mistakes,
                    );
                }
                _ => mistakes.push(format!("{at}: [{name}]: {ALLOWED}")),
            }
        }
        Ok(included)
    }

    fn add_global(
        &mut self,
        source: &Source,
        raw: &RawSection,
        mistakes: &mut Vec<String>,
    ) -> Vec<Entry> {
        if source.is_included {
            let entry = raw.entries.first().map(|entry| (entry.line, &entry.key));
            if let Some((line, key)) = entry {
                let place = place(&source.path, line);
                mistakes.push(format!(
                    "{place}: {key}: a file that is included has sections only; write it into the file that includes this one"
                ));
            }
            return Vec::new();
        }
        let definition = Args::command();
        let flags = definition.get_arguments().filter_map(clap::Arg::get_long);
        let all: Vec<&str> = flags.filter(|flag| !LINE_ONLY.contains(flag)).collect();
        let mut global = std::mem::take(&mut self.global);
        let (included, settings): (Vec<_>, Vec<_>) =
            raw.entries.iter().partition(|entry| entry.key == "include");
        fill(
            &mut global,
            &source.path,
            settings,
            Kind::Global,
            &all,
            mistakes,
        );
        self.global = global;
        included.into_iter().cloned().collect()
    }
}

/// A file's text.
struct Source {
    path: Arc<PathBuf>,
    text: String,
    is_included: bool,
}

impl Source {
    fn read(path: &Path, is_included: bool) -> Result<Self, FileError> {
        Ok(Self {
            text: include::read(path)?,
            path: Arc::new(path.to_owned()),
            is_included,
        })
    }

    fn section(
        &self,
        raw: &RawSection,
        kind: Kind,
        allowed: &[&str],
        mistakes: &mut Vec<String>,
    ) -> Section {
        let mut section = Section::at(&self.path, raw.line);
        let entries = raw.entries.iter().collect();
        fill(&mut section, &self.path, entries, kind, allowed, mistakes);
        section
    }
}

fn fill(
    section: &mut Section,
    file: &Path,
    entries: Vec<&Entry>,
    kind: Kind,
    allowed: &[&str],
    mistakes: &mut Vec<String>,
) {
    for entry in entries {
        if let Err(wrong) = section.add(entry, kind, allowed) {
            let place = place(file, entry.line);
            mistakes.push(format!("{place}: {}: {wrong}", entry.key));
        }
    }
}

/// Adds a section unless another has its name.
fn add_once<K: PartialEq>(
    all: &mut Vec<(K, Section)>,
    new: (K, Section),
    what: &str,
    at: &str,
    mistakes: &mut Vec<String>,
) {
    if let Some((_, twin)) = all.iter().find(|(key, _)| *key == new.0) {
        let twin = twin.place_of("").unwrap_or_default();
        mistakes.push(format!("{at}: the {what} is there already, at {twin}"));
        return;
    }
    all.push(new);
}

/// What may stand in brackets.
const ALLOWED: &str = "allowed are [global], [route /PATH] or [route //HOST/PATH], where /PATH has no empty, '.' or '..' parts, \
    [host HOST], and [tcp NAME], where NAME has letters, digits, '-', '_' and '.' only";

/// Where a route is: `/PATH` or `//HOST/PATH`.
fn route_key(place: &str) -> Result<SiteKey, String> {
    let (host, path) = match place.strip_prefix("//") {
        None => (None, place),
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = HostPattern::parse(host).map_err(|wrong| wrong.to_string())?;
            (Some(host), if path.is_empty() { "/" } else { path })
        }
    };
    if !is_route(path) {
        return Err(ALLOWED.to_owned());
    }
    let path = path.trim_end_matches('/').to_owned();
    Ok(SiteKey { host, path })
}

/// A route's prefix is a clean path: requests are compared with it after their own was cleaned.
fn is_route(prefix: &str) -> bool {
    prefix == "/"
        || prefix.strip_prefix('/').is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
        })
}
