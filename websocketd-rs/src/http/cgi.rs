//! CGI scripts (RFC 3875): the request's body goes to stdin as it comes, stdout to the client as it comes.

use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::pin;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::Service;
use super::cgi_relay::{Outcome, Relay};
use super::exchange::Exchange;
use super::remote::Remote;
use super::request::{BodyLength, Refusal};
use super::script::Script;
use super::upgrade::{describe, spawn_status, unique_id};
use crate::logging::Fields;
use crate::process::{Command, Handler, env, terminate};
use crate::session::stderr::Stderr;

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
    let full = "Fork not allowed since maxforks amount has been reached. CGI was not run.";
    let Some(permit) = exchange.take_permit(full).await? else {
        return Ok(());
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
            Err(_) => Some(Refusal {
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
    match exchange.spawn(command).await {
        Ok(handler) => run(exchange, handler, begin, deadline, &mut fields).await?,
        Err(error) => {
            fields.error("http", &format!("CGI script could not be started: {error}"));
            exchange.reply_status(spawn_status(&error)).await?;
        }
    }
    drop(permit);
    Ok(())
}

/// Reads a chunked body to its end or to [`MAX_GATHERED`].
async fn gather(
    exchange: &mut Exchange<'_>,
    begin: &mut Vec<u8>,
) -> io::Result<Result<(), Refusal>> {
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
    let headers: Vec<_> = head.headers.iter().collect();
    let script_name = [exchange.site.prefix.as_bytes(), &script.name].concat();
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
    }))
}

/// Lets the script answer, then sees it to its end.
async fn run(
    exchange: &mut Exchange<'_>,
    handler: Handler,
    begin: Vec<u8>,
    deadline: Instant,
    fields: &mut Fields,
) -> io::Result<()> {
    let Handler {
        pid,
        stdin,
        stdout,
        stderr,
        mut exit,
    } = handler;
    fields.pid = Some(pid);
    let (service, config) = (exchange.service, exchange.site.config);
    let mut stderr = Stderr::new(stderr);
    let mut relay = Relay::new(exchange);
    let answered = async {
        tokio::select! {
            outcome = relay.run(begin, stdin, stdout) => outcome,
            () = sleep_until(deadline) => Outcome::Late,
            () = stopped(service) => Outcome::Stopping,
        }
    };
    let outcome = log_until(&mut stderr, fields, answered).await;
    let is_begun = relay.is_begun();
    if relay.is_odd() {
        fields.error(
            "http",
            "CGI script printed a malformed header line; it was left out",
        );
    }
    let told = conclude(exchange, outcome, is_begun, fields).await;
    let ended = async {
        // A script that has answered is about to exit, and what it left in the background may go on.
        let exits = outcome == Outcome::Answered;
        exit.inquiry(pid).send();
        if !exits || timeout_at(deadline, exit.wait()).await.is_err() {
            let close_delay = config.process.close_delay;
            terminate::end(pid, &mut exit, close_delay).await;
        }
    };
    log_until(&mut stderr, fields, ended).await;
    told
}

/// Tells the client what the outcome leaves to tell. An error means that the connection just ends.
async fn conclude(
    exchange: &mut Exchange<'_>,
    outcome: Outcome,
    is_begun: bool,
    fields: &Fields,
) -> io::Result<()> {
    let (status, message) = match outcome {
        Outcome::Answered if exchange.keep_alive => return Ok(()),
        // A client that reads to the end need not wait for the script's exit.
        Outcome::Answered => return exchange.connection.stream.shutdown().await,
        Outcome::ClientGone => return Err(io::ErrorKind::ConnectionAborted.into()),
        Outcome::BadBody(refusal) if !is_begun => return exchange.reply_refusal(refusal).await,
        Outcome::BadBody(refusal) => (refusal.status, refusal.reason.to_owned()),
        Outcome::NoReply(reason) => (500, format!("CGI script gave no reply: {reason}")),
        Outcome::Cut => (502, "CGI script ended before its Content-Length".to_owned()),
        Outcome::Late => (504, "CGI script took too long and is ended".to_owned()),
        Outcome::Stopping => (503, "CGI script is ended: the server stops".to_owned()),
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
async fn stopped(service: &Service) {
    service.stopping.cancelled().await;
    sleep(service.config.limits.shutdown_grace).await;
}

/// Logs what the script says on stderr until `done`.
async fn log_until<T>(stderr: &mut Stderr, fields: &Fields, done: impl Future<Output = T>) -> T {
    let mut done = pin!(done);
    poll_fn(|cx| {
        stderr.poll_log(cx, fields);
        done.as_mut().poll(cx)
    })
    .await
}
