//! Command line and configuration file together: which of them a value came from, and the routes.

use std::ffi::OsString;

use super::check::{Problem, TcpSource, check, check_admin, check_tcp, check_variable, max_forks};
use super::section::Section;
use super::sections::ConfigFile;
use super::{Config, Environment, ForkLimit, TcpConfig, User, keys, supervisor};
use crate::cli::{self, Args, Ending, Words};

/// What the command line and the file it names want.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// To be served.
    Serve(Config),
    /// `--check`: to be judged.
    Check(Config),
    /// `--healthcheck`: host and port of another daemon's admin server, which is to be asked.
    AskHealth(String, i64),
}

impl Loaded {
    /// The configuration, where there is one.
    pub fn config(self) -> Option<Config> {
        match self {
            Self::Serve(config) | Self::Check(config) => Some(config),
            Self::AskHealth(..) => None,
        }
    }
}

/// Reads `argv` (the program's name first) and the file of `--config`. `environment` is the daemon's own.
///
/// # Errors
/// What to print, and the exit code.
pub fn load(argv: &[OsString], environment: &Environment) -> Result<Loaded, Ending> {
    let program = cli::program_name(argv);
    let typed = cli::read(argv)?;
    let named = cli::type_words(typed.clone(), &program)?.daemon.config;
    let file = match named.filter(|path| !path.as_os_str().is_empty()) {
        None => ConfigFile::default(),
        Some(path) => ConfigFile::read(&path).map_err(|error| error.ending())?,
    };
    let words = file.global.words.clone().overridden_by(&typed);
    let merge = Merge {
        program: &program,
        file: &file,
        typed: &typed,
        words: &words,
        environment,
    };
    merge.load()
}

/// Both sources, and what they say together of the daemon itself.
struct Merge<'a> {
    program: &'a str,
    file: &'a ConfigFile,
    typed: &'a Words,
    words: &'a Words,
    environment: &'a Environment,
}

impl Merge<'_> {
    fn load(&self) -> Result<Loaded, Ending> {
        let global = &self.file.global;
        let base = cli::type_words(self.words.clone(), self.program)?;
        if base.daemon.healthcheck {
            return self.health(&base);
        }
        let is_http_wanted = ["port", "unixsocket", "redirport"]
            .iter()
            .any(|flag| self.words.has(flag));
        let must_serve =
            self.file.routes.is_empty() && (self.file.tcp.is_empty() || is_http_wanted);
        let must_serve = must_serve && !self.file.includes;
        let own =
            global_variables(&base, global).map_err(|problem| self.blame(problem, &[global]))?;
        let (environment, names) = self.passed_sockets();
        let has_certificate = |(_, host): &(_, Section)| host.sets("sslcert");
        let hosts_have = self.file.hosts.iter().any(has_certificate);
        let mut config = check(&base, &own, &environment, must_serve, hosts_have)
            .map_err(|problem| self.blame(problem, &[global]))?;
        config.listen.inherited_names = names;
        if let Some(user) = &mut config.user {
            self.sign(user, &[]);
        }
        self.add_routes(&mut config, &own)?;
        self.add_tcp(&mut config, &own)?;
        // Stable: among those of one precedence the daemon's own settings, which came first, are to be the last.
        config.sites.rotate_left(1);
        config.sites.sort_by(|a, b| {
            let precedence = b.key.precedence().cmp(&a.key.precedence());
            precedence.then_with(|| (&a.key.host, &a.key.path).cmp(&(&b.key.host, &b.key.path)))
        });
        Ok(if base.daemon.check {
            Loaded::Check(config)
        } else {
            Loaded::Serve(config)
        })
    }

    /// Of the rest nothing is looked at: whether it is right the other daemon knows.
    fn health(&self, base: &Args) -> Result<Loaded, Ending> {
        let admin = check_admin(&base.listening).and_then(|admin| {
            let admin = admin.filter(|(_, port)| *port != 0);
            let message = "--healthcheck needs --admin-address, with the port where the daemon was told to answer";
            admin.ok_or_else(|| Problem::alone("admin-address", message.to_owned()))
        });
        let (host, port) = admin.map_err(|problem| self.blame(problem, &[&self.file.global]))?;
        Ok(Loaded::AskHealth(host, port))
    }

    /// Adds the sections, whose mistakes are all told at once.
    fn add_tcp(&self, config: &mut Config, variables: &Environment) -> Result<(), Ending> {
        let mut mistakes = Vec::new();
        for (name, section) in &self.file.tcp {
            match self.tcp(name, section, variables, config.user.as_ref()) {
                Ok(tcp) => {
                    mistakes.extend(config.tcp.iter().find_map(|other| clash(other, &tcp)));
                    config.tcp.push(tcp.into());
                }
                Err(ending) => mistakes.push(ending.reason()),
            }
        }
        if !mistakes.is_empty() {
            return Err(Ending::alone(1, &mistakes.join("\n")));
        }
        let serves = config.sites.iter().any(|site| site.serves_anything());
        if !self.file.tcp.is_empty() && !serves {
            config.listen.port = None;
        }
        Ok(())
    }

    /// The names of the sockets that the service manager passed on, and the environment as the daemon's own listeners
    /// should see it: without sockets that are all for sections of these names.
    fn passed_sockets(&self) -> (Environment, Vec<String>) {
        let mut environment = self.environment.clone();
        let names = supervisor::socket_names(self.environment, std::process::id());
        let is_tcp = |name: &String| self.file.tcp.iter().any(|(tcp, _)| tcp == name);
        if !names.is_empty() && names.iter().all(is_tcp) {
            environment.retain(|(name, _)| name != "LISTEN_FDS");
        }
        (environment, names)
    }

    fn tcp(
        &self,
        name: &str,
        section: &Section,
        variables: &Environment,
        own: Option<&User>,
    ) -> Result<TcpConfig, Ending> {
        let mut inherited = self.words.clone();
        let is_tls = section.words.value("ssl").is_some_and(|on| on == "true");
        // The daemon's own files hold where a section asks for TLS.
        inherited.keep(|flag| keys::is_inherited(flag) && (is_tls || !flag.starts_with("ssl")));
        inherited.command.clear();
        let merged = cli::type_words(inherited.overridden_by(&section.words), self.program)?;
        let variables = [&variables[..], &section.variables[..]].concat();
        let source = TcpSource {
            name,
            ports: &section.ports,
            variables: &variables,
            environment: self.environment,
            user: own,
        };
        let section_name = format!("tcp {name}");
        let mut tcp = check_tcp(&merged, &source)
            .map_err(|problem| self.blame(problem.in_section(&section_name), &[section]))?;
        if let Some(user) = &mut tcp.user {
            self.sign(user, &[section]);
        }
        if let Some(place) = section.place_of("") {
            tcp.place = format!("{place}: {}", tcp.place);
        }
        if section.words.has("maxforks") {
            tcp.forks = ForkLimit::Own(max_forks(&merged.limits));
        }
        if section.words.has("maxconns") {
            tcp.limits.max_connections = usize::try_from(merged.limits.maxconns).ok();
        }
        tcp.limits.counts_addresses_alone = section.words.has("maxconnsperip");
        Ok(tcp)
    }

    fn is_global(&self, section: &Section) -> bool {
        std::ptr::eq(section, &raw const self.file.global)
    }

    /// Names file and line of the flag that `problem` is about, unless the command line set it. Of several sections
    /// the first one that sets it is to blame, or else the first.
    fn blame(&self, problem: Problem, sections: &[&Section]) -> Ending {
        problem.ending(self.program, &|flag| {
            let own = sections.iter().find(|section| section.sets(flag));
            let section = own.or(sections.first())?;
            let is_own = own.is_some() && !self.is_global(section);
            let place = section.place_of(flag);
            place.filter(|_| is_own || !self.typed.has(flag))
        })
    }

    /// Notes where `user` was set, in the first of `sections` that does, or else by the daemon's own settings.
    fn sign(&self, user: &mut User, sections: &[&Section]) {
        let own = sections.iter().find(|section| section.sets("user"));
        let section = own.copied().unwrap_or(&self.file.global);
        let is_typed = self.is_global(section) && self.typed.has("user");
        if let Some(place) = section.place_of("user").filter(|_| !is_typed) {
            user.setting = format!("{place}: user={}", user.name);
        }
    }
}

/// What both sections ask for.
fn clash(one: &TcpConfig, other: &TcpConfig) -> Option<String> {
    let are_hosts_same = one.listen.addresses.is_empty() && other.listen.addresses.is_empty()
        || one
            .listen
            .addresses
            .iter()
            .any(|host| other.listen.addresses.contains(host));
    let mut ports = one.ports.iter();
    let port = ports.find(|port| **port != 0 && other.ports.contains(port));
    let what = if let Some(port) = port.filter(|_| are_hosts_same) {
        format!("port {port}")
    } else {
        let path = one.listen.unix_socket.as_ref();
        let path = path.filter(|_| path == other.listen.unix_socket.as_ref())?;
        format!("unixsocket {}", path.display())
    };
    Some(format!("{}: {what} is that of {}", other.place, one.place))
}

/// Variables that hold everywhere: of the file, and of `--env`, which wins.
fn global_variables(base: &Args, global: &Section) -> Result<Environment, Problem> {
    let mut variables = global.variables.clone();
    for typed in &base.programs.env {
        let checked = check_variable(typed);
        variables
            .push(checked.map_err(|reason| Problem::alone("env", format!("--env: {reason}")))?);
    }
    Ok(variables)
}

mod routes;

#[cfg(test)]
mod tests;
