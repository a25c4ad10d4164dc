//! A client of a shared program: which one, and how it is started.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use super::super::exchange::Exchange;
use super::super::script;
use super::super::site::{Site, Sites};
use super::Endpoint;
use super::refusal::{NoPermit, Refusal};
use crate::config::{self, Shared, SharedBy, SharedMode, Streams};
use crate::diagnosis::diagnose;
use crate::permit::AddressPermit;
use crate::process::{Command, Terminal, env};
use crate::session::hub::{Member, Newcomer, NoRoom, RoomKey, Start, wire::Wire};

/// A place among the clients of the program at `endpoint`, which is started if need be. `variables` are those of the client.
pub(super) async fn enter(
    exchange: &Exchange<'_>,
    shared: &Shared,
    endpoint: Endpoint,
    variables: &env::Environment,
    address: Option<AddressPermit>,
) -> Result<Member, Refusal> {
    let site = exchange.site;
    let key = RoomKey {
        site: site.config.key.clone(),
        script_name: endpoint.script_name.clone(),
        path_info: match shared.by {
            SharedBy::Route => Vec::new(),
            SharedBy::Path => endpoint.path_info.clone(),
        },
    };
    let program = endpoint.program.to_string_lossy().into_owned();
    let failed = |error| Refusal::Spawn {
        fault: diagnose(&endpoint.program, None),
        program: program.clone(),
        error,
    };
    let Some(start) = start_of(site, shared, &key, &endpoint.program, &endpoint.args)? else {
        return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
    };
    let hub = &exchange.service.hub;
    let id = hub.next_id();
    let newcomer = Newcomer {
        join: join_of(shared, id, variables),
        id,
        address,
    };
    let permit = || site.forks.try_take();
    let entered = hub.enter(key, shared, start, permit, newcomer).await;
    entered.map_err(|no_room| match no_room {
        NoRoom::Shared => Refusal::TooManyShared,
        NoRoom::Permit => NoPermit::Forks.into(),
        NoRoom::Spawn(error) => failed(error),
    })
}

/// How the program for `key` goes on with a new configuration; `None`: it is not served any more.
pub(in crate::http) fn restart_of(sites: &Sites, key: &RoomKey) -> Option<(Shared, Start)> {
    let site = sites.get(&key.site)?;
    let shared = site.config.session.shared.as_ref()?;
    let (program, args) = match site.config.session.program.as_ref()? {
        config::Runnable::Command { path, args } => (path.clone(), args.clone()),
        config::Runnable::ScriptDir(dir) => {
            let path = key.script_name.strip_prefix(key.site.path.as_bytes())?;
            (script::find(dir, path)?.file, Vec::new())
        }
    };
    let start = start_of(site, shared, key, &program, &args).ok()??;
    Some((shared.clone(), start))
}

/// `None` when nothing can start programs as the site's user.
fn start_of(
    site: &Site,
    shared: &Shared,
    key: &RoomKey,
    program: &Path,
    args: &[OsString],
) -> Result<Option<Start>, env::TooLarge> {
    let config = &site.config;
    let process = &config.process;
    let mode = match shared.mode {
        SharedMode::Broadcast => "broadcast",
        SharedMode::Ids => "ids",
    };
    let mut variables = vec![
        ("WEBSOCKETD_SHARED", mode.as_bytes()),
        ("SCRIPT_NAME", &key.script_name[..]),
    ];
    if shared.by == SharedBy::Path {
        variables.push(("PATH_INFO", &key.path_info));
    }
    let mut env = env::shared(&process.inherited_env, &variables, process.max_environment)?;
    env::add_defaults(&mut env, process);
    Ok(site.spawner.as_ref().map(|spawner| Start {
        command: Command {
            program: program.to_owned(),
            args: args.to_vec(),
            env,
            cwd: process.cwd.clone(),
            limits: process.limits,
            terminal: match process.streams {
                Streams::Unbuffered => Terminal::Stdout,
                _ => Terminal::None,
            },
        },
        spawner: Arc::clone(spawner),
        max_line: config.session.max_line,
        close_delay: process.close_delay,
        grace: process.shutdown_grace,
    }))
}

fn join_of(shared: &Shared, id: u64, variables: &env::Environment) -> Vec<u8> {
    let value = |name: &String| {
        let found = variables.iter().find(|(other, _)| other == name.as_str());
        found.map_or(&b""[..], |(_, value)| value.as_bytes())
    };
    let names = shared.join_variables.iter();
    Wire::of(shared).join(id, names.map(|name| (name.as_bytes(), value(name))))
}
