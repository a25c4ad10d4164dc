//! Programs that stay beside the daemon: what the settings need runs, and so does what systemd is to start.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::daemon::Daemon;
use super::sheet::Sheet;
use crate::relay_state;
use crate::samples::{self, handlers};
use chat_handler::settings::Settings;
use chat_store::record::RecordId;

/// Where systemd keeps what is enabled.
const WANTS: &str = "etc/systemd/system";
/// The administration's daemon.
const ADMINISTRATION: &str = "etc/websocketd-rs/administration.ini";
/// A sample is kept each five minutes: after so long some are missing.
const SAMPLE_MISSING: Duration = Duration::from_secs(30 * 60);

pub(super) fn look(settings: &Settings, is_site: bool, root: &Path, sheet: &mut Sheet) {
    let units = Units {
        root,
        site: is_site.then(|| site_of(settings)).flatten(),
    };
    let needed = [
        (
            !settings.webhooks.is_empty(),
            "chat-hooks",
            "no webhook is told what happens",
        ),
        (
            settings.cluster.is_some(),
            "chat-relay",
            "nothing that people write is saved",
        ),
    ];
    let mut running = Vec::new();
    for (is_needed, program, text) in needed {
        let unit = units.name(program, "service");
        if handlers::is_running(settings, program) {
            running.push(program);
        } else if is_needed {
            let text = format!("{program} does not run: {text}");
            let mend =
                format!("systemctl enable --now {unit}; systemctl status {unit} says why it ended");
            sheet.error("services", text, mend);
        } else if units.is_enabled("multi-user.target", &unit) {
            let mend =
                format!("systemctl status {unit} says why it ended; else systemctl disable {unit}");
            sheet.error(
                "services",
                format!("{unit} is enabled, and does not run"),
                mend,
            );
        }
    }
    look_for_files(settings, sheet);
    // Sites have one file of the administration together: which process is whose is not to be told by it.
    let unit = "chat-web.service";
    if !is_site && units.is_enabled("multi-user.target", unit) {
        let file = root.join(ADMINISTRATION);
        let daemon = Daemon::find(Some(&file), false, root).ok().flatten();
        if daemon.and_then(|daemon| daemon.pid()).is_some() {
            running.push("chat-web");
        } else {
            let mend =
                format!("systemctl status {unit} says why it ended; else systemctl disable {unit}");
            sheet.error(
                "services",
                format!("{unit} is enabled, and does not run"),
                mend,
            );
        }
    }
    let timer = units.name("chat-sample", "timer");
    // Who has just enabled it has no sample yet.
    let is_due = |since: SystemTime| since.elapsed().is_ok_and(|time| time > SAMPLE_MISSING);
    if units
        .enabled_since("timers.target", &timer)
        .is_some_and(is_due)
    {
        let now = RecordId::now().as_micros() / 1_000_000;
        let last = samples::load(&settings.dirs())
            .ok()
            .and_then(|all| Some(all.day.last()?.at));
        if last.is_none_or(|last| now.saturating_sub(last) > SAMPLE_MISSING.as_secs()) {
            sheet.warn(
                "services",
                format!("{timer} is enabled, and the last sample is older than half an hour"),
                format!("systemctl start {timer}; systemctl status {timer} says when it is due"),
            );
        }
    }
    sheet.good_unless_found(
        "services",
        if running.is_empty() {
            "no program is needed beside the daemon".to_owned()
        } else {
            format!("they run: {}", running.join(", "))
        },
    );
}

/// The directory of a site's settings is called as the site.
fn site_of(settings: &Settings) -> Option<String> {
    let dir = settings.source.parent()?.file_name()?;
    Some(dir.to_str()?.to_owned())
}

/// What messages have with them and has not come from another machine.
fn look_for_files(settings: &Settings, sheet: &mut Sheet) {
    let lacking = relay_state::lacking(settings).unwrap_or_default();
    if lacking.overdue > 0 {
        let text = format!(
            "{} files of messages of more than {} minutes ago are not on this machine",
            lacking.overdue,
            relay_state::FETCHED / 60
        );
        let mend = "a machine that has them is away, or the disk is full: chatctl cluster nodes; journalctl -u chat-relay";
        sheet.warn("services", text, mend);
    }
}

struct Units<'a> {
    root: &'a Path,
    site: Option<String>,
}

impl Units<'_> {
    fn name(&self, program: &str, kind: &str) -> String {
        match &self.site {
            Some(site) => format!("{program}@{site}.{kind}"),
            None => format!("{program}.{kind}"),
        }
    }

    fn is_enabled(&self, target: &str, unit: &str) -> bool {
        self.enabled_since(target, unit).is_some()
    }

    fn enabled_since(&self, target: &str, unit: &str) -> Option<SystemTime> {
        let link: PathBuf = self
            .root
            .join(WANTS)
            .join(format!("{target}.wants"))
            .join(unit);
        link.symlink_metadata().ok()?.modified().ok()
    }
}
