//! `chatctl setup`: the chat without another web server, on this machine, in one command: what the files in /etc say,
//! the certificate where the service can read it, the service started anew, the first administrator's link.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rustls::pki_types::ServerName;
use serde_json::json;

use super::doctor::program;
use super::report::Report;
use super::{Failure, account, audited, owner};
use chat_handler::settings::{Register, Settings};

mod certificate;
mod file;
mod lines;

use file::put;
use lines::Style;

/// Where the package and `make install` put what this changes, below `--root`.
const CHAT_INI: &str = "etc/websocketd-rs/chat.ini";
const STAND_ALONE: &str = "etc/websocketd-rs/stand-alone.ini";
/// The same, and the other file that comes with it, as `CONFIG` names them.
const STAND_ALONE_HERE: &str = "/etc/websocketd-rs/stand-alone.ini";
const BEHIND_A_PROXY_HERE: &str = "/etc/websocketd-rs/behind-a-proxy.ini";
/// With this the daemon serves sites (docs/sites.md).
const SITES: &str = "etc/systemd/system/websocketd-rs.service.d/sites.conf";
/// What the unit reads beside its own settings.
const DEFAULTS: &str = "etc/default/websocketd-rs";
/// What the unit may do more: systemd.unit(5), drop-ins.
const DROP_IN: &str = "etc/systemd/system/websocketd-rs.service.d/ports.conf";
const SERVICE: &str = "websocketd-rs.service";
/// Where this is, systemd runs the machine (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";

/// Ports below this one take a right of their own (ip(7)).
const FIRST_FREE_PORT: u16 = 1024;
const HTTPS: u16 = 443;
/// The service's stop may take 20 seconds, and its start some.
const RESTART: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct SetupArguments {
    /// The name of this machine in the browsers' address, or its address
    #[arg(value_parser = host)]
    host: String,
    /// The certificate of that name, a PEM file with its chain; else /etc/websocketd-rs/chat.pem, where certbot-hook
    /// puts it
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Who can make an account in the pages: no (nobody), invitation (who has a link) or open (everybody)
    #[arg(long, value_name = "WHO", value_parser = ["no", "invitation", "open"])]
    register: Option<String>,
    /// Where it listens, 443 at first and then as it is; on 443 it also leads browsers there from 80
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

fn host(text: &str) -> Result<String, &'static str> {
    // `HOST:PORT` is none, and neither is an address in brackets.
    ServerName::try_from(text)
        .map(|_| text.to_owned())
        .map_err(|_| "a host is a name like chat.example.org or an address like 192.0.2.7")
}

pub(super) fn setup(arguments: &SetupArguments, root: &Path) -> Result<Report, Failure> {
    let (chat_ini, alone) = (root.join(CHAT_INI), root.join(STAND_ALONE));
    let wrong = |error: chat_handler::settings::SettingsError| Failure::Config(error.to_string());
    // All that can be refused is refused before a file is changed.
    let chat_text = file::read(&chat_ini)?;
    let alone_text = file::read(&alone)?;
    let defaults = root.join(DEFAULTS);
    let defaults_text = file::read_if_there(&defaults)?;
    refuse_others(root, &defaults_text)?;
    let register = arguments.register.as_deref();
    let chat_text = lines::set(&chat_text, Style::Chat, "ACCOUNTS", &["yes"]);
    let chat_text = match register {
        Some(who) => lines::set(&chat_text, Style::Chat, "REGISTER", &[who]),
        None => chat_text,
    };
    let settings = Settings::parse(&chat_text, &chat_ini).map_err(wrong)?;
    let pair = certificate::Pair::of(arguments, &alone_text, root)?;
    let (alone_text, port) = served(&alone_text, arguments);

    let drop_in = root.join(DROP_IN);
    let [cert, key] = certificate::places(root);
    let before = file::Before::of(&[&chat_ini, &alone, &defaults, &drop_in, &cert, &key])?;
    if let Some(pair) = pair {
        pair.install()?;
    }
    put(&chat_ini, &chat_text)?;
    put(&alone, &alone_text)?;
    let defaults_text = lines::set(&defaults_text, Style::Shell, "CONFIG", &[STAND_ALONE_HERE]);
    put(&defaults, &defaults_text)?;
    // One that is there may be the administrator's.
    if port < FIRST_FREE_PORT && !drop_in.exists() {
        put(&drop_in, PORTS)?;
    }
    let is_here = root == Path::new("/") && Path::new(BOOTED).is_dir();
    if is_here && let Err(failure) = restart() {
        before.put_back()?;
        let now = match restart() {
            Ok(()) => "the files are as they were, and the service runs as before",
            Err(_) => "the files are as they were; with them the service does not start either",
        };
        return Err(Failure::Refused(format!("{failure}\n{now}")));
    }
    let changed = [&chat_ini, &alone, &defaults].map(|path| path.display().to_string());
    told(arguments, (&settings, port), &changed, is_here)
}

/// A daemon that serves something else goes on serving it.
fn refuse_others(root: &Path, defaults: &str) -> Result<(), Failure> {
    let sites = root.join(SITES);
    if sites.exists() {
        let sites = sites.display();
        let text =
            format!("{sites}: the daemon serves several sites; chatctl site add makes one more");
        return Err(Failure::Refused(text));
    }
    let config = defaults
        .lines()
        .filter_map(|line| line.strip_prefix("CONFIG="));
    let other = config
        .map(|value| value.trim().trim_matches('"'))
        .find(|value| ![STAND_ALONE_HERE, BEHIND_A_PROXY_HERE].contains(value));
    other.map_or(Ok(()), |other| {
        let text = format!(
            "/{DEFAULTS}: the daemon serves what {other} says; take the line out if the chat is to be all"
        );
        Err(Failure::Refused(text))
    })
}

const PORTS: &str =
    "# Made by chatctl setup: a service that is not root may listen below port 1024.
[Service]
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
";

/// What the daemon's file says then, and the port. At first all of it; typed again, what is named.
fn served(text: &str, arguments: &SetupArguments) -> (String, u16) {
    let get = |key| lines::get(text, key);
    let is_set_up = get("ssl") == Some("true");
    let before = get("port").filter(|_| is_set_up);
    let port = arguments.port.or_else(|| before?.parse().ok());
    let port = port.unwrap_or(HTTPS);
    let port_text = port.to_string();
    let redirect: &[&str] = if port == HTTPS { &["80"] } else { &[] };
    let port_values = [&*port_text];
    let mut wanted: Vec<(&str, &[&str])> = Vec::new();
    if before != Some(&port_text) {
        wanted.extend([("port", &port_values[..]), ("redirport", redirect)]);
    }
    if !is_set_up {
        // IPv4 too; a machine without IPv6 gets a socket of that alone.
        wanted.extend([("address", &["[::]"][..]), ("ssl", &["true"])]);
    }
    if arguments.cert.is_some() || get("sslcert").is_none() || get("sslkey").is_none() {
        wanted.extend([
            ("sslcert", &[certificate::CERT_HERE][..]),
            ("sslkey", &[certificate::KEY_HERE]),
        ]);
    }
    let done = wanted.iter().fold(text.to_owned(), |text, (key, values)| {
        lines::set(&text, Style::Daemon, key, values)
    });
    (done, port)
}

/// The service reads all of it.
fn restart() -> Result<(), Failure> {
    let systemctl = Path::new("systemctl");
    for words in [
        &["daemon-reload"][..],
        &["enable", "--quiet", SERVICE, "chat-expire.timer"],
        &["restart", SERVICE, "chat-expire.timer"],
    ] {
        let answer = program::ask_for(systemctl, words, RESTART)?;
        let failed = answer.filter(|answer| !answer.is_good);
        if let Some(answer) = failed {
            return Err(Failure::Refused(format!(
                "systemctl {}: {}\njournalctl -u websocketd-rs -n 20 says why; then run this again",
                words.join(" "),
                answer.text.trim()
            )));
        }
    }
    Ok(())
}

/// The link of the first administrator, and what is left to do.
fn told(
    arguments: &SetupArguments,
    (settings, port): (&Settings, u16),
    changed: &[String],
    is_here: bool,
) -> Result<Report, Failure> {
    let address = address(&arguments.host, port);
    let next = "systemctl daemon-reload; systemctl restart websocketd-rs";
    if !settings.base_dir.is_dir() {
        // The service's user makes it, by the unit.
        let text = format!(
            "changed: {}\nnow: {next}; then chatctl first-code for the first administrator at {address}",
            changed.join(", ")
        );
        let value =
            json!({ "done": true, "address": address, "changed": changed, "restarted": is_here });
        return Ok(Report::new(text, value));
    }
    let who = audited::who();
    owner::become_owner_of(&settings.base_dir)?;
    let code = account::first_code_if_none(settings)?;
    let deed = format!("setup {}", arguments.host);
    audited::note(settings, &who, Some(&deed))?;
    let link = code.map(|(code, until)| (format!("{address}{code}"), until));
    let first = match &link {
        Some((link, until)) => {
            format!("{link}\nopens the page that makes the administrator, until {until}")
        }
        None => format!("{address}\nis the chat; it has an administrator already"),
    };
    let rest = if is_here {
        "the service was started anew".to_owned()
    } else {
        format!("now: {next}")
    };
    let closed = match settings.identity.register {
        Register::No => "\naccounts are made by: chatctl register NAME; see docs/accounts.md",
        Register::Invitation | Register::Open => "",
    };
    let text = format!("{first}\nchanged: {}; {rest}{closed}", changed.join(", "));
    let value = json!({ "done": true, "address": address, "first": link.as_ref().map(|(link, _)| link),
        "changed": changed, "restarted": is_here });
    Ok(Report::new(text, value))
}

/// As browsers show it.
fn address(host: &str, port: u16) -> String {
    let host = match host.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    };
    match port {
        HTTPS => format!("https://{host}/"),
        port => format!("https://{host}:{port}/"),
    }
}
