//! `chatctl site`: the sites of one daemon, each a `chat.ini`, a `BASE_DIR`, a user and a file of routes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::Failure;
use super::report::Report;

mod add;
mod check;
mod ilias;
mod list;
mod remove;
mod routes;

pub(super) use ilias::{IliasArguments, import as import_ilias};

/// Where the settings of sites are.
const SETTINGS: &str = "etc/websocketd-rs/sites";
/// Where their `BASE_DIR`s are.
const STATE: &str = "var/lib/websocketd-rs/sites";
/// Where their routes are, which the daemon's file includes.
const ROUTES: &str = "etc/websocketd-rs/sites.d";

/// The longest name: a user's name, which is `chat-NAME`, has 32 characters (useradd(8)).
const MAX_NAME: usize = 24;

/// Handlers and questions at once, of all rooms of a site, and of one address.
const PEOPLE: u32 = 500;
const PER_ADDRESS: u32 = 50;

/// A site's name: part of paths, and of its user's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SiteName(String);

/// The text is no name of a site.
#[derive(Debug)]
pub(super) struct NoSiteName;

impl fmt::Display for NoSiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a site's name is a small letter, then small letters, digits and '-', {MAX_NAME} at most"
        )
    }
}

impl std::error::Error for NoSiteName {}

impl FromStr for SiteName {
    type Err = NoSiteName;

    fn from_str(text: &str) -> Result<Self, NoSiteName> {
        let is_sound =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if begins_well && text.len() <= MAX_NAME && text.bytes().all(is_sound) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoSiteName)
        }
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the files of one site are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: SiteName,
    root: PathBuf,
}

impl Place {
    pub(super) fn new(name: &SiteName, root: &Path) -> Self {
        Self {
            name: name.clone(),
            root: root.to_owned(),
        }
    }

    pub(super) fn settings_dir(&self) -> PathBuf {
        self.root.join(SETTINGS).join(&self.name.0)
    }

    pub(super) fn ini(&self) -> PathBuf {
        self.settings_dir().join("chat.ini")
    }

    pub(super) fn base(&self) -> PathBuf {
        self.root.join(STATE).join(&self.name.0)
    }

    pub(super) fn routes(&self) -> PathBuf {
        self.root.join(ROUTES).join(format!("{}.ini", self.name))
    }

    /// Where what a removed site leaves is kept.
    fn state_dir(&self) -> PathBuf {
        self.root.join(STATE)
    }

    /// Refused unless the site is there.
    fn found(self) -> Result<Self, Failure> {
        if self.ini().exists() || self.routes().exists() {
            return Ok(self);
        }
        let (name, ini) = (&self.name, self.ini());
        Err(Failure::Missing(format!(
            "there is no site {name} ({})",
            ini.display()
        )))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum SiteCommand {
    /// Make a site: its user, settings, directory and routes
    Add(AddArguments),
    /// The sites: hosts, user, rooms, bytes
    List,
    /// Look for what is wrong with a site
    Check {
        /// The site
        name: SiteName,
    },
    /// Delete a site, all its messages too; an archive of it stays
    Remove {
        /// The site
        name: SiteName,
        /// It is meant
        #[arg(long)]
        yes: bool,
        /// Also if people are in its rooms
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddArguments {
    /// What it is called here: small letters, digits and '-'
    name: SiteName,
    /// The host that it is for, or *.example.org for all names below one; may be repeated
    #[arg(long = "host", required = true, value_name = "HOST", value_parser = routes::host)]
    hosts: Vec<String>,
    /// Who its programs run as; made if it is not there. Else chat-NAME
    #[arg(long)]
    user: Option<String>,
    /// Handlers and questions at once, of all its rooms
    #[arg(long, value_name = "N", default_value_t = PEOPLE, value_parser = clap::value_parser!(u32).range(1..))]
    people: u32,
    /// The same of one address
    #[arg(long, value_name = "N", default_value_t = PER_ADDRESS, value_parser = clap::value_parser!(u32).range(1..))]
    per_address: u32,
    /// The certificate that its hosts show, a PEM file
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Where bin/chat-handler, lib/ and share/ are; else what chatctl itself is in
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Keys of its chat.ini that are not as shipped.
    #[arg(skip)]
    settings: Vec<(String, String)>,
    /// ILIAS asks it for backend/Heartbeat.
    #[arg(skip)]
    has_heartbeat: bool,
}

impl AddArguments {
    /// Of a site that nobody said anything of but its name.
    fn usual(name: SiteName) -> Self {
        Self {
            name,
            hosts: Vec::new(),
            user: None,
            people: PEOPLE,
            per_address: PER_ADDRESS,
            cert: None,
            key: None,
            prefix: None,
            settings: Vec::new(),
            has_heartbeat: false,
        }
    }
}

pub(super) fn run(command: &SiteCommand, root: &Path) -> Result<Report, Failure> {
    match command {
        SiteCommand::Add(arguments) => add::add(arguments, root),
        SiteCommand::List => list::list(root),
        SiteCommand::Check { name } => check::check(&Place::new(name, root).found()?),
        SiteCommand::Remove { name, yes, force } => {
            remove::remove(&Place::new(name, root).found()?, *yes, *force)
        }
    }
}

/// The names of all sites, those that only have routes or only settings too.
fn all(root: &Path) -> Result<Vec<SiteName>, Failure> {
    let mut names: Vec<String> = Vec::new();
    for (dir, suffix) in [(SETTINGS, ""), (ROUTES, ".ini")] {
        let entries = match std::fs::read_dir(root.join(dir)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(suffix).map(str::to_owned));
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_in_paths_and_for_users() {
        for good in ["a", "chat-1", "abcdefghijklmnopqrstuvwx"] {
            assert!(good.parse::<SiteName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "1a",
            "-a",
            "a.b",
            "a/b",
            "..",
            "a b",
            "abcdefghijklmnopqrstuvwxy",
            "ä",
        ] {
            assert!(bad.parse::<SiteName>().is_err(), "{bad}");
        }
    }
}
