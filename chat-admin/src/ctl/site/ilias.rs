//! `chatctl import ilias`: a site for each client of an ILIAS chat server, by what its settings say.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::json;

use super::{AddArguments, SiteName, add, routes};
use crate::ctl::Failure;
use crate::ctl::report::{Report, table};
use crate::ilias::{Client, Fates, IliasError, Server, Time};

/// The largest file that is read: ILIAS' have a kilobyte.
const MAX_BYTES: u64 = 256 * 1024;
/// Where a unit's own settings are.
const UNITS: &str = "etc/systemd/system";

#[derive(Debug, Args)]
pub(in crate::ctl) struct IliasArguments {
    /// The server's settings
    #[arg(value_name = "SERVER_CFG")]
    server: PathBuf,
    /// The settings of each client: a site each
    #[arg(value_name = "CLIENT_CFG", required = true)]
    clients: Vec<PathBuf>,
    /// The host of a client's site; of a single client that of `server.cfg` if left out
    #[arg(long = "host", value_name = "CLIENT=HOST")]
    hosts: Vec<HostOf>,
    /// Who all their programs run as; made if it is not there. Else chat-NAME
    #[arg(long)]
    user: Option<String>,
    /// Where bin/chat-handler, lib/ and share/ are; else what chatctl itself is in
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Only say what becomes of each key
    #[arg(long)]
    dry_run: bool,
}

/// `CLIENT=HOST`.
#[derive(Debug, Clone)]
struct HostOf {
    client: String,
    host: String,
}

impl FromStr for HostOf {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (client, host) = text
            .split_once('=')
            .ok_or("a client and its host look like myilias=chat.example.org")?;
        Ok(Self {
            client: client.to_owned(),
            host: routes::host(host)?,
        })
    }
}

impl fmt::Display for HostOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.client, self.host)
    }
}

/// Reads all files before it makes anything.
pub(in crate::ctl) fn import(wish: &IliasArguments, root: &Path) -> Result<Report, Failure> {
    let mut wrong = Vec::new();
    let server = read(&wish.server, Server::parse, &mut wrong);
    let clients: Vec<Client> = wish
        .clients
        .iter()
        .filter_map(|file| read(file, Client::parse, &mut wrong))
        .collect();
    let Some(server) = server.filter(|_| wrong.is_empty()) else {
        return Err(Failure::Refused(wrong.join("\n")));
    };
    let sites = sites(wish, &server, &clients, &mut wrong);
    for site in &sites {
        if let Err(failure) = add::refuse(&site.arguments, root) {
            wrong.push(failure.to_string());
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::Refused(wrong.join("\n")));
    }
    let mut done = Vec::new();
    if !wish.dry_run {
        for site in &sites {
            let made = add::add(&site.arguments, root).map_err(|failure| {
                let made = if done.is_empty() {
                    "nothing was made".to_owned()
                } else {
                    format!("made before that: {}", done.join(", "))
                };
                Failure::Refused(format!("{}: {failure}; {made}", site.arguments.name))
            })?;
            drop(made);
            if let Some(time) = server.time {
                expire_at(&site.arguments.name, time, root)?;
            }
            done.push(site.arguments.name.to_string());
        }
    }
    Ok(report(wish, &server, &clients, &sites))
}

/// A site that is to be made.
struct Site<'a> {
    client: &'a Client,
    arguments: AddArguments,
}

fn sites<'a>(
    wish: &IliasArguments,
    server: &Server,
    clients: &'a [Client],
    wrong: &mut Vec<String>,
) -> Vec<Site<'a>> {
    for named in &wish.hosts {
        if !clients.iter().any(|client| client.name == named.client) {
            wrong.push(format!(
                "--host {named}: none of the files is of that client"
            ));
        }
    }
    let mut sites: Vec<Site<'a>> = Vec::new();
    for client in clients {
        let Some(name) = site_name(&client.name) else {
            wrong.push(format!(
                "{}: no site can be called so: its letters and digits are too many or none",
                chat_store::record::clean(&client.name)
            ));
            continue;
        };
        let named = wish.hosts.iter().filter(|it| it.client == client.name);
        let mut hosts: Vec<String> = named.map(|it| it.host.clone()).collect();
        if hosts.is_empty() && clients.len() == 1 {
            hosts.extend(server.host.clone());
        }
        if hosts.is_empty() {
            wrong.push(format!(
                "{name}: a site has a host of its own: --host {}=HOST",
                client.name
            ));
        }
        for site in &sites {
            let other = &site.arguments;
            if other.name == name {
                wrong.push(format!("{name}: two clients would be this site"));
            }
            if let Some(host) = hosts.iter().find(|host| other.hosts.contains(host)) {
                wrong.push(format!(
                    "{host}: is the host of {name} and of {}",
                    other.name
                ));
            }
        }
        let mut settings = vec![(
            "KEEP".to_owned(),
            server.keep.clone().unwrap_or_else(|| "forever".to_owned()),
        )];
        if !client.has_conversations {
            settings.push(("MAX_CONVERSATIONS".to_owned(), "0".to_owned()));
        }
        let arguments = AddArguments {
            hosts,
            user: wish.user.clone(),
            cert: server.tls.as_ref().map(|(cert, _)| cert.into()),
            key: server.tls.as_ref().map(|(_, key)| key.into()),
            prefix: wish.prefix.clone(),
            settings,
            has_heartbeat: true,
            ..AddArguments::usual(name)
        };
        sites.push(Site { client, arguments });
    }
    sites
}

/// Reads a file; what is wrong with it is added to `wrong`.
fn read<T>(
    file: &Path,
    parse: fn(&str) -> Result<T, IliasError>,
    wrong: &mut Vec<String>,
) -> Option<T> {
    let mut text = String::new();
    let opened =
        File::open(file).and_then(|opened| opened.take(MAX_BYTES).read_to_string(&mut text));
    let shown = file.display();
    if let Err(error) = opened {
        wrong.push(format!("{shown}: {error}"));
        return None;
    }
    match parse(&text) {
        Ok(found) => Some(found),
        Err(IliasError(lines)) => {
            wrong.extend(lines.iter().map(|line| format!("{shown}: {line}")));
            None
        }
    }
}

/// What a client's site is called: part of paths and of a user's name.
fn site_name(client: &str) -> Option<SiteName> {
    let small = client.to_lowercase();
    let sound = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = small.chars().map(sound).collect();
    let name = name.trim_matches('-');
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("ilias-{name}").parse().ok();
    }
    name.parse().ok()
}

/// When the site's old messages are deleted.
fn expire_at(name: &SiteName, time: Time, root: &Path) -> Result<(), Failure> {
    let dir = root.join(UNITS).join(format!("chat-expire@{name}.timer.d"));
    let text =
        format!("# deletion_time of ILIAS.\n[Timer]\nOnCalendar=\nOnCalendar=*-*-* {time}:00\n");
    let written =
        std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join("time.conf"), text));
    written.map_err(|error| Failure::Refused(format!("{}: {error}", dir.display())))
}

fn report(
    wish: &IliasArguments,
    server: &Server,
    clients: &[Client],
    sites: &[Site<'_>],
) -> Report {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut add = |file: &Path, fates: &Fates| {
        let name = file.file_name().unwrap_or(file.as_os_str());
        for (key, fate) in fates {
            rows.push(vec![
                name.to_string_lossy().into_owned(),
                key.clone(),
                fate.word().to_owned(),
                fate.text().to_owned(),
            ]);
            values.push(
                json!({ "file": file, "key": key, "becomes": fate.word(), "text": fate.text() }),
            );
        }
    };
    add(&wish.server, &server.fates);
    for (file, client) in wish.clients.iter().zip(clients) {
        add(file, &client.fates);
    }
    let mut text = table(&["FILE", "KEY", "BECOMES", "WHAT"], &rows);
    let mut made = Vec::new();
    for site in sites {
        let Site { client, arguments } = site;
        let (name, hosts) = (&arguments.name, arguments.hosts.join(", "));
        let verb = if wish.dry_run { "would be" } else { "is" };
        text = format!(
            "{text}\n{name}: the site of {} {verb} made for {hosts}; ILIAS asks http(s)://{}/backend/Heartbeat/{}",
            client.name, arguments.hosts[0], client.name
        );
        made.push(
            json!({ "site": name.to_string(), "client": client.name, "hosts": arguments.hosts }),
        );
    }
    if !wish.dry_run {
        let names: Vec<String> = sites
            .iter()
            .map(|site| site.arguments.name.to_string())
            .collect();
        let timers: Vec<String> = names
            .iter()
            .map(|name| format!("chat-expire@{name}.timer"))
            .collect();
        text = format!(
            "{text}\nnow: systemctl daemon-reload; systemctl enable --now {}; systemctl restart websocketd-rs",
            timers.join(" ")
        );
    }
    let value = json!({ "done": !wish.dry_run, "sites": made, "keys": values });
    Report::new(text, value)
}

#[cfg(test)]
mod tests {
    use super::site_name;

    #[test]
    fn a_client_is_a_site_whose_name_is_safe() {
        let name = |text| site_name(text).map(|name| name.to_string());
        assert_eq!(name("myilias").as_deref(), Some("myilias"));
        assert_eq!(name("Uni_Köln 2").as_deref(), Some("uni-k-ln-2"));
        assert_eq!(name("123456").as_deref(), Some("ilias-123456"));
        assert_eq!(name("../../etc").as_deref(), Some("etc"));
        assert_eq!(name("…"), None);
        assert_eq!(name(&"a".repeat(25)), None);
    }
}
