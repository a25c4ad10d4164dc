//! `chatctl backup` and `chatctl restore`: a site in one file, and back.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::archive::{ETC, read, write};
use super::report::Report;
use super::{Command, Failure};
use chat_handler::settings::Settings;
use chat_store::fs::file;
use chat_store::record::RecordId;

/// What is not the archive's to bring: who is there now.
const PASSING: [&str; 3] = ["users", "run", "sessions"];

/// What a command works on that was opened before root's rights were given up: where an administrator keeps
/// backups the chat's user can't look.
pub(super) enum Prepared {
    /// The file that a backup goes to.
    Target(File),
    /// The archive to restore.
    Archive(File),
    Nothing,
}

impl Prepared {
    /// Opens what `command` names.
    pub(super) fn of(command: &Command) -> Result<Self, Failure> {
        match command {
            Command::Backup { file } if file != Path::new("-") => new_file(file).map(Self::Target),
            Command::Restore { file, .. } => {
                let opened = File::open(file);
                opened.map(Self::Archive).map_err(|error| of(file, error))
            }
            _ => Ok(Self::Nothing),
        }
    }
}

/// A file that was not there: the last good archive may be all there is. Nobody else reads what people said.
pub(super) fn new_file(path: &Path) -> Result<File, Failure> {
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.map_err(|error| of(path, error))
}

fn of(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Refused(format!("{}: {error}", path.display()))
}

/// Writes an archive to `target`, which was just made, or to `out`.
pub(super) fn backup(
    settings: &Settings,
    path: &Path,
    target: Prepared,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    let Prepared::Target(target) = target else {
        // What is left out stands in the manifest: the standard output is the archive's own.
        save(settings, &[], out)?;
        return Ok(Report::nothing());
    };
    let summary = save_to(settings, &[], path, &target)?;
    let mut text = format!(
        "{}: {} files, {} bytes before compression",
        path.display(),
        summary.files,
        summary.bytes
    );
    for line in &summary.left_out {
        text = format!("{text}\nnot in it: {line}");
    }
    let value = json!({ "done": true, "file": path, "files": summary.files,
        "bytes": summary.bytes, "left_out": summary.left_out });
    Ok(Report::new(text, value))
}

/// What an archive holds.
pub(super) struct Summary {
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) left_out: Vec<String>,
}

/// Writes an archive to `file`, which is new and lies at `path`, and reads it again; with further settings beside
/// chat.ini.
pub(super) fn save_to(
    settings: &Settings,
    more: &[(&str, &Path)],
    path: &Path,
    file: &File,
) -> Result<Summary, Failure> {
    let done = save(settings, more, file).and_then(|(_, summary)| {
        file.sync_all()?;
        read::verify(file).map_err(|wrong| of(path, wrong))?;
        Ok(summary)
    });
    // It can't be removed where the chat's user may not write; of nothing it is clear that it is no archive.
    if done.is_err() && std::fs::remove_file(path).is_err() {
        let _ = file.set_len(0);
    }
    done
}

fn save<W: Write>(
    settings: &Settings,
    more: &[(&str, &Path)],
    out: W,
) -> Result<(W, Summary), Failure> {
    let mut archive = write::Archive::new(out, RecordId::now().to_string());
    archive.add_base(&settings.base_dir)?;
    let ini = [("chat.ini", settings.source.as_path())];
    for (name, path) in ini.iter().chain(more) {
        match file::open_read(path) {
            Ok((file, _)) => {
                let size = file.metadata()?.len();
                archive.add_file(&Path::new(ETC).join(name), &file, size)?;
            }
            Err(error) => archive
                .left_out
                .push(format!("{}: {error}", path.display())),
        }
    }
    let left_out = archive.left_out.clone();
    let (out, files, bytes) = archive.finish()?;
    let summary = Summary {
        files,
        bytes,
        left_out,
    };
    Ok((out, summary))
}

/// Reads an archive, and unless `only_check` puts its files into `BASE_DIR`, which must hold none.
pub(super) fn restore(
    settings: &Settings,
    path: &Path,
    archive: &Prepared,
    only_check: bool,
) -> Result<Report, Failure> {
    let Prepared::Archive(archive) = archive else {
        return Err(of(path, "was not opened"));
    };
    let manifest = read::verify(archive).map_err(|wrong| of(path, wrong))?;
    let bytes: u64 = manifest.files.iter().map(|file| file.size).sum();
    let (files, made, left_out) = (manifest.files.len(), &manifest.made, &manifest.left_out);
    let value = json!({ "good": true, "files": files, "bytes": bytes, "made": made, "left_out": left_out,
        "restored": !only_check });
    let left_out = left_out
        .iter()
        .map(|line| "\nnot in it: ".to_owned() + line);
    let left_out = left_out.collect::<String>();
    if only_check {
        let text = format!("good: {files} files, {bytes} bytes, saved at {made}{left_out}");
        return Ok(Report::new(text, value));
    }
    let base = &settings.base_dir;
    if !base.is_dir() {
        return Err(Failure::Refused(format!(
            "{}: the directory is missing; make it, owned by the chat's user",
            base.display()
        )));
    }
    if let Some(there) = first_file(base)? {
        return Err(Failure::Refused(format!(
            "{}: is there already; a backup is restored into an empty BASE_DIR",
            there.display()
        )));
    }
    let fresh = base.join(format!(".restore-{}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o700).create(&fresh)?;
    let done = read::extract(archive, &fresh).and_then(|()| put_in_place(&fresh, base));
    let _ = std::fs::remove_dir_all(&fresh);
    done?;
    let text = format!(
        "{}: {files} files, {bytes} bytes, saved at {made}; its chat.ini stays in the archive: tar -xzOf {} etc/chat.ini{left_out}",
        base.display(),
        path.display()
    );
    Ok(Report::new(text, value))
}

/// The first file below `BASE_DIR` that a backup would bring.
fn first_file(base: &Path) -> io::Result<Option<PathBuf>> {
    let mut dirs = vec![base.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            let is_passing = dir == base && PASSING.iter().any(|name| entry.file_name() == *name);
            if is_passing {
                continue;
            }
            if !entry.file_type()?.is_dir() {
                return Ok(Some(entry.path()));
            }
            dirs.push(entry.path());
        }
    }
    Ok(None)
}

fn put_in_place(fresh: &Path, base: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(fresh)? {
        let entry = entry?;
        let target = base.join(entry.file_name());
        if target.is_dir() {
            // It holds no file, as was seen; one that came meanwhile keeps it from being removed.
            remove_empty(&target)?;
        }
        std::fs::rename(entry.path(), &target)?;
    }
    std::fs::set_permissions(base, Permissions::from_mode(0o750))?;
    file::sync_directory_of(&base.join("."))
}

fn remove_empty(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        remove_empty(&path)?;
    }
    std::fs::remove_dir(dir)
}
