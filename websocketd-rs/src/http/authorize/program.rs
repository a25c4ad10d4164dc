//! `--authorize`: a program runs, its output and exit status are the verdict.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::denial::Denial;
use super::verdict::{Grant, MAX_OUTPUT, Verdict};
use crate::http::connection::{Connection, read_more};
use crate::http::exchange::Exchange;
use crate::logging::Fields;
use crate::process::{Command, Ended, Program, Stdout};

/// How much of what a client sends meanwhile is kept: enough to see its end behind a first few messages.
const READ_AHEAD: usize = 64 * 1024;

/// What came of it.
enum Hearing {
    /// The program has exited and closed its output.
    Complete(Vec<u8>, Ended),
    /// There is no verdict, for this reason.
    Failed(&'static str),
    /// The client has left.
    ClientGone,
}

/// Starts `command` and returns its verdict when nothing of it runs any more. `half_closed`: how long a client that has closed its
/// side is waited with, since it may still read. An error means that the client is gone.
pub(super) async fn ask(
    exchange: &mut Exchange<'_>,
    command: Command,
    half_closed: Duration,
    fields: &Fields,
) -> io::Result<Result<Grant, Denial>> {
    let access = &exchange.site.config.access;
    let name = command.program.to_string_lossy().into_owned();
    let deadline = Instant::now() + access.timeout;
    let fail = |reason: &str| Denial::failure(format!("--authorize: {name} {reason}"));
    let mut program = match exchange.spawn(command).await {
        Ok(program) => program,
        Err(error) => return Ok(Err(fail(&format!("could not be started: {error}")))),
    };
    let fields = Fields {
        command: Some(name.clone()),
        pid: Some(program.pid()),
        ..fields.clone()
    };
    let hearing = hear(exchange, &mut program, deadline, half_closed, &fields).await;
    // What it has left in the background ends with it: its permit is the client's.
    let delay = exchange.site.config.process.close_delay;
    program.terminate(delay, &fields).await;
    let (output, ended) = match hearing {
        Hearing::Complete(output, ended) => (output, ended),
        Hearing::Failed(reason) => return Ok(Err(fail(reason))),
        Hearing::ClientGone => return Err(io::ErrorKind::ConnectionAborted.into()),
    };
    let Some(code) = ended.code() else {
        let failure = ended.failure().unwrap_or_default();
        return Ok(Err(fail(&format!("gave no verdict: {failure}"))));
    };
    Ok(match Verdict::read(&output, code == 0) {
        Ok(Verdict::Admitted(grant)) => Ok(grant),
        Ok(Verdict::Refused(response, body)) => Err(Denial::verdict(response, body)),
        Err(reason) => Err(fail(&format!("gave no verdict: {reason}"))),
    })
}

async fn hear(
    exchange: &mut Exchange<'_>,
    program: &mut Program,
    deadline: Instant,
    half_closed: Duration,
    fields: &Fields,
) -> Hearing {
    drop(program.take_stdin());
    let Some(stdout) = program.take_stdout() else {
        return Hearing::Failed("gave no verdict: its output can't be read");
    };
    let (service, process) = (exchange.service, &exchange.site.config.process);
    let delay = process.close_delay;
    let stopping = async {
        service.stopping.cancelled().await;
        sleep(process.shutdown_grace).await;
    };
    tokio::select! {
        biased;
        hearing = collect(program, stdout, delay, fields) => hearing,
        () = sleep_until(deadline) => Hearing::Failed("took longer than --authorizetimeout"),
        () = client_gone(exchange.connection, half_closed) => Hearing::ClientGone,
        () = stopping => Hearing::Failed("is ended: the server stops"),
    }
}

/// Waits for both the exit and the end of the output. Either alone is no verdict: the exit may be reported before what was printed
/// has come, and a process in the background may hold the output open; so that what is left of the group is ended.
async fn collect(
    program: &mut Program,
    stdout: Stdout,
    delay: Duration,
    fields: &Fields,
) -> Hearing {
    let mut reading = pin!(read_all(stdout));
    let first = tokio::select! {
        biased;
        output = &mut reading => Some(output),
        _ = program.wait(fields) => None,
    };
    let (output, ended) = match first {
        Some(Err(reason)) => return Hearing::Failed(reason),
        Some(output) => (output, program.wait(fields).await),
        None => tokio::join!(reading, program.terminate(delay, fields)),
    };
    match output {
        Ok(output) => Hearing::Complete(output, ended),
        Err(reason) => Hearing::Failed(reason),
    }
}

async fn read_all(mut stdout: Stdout) -> Result<Vec<u8>, &'static str> {
    let mut output = Vec::new();
    loop {
        match read_more(&mut stdout, &mut output).await {
            Ok(0) => return Ok(output),
            Ok(_) if output.len() > MAX_OUTPUT => {
                return Err("gave no verdict: its output is over 64 KiB");
            }
            Ok(_) => {}
            Err(_) => return Err("gave no verdict: its output can't be read"),
        }
    }
}

/// Completes when the client has left, or has closed its side and waited for `half_closed`.
async fn client_gone(connection: &mut Connection, half_closed: Duration) {
    while connection.buffer.len() < READ_AHEAD {
        match connection.read_more().await {
            Ok(0) => {
                sleep(half_closed).await;
                return;
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
    pending::<()>().await;
}
