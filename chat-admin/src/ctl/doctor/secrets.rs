//! Keys, passwords and secrets that other users of the machine can read.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::daemon::Daemon;
use super::sheet::Sheet;
use chat_handler::settings::Settings;

/// Keys of the daemon's file that name a file with a secret.
const SECRET_FILES: [&str; 2] = ["sslkey", "htpasswd"];

pub(super) fn look(settings: &Settings, daemon: Option<&Daemon>, root: &Path, sheet: &mut Sheet) {
    let mut looked = 0;
    let holds_secret = std::fs::read_to_string(&settings.source).is_ok_and(|text| {
        text.lines()
            .map(str::trim_start)
            .any(|line| !line.starts_with([';', '#']) && line.contains("SECRET"))
    });
    let mut files: Vec<_> = holds_secret
        .then(|| settings.source.clone())
        .into_iter()
        .collect();
    if let Some(daemon) = daemon {
        files.extend(SECRET_FILES.iter().flat_map(|key| daemon.paths(key)));
    }
    files.extend(
        ["etc/websocketd-rs/chat.users", "etc/turnserver.conf"].map(|file| root.join(file)),
    );
    for file in files {
        let Ok(metadata) = std::fs::metadata(&file) else {
            continue;
        };
        looked += 1;
        if metadata.mode() & 0o004 != 0 {
            let (shown, mode) = (file.display(), metadata.mode() & 0o777);
            let text = format!(
                "{shown}: mode {mode:o}: every user of the machine can read the secret in it"
            );
            sheet.error(
                "secrets",
                text,
                format!("chmod 640 {shown}, and make a new secret or key"),
            );
        }
    }
    sheet.good_unless_found(
        "secrets",
        format!("{looked} files with secrets, none readable by all"),
    );
}
