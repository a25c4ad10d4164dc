//! The programs of the people who are there, as `/proc` shows them.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use chat_handler::settings::{DEFAULT_PATH, Settings};

/// The handler's name.
const HANDLER: &str = "chat-handler";

/// How many, and what they take.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    pub(crate) count: u64,
    /// Memory that they share with nobody, in KiB.
    pub(crate) memory: u64,
}

/// Those of the site.
pub(crate) fn of(settings: &Settings) -> Handlers {
    called(settings, HANDLER)
}

/// Whether a program of this name runs for the site.
pub(crate) fn is_running(settings: &Settings, name: &str) -> bool {
    called(settings, name).count > 0
}

/// The programs of a name: of the user who looks, started with the site's settings. What cannot be read is somebody
/// else's, or has just ended.
fn called(settings: &Settings, name: &str) -> Handlers {
    let mut found = Handlers::default();
    // As the kernel keeps it.
    let comm = format!("{name}\n");
    let own = fs::canonicalize(&settings.source).unwrap_or_else(|_| settings.source.clone());
    let uid = rustix::process::geteuid().as_raw();
    let page = rustix::param::page_size() as u64;
    let Ok(listing) = fs::read_dir("/proc") else {
        return found;
    };
    for entry in listing.flatten() {
        let dir = entry.path();
        let is_process = entry.file_name().as_bytes().iter().all(u8::is_ascii_digit);
        if !is_process
            || !entry.metadata().is_ok_and(|dir| dir.uid() == uid)
            || !fs::read(dir.join("comm")).is_ok_and(|found| found == comm.as_bytes())
            || settings_of(&dir).is_none_or(|file| file != own)
        {
            continue;
        }
        let statm = fs::read_to_string(dir.join("statm")).unwrap_or_default();
        let mut pages = statm
            .split(' ')
            .map(|word| word.parse::<u64>().unwrap_or(0));
        // proc(5): size, resident, shared.
        let (resident, shared) = (pages.nth(1).unwrap_or(0), pages.next().unwrap_or(0));
        found.count += 1;
        found.memory += resident.saturating_sub(shared) * page / 1024;
    }
    found
}

/// The file that a handler was told to read.
fn settings_of(process: &Path) -> Option<PathBuf> {
    let arguments = fs::read(process.join("cmdline")).ok()?;
    let environment = fs::read(process.join("environ")).ok()?;
    let mut words = arguments.split(|&byte| byte == 0);
    let mut named = None;
    while let Some(word) = words.next() {
        named = match word.strip_prefix(b"--config") {
            Some(b"") => words.next(),
            Some(rest) => rest.strip_prefix(b"="),
            None => continue,
        };
    }
    let mut variables = environment.split(|&byte| byte == 0);
    let variable = || variables.find_map(|it| it.strip_prefix(b"CHAT_CONFIG="));
    let named = named.or_else(variable).filter(|name| !name.is_empty());
    let name = named.map_or(Path::new(DEFAULT_PATH), |name| {
        Path::new(std::ffi::OsStr::from_bytes(name))
    });
    // A relative one starts where the handler did.
    fs::canonicalize(process.join("cwd").join(name)).ok()
}
