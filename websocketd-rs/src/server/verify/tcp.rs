//! What is wrong with `[tcp NAME]` sections.

use super::programs::fault_of;
use super::{tls_faults, unix_socket_fault};
use crate::config::Config;

/// The addresses that sections listen on, each with where its section stands.
pub(super) fn wanted(config: &Config) -> impl Iterator<Item = (&str, i64, Option<&str>)> {
    config.tcp.iter().flat_map(|section| {
        let hosts = &section.listen.addresses;
        let everywhere = hosts.is_empty().then_some("");
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).chain(everywhere).collect();
        let place = Some(section.place.as_str());
        hosts.into_iter().flat_map(move |host| {
            let ports = section.ports.iter();
            ports.map(move |port| (host, i64::from(*port), place))
        })
    })
}

/// Files of TLS that can't be used, sockets that can't be made.
pub(super) fn check_sections(config: &Config, findings: &mut Vec<String>) {
    for section in &config.tcp {
        let listen = &section.listen;
        let tls = listen.tls.iter().flat_map(|tls| tls_faults(config, tls));
        let faults = tls.chain(unix_socket_fault(listen));
        findings.extend(faults.map(|fault| format!("{}: {fault}", section.place)));
    }
}

/// Programs that will not start.
pub(super) fn command_faults(config: &Config) -> Vec<String> {
    let fault = |section: &std::sync::Arc<crate::config::TcpConfig>| {
        let fault = fault_of(&section.program, &section.process)?;
        Some(format!("{}: {fault}", section.place))
    };
    config.tcp.iter().filter_map(fault).collect()
}
