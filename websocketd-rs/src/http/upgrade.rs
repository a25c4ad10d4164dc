//! The opening handshake (RFC 6455 section 4.2): everything that can refuse does, then the program starts, and only
//! when it runs is the client told 101.

use std::io;
use std::path::PathBuf;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::exchange::Exchange;
use super::origin::{self, Mismatch};
use super::remote::Remote;
use super::request::Head;
use super::response::{self, Response};
use super::script;
use super::target;
use crate::config::Program;
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::process::{Command, Handler, env, terminate};

/// A program that runs for a client that was told 101.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) handler: Handler,
    pub(super) fork: Option<OwnedSemaphorePermit>,
    pub(super) fields: Fields,
}

/// What a handshake is refused with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Denial {
    status: u16,
    message: &'static str,
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
    let Ok(fork) = exchange.take_fork() else {
        fields.error(
            "http",
            "Max of possible forks already active, upgrade rejected",
        );
        exchange.reply_status(429).await?;
        return Ok(None);
    };
    let config = &*exchange.service.config;
    let remote = Remote::of(exchange.peer, config.http.reverse_lookup).await;
    let id = unique_id()?;
    fields.id = Some(id.clone());
    fields.remote = Some(remote.host.clone());
    let Some(target) = find_target(program, &exchange.head.target.path) else {
        fields.access("session", "NOT FOUND: script not found");
        METRICS.refusals.add("not_found");
        exchange
            .reply_text(Response::new(404), "404 Not Found\n")
            .await?;
        return Ok(None);
    };
    fields.command = Some(target.program.to_string_lossy().into_owned());
    let tls = exchange.connection.stream.is_tls();
    let rules = origin::Rules {
        same_origin: config.http.same_origin,
        allowed: config.http.allowed_origins.as_deref(),
        host: &exchange.head.host,
        tls,
    };
    let (accept, origin) = match check(exchange, &rules) {
        Ok(checked) => checked,
        Err(denial) => {
            fields.origin = shown_origin(exchange.head, denial);
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
    fields.origin = Some(origin);
    let Ok(environment) = environment(exchange, &remote, &id, &target) else {
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
        limits: exchange.service.config.process.limits,
    };
    let handler = match exchange.service.spawner.spawn(command).await {
        Ok(handler) => handler,
        Err(error) => {
            let program = fields.command.clone().unwrap_or_default();
            fields.error(
                "process",
                &format!("Could not launch process {program}: {error}"),
            );
            exchange.reply_status(spawn_status(&error)).await?;
            return Ok(None);
        }
    };
    let head = response::encode_switching(&accept, None, &config.http);
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
        fork,
        fields,
    }))
}

fn find_target(program: &Program, path: &[u8]) -> Option<Target> {
    match program {
        Program::Command {
            path: program,
            args,
        } => Some(Target {
            program: program.clone(),
            args: args.clone(),
            script_name: b"/".to_vec(),
            path_info: path.to_vec(),
        }),
        Program::ScriptDir(dir) => script::find(dir, path).map(|script| Target {
            program: script.file,
            args: Vec::new(),
            script_name: script.name,
            path_info: script.path_info,
        }),
    }
}

/// Method, version, origin, key, in websocketd's order. The accept key and the origin to log.
fn check(exchange: &Exchange<'_>, rules: &origin::Rules<'_>) -> Result<(String, String), Denial> {
    let head = exchange.head;
    if !exchange.body.is_done() {
        return Err(Denial {
            status: 400,
            message: "Unable to Upgrade: the request has a body",
        });
    }
    check_method_and_version(head)?;
    let origin = origin::check(head.headers.all("origin"), rules).map_err(|mismatch| Denial {
        status: 403,
        message: mismatch.as_str(),
    })?;
    let key = find_key(head).ok_or(Denial {
        status: 400,
        message: "Unable to Upgrade: 'Sec-WebSocket-Key' is not one key of 16 bytes in base64",
    })?;
    Ok((derive_accept_key(key), origin))
}

fn check_method_and_version(head: &Head) -> Result<(), Denial> {
    if head.method != "GET" {
        let message = "Unable to Upgrade: request method is not GET";
        return Err(Denial {
            status: 405,
            message,
        });
    }
    if !head.headers.has_token("sec-websocket-version", "13") {
        let message = "Unable to Upgrade: 13 not found in 'Sec-WebSocket-Version'";
        return Err(Denial {
            status: 426,
            message,
        });
    }
    Ok(())
}

/// RFC 6455 section 4.2.1, item 5: 16 bytes are 22 characters and `==`.
fn find_key(head: &Head) -> Option<&[u8]> {
    let mut keys = head.headers.all("sec-websocket-key");
    let key = keys.next()?;
    let digits = key.strip_suffix(b"==")?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    (digits.len() == 22 && digits.iter().all(is_base64) && keys.next().is_none()).then_some(key)
}

/// The origin that a rule has turned down, for the log.
fn shown_origin(head: &Head, denial: Denial) -> Option<String> {
    let is_readable = denial.status == 403 && denial.message != Mismatch::Unparseable.as_str();
    let value = head.headers.get("origin").unwrap_or_default();
    is_readable.then(|| match value {
        b"" | b"null" => origin::FILE.to_owned(),
        value => String::from_utf8_lossy(value).into_owned(),
    })
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
    env::session(&request)
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
    let https = exchange.connection.stream.is_tls();
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
        inherited: &exchange.service.config.process.inherited_env,
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
    let passing = [Errno::AGAIN, Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    match error.raw_os_error() {
        Some(code) if passing.iter().any(|errno| errno.raw_os_error() == code) => 503,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;

    fn head(method: &str, fields: &str) -> Head {
        let text = format!("{method} / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        request::parse(text.as_bytes(), 16).unwrap()
    }

    #[test]
    fn keys_are_sixteen_bytes() {
        for (fields, expected) in [
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", true),
            ("", false),
            ("Sec-WebSocket-Key:\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n", false),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWVlZQ==\r\n", false),
            (
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                false,
            ),
        ] {
            assert_eq!(
                find_key(&head("GET", fields)).is_some(),
                expected,
                "{fields}"
            );
        }
    }

    #[test]
    fn method_and_version() {
        let status = |method, fields| {
            check_method_and_version(&head(method, fields)).map_err(|denial| denial.status)
        };
        assert_eq!(status("GET", "Sec-WebSocket-Version: 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 8, 13\r\n"), Ok(()));
        assert_eq!(status("GET", "Sec-WebSocket-Version: 12\r\n"), Err(426));
        assert_eq!(status("GET", ""), Err(426));
        assert_eq!(status("POST", "Sec-WebSocket-Version: 13\r\n"), Err(405));
    }

    #[test]
    fn ids_differ() {
        let (one, two) = (unique_id().unwrap(), unique_id().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
    }
}
