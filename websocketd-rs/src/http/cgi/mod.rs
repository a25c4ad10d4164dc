//! CGI scripts (RFC 3875): the request's body goes to stdin as it comes, stdout to the client as it comes.

mod compressed;
mod feed;
mod outcome;
mod relay;
pub(super) mod reply;

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::diagnosis::diagnose;
use crate::http::Service;
use crate::http::authorize::visible_headers;
use crate::http::exchange::Exchange;
use crate::http::remote::Remote;
use crate::http::request::{BadRequest, BodyLength};
use crate::http::response::Response;
use crate::http::script::Script;
use crate::http::upgrade::{NoPermit, describe, explain, search_path, spawn_status};
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::process::{Command, Program, Terminal, env, unique_id};
use outcome::{Outcome, Remainder};
use relay::ScriptRelay;

/// Most bytes of a chunked body that are gathered before the script starts. Scripts read `CONTENT_LENGTH` bytes and
/// know no other end, so a body that fits gets one; a larger one ends with stdin.
const MAX_GATHERED: usize = 64 * 1024;

/// Runs `script`, found below `dir`, and answers with what it prints.
pub(super) async fn serve(
    exchange: &mut Exchange<'_>,
    script: &Script,
    dir: &Path,
) -> io::Result<()> {
    let mut fields = exchange.fields();
    fields.cgiscript = Some(script.file.to_string_lossy().into_owned());
    let permit = match exchange.take_permit() {
        Ok(permit) => permit,
        Err(no_permit) => return refuse(exchange, no_permit).await,
    };
    fields.access("http", "CGI");
    let deadline = Instant::now() + exchange.site.config.process.cgi_timeout;
    if exchange.awaits_continue {
        exchange.awaits_continue = false;
        exchange
            .connection
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await?;
    }
    let mut begin = Vec::new();
    if exchange.head.body == BodyLength::Chunked {
        let gathered = timeout_at(deadline, gather(exchange, &mut begin)).await;
        let refusal = match gathered {
            Ok(gathered) => gathered?.err(),
            Err(_) => Some(BadRequest {
                status: 408,
                reason: "request body took too long",
            }),
        };
        if let Some(refusal) = refusal {
            return exchange.reply_refusal(refusal).await;
        }
    }
    let command = match prepare(exchange, script, dir, begin.len()).await? {
        Ok(command) => command,
        Err(env::TooLarge) => return exchange.reply_status(431).await,
    };
    command.log_environment(&fields);
    let search = search_path(&command.env);
    match exchange.spawn(command).await {
        Ok(program) => run(exchange, program, begin, deadline, &mut fields).await?,
        Err(error) => {
            let fault = diagnose(&script.file, search.as_deref());
            let fault = explain(fault.as_ref());
            let message = format!("CGI script could not be started: {error}{fault}");
            fields.error("http", &message);
            exchange.reply_status(spawn_status(&error)).await?;
        }
    }
    drop(permit);
    Ok(())
}

/// Refuses for want of a permit.
async fn refuse(exchange: &mut Exchange<'_>, no_permit: NoPermit) -> io::Result<()> {
    let mut fields = exchange.fields();
    let label = match no_permit {
        NoPermit::Forks => {
            let full = "Fork not allowed since maxforks amount has been reached. CGI was not run.";
            fields.error("http", full);
            "forks"
        }
        NoPermit::Address(ip) => {
            fields.remote = Some(ip.to_string());
            fields.access("http", "Too many connections from this address");
            "connections_per_address"
        }
    };
    METRICS.refusals.add(label);
    let status = "429 Too Many Requests\n";
    exchange.reply_text(Response::new(429), status).await
}

/// Reads a chunked body to its end or to [`MAX_GATHERED`].
async fn gather(
    exchange: &mut Exchange<'_>,
    begin: &mut Vec<u8>,
) -> io::Result<Result<(), BadRequest>> {
    loop {
        if let Err(refusal) = exchange.body.take(&mut exchange.connection.buffer, begin) {
            return Ok(Err(refusal));
        }
        if exchange.body.is_done() || begin.len() >= MAX_GATHERED {
            return Ok(Ok(()));
        }
        if exchange.connection.read_more().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn prepare(
    exchange: &Exchange<'_>,
    script: &Script,
    dir: &Path,
    gathered: usize,
) -> io::Result<Result<Command, env::TooLarge>> {
    let head = exchange.head;
    let http = &exchange.site.config.http;
    let remote = Remote::of(exchange.client, http.reverse_lookup).await;
    let id = unique_id()?;
    let headers = visible_headers(head, exchange.grant);
    let script_name = [exchange.prefix().as_bytes(), &script.name].concat();
    let request = describe(
        exchange,
        &remote,
        &id,
        &headers,
        &script_name,
        &script.path_info,
    );
    let content_length = match head.body {
        BodyLength::Known(0) => None,
        BodyLength::Known(length) => Some(length),
        BodyLength::Chunked => exchange.body.is_done().then_some(gathered as u64),
    };
    let details = env::Script {
        file: &script.file,
        root: http.static_dir.as_deref().unwrap_or(dir),
        content_length,
        content_type: head.headers.get("content-type"),
    };
    Ok(env::cgi(&request, &details).map(|env| Command {
        program: script.file.clone(),
        args: Vec::new(),
        env,
        cwd: script.file.parent().map(Path::to_path_buf),
        limits: exchange.site.config.process.limits,
        terminal: Terminal::None,
    }))
}

/// Runs the script until it has answered and exited.
async fn run(
    exchange: &mut Exchange<'_>,
    mut program: Program,
    begin: Vec<u8>,
    deadline: Instant,
    fields: &mut Fields,
) -> io::Result<()> {
    fields.pid = Some(program.pid());
    let (service, config) = (exchange.service, &exchange.site.config);
    let mut relay = ScriptRelay::new(exchange);
    let (stdin, stdout) = (program.take_stdin(), program.take_stdout());
    let answered = async {
        tokio::select! {
            outcome = relay.run(begin, stdin, stdout) => outcome,
            () = sleep_until(deadline) => Outcome::Late,
            () = stopped(service, config.process.shutdown_grace) => Outcome::Stopping,
        }
    };
    let outcome = program.log_during(fields, answered).await;
    let is_begun = relay.is_begun();
    if relay.is_odd() {
        fields.error(
            "http",
            "CGI script printed a malformed header line; it was left out",
        );
    }
    let concluded = conclude(exchange, outcome, is_begun, fields).await;
    // A script that has answered is about to exit, and what it left in the background may go on.
    let exits = outcome == Outcome::Answered;
    if !exits || timeout_at(deadline, program.wait(fields)).await.is_err() {
        let close_delay = exchange.site.config.process.close_delay;
        program.terminate(close_delay, fields).await;
    }
    concluded
}

/// Completes the reply as the outcome asks. An error means that the connection just ends.
async fn conclude(
    exchange: &mut Exchange<'_>,
    outcome: Outcome,
    is_begun: bool,
    fields: &Fields,
) -> io::Result<()> {
    let (status, message) = match outcome.remainder(is_begun) {
        Remainder::Nothing if exchange.keep_alive => return Ok(()),
        // A client that reads to the end need not wait for the script's exit.
        Remainder::Nothing => return exchange.connection.stream.shutdown().await,
        Remainder::Drop => return Err(io::ErrorKind::ConnectionAborted.into()),
        Remainder::Refuse(bad) => return exchange.reply_refusal(bad).await,
        Remainder::Fail(status, message) => (status, message),
    };
    fields.error("http", &message);
    if is_begun {
        // A reply that breaks off must not look whole: no last chunk, no further request.
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    exchange.keep_alive &= status == 500;
    exchange.reply_status(status).await
}

/// Completes when the server has been stopping for its grace.
async fn stopped(service: &Service, grace: Duration) {
    service.stopping.cancelled().await;
    sleep(grace).await;
}
