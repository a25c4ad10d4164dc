//! A connection of a `[tcp NAME]` section: its program starts as soon as the connection is there.

mod facts;
pub mod site;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::config::{Level, Streams};
use crate::diagnosis::diagnose;
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::net::Stream;
use crate::net::names::look_up;
use crate::permit::ProgramPermit;
use crate::process::env::{self, Connection, Way};
use crate::process::{Command, Program, Terminal, unique_id};
use crate::session::raw::{self, RawSession};
use site::TcpSite;

/// A client that is there, TLS and PROXY header behind it.
#[derive(Debug)]
pub struct TcpClient {
    /// Its bytes.
    pub stream: Stream,
    /// Its address; `None`: a client of the Unix socket.
    pub address: Option<SocketAddr>,
    /// The trusted proxy that named it.
    pub proxy: Option<IpAddr>,
}

/// Why a client gets no program.
#[derive(Debug)]
enum Refusal {
    /// `--maxforks` are out.
    Forks,
    /// The operator's variables are too large for an environment.
    EnvironmentTooLarge,
    /// The connection is gone.
    Gone,
    /// The program does not start: what the log says.
    Spawn(String),
}

/// Serves a client to its end.
pub async fn serve(client: TcpClient, site: Arc<TcpSite>, stopping: &CancellationToken) {
    let mut fields = Fields {
        command: Some(site.config.program.display().to_string()),
        ..Fields::default()
    };
    // Boxed: what the start needs is given back when it is over.
    match Box::pin(start(&client, &site, &mut fields)).await {
        Ok((program, permit)) => {
            let session = Box::new(RawSession {
                stream: client.stream,
                program,
                permit,
                fields,
                config: Arc::clone(&site.config),
            });
            drop(site);
            raw::run(session, stopping).await;
        }
        Err(refusal) => refusal.tell(&fields),
    }
}

/// Everything that can refuse, the start of the program last. `fields` is filled in on the way.
async fn start(
    client: &TcpClient,
    site: &TcpSite,
    fields: &mut Fields,
) -> Result<(Program, ProgramPermit), Refusal> {
    let config = &site.config;
    let tls = facts::of_tls(&client.stream);
    let local = facts::local_address(&client.stream);
    let path = facts::local_path(&client.stream).unwrap_or_default();
    fields.url = Some(shown(&client.stream, local, &config.name, &path));
    let ip = client.address.map(|address| address.ip());
    fields.remote = Some(ip.map_or_else(|| "unix-socket".to_owned(), |ip| ip.to_string()));
    let id = unique_id().map_err(|_| Refusal::Gone)?;
    fields.id = Some(id.clone());
    let fork = site.forks.try_take().ok_or(Refusal::Forks)?;
    let permit = ProgramPermit {
        fork,
        address: None,
    };
    let host = match ip.filter(|_| config.reverse_lookup) {
        Some(ip) => look_up(ip).await,
        None => None,
    };
    if host.is_some() {
        fields.remote.clone_from(&host);
    }
    let way = match client.address {
        Some(remote) => Way::Internet {
            remote,
            host: host.as_deref(),
            local: local.ok_or(Refusal::Gone)?,
            tls: tls.as_ref(),
        },
        None => Way::Unix {
            path: &path,
            client: facts::credentials(&client.stream),
        },
    };
    let connection = Connection {
        way,
        proxy: client.proxy,
        unique_id: &id,
        inherited: &config.process.inherited_env,
        max_bytes: config.process.max_environment,
    };
    let environment = env::connection(&connection);
    let mut environment = environment.map_err(|_| Refusal::EnvironmentTooLarge)?;
    env::add_defaults(&mut environment, &config.process);
    env::add_ping_timeout(&mut environment, config.limits.probe_interval);
    let program = spawn(site, environment, fields).await?;
    Ok((program, permit))
}

async fn spawn(
    site: &TcpSite,
    environment: env::Environment,
    fields: &Fields,
) -> Result<Program, Refusal> {
    let config = &site.config;
    let search = environment.iter().find(|(name, _)| name == "PATH");
    let search = search.map(|(_, value)| value.clone());
    let command = Command {
        program: config.program.clone(),
        args: config.args.clone(),
        env: environment,
        cwd: config.process.cwd.clone(),
        limits: config.process.limits,
        terminal: match config.process.streams {
            Streams::Unbuffered => Terminal::Stdout,
            Streams::Pipes | Streams::Terminal { .. } => Terminal::None,
        },
    };
    command.log_environment(fields);
    let spawned = match &site.spawner {
        Some(spawner) => spawner.spawn(command).await,
        None => Err(io::ErrorKind::PermissionDenied.into()),
    };
    spawned.map_err(|error| {
        let program = config.program.display();
        let fault = diagnose(&config.program, search.as_deref());
        let fault = fault.map_or_else(String::new, |fault| format!("; {fault}"));
        Refusal::Spawn(format!(
            "Could not launch process {program}: {error}{fault}"
        ))
    })
}

/// The `url` of the log: the address that the client came to, and the section.
fn shown(stream: &Stream, local: Option<SocketAddr>, name: &str, path: &Path) -> String {
    match (stream, local) {
        (Stream::Tcp(_), Some(local)) => format!("tcp://{local}/{name}"),
        (Stream::Tls(_), Some(local)) => format!("tls://{local}/{name}"),
        (Stream::Unix(_), _) | (_, None) => format!("unix:{}:{name}", path.display()),
    }
}

impl Refusal {
    /// The client gets no more than the end of its connection: there is no protocol to say more in.
    fn tell(&self, fields: &Fields) {
        let (label, message) = match self {
            Self::Forks => (
                "forks",
                "Max of possible forks already active, connection rejected",
            ),
            Self::EnvironmentTooLarge => (
                "too_large",
                "The variables for the program are over --maxenvbytes, connection rejected",
            ),
            Self::Gone => return,
            Self::Spawn(message) => ("program_failed", message.as_str()),
        };
        METRICS.refusals.add(label);
        let category = match self {
            Self::Spawn(_) => "process",
            _ => "session",
        };
        fields.log(Level::Error, category, message);
    }
}
