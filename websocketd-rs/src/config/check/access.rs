//! Who is asked before a client is admitted.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use super::Problem;
use super::bounds::wait;
use super::program::resolve;
use crate::cli::Args;
use crate::config::file::{shell_operator, split_command};
use crate::config::{Access, Accounts, Authorizer, Environment};

pub(super) fn check_access(args: &Args, environment: &Environment) -> Result<Access, Problem> {
    let typed = &args.access;
    let command = typed.authorize.as_deref().unwrap_or_default().trim();
    let file = typed.htpasswd.as_deref().map(Path::new);
    let file = file.filter(|path| !path.as_os_str().is_empty());
    let authorizer = match (command, file) {
        ("", None) => None,
        ("", Some(file)) => Some(check_accounts(file)?),
        (command, None) => {
            let user = args.daemon.user.as_deref().unwrap_or_default();
            Some(check_authorizer(command, environment, user)?)
        }
        (_, Some(_)) => {
            let message = "please only specify one of --authorize and --htpasswd";
            return Err(Problem::alone("htpasswd", message.to_owned()));
        }
    };
    if typed.authorizeall && authorizer.is_none() {
        let message = "--authorizeall needs --authorize or --htpasswd, which say who is asked";
        return Err(Problem::alone("authorizeall", message.to_owned()));
    }
    Ok(Access {
        authorizer,
        covers_plain: typed.authorizeall,
        timeout: wait("authorizetimeout", typed.authorizetimeout)?,
    })
}

fn check_accounts(file: &Path) -> Result<Authorizer, Problem> {
    let accounts = Accounts::read(file).map_err(|error| {
        let message = format!("--htpasswd: {}: {error}", file.display());
        Problem::alone("htpasswd", message)
    })?;
    Ok(Authorizer::Passwords {
        file: file.to_owned(),
        accounts: Arc::new(accounts),
    })
}

fn check_authorizer(
    command: &str,
    environment: &Environment,
    user: &str,
) -> Result<Authorizer, Problem> {
    let problem = |reason: &str| Problem::alone("authorize", format!("--authorize: {reason}"));
    let words = split_command(command).map_err(problem)?;
    if let Some(operator) = shell_operator(command, &words) {
        return Err(problem(&format!(
            "'{operator}' is for a shell, and none reads this; write sh -c '...'"
        )));
    }
    let (name, args) = words
        .split_first()
        .ok_or_else(|| problem("names no program"))?;
    let path = resolve(OsStr::new(name), environment, user)
        .ok_or_else(|| problem(&format!("unable to locate '{name}' in OS path")))?;
    Ok(Authorizer::Program {
        path,
        args: args.iter().map(OsString::from).collect(),
    })
}
