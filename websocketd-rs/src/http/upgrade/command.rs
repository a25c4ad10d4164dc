//! What an upgrade starts: the program, and the request as it gets to know it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config;
use crate::http::authorize::{Grant, visible_headers};
use crate::http::exchange::Exchange;
use crate::http::remote::Remote;
use crate::http::script;
use crate::http::target;
use crate::process::env;

/// The program to start, and its part of the URL path.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) script_name: Vec<u8>,
    pub(super) path_info: Vec<u8>,
}

/// A client that may have its session.
pub(super) struct Applicant<'a> {
    pub(super) remote: &'a Remote,
    pub(super) id: &'a str,
    pub(super) grant: Option<&'a Grant>,
    pub(super) protocol: Option<&'a str>,
}

/// The variables of its program.
pub(super) fn environment(
    exchange: &Exchange<'_>,
    endpoint: &Endpoint,
    applicant: &Applicant<'_>,
) -> Result<env::Environment, env::TooLarge> {
    let headers = visible_headers(exchange.head, applicant.grant);
    let request = describe(
        exchange,
        applicant.remote,
        applicant.id,
        &headers,
        &endpoint.script_name,
        &endpoint.path_info,
    );
    let request = env::Request {
        granted: applicant.grant.map_or(&[], |grant| &grant.variables),
        ..request
    };
    let mut variables = env::session(&request, applicant.protocol)?;
    let config = &exchange.site.config;
    env::add_defaults(&mut variables, &config.process);
    env::add_ping_timeout(&mut variables, config.session.ping_interval);
    Ok(variables)
}

/// The `PATH` of a program.
pub(in crate::http) fn search_path(environment: &env::Environment) -> Option<OsString> {
    let path = environment.iter().find(|(name, _)| name == "PATH");
    path.map(|(_, value)| value.clone())
}

pub(super) fn find_endpoint(
    program: &config::Runnable,
    exchange: &Exchange<'_>,
) -> Option<Endpoint> {
    let (prefix, path) = (exchange.prefix(), exchange.path());
    match program {
        config::Runnable::Command {
            path: program,
            args,
        } => Some(Endpoint {
            program: program.clone(),
            args: args.clone(),
            // websocketd's name for the root, which RFC 3875 would have empty.
            script_name: if prefix.is_empty() { "/" } else { prefix }.into(),
            path_info: path.to_vec(),
        }),
        config::Runnable::ScriptDir(dir) => script::find(dir, path).map(|script| Endpoint {
            program: script.file,
            args: Vec::new(),
            script_name: [prefix.as_bytes(), &script.name].concat(),
            path_info: script.path_info,
        }),
    }
}

/// The request as a program sees it.
pub(in crate::http) fn describe<'a>(
    exchange: &'a Exchange<'_>,
    remote: &'a Remote,
    unique_id: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    script_name: &'a [u8],
    path_info: &'a [u8],
) -> env::Request<'a> {
    let head = exchange.head;
    let https = exchange.client.https;
    let (server_name, port) = target::split_host(&head.host).unwrap_or_default();
    env::Request {
        method: &head.method,
        protocol: head.version.as_str(),
        server_name,
        server_port: port.unwrap_or(if https { 443 } else { 80 }),
        https,
        uri: &head.target.raw,
        query: head.target.query().unwrap_or_default(),
        path: &head.target.path,
        script_name,
        path_info,
        remote_addr: &remote.addr,
        remote_host: &remote.host,
        remote_port: &remote.port,
        proxy: exchange.client.proxy,
        unique_id,
        headers,
        granted: exchange.grant.map_or(&[], |grant| &grant.variables),
        inherited: &exchange.site.config.process.inherited_env,
        max_bytes: exchange.site.config.process.max_environment,
    }
}
