//! `--check`, and what the log says at start of settings that can't work: what does not start, what never matches.

mod access;
mod programs;
mod tcp;

use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;

use crate::cli::Ending;
use crate::config::{Authorizer, Config, KeyPair, Listen, SiteConfig, SiteKey, Tls};
use crate::http::origin;
use crate::net::listener::{self, describe};
use crate::net::tls;
use crate::net::validity::Remark;
use crate::process::privileges::may_become;

/// `--check`: tries everything that a start would use, and more, without serving. Ports are looked up, not bound.
pub fn verify(config: &Config) -> Ending {
    if let Some(conflict) = config.conflict() {
        return Ending::alone(4, &conflict);
    }
    let mut findings = Vec::new();
    check_listeners(config, &mut findings);
    check_files(config, &mut findings);
    for user in config.user.iter().chain(config.route_users()) {
        if let Err(reason) = may_become(user) {
            findings.push(format!("{}: {reason}", user.setting));
        }
    }
    tcp::check_sections(config, &mut findings);
    findings.extend(faults(config));
    for site in &config.sites {
        programs::check_scripts(site, &mut |finding| findings.push(in_site(site, finding)));
    }
    if findings.is_empty() {
        let mut message = "The configuration is sound.".to_owned();
        let sections = config.tcp.iter().map(|section| &section.listen);
        for listen in std::iter::once(&config.listen).chain(sections) {
            for pair in listen.tls.iter().flat_map(Tls::pairs) {
                if let Some(remark) = certificate_remark(pair) {
                    message = format!("{message}\n{}", remark.about(&pair.cert));
                }
            }
        }
        Ending::good(&message)
    } else {
        Ending::alone(3, &findings.join("\n"))
    }
}

/// What can't work although the server starts with it: programs that will not start, origins that no page has.
pub(super) fn faults(config: &Config) -> Vec<String> {
    let mut faults = Vec::new();
    for site in &config.sites {
        if let Some(fault) = programs::command_fault(site) {
            faults.push(in_site(site, fault));
        }
        if let Some(fault) = programs::authorizer_fault(site) {
            faults.push(in_site(site, fault));
        }
        for entry in site.http.allowed_origins.iter().flatten() {
            if !origin::is_pattern(entry) {
                let fault = format!(
                    "--origin: '{}' matches no page; write [scheme://]host[:port], or leave --origin out to let every page connect",
                    entry.escape_debug()
                );
                faults.push(in_site(site, fault));
            }
        }
    }
    faults.extend(tcp::command_faults(config));
    faults.dedup();
    faults
}

fn in_site(site: &SiteConfig, finding: String) -> String {
    if site.key == SiteKey::default() {
        finding
    } else {
        format!("[route {}]: {finding}", site.key)
    }
}

fn check_listeners(config: &Config, findings: &mut Vec<String>) {
    let listen = &config.listen;
    let everywhere = [String::new()];
    let hosts = if listen.addresses.is_empty() {
        &everywhere[..]
    } else {
        &listen.addresses[..]
    };
    let mut wanted: Vec<(&str, i64)> = Vec::new();
    for host in hosts {
        let ports = [
            listen.port,
            listen.redirect_port.filter(|_| listen.port.is_some()),
        ];
        wanted.extend(
            ports
                .into_iter()
                .flatten()
                .map(|port| (host.as_str(), port)),
        );
    }
    if let Some((host, port)) = &listen.admin {
        wanted.push((host, *port));
    }
    let wanted = wanted.into_iter().map(|(host, port)| (host, port, None));
    let wanted: Vec<(&str, i64, Option<&str>)> = wanted.chain(tcp::wanted(config)).collect();
    let mut taken: Vec<SocketAddr> = Vec::new();
    for (host, port, place) in wanted {
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        match listener::resolve(host, port) {
            Err(error) => findings.push(format!("{place}{error}")),
            Ok(address) if taken.iter().any(|other| is_same(*other, address)) => {
                findings.push(format!(
                    "{place}listen tcp {host}:{port}: the port is asked for twice"
                ));
            }
            Ok(address) => taken.push(address),
        }
    }
    findings.extend(unix_socket_fault(listen));
}

fn unix_socket_fault(listen: &Listen) -> Option<String> {
    let parent = listen.unix_socket.as_deref()?.parent()?;
    let reason = check_directory(parent).err()?;
    Some(format!("--unixsocket: {}: {reason}", parent.display()))
}

/// Whether the two can't both be bound. All interfaces include each one.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    let overlap =
        one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && overlap
}

fn check_files(config: &Config, findings: &mut Vec<String>) {
    if let Some(tls) = &config.listen.tls {
        findings.extend(tls_faults(config, tls));
    }
    let passwords = config.sites.iter();
    let passwords = passwords.filter_map(|site| match &site.access.authorizer {
        Some(Authorizer::Passwords { file, .. }) => Some(file),
        _ => None,
    });
    findings.extend(access::unreadable(passwords, config.user.as_ref()));
    if let Some(file) = &config.log.file
        && let Err(reason) = check_log(file)
    {
        findings.push(format!("--log-file: {}: {reason}", file.display()));
    }
}

fn tls_faults(config: &Config, tls: &Tls) -> Vec<String> {
    if let Err(error) = tls::load(tls) {
        return vec![error.to_string()];
    }
    let mut faults = Vec::new();
    for pair in tls.pairs() {
        let bad = certificate_remark(pair).filter(|remark| remark.is_fault());
        faults.extend(bad.map(|remark| remark.about(&pair.cert)));
    }
    let files = tls.pairs().flat_map(|pair| [&pair.cert, &pair.key]);
    let files = files.chain(&tls.client_ca);
    faults.extend(access::unreadable(files, config.user.as_ref()));
    faults
}

fn certificate_remark(pair: &KeyPair) -> Option<Remark> {
    tls::validity(pair)?.remark(Timestamp::now())
}

/// Whether lines could be appended; nothing is created.
fn check_log(file: &Path) -> Result<(), String> {
    match std::fs::OpenOptions::new().append(true).open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            check_directory(file.parent().unwrap_or(file))
        }
        Err(error) => Err(describe(&error)),
    }
}

fn check_directory(dir: &Path) -> Result<(), String> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    match dir.metadata() {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err("not a directory".to_owned()),
        Err(error) => Err(describe(&error)),
    }
}
