//! Programs that will not start.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::config::{Authorizer, Process, Runnable, SiteConfig};
use crate::diagnosis::diagnose;

/// Most files of a directory that are looked at: `--check` is to end soon.
const MAX_SCRIPTS: usize = 1000;

/// Deepest directory below `--dir` or `--cgidir` that is looked at; links may lead round.
const MAX_DEPTH: usize = 8;

/// What is wrong with COMMAND.
pub(super) fn command_fault(site: &SiteConfig) -> Option<String> {
    let Some(Runnable::Command { path, .. }) = &site.session.program else {
        return None;
    };
    fault_of(path, &site.process)
}

/// What is wrong with the program `path`.
pub(super) fn fault_of(path: &Path, process: &Process) -> Option<String> {
    let fault = diagnose(path, search(process))?;
    Some(format!(
        "COMMAND {} will not start: {fault}",
        path.display()
    ))
}

/// What is wrong with the program of `--authorize`.
pub(super) fn authorizer_fault(site: &SiteConfig) -> Option<String> {
    let Some(Authorizer::Program { path, .. }) = &site.access.authorizer else {
        return None;
    };
    let fault = diagnose(path, search(&site.process))?;
    Some(format!(
        "--authorize {} will not start, so that nobody is admitted: {fault}",
        path.display()
    ))
}

/// What is wrong with the programs below `--dir` and `--cgidir`.
pub(super) fn check_scripts(site: &SiteConfig, report: &mut dyn FnMut(String)) {
    let dir = match &site.session.program {
        Some(Runnable::ScriptDir(dir)) => Some(dir),
        _ => None,
    };
    for dir in dir.into_iter().chain(&site.http.cgi_dir) {
        let mut scripts = Vec::new();
        collect(dir, MAX_DEPTH, &mut scripts);
        scripts.sort_unstable();
        for script in scripts {
            if let Some(fault) = diagnose(&script, search(&site.process)) {
                report(format!("{} will not start: {fault}", script.display()));
            }
        }
    }
}

/// The `PATH` that programs get.
fn search(process: &Process) -> Option<&OsStr> {
    let variables = &process.inherited_env;
    let path = variables.iter().find(|(name, _)| name == "PATH");
    path.map(|(_, value)| value.as_os_str())
}

/// The files that clients can name. Hidden ones are an editor's, or a version control's.
fn collect(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if is_hidden || found.len() >= MAX_SCRIPTS {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, found);
            }
        } else {
            found.push(path);
        }
    }
}
