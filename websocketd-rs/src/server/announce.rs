//! websocketd's startup lines.

use std::net::IpAddr;

use super::verify::faults;
use crate::config::{Config, Level, Page, Runnable, SiteConfig};
use crate::logging::log;

/// `host:port` for people: all interfaces are shown as the machine's name, which a browser can open.
pub(super) fn shown(host: &str, port: i64) -> String {
    if host.is_empty() {
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        return format!("{name}:{port}");
    }
    format!("{host}:{port}")
}

pub(super) fn announce(message: &str) {
    log(Level::Info, "server", message);
}

/// What can't work with these settings.
pub(super) fn announce_faults(config: &Config) {
    for fault in faults(config) {
        log(Level::Error, "server", &fault);
    }
}

pub(super) fn announce_content(config: &Config) {
    for origin in config.default_site().http.allowed_origins.iter().flatten() {
        if config.listen.tls.is_some() && !origin.contains("://") {
            let message = format!(
                "Origin '{origin}' has no scheme: with --ssl write https://{origin}, or pages that came over plain http match too"
            );
            log(Level::Error, "server", &message);
        }
    }
    announce_faults(config);
    match &config.default_site().session.program {
        Some(Runnable::ScriptDir(dir)) => {
            announce(&format!("Serving from directory      : {}", dir.display()));
        }
        Some(Runnable::Command { path, args }) => {
            let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
            let (path, args) = (path.display(), args.join(" "));
            announce(&format!("Serving using application   : {path} {args}"));
        }
        None => {}
    }
    for site in &config.sites {
        announce_input(config, site);
    }
    if let Some(dir) = &config.default_site().http.static_dir {
        announce(&format!("Serving static content from : {}", dir.display()));
    }
    if let Some(dir) = &config.default_site().http.cgi_dir {
        announce(&format!("Serving CGI scripts from    : {}", dir.display()));
    }
}

/// Who opens a terminal to others should know whether they can type.
fn announce_input(config: &Config, site: &SiteConfig) {
    let is_terminal = site.process.streams.is_terminal();
    if site.session.program.is_none() || !is_terminal && !site.session.is_read_only {
        return;
    }
    let what = if is_terminal { "Terminal" } else { "Program" };
    let how = if site.session.is_read_only {
        "read-only: what clients send is dropped"
    } else {
        "writable: clients type into it"
    };
    let place = site.key.to_string();
    announce(&format!("{what} at {place:<19}: {how}"));
    if is_terminal && !site.session.is_read_only && is_open_to_all(config, site) {
        let message = format!(
            "Anybody who reaches this server can type into the terminal at {place}: add --htpasswd, --authorize, --sslca or \
             --readonly, or --address=127.0.0.1"
        );
        log(Level::Error, "server", &message);
    }
}

/// Whether other machines can connect, and nobody asks who they are.
fn is_open_to_all(config: &Config, site: &SiteConfig) -> bool {
    let listen = &config.listen;
    let is_loopback = |host: &String| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    let is_local = !listen.addresses.is_empty() && listen.addresses.iter().all(is_loopback);
    let asks_for_certificates = listen
        .tls
        .as_ref()
        .is_some_and(|tls| tls.client_ca.is_some());
    listen.port.is_some() && !is_local && !asks_for_certificates && site.access.authorizer.is_none()
}

pub(super) fn announce_address(config: &Config, address: &str) {
    let secure = if config.listen.is_tls() { "s" } else { "" };
    announce(&format!(
        "Starting WebSocket server   : ws{secure}://{address}/"
    ));
    let http = &config.default_site().http;
    let what = match http.page {
        Some(Page::Console) => "Developer console enabled  ",
        Some(Page::Terminal) => "Terminal page enabled      ",
        None if http.static_dir.is_some() || http.cgi_dir.is_some() => {
            "Serving CGI or static files"
        }
        None => return,
    };
    announce(&format!("{what} : http{secure}://{address}/"));
}
