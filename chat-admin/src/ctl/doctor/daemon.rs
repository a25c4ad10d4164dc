//! The daemon in front of the handlers: its file, its certificates, what the running one may open.

use std::io;
use std::path::{Path, PathBuf};

use super::kernel;
use super::program;
use super::sheet::Sheet;

/// The file of the service, unless `CONFIG` in /etc/default/websocketd-rs names another.
const USUAL: &str = "etc/websocketd-rs/behind-a-proxy.ini";
/// That of a daemon with sites.
const SITES: &str = "etc/websocketd-rs/sites.ini";
const DEFAULTS: &str = "etc/default/websocketd-rs";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// How many files may be included.
const MAX_INCLUDED: usize = 1000;

/// Open files of a session, and those of the daemon itself (docs/operations.md, "What a session costs").
const FILES: (u64, u64) = (4, 300);

/// The daemon's file, with those that it includes.
#[derive(Debug)]
pub(super) struct Daemon {
    pub(super) file: PathBuf,
    text: String,
    /// Where relative paths in it begin.
    folder: PathBuf,
}

impl Daemon {
    /// The file that is meant; `None`: there is none, another program stands in front.
    pub(super) fn find(
        named: Option<&Path>,
        is_site: bool,
        root: &Path,
    ) -> io::Result<Option<Self>> {
        let file = match named {
            Some(file) => file.to_owned(),
            None if is_site => root.join(SITES),
            None => configured(root).unwrap_or_else(|| root.join(USUAL)),
        };
        if named.is_none() && !file.exists() {
            return Ok(None);
        }
        let mut text = read(&file)?;
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        for dir in values(&text, "include")
            .map(|value| folder.join(value))
            .collect::<Vec<_>>()
        {
            let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
            for entry in entries.take(MAX_INCLUDED) {
                text.push('\n');
                text.push_str(&read(&entry.path()).unwrap_or_default());
            }
        }
        Ok(Some(Self { file, text, folder }))
    }

    /// What the keys called `key` say, in any section.
    pub(super) fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        values(&self.text, key)
    }

    /// The files that they name.
    pub(super) fn paths<'a>(&'a self, key: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        self.values(key).map(|value| self.folder.join(value))
    }

    /// Has the daemon itself look at its file, its certificates and programs: as the user that this is now.
    pub(super) fn check(&self, sheet: &mut Sheet) {
        let shown = self.file.display();
        let config = format!("--config={shown}");
        let answer = match program::ask(&program("websocketd-rs"), &[&config, "--check"]) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                return sheet.warn(
                    "daemon",
                    "websocketd-rs is not beside chatctl and not in PATH",
                    "install it",
                );
            }
            Err(error) => {
                return sheet.error(
                    "daemon",
                    format!("{config} --check: {error}"),
                    "run it by hand",
                );
            }
        };
        for line in answer
            .text
            .lines()
            .filter(|line| !line.ends_with("is sound."))
        {
            let is_certificate = line.contains("ertificate");
            let (check, mend) = if is_certificate {
                (
                    "certificate",
                    "certbot renew; its deploy hook is docs/operations.md, \"A certificate that certbot renews\"",
                )
            } else {
                ("daemon", "man websocketd-rs says what may stand there")
            };
            if answer.is_good {
                sheet.warn(check, line, mend);
            } else {
                sheet.error(check, line, mend);
            }
        }
        sheet.good_unless_found("daemon", format!("{shown}: sound"));
        if self.values("sslcert").next().is_some() {
            sheet.good_unless_found("certificate", "ends neither today nor soon");
        } else {
            sheet.unused(
                "certificate",
                format!("{shown} names none: TLS ends at the web server, or nowhere"),
            );
        }
    }

    /// Whether certbot's certificates come to where the daemon reads them.
    pub(super) fn certbot(&self, root: &Path, sheet: &mut Sheet) {
        let has =
            |dir: &str| std::fs::read_dir(root.join(dir)).is_ok_and(|mut all| all.next().is_some());
        if self.values("sslcert").next().is_some()
            && has("etc/letsencrypt/renewal")
            && !has("etc/letsencrypt/renewal-hooks/deploy")
        {
            sheet.warn(
                "certificate",
                "certbot renews certificates here, and no hook gives them to the daemon",
                "ln -s /usr/share/websocketd-rs/certbot-hook /etc/letsencrypt/renewal-hooks/deploy/websocketd-rs",
            );
        }
    }

    /// What the running daemon may open, against what its file lets in.
    pub(super) fn limits(&self, sheet: &mut Sheet) {
        let shown = self.file.display();
        let Some(pid) = self.pid() else {
            let mend = "systemctl enable --now websocketd-rs; systemctl status websocketd-rs says why it ended";
            return sheet.error(
                "running",
                format!("no websocketd-rs runs with {shown}"),
                mend,
            );
        };
        sheet.good("running", format!("process {pid} runs with {shown}"));
        let people: u64 = self
            .values("maxforks")
            .filter_map(|value| value.parse::<u64>().ok())
            .sum();
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let wanted = [
            ("Max open files", FILES.0 * people + FILES.1, "LimitNOFILE"),
            ("Max processes", people, "LimitNPROC and TasksMax"),
        ];
        for (name, wanted, unit) in wanted {
            let Some(allowed) = soft(&limits, name) else {
                continue;
            };
            if allowed < wanted {
                let text = format!("{name}: {allowed}, maxforks={people} needs {wanted}");
                sheet.error(
                    "limits",
                    text,
                    format!("systemctl edit websocketd-rs: {unit}={wanted}; or lower maxforks"),
                );
            }
        }
        kernel::look(pid, people, Path::new("/"), sheet);
        let files =
            std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |open| open.count() as u64);
        if let Some(allowed) =
            soft(&limits, "Max open files").filter(|allowed| files > allowed / 10 * 8)
        {
            let text = format!("{files} of {allowed} files are open: nobody comes in soon");
            sheet.error(
                "limits",
                text,
                "systemctl edit websocketd-rs: LimitNOFILE=65536",
            );
        }
        sheet.good_unless_found(
            "limits",
            format!("open files and processes are enough for maxforks={people}"),
        );
    }

    /// The daemon that was started with this file.
    pub(super) fn pid(&self) -> Option<u32> {
        let meant = std::fs::canonicalize(&self.file).ok()?;
        let is_it = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut words = line.split(|&byte| byte == 0).map(String::from_utf8_lossy);
            let is_daemon = words
                .next()
                .is_some_and(|name| name.ends_with("websocketd-rs"));
            is_daemon
                && words.any(|word| {
                    let file = word.strip_prefix("--config=").unwrap_or(&word);
                    std::fs::canonicalize(file).is_ok_and(|file| file == meant)
                })
        };
        let entries = std::fs::read_dir("/proc").ok()?.flatten();
        let mut pids: Vec<u32> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        pids.sort_unstable();
        pids.into_iter().find(is_it)
    }
}

/// `CONFIG` of the service.
fn configured(root: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(root.join(DEFAULTS)).ok()?;
    let value = values(&text, "CONFIG")
        .last()?
        .trim_matches(['"', '\''])
        .to_owned();
    Some(root.join(value.trim_start_matches('/')))
}

fn read(file: &Path) -> io::Result<String> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    if std::fs::metadata(file).map_err(named)?.len() > MAX_FILE {
        return Err(io::Error::other(format!(
            "{}: over {MAX_FILE} bytes",
            file.display()
        )));
    }
    std::fs::read_to_string(file).map_err(named)
}

fn values<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// The soft limit in a line of /proc/PID/limits (see `proc_pid_limits(5)`); `None`: unlimited.
fn soft(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A program of ours: beside this one, else by PATH.
fn program(name: &str) -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join(name)));
    beside
        .filter(|file| file.exists())
        .unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_the_soft_one() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             unlimited            63432                processes \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(soft(text, "Max open files"), Some(1024));
        assert_eq!(soft(text, "Max processes"), None);
    }

    #[test]
    fn a_comment_is_no_key() {
        let text = "# maxforks = 1\nmaxforks = 2\n[route /a]\nmaxforks=3\nmaxforks-x = 4\n";
        assert_eq!(values(text, "maxforks").collect::<Vec<_>>(), ["2", "3"]);
    }
}
