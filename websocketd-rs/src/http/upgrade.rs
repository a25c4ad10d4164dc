//! The opening handshake (RFC 6455 section 4.2): everything that can refuse does, then the program starts, and only
//! when it runs is the client told 101.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::exchange::Exchange;
use super::handshake::{self, Accepted};
use super::origin;
use super::remote::Remote;
use super::response::{self, Response};
use super::script;
use super::target;
use crate::capacity::Permit;
use crate::config::{Config, Program};
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::process::{Command, Handler, env, terminate};

/// A program that runs for a client that was told 101.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) handler: Handler,
    pub(super) permit: Permit,
    pub(super) fields: Fields,
    pub(super) config: Arc<Config>,
}

/// The program to start, and its part of the URL path.
#[derive(Debug)]
struct Target {
    program: PathBuf,
    args: Vec<std::ffi::OsString>,
    script_name: Vec<u8>,
    path_info: Vec<u8>,
}

/// Answers an upgrade request: with 101 and a running program, or with why not.
pub(super) async fn upgrade(
    exchange: &mut Exchange<'_>,
    program: &Program,
) -> io::Result<Option<Started>> {
    let mut fields = exchange.fields();
    let full = "Max of possible forks already active, upgrade rejected";
    let Some(permit) = exchange.take_permit(full).await? else {
        return Ok(None);
    };
    let config = exchange.site.config;
    let remote = Remote::of(exchange.client, config.http.reverse_lookup).await;
    let id = unique_id()?;
    fields.id = Some(id.clone());
    fields.remote = Some(remote.host.clone());
    let Some(target) = find_target(program, exchange) else {
        // Before the client can ask again, here and below.
        drop(permit);
        fields.access("session", "NOT FOUND: script not found");
        METRICS.refusals.add("not_found");
        exchange
            .reply_text(Response::new(404), "404 Not Found\n")
            .await?;
        return Ok(None);
    };
    fields.command = Some(target.program.to_string_lossy().into_owned());
    let rules = origin::Rules {
        same_origin: config.http.same_origin,
        allowed: config.http.allowed_origins.as_deref(),
        host: &exchange.head.host,
        tls: exchange.client.https,
    };
    let accepted = match handshake::check(exchange.head, &rules, &config.session.protocols) {
        Ok(accepted) => accepted,
        Err(denial) => {
            drop(permit);
            fields.origin = handshake::shown_origin(exchange.head, denial);
            fields.access("session", denial.message);
            METRICS.refusals.add(if denial.status == 403 {
                "origin"
            } else {
                "handshake"
            });
            deny(exchange, denial.status).await?;
            return Ok(None);
        }
    };
    let Accepted {
        key,
        protocol,
        origin,
    } = accepted;
    fields.origin = Some(origin);
    let Ok(environment) = environment(exchange, &remote, &id, &target, protocol.as_deref()) else {
        drop(permit);
        fields.access(
            "session",
            "Unable to Upgrade: headers are too large for an environment",
        );
        exchange.reply_status(431).await?;
        return Ok(None);
    };
    let Target { program, args, .. } = target;
    let command = Command {
        program,
        args,
        env: environment,
        cwd: None,
        limits: config.process.limits,
    };
    let handler = match exchange.spawn(command).await {
        Ok(handler) => handler,
        Err(error) => {
            drop(permit);
            let program = fields.command.clone().unwrap_or_default();
            fields.error(
                "process",
                &format!("Could not launch process {program}: {error}"),
            );
            exchange.reply_status(spawn_status(&error)).await?;
            return Ok(None);
        }
    };
    let head = response::encode_switching(&key, protocol.as_deref(), &config.http);
    if let Err(error) = exchange.connection.write_all(&head).await {
        // The client is gone before its session began. The slot is held until the program is gone too.
        let Handler {
            pid,
            stdin,
            mut exit,
            ..
        } = handler;
        drop(stdin);
        terminate::end(pid, &mut exit, config.process.close_delay).await;
        return Err(error);
    }
    Ok(Some(Started {
        handler,
        permit,
        fields,
        config: Arc::clone(config),
    }))
}

fn find_target(program: &Program, exchange: &Exchange<'_>) -> Option<Target> {
    let (prefix, path) = (exchange.site.prefix, exchange.path());
    match program {
        Program::Command {
            path: program,
            args,
        } => Some(Target {
            program: program.clone(),
            args: args.clone(),
            // websocketd's name for the root, which RFC 3875 would have empty.
            script_name: if prefix.is_empty() { "/" } else { prefix }.into(),
            path_info: path.to_vec(),
        }),
        Program::ScriptDir(dir) => script::find(dir, path).map(|script| Target {
            program: script.file,
            args: Vec::new(),
            script_name: [prefix.as_bytes(), &script.name].concat(),
            path_info: script.path_info,
        }),
    }
}

async fn deny(exchange: &mut Exchange<'_>, status: u16) -> io::Result<()> {
    let mut response = Response::new(status).with("Sec-WebSocket-Version", &b"13"[..]);
    match status {
        405 => response = response.with("Allow", &b"GET"[..]),
        // RFC 9110 section 15.5.22.
        426 => {
            response = response
                .with("Upgrade", &b"websocket"[..])
                .with("Connection", &b"Upgrade"[..]);
        }
        _ => {}
    }
    let text = format!("{status} {}\n", response::reason(status));
    exchange.reply_text(response, &text).await
}

fn environment(
    exchange: &Exchange<'_>,
    remote: &Remote,
    id: &str,
    target: &Target,
    protocol: Option<&str>,
) -> Result<env::Environment, env::TooLarge> {
    let headers: Vec<_> = exchange.head.headers.iter().collect();
    let request = describe(
        exchange,
        remote,
        id,
        &headers,
        &target.script_name,
        &target.path_info,
    );
    env::session(&request, protocol)
}

/// The request as a program gets to know it.
pub(super) fn describe<'a>(
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
        unique_id,
        headers,
        inherited: &exchange.site.config.process.inherited_env,
        max_bytes: exchange.site.config.process.max_environment,
    }
}

/// 128 bits that nobody can guess, in hexadecimal.
pub(super) fn unique_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// 503 when the machine is out of something that comes back, 500 when the program is at fault.
pub(super) fn spawn_status(error: &io::Error) -> u16 {
    use rustix::io::Errno;
    let passing = [
        Errno::AGAIN,
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOMEM,
        Errno::TIMEDOUT,
    ];
    match error.raw_os_error() {
        Some(code) if passing.iter().any(|errno| errno.raw_os_error() == code) => 503,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (one, two) = (unique_id().unwrap(), unique_id().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
    }
}
