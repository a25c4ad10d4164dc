//! Command line and configuration file together: which of them a value came from, and the routes.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::check::{Problem, check, check_route_user, check_variable};
use super::file::{self, Entry, MAX_FILE, Section};
use super::{Config, Environment, Route, User};
use crate::cli::{self, Args, Exit, Words};

/// Keys of a route that are no flags, or are flags by a shorter name.
const SHORT_KEYS: [(&str, &str); 2] = [("cgi", "cgidir"), ("static", "staticdir")];

/// Flags that a route may set for itself. The rest belongs to the daemon or to the connection, which is there before the route
/// is known.
const ROUTE_FLAGS: [&str; 31] = [
    "dir",
    "staticdir",
    "cgidir",
    "devconsole",
    "header",
    "header-ws",
    "header-http",
    "sameorigin",
    "origin",
    "protocol",
    "close-on-exit",
    "binary",
    "passstderr",
    "passenv",
    "user",
    "closems",
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
];

/// Flags that make no sense in the file that they would lead to or keep from being used.
const LINE_ONLY: [&str; 5] = ["config", "check", "help", "version", "license"];

/// What the command line and the file it names say.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Checked.
    pub config: Config,
    /// `--check`: nothing is to be served.
    pub check_only: bool,
}

/// Reads `argv` (the program's name first) and the file of `--config`. `environment` is the daemon's own.
///
/// # Errors
/// The [`Exit`] to make.
pub fn load(argv: &[OsString], environment: &Environment) -> Result<Loaded, Exit> {
    let program = cli::program_name(argv);
    let typed = cli::read(argv)?;
    let named = cli::type_words(typed.clone(), &program)?.daemon.config;
    let source = match named.filter(|path| !path.as_os_str().is_empty()) {
        None => Source::default(),
        Some(path) => Source::read(&path).map_err(|mistakes| Exit::alone(1, &mistakes))?,
    };
    let words = source.global.words.clone().overridden_by(&typed);
    let told = |problem: Problem, part: &Part| {
        problem.exit(&program, &|flag| {
            let is_own = !std::ptr::eq(part, &raw const source.global) && part.words.has(flag);
            part.line_of(flag)
                .filter(|_| is_own || !typed.has(flag))
                .map(|line| source.place(line))
        })
    };
    let base = cli::type_words(words.clone(), &program)?;
    let global = &source.global;
    let mut config = check(
        &base,
        &global.variables,
        environment,
        source.routes.is_empty(),
    )
    .map_err(|problem| told(problem, global))?;
    if let Some(user) = &mut config.user {
        source.sign(user, global, &typed);
    }
    for (path, part) in &source.routes {
        // What the command line says holds for the daemon: a route's own word is about the route.
        let mut inherited = words.clone();
        for flag in ["dir", "staticdir", "cgidir", "devconsole"] {
            inherited.remove(flag);
        }
        inherited.command.clear();
        let merged = cli::type_words(inherited.overridden_by(&part.words), &program)?;
        let variables = [&global.variables[..], &part.variables[..]].concat();
        let mut route = check(&merged, &variables, environment, true)
            .and_then(|route| check_route_user(route, config.user.as_ref()))
            .map_err(|problem| told(problem.in_route(path), part))?;
        if let Some(user) = &mut route.user {
            let owner = if part.words.has("user") { part } else { global };
            source.sign(user, owner, &typed);
        }
        config.routes.push(Route {
            path: path.clone(),
            own_forks: part.words.has("maxforks"),
            config: route.into(),
        });
    }
    // The longest prefix decides: it comes first.
    config
        .routes
        .sort_by(|a, b| b.path.len().cmp(&a.path.len()).then(a.path.cmp(&b.path)));
    Ok(Loaded {
        config,
        check_only: base.daemon.check,
    })
}

/// A configuration file, its values checked one by one.
#[derive(Debug, Default)]
struct Source {
    file: PathBuf,
    global: Part,
    routes: Vec<(String, Part)>,
}

/// What one section says.
#[derive(Debug, Default)]
struct Part {
    words: Words,
    /// `env = NAME=value`.
    variables: Environment,
    /// Line of each flag, the last of a repeated one last.
    lines: Vec<(String, usize)>,
    /// Line of the section itself.
    line: usize,
}

impl Part {
    /// Where the flag was set; for what no single flag is to blame for, where the section begins.
    fn line_of(&self, flag: &str) -> Option<usize> {
        let own = self
            .lines
            .iter()
            .rev()
            .find(|(name, _)| name == flag)
            .map(|(_, line)| *line);
        own.or_else(|| (self.line > 0).then_some(self.line))
    }
}

impl Source {
    /// Reads the file.
    ///
    /// # Errors
    /// All that is wrong with it, a line each.
    fn read(path: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut text = String::new();
        let opened = std::fs::File::open(path).map_err(failed)?;
        opened
            .take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if text.len() as u64 > MAX_FILE {
            return Err(format!(
                "{}: over {MAX_FILE} bytes: this is no configuration",
                path.display()
            ));
        }
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut source = Self {
            file: path.to_owned(),
            ..Self::default()
        };
        let sections = file::parse(text)
            .map_err(|mistake| format!("{}: {}", source.place(mistake.line), mistake.text))?;
        let mut mistakes = Vec::new();
        for section in sections {
            let name = section.name.clone();
            match name.strip_prefix("route ") {
                None if name.is_empty() || name == "global" => source.add_global(&section, &mut mistakes),
                Some(prefix) if is_route(prefix) => source.add_route(prefix, &section, &mut mistakes),
                _ => mistakes.push(format!(
                    "{}: [{name}]: allowed are [global] and [route /PATH], where /PATH has no empty, '.' or '..' parts",
                    source.place(section.line)
                )),
            }
        }
        if mistakes.is_empty() {
            Ok(source)
        } else {
            Err(mistakes.join("\n"))
        }
    }

    /// Notes where `user` was set.
    fn sign(&self, user: &mut User, part: &Part, typed: &Words) {
        let line = part.line_of("user");
        let is_typed = std::ptr::eq(part, &raw const self.global) && typed.has("user");
        if let Some(line) = line.filter(|_| !is_typed) {
            user.setting = format!("{}: user={}", self.place(line), user.name);
        }
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file.display())
    }

    fn add_global(&mut self, section: &Section, mistakes: &mut Vec<String>) {
        let definition = Args::command();
        let flags = definition.get_arguments().filter_map(clap::Arg::get_long);
        let allowed: Vec<&str> = flags.filter(|flag| !LINE_ONLY.contains(flag)).collect();
        let mut global = std::mem::take(&mut self.global);
        for entry in &section.entries {
            self.add(&mut global, entry, &allowed, mistakes);
        }
        self.global = global;
    }

    fn add_route(&mut self, prefix: &str, section: &Section, mistakes: &mut Vec<String>) {
        let mut part = Part {
            line: section.line,
            ..Part::default()
        };
        for entry in &section.entries {
            self.add(&mut part, entry, &ROUTE_FLAGS, mistakes);
        }
        let path = prefix.trim_end_matches('/');
        if self.routes.iter().any(|(other, _)| other == path) {
            let place = self.place(section.line);
            mistakes.push(format!(
                "{place}: [{}]: the route is there already",
                section.name
            ));
        }
        self.routes.push((path.to_owned(), part));
    }

    fn add(&self, part: &mut Part, entry: &Entry, allowed: &[&str], mistakes: &mut Vec<String>) {
        let key = entry.key.as_str();
        let flag = SHORT_KEYS
            .iter()
            .find(|(short, _)| *short == key)
            .map_or(key, |(_, flag)| flag);
        let added = match key {
            "command" => file::split_command(&entry.value)
                .map_err(str::to_owned)
                .map(|words| part.words.command = words.into_iter().map(Into::into).collect()),
            "env" => check_variable(&entry.value).map(|pair| part.variables.push(pair)),
            _ if !allowed.contains(&flag) => Err(format!(
                "unknown key; allowed here are command, env, {}",
                allowed.join(", ")
            )),
            _ => part.words.add(&Args::command(), flag, entry.value.as_ref()),
        };
        part.lines.push((flag.to_owned(), entry.line));
        if let Err(wrong) = added {
            mistakes.push(format!("{}: {key}: {wrong}", self.place(entry.line)));
        }
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

#[cfg(test)]
mod tests;
