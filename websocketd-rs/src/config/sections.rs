//! The configuration file's sections, their values checked one by one.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::Environment;
use super::check::check_variable;
use super::file::{self, Entry, MAX_FILE};
use super::keys::{Kind, TCP_FLAGS, is_name, unknown_key};
use crate::cli::{Args, Ending, Words};

/// Keys of a section that are flags by a shorter name.
pub(super) const SHORT_KEYS: [(&str, &str); 2] = [("cgi", "cgidir"), ("static", "staticdir")];

/// Flags that a route may set for itself. The rest belongs to the daemon or to the connection, which is there before the route
/// is known.
pub(super) const ROUTE_FLAGS: [&str; 56] = [
    "dir",
    "staticdir",
    "cgidir",
    "devconsole",
    "gzip",
    "header",
    "header-ws",
    "header-http",
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

/// A configuration file.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    path: PathBuf,
    pub(super) global: Section,
    /// By prefix, without a slash at its end.
    pub(super) routes: Vec<(String, Section)>,
    /// By name.
    pub(super) tcp: Vec<(String, Section)>,
}

/// What one section says.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) words: Words,
    /// `env = NAME=value`.
    pub(super) variables: Environment,
    /// Each word of `port`.
    pub(super) ports: Vec<i64>,
    /// Line of each flag, the last of a repeated one last.
    lines: Vec<(String, usize)>,
    /// Line of the section itself.
    line: usize,
}

/// Why a configuration file is not used.
#[derive(Debug)]
pub(super) enum FileError {
    /// It can't be read.
    Read(PathBuf, io::Error),
    /// It is over [`MAX_FILE`] bytes.
    TooLarge(PathBuf),
    /// All that is wrong in it, each with file and line.
    Mistakes(Vec<String>),
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(formatter, "{}: {error}", path.display()),
            Self::TooLarge(path) => write!(
                formatter,
                "{}: over {MAX_FILE} bytes: this is no configuration",
                path.display()
            ),
            Self::Mistakes(mistakes) => formatter.write_str(&mistakes.join("\n")),
        }
    }
}

impl FileError {
    /// What to print, and the exit code.
    pub(super) fn ending(&self) -> Ending {
        Ending::alone(1, &self.to_string())
    }
}

impl Section {
    /// An empty one whose name stands in this line.
    fn at(line: usize) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    /// Where the flag was set; where no single flag is to blame, the line of the section.
    pub(super) fn line_of(&self, flag: &str) -> Option<usize> {
        let mut lines = self.lines.iter().rev();
        let own = lines.find(|(name, _)| name == flag).map(|(_, line)| *line);
        own.or_else(|| (self.line > 0).then_some(self.line))
    }

    fn add(&mut self, entry: &Entry, kind: Kind, allowed: &[&str]) -> Result<(), String> {
        let key = entry.key.as_str();
        let short = SHORT_KEYS.iter().find(|(short, _)| *short == key);
        let flag = short.map_or(key, |(_, flag)| flag);
        self.lines.push((flag.to_owned(), entry.line));
        match key {
            "command" => {
                let words = file::split_command(&entry.value)?;
                if let Some(operator) = file::shell_operator(&entry.value, &words) {
                    return Err(format!(
                        "'{operator}' is for a shell, and none reads this; write command = sh -c '...'"
                    ));
                }
                self.words.command = words.into_iter().map(Into::into).collect();
                Ok(())
            }
            "env" => {
                self.variables.push(check_variable(&entry.value)?);
                Ok(())
            }
            _ if !allowed.contains(&flag) => Err(unknown_key(key, kind, allowed)),
            _ => {
                self.words
                    .add(&Args::command(), flag, entry.value.as_ref())?;
                if flag == "port" {
                    let port = self.words.value(flag).and_then(OsStr::to_str);
                    self.ports
                        .extend(port.and_then(|port| port.parse::<i64>().ok()));
                }
                Ok(())
            }
        }
    }
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let failed = |error| FileError::Read(path.to_owned(), error);
        let mut text = String::new();
        let opened = std::fs::File::open(path).map_err(failed)?;
        opened
            .take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if text.len() as u64 > MAX_FILE {
            return Err(FileError::TooLarge(path.to_owned()));
        }
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let mut config = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let sections = file::parse(text).map_err(|mistake| {
            let place = config.at(mistake.line);
            FileError::Mistakes(vec![format!("{place}: {}", mistake.text)])
        })?;
        let definition = Args::command();
        let flags = definition.get_arguments().filter_map(clap::Arg::get_long);
        let all: Vec<&str> = flags.filter(|flag| !LINE_ONLY.contains(flag)).collect();
        let mut mistakes = Vec::new();
        for section in &sections {
            let name = section.name.as_str();
            match name.split_once(' ') {
                None if name.is_empty() || name == "global" => {
                    let mut global = std::mem::take(&mut config.global);
                    config.fill(&mut global, section, Kind::Global, &all, &mut mistakes);
                    config.global = global;
                }
                Some(("route", prefix)) if is_route(prefix) => {
                    config.add_route(prefix, section, &mut mistakes);
                }
                Some(("tcp", name)) if is_name(name) => {
                    let mut own = Section::at(section.line);
                    config.fill(&mut own, section, Kind::Tcp, &TCP_FLAGS, &mut mistakes);
                    config.tcp.push((name.to_owned(), own));
                }
                _ => mistakes.push(format!(
                    "{}: [{name}]: allowed are [global], [route /PATH], where /PATH has no empty, '.' or '..' parts, \
                     and [tcp NAME], where NAME has letters, digits, '-', '_' and '.' only",
                    config.at(section.line)
                )),
            }
        }
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(FileError::Mistakes(mistakes))
        }
    }

    fn add_route(&mut self, prefix: &str, raw: &file::RawSection, mistakes: &mut Vec<String>) {
        let mut section = Section::at(raw.line);
        self.fill(&mut section, raw, Kind::Route, &ROUTE_FLAGS, mistakes);
        let path = prefix.trim_end_matches('/');
        if self.routes.iter().any(|(other, _)| other == path) {
            mistakes.push(format!(
                "{}: [{}]: the route is there already",
                self.at(raw.line),
                raw.name
            ));
        }
        self.routes.push((path.to_owned(), section));
    }

    fn fill(
        &self,
        section: &mut Section,
        raw: &file::RawSection,
        kind: Kind,
        allowed: &[&str],
        mistakes: &mut Vec<String>,
    ) {
        for entry in &raw.entries {
            if let Err(wrong) = section.add(entry, kind, allowed) {
                let place = self.at(entry.line);
                mistakes.push(format!("{place}: {}: {wrong}", entry.key));
            }
        }
    }

    /// `FILE:LINE`.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// A route's prefix is a clean path: requests are compared with it after their own was cleaned.
fn is_route(prefix: &str) -> bool {
    prefix == "/"
        || prefix.strip_prefix('/').is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
        })
}
