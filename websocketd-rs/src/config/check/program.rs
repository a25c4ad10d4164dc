//! COMMAND or `--dir`, and the variables that programs get from the daemon.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::Problem;
use crate::cli::Args;
use crate::config::{Environment, Runnable};
use crate::diagnosis::diagnose;

/// COMMAND or `--dir`; the errors are shown with the short usage.
pub(super) fn find_program(
    args: &Args,
    environment: &Environment,
    must_serve: bool,
) -> Result<Option<Runnable>, Problem> {
    let given = |dir: &Option<PathBuf>| dir.clone().filter(|dir| !dir.as_os_str().is_empty());
    let content = &args.content;
    let files = [
        ("staticdir", "static", given(&content.staticdir)),
        ("cgidir", "CGI", given(&content.cgidir)),
    ];
    let user = args.daemon.user.as_deref().unwrap_or_default();
    let program = match (args.command.split_first(), given(&content.dir)) {
        (None, None) if must_serve && files.iter().all(|(_, _, dir)| dir.is_none()) => {
            let message =
                "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument.";
            return Err(Problem::with_usage("command", message.to_owned()));
        }
        (None, None) => None,
        (Some(_), Some(_)) => {
            let message = "ambiguous: provided COMMAND and --dir argument, please only specify one";
            return Err(Problem::with_usage("dir", message.to_owned()));
        }
        (Some((name, arguments)), None) => {
            let path = resolve(name, environment, user).ok_or_else(|| {
                let fault = diagnose(Path::new(name), None);
                let fault = fault.map_or_else(String::new, |fault| format!("\n{fault}"));
                let name = name.display();
                let message =
                    format!("unable to locate specified COMMAND '{name}' in OS path{fault}");
                Problem::with_usage("command", message)
            })?;
            // A program that starts elsewhere is not found there by a relative name.
            let has_cwd = args.programs.cwd.is_some();
            let path = std::path::absolute(&path)
                .ok()
                .filter(|_| has_cwd)
                .unwrap_or(path);
            Some(Runnable::Command {
                path,
                args: arguments.to_vec(),
            })
        }
        (None, Some(dir)) => Some(Runnable::ScriptDir(script_dir(&dir)?)),
    };
    for (flag, kind, dir) in files {
        if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
            let dir = dir.display();
            let message =
                format!("your {kind} dir '{dir}' is not pointing to an accessible directory");
            return Err(Problem::with_usage(flag, message));
        }
    }
    Ok(program)
}

fn script_dir(dir: &Path) -> Result<PathBuf, Problem> {
    let shown = dir.display();
    let missing = || format!("could not find your script dir '{shown}'");
    let canonical = dir
        .canonicalize()
        .map_err(|_| Problem::with_usage("dir", missing()))?;
    if !canonical.is_dir() {
        let message = format!("did you mean to specify COMMAND instead of --dir '{shown}'?");
        return Err(Problem::with_usage("dir", message));
    }
    Ok(canonical)
}

/// The file that `name` stands for, looked up as Go's `exec.LookPath` does: a name with a slash is a path, others are searched
/// in PATH. Entries of PATH that are empty or relative are skipped: what they find depends on where the daemon was started.
///
/// A path that only `user` may look at, as whom it is to run, is accepted: after a reload the daemon is another user.
pub(super) fn resolve(name: &OsStr, environment: &Environment, user: &str) -> Option<PathBuf> {
    let executable = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.as_bytes().contains(&b'/') {
        let hidden = |path: &PathBuf| {
            let denied = access(path, Access::EXEC_OK) == Err(rustix::io::Errno::ACCESS);
            denied && !user.is_empty() && !path.is_dir()
        };
        return Some(PathBuf::from(name)).filter(|path| executable(path) || hidden(path));
    }
    let path = variable(environment, "PATH")?;
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(executable)
}

fn variable<'env>(environment: &'env Environment, name: &str) -> Option<&'env OsString> {
    environment
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// `--passenv`, and the variables that the configuration file sets, which win. Unset and blank ones are left out; HTTPS is
/// the daemon's to set: it is about the connection.
pub(super) fn inherited(
    names: &str,
    environment: &Environment,
    variables: &Environment,
) -> Environment {
    let mut kept = Environment::new();
    for name in names.split(',').map(str::trim) {
        let Some(value) = variable(environment, name) else {
            continue;
        };
        let blank = value.as_bytes().trim_ascii().is_empty();
        if name != "HTTPS" && !blank && !kept.iter().any(|(key, _)| key == name) {
            kept.push((name.into(), value.clone()));
        }
    }
    for (name, value) in variables {
        kept.retain(|(key, _)| key != name);
        kept.push((name.clone(), value.clone()));
    }
    kept
}

/// `env = NAME=value`.
pub(in crate::config) fn check_variable(text: &str) -> Result<(OsString, OsString), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=value")?;
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let sound = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(letter);
    if !sound || name == "HTTPS" {
        return Err(format!("'{name}' is no name that a variable may have here"));
    }
    Ok((name.into(), value.into()))
}
