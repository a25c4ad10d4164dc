//! Whether logrotate has a rule for the rooms' logs, takes it, and runs.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::program;
use super::sheet::Sheet;
use crate::ctl::check::rotation;
use chat_handler::settings::Settings;

const RULES: &str = "etc/logrotate.d";
/// Where logrotate says what it did when.
const STATUS: &str = "var/lib/logrotate/status";
/// It runs daily; so long without a run is too long.
const IDLE: Duration = Duration::from_secs(3 * 24 * 3600);
/// Logs below this need no rotation.
const SMALL_BYTES: u64 = 1024 * 1024;

const INSTALL: &str =
    "apt install logrotate; the rule is /etc/logrotate.d/websocketd-rs-chat of the package";

pub(super) fn look(settings: &Settings, root: &Path, sheet: &mut Sheet) {
    let dirs = settings.dirs();
    let rules = root.join(RULES);
    match rotation::check(&rules, &[&dirs.rooms, &dirs.closed.join("~/rooms")]) {
        Ok(faults) => {
            for fault in faults {
                sheet.error(
                    "rotation",
                    fault,
                    "the rule of the package is right: logrotate/websocketd-rs-chat",
                );
            }
        }
        Err(error) => sheet.error("rotation", format!("{}: {error}", rules.display()), INSTALL),
    }
    let ours = rotation::rules_for(&rules, &[&dirs.rooms]);
    if ours.is_empty() {
        let text = format!(
            "no rule in {} is for {}/*.log",
            rules.display(),
            dirs.rooms.display()
        );
        return sheet.warn("rotation", text, INSTALL);
    }
    for rule in &ours {
        let shown = rule.display().to_string();
        match program::ask(Path::new("logrotate"), &["--debug", &shown]) {
            Ok(Some(answer)) => {
                let is_error = |line: &&str| line.starts_with("error:");
                for line in answer.text.lines().filter(is_error) {
                    sheet.error("rotation", line, format!("logrotate --debug {shown}"));
                }
            }
            Ok(None) => sheet.warn("rotation", "logrotate is not installed", INSTALL),
            Err(error) => sheet.warn(
                "rotation",
                format!("logrotate --debug {shown}: {error}"),
                "run it by hand",
            ),
        }
    }
    idle(&dirs.rooms, &root.join(STATUS), sheet);
    sheet.good_unless_found("rotation", format!("{}: good", ours[0].display()));
}

/// A rule is of no use when nothing runs it.
fn idle(rooms: &Path, status: &Path, sheet: &mut Sheet) {
    let old = |time: SystemTime| {
        SystemTime::now()
            .duration_since(time)
            .is_ok_and(|age| age > IDLE)
    };
    let last = std::fs::metadata(status).and_then(|found| found.modified());
    let is_large = |entry: std::fs::DirEntry| {
        entry
            .metadata()
            .is_ok_and(|found| found.len() > SMALL_BYTES)
    };
    let has_work = std::fs::read_dir(rooms).is_ok_and(|all| all.flatten().any(is_large));
    let mend =
        "systemctl enable --now logrotate.timer; journalctl -u logrotate says what it failed at";
    match last {
        Ok(last) if old(last) => {
            sheet.warn(
                "rotation",
                format!("{}: logrotate has not run for days", status.display()),
                mend,
            );
        }
        Err(_) if has_work => {
            sheet.warn(
                "rotation",
                format!("{}: logrotate has never run", status.display()),
                mend,
            );
        }
        _ => {}
    }
}
