//! Programs that are asked before something is taken, and those that are told what happened.

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use rustix::fs::Access;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use serde_json::Value;

use super::sheet::Sheet;
use chat_handler::hooks::{self, Hook};
use chat_handler::settings::Settings;
use chat_handler::settings::webhooks::status_of;
use chat_store::fs::file;

/// The largest status of a webhook that is read.
const MAX_STATUS: u64 = 64 * 1024;

/// `MESSAGE_HOOKS`, `FILE_HOOKS`, `ENTRY_HOOKS`: each can be started, or somebody listens.
pub(super) fn asked(settings: &Settings, sheet: &mut Sheet) {
    let hooks = &settings.hooks;
    let all = hooks
        .messages
        .iter()
        .chain(&hooks.files)
        .chain(&hooks.entries);
    let mut count = 0;
    for hook in all {
        count += 1;
        let (looked, mend) = match hook {
            Hook::Exec(program) => (
                can_start(program),
                format!("chmod 755 {}, or take it out of chat.ini", program.display()),
            ),
            Hook::Unix(socket) => (
                listens(socket),
                "start what listens there (systemctl status chat-filter@NAME), or take it out of chat.ini".to_owned(),
            ),
        };
        if let Err(error) = looked {
            let text = format!("{hook}: {error}: what it is to be asked about goes by HOOK_FAIL");
            sheet.error("hook", text, mend);
        }
    }
    if count == 0 {
        return sheet.unused("hook", "no MESSAGE_HOOKS, FILE_HOOKS and ENTRY_HOOKS");
    }
    for line in hooks::failures(&settings.run_dir) {
        let mend = "journalctl of the daemon has each of its lines; docs/hooks.md says what it must answer, and how soon";
        sheet.warn("hook", format!("when it was asked last: {line}"), mend);
    }
    sheet.good_unless_found("hook", format!("{count} hooks can be asked"));
}

fn can_start(program: &Path) -> io::Result<()> {
    if std::fs::metadata(program)?.is_dir() {
        return Err(io::Error::other("is a directory"));
    }
    Ok(rustix::fs::access(program, Access::EXEC_OK)?)
}

/// Whether a connection is taken: the file of a socket stays when its program has gone.
fn listens(path: &Path) -> io::Result<()> {
    if !std::fs::metadata(path)?.file_type().is_socket() {
        return Err(io::Error::other("is no socket"));
    }
    // A queue that is full must not keep doctor waiting: it says EAGAIN, and somebody listens.
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) | Err(rustix::io::Errno::AGAIN) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// `[webhook NAME]`: none is off, none has given up.
pub(super) fn told(settings: &Settings, sheet: &mut Sheet) {
    if settings.webhooks.is_empty() {
        return sheet.unused("webhooks", "no [webhook NAME]");
    }
    let dirs = settings.dirs();
    for hook in &settings.webhooks {
        let name = &hook.name;
        let bytes = file::read_whole(&status_of(&dirs, name), MAX_STATUS).unwrap_or_default();
        // Without a status chat-hooks has never run, which is said of services.
        let Ok(status) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        let number = |key: &str| status[key].as_u64().unwrap_or(0);
        let last = status["last_error"].as_str().unwrap_or_default();
        if status["off"].as_bool() == Some(true) {
            sheet.warn(
                "webhooks",
                format!("{name}: off, its receiver answered 410"),
                format!("chatctl hooks on {name}, or take it out of chat.ini"),
            );
        }
        if number("dead") > 0 {
            let text = format!("{name}: {} events were given up: {last}", number("dead"));
            let mend = format!(
                "log/hooks-dead.log has them: mend the receiver, chatctl hooks redeliver {name} ROOM ID, then systemctl restart chat-hooks"
            );
            sheet.warn("webhooks", text, mend);
        } else if number("waiting") > 0 {
            let text = format!("{name}: events of {} rooms wait: {last}", number("waiting"));
            let mend = "start the receiver; chat-hooks tries again by itself (RETRIES)";
            sheet.warn("webhooks", text, mend);
        }
    }
    let count = settings.webhooks.len();
    sheet.good_unless_found("webhooks", format!("{count} webhooks, none has given up"));
}
