//! Reading an archive: first all of it, to see whether it is whole and ours, and only then to put it into place.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use tar::{Archive, Entry, EntryType};

use super::{BASE, CHUNK, Hash, Listed, MANIFEST, Manifest, VERSION, is_below};

/// The longest manifest that is read: a million files.
const MAX_MANIFEST: u64 = 256 * 1024 * 1024;

type Gz = GzDecoder<io::BufReader<File>>;

/// Reads the whole archive.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn verify(file: &File) -> Result<Manifest, String> {
    let mut archive = open(file).map_err(|error| error.to_string())?;
    let mut found = BTreeMap::new();
    let mut manifest: Option<Manifest> = None;
    let entries = archive.entries().map_err(|error| no_archive(&error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| no_archive(&error))?;
        let name = name_of(&entry)?;
        let shown = name.display();
        if manifest.is_some() {
            return Err(format!(
                "{shown}: stands behind the manifest: something was added"
            ));
        }
        if name == Path::new(MANIFEST) {
            manifest = Some(manifest_of(&mut entry)?);
            continue;
        }
        match entry.header().entry_type() {
            _ if !is_below(&name) => return Err(format!("{shown}: does not belong into it")),
            EntryType::Directory => {}
            EntryType::Regular => {
                let listed = listed(&mut entry, &name)?;
                if found.insert(listed.path.clone(), listed).is_some() {
                    return Err(format!("{shown}: is in it twice"));
                }
            }
            other => return Err(format!("{shown}: is no file and no directory ({other:?})")),
        }
    }
    let manifest = manifest.ok_or("it has no manifest: it is torn, or not of chatctl backup")?;
    for listed in &manifest.files {
        match found.remove(&listed.path) {
            None => return Err(format!("{}: is not in it", listed.path)),
            Some(here) if here != *listed => {
                return Err(format!(
                    "{}: is not what it was when it was saved",
                    listed.path
                ));
            }
            Some(_) => {}
        }
    }
    if let Some(foreign) = found.keys().next() {
        return Err(format!("{foreign}: was not saved: something was added"));
    }
    at_end(archive)?;
    Ok(manifest)
}

/// Puts the files of `BASE_DIR` below `to`, which exists and is empty. The archive was verified.
///
/// # Errors
/// Those of reading and writing.
pub(crate) fn extract(file: &File, to: &Path) -> io::Result<()> {
    let mut archive = open(file)?;
    let mut modes: Vec<(PathBuf, u32)> = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = name_of(&entry).map_err(io::Error::other)?;
        let Ok(below) = name.strip_prefix(BASE) else {
            continue;
        };
        let target = to.join(below);
        let mode = entry.header().mode()? & 0o777;
        if !is_below(&name) {
            return Err(io::Error::other("the archive changed meanwhile"));
        }
        match entry.header().entry_type() {
            EntryType::Directory if below == Path::new("") => {}
            EntryType::Directory => {
                std::fs::DirBuilder::new().mode(0o700).create(&target)?;
                modes.push((target, mode));
            }
            _ => {
                let mut file = File::options()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&target)?;
                io::copy(&mut entry, &mut file)?;
                file.set_permissions(Permissions::from_mode(mode))?;
                let mtime = entry.header().mtime()?;
                file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(mtime))?;
                file.flush()?;
            }
        }
    }
    for (dir, mode) in modes.iter().rev() {
        std::fs::set_permissions(dir, Permissions::from_mode(*mode))?;
    }
    Ok(())
}

/// From its start, wherever its reader is.
fn open(file: &File) -> io::Result<Archive<Gz>> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Archive::new(GzDecoder::new(io::BufReader::new(file))))
}

fn no_archive(error: &io::Error) -> String {
    format!("it is torn, or no archive of chatctl backup: {error}")
}

fn name_of(entry: &Entry<'_, Gz>) -> Result<PathBuf, String> {
    let name = entry.path().map_err(|error| no_archive(&error))?;
    Ok(name.into_owned())
}

fn manifest_of(entry: &mut Entry<'_, Gz>) -> Result<Manifest, String> {
    let mut text = Vec::new();
    let read = entry.take(MAX_MANIFEST + 1).read_to_end(&mut text);
    read.map_err(|error| no_archive(&error))?;
    if text.len() as u64 > MAX_MANIFEST {
        return Err("its manifest is too large".to_owned());
    }
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| format!("its manifest is not of chatctl backup: {error}"))?;
    if manifest.version != VERSION {
        let version = manifest.version;
        return Err(format!(
            "it has form {version}, and this program reads {VERSION}"
        ));
    }
    Ok(manifest)
}

fn listed(entry: &mut Entry<'_, Gz>, name: &Path) -> Result<Listed, String> {
    let path = name.to_str().ok_or("a name in it is not UTF-8")?.to_owned();
    let mut hash = Hash::new();
    let mut size = 0;
    let mut piece = vec![0; CHUNK];
    loop {
        match entry.read(&mut piece).map_err(|error| no_archive(&error))? {
            0 => break,
            read => {
                hash.add(&piece[..read]);
                size += read as u64;
            }
        }
    }
    let sha256 = hash.text();
    Ok(Listed { path, size, sha256 })
}

/// Nothing may follow the tar file, nor the gzip stream.
fn at_end(archive: Archive<Gz>) -> Result<(), String> {
    let mut gz = archive.into_inner();
    let mut scrap = vec![0; CHUNK];
    loop {
        match gz.read(&mut scrap).map_err(|error| no_archive(&error))? {
            0 => break,
            read if scrap[..read].iter().any(|&byte| byte != 0) => {
                return Err("something follows its end".to_owned());
            }
            _ => {}
        }
    }
    let mut rest = gz.into_inner();
    match rest
        .read(&mut scrap[..1])
        .map_err(|error| error.to_string())?
    {
        0 => Ok(()),
        _ => Err("something follows its end".to_owned()),
    }
}
