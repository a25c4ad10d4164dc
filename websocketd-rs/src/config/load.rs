//! Command line and configuration file together: which of them a value came from, and the routes.

use std::ffi::OsString;

use super::check::{Problem, check, check_route_user, check_site, check_variable, max_forks};
use super::sections::{ConfigFile, Section};
use super::{Config, Environment, ForkLimit, SiteConfig, SiteKey, User};
use crate::cli::{self, Args, Ending, Words};

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
        let must_serve = self.file.routes.is_empty();
        let own = global_variables(&base, global).map_err(|problem| self.blame(problem, global))?;
        let mut config = check(&base, &own, self.environment, must_serve)
            .map_err(|problem| self.blame(problem, global))?;
        if let Some(user) = &mut config.user {
            self.sign(user, global);
        }
        for (path, section) in &self.file.routes {
            let site = self.route(path, section, &own, config.user.as_ref())?;
            config.sites.push(site.into());
        }
        // Stable: among those of one precedence the daemon's own settings, which came first, are to be the last.
        config.sites.rotate_left(1);
        config.sites.sort_by(|a, b| {
            let precedence = b.key.precedence().cmp(&a.key.precedence());
            precedence.then(a.key.path.cmp(&b.key.path))
        });
        Ok(Loaded {
            config,
            check_only: base.daemon.check,
        })
    }

    fn route(
        &self,
        path: &str,
        section: &Section,
        variables: &Environment,
        own: Option<&User>,
    ) -> Result<SiteConfig, Ending> {
        let global = &self.file.global;
        // What the command line says holds for the daemon: a route's own word is about the route.
        let mut inherited = self.words.clone();
        for flag in ["dir", "staticdir", "cgidir", "devconsole", "terminal"] {
            inherited.remove(flag);
        }
        inherited.command.clear();
        let merged = cli::type_words(inherited.overridden_by(&section.words), self.program)?;
        let variables = [&variables[..], &section.variables[..]].concat();
        let mut site = check_site(&merged, &variables, self.environment, true)
            .and_then(|site| check_route_user(site, own))
            .map_err(|problem| self.blame(problem.in_route(path), section))?;
        if let Some(user) = &mut site.user {
            let has_own = section.words.has("user");
            self.sign(user, if has_own { section } else { global });
        }
        site.key = SiteKey::at(path);
        if section.words.has("maxforks") {
            site.forks = ForkLimit::Own(max_forks(&merged.limits));
        }
        Ok(site)
    }

    fn is_global(&self, section: &Section) -> bool {
        std::ptr::eq(section, &raw const self.file.global)
    }

    /// Names file and line of the flag that `problem` is about, unless the command line set it.
    fn blame(&self, problem: Problem, section: &Section) -> Ending {
        problem.ending(self.program, &|flag| {
            let is_own = !self.is_global(section) && section.words.has(flag);
            section
                .line_of(flag)
                .filter(|_| is_own || !self.typed.has(flag))
                .map(|line| self.file.at(line))
        })
    }

    /// Notes where `user` was set.
    fn sign(&self, user: &mut User, section: &Section) {
        let is_typed = self.is_global(section) && self.typed.has("user");
        if let Some(line) = section.line_of("user").filter(|_| !is_typed) {
            user.setting = format!("{}: user={}", self.file.at(line), user.name);
        }
    }
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

#[cfg(test)]
mod tests;
