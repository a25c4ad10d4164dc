//! What is wrong with a site: of its files first, then of its rooms, as the site's own user sees them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::User;

use super::{Place, routes};
use crate::ctl::report::Report;
use crate::ctl::{Failure, check as rooms_check, owner};
use chat_handler::settings::Settings;

/// Where logrotate's rules are.
const LOGROTATE: &str = "/etc/logrotate.d";

pub(super) fn check(place: &Place) -> Result<Report, Failure> {
    let mut findings = Vec::new();
    let text = std::fs::read_to_string(place.routes());
    let said = match &text {
        Ok(text) => routes::read(text),
        Err(error) => {
            let routes = place.routes();
            findings.push(format!(
                "{}: {error}: the daemon does not serve it",
                routes.display()
            ));
            routes::Said::default()
        }
    };
    if text.is_ok() && said.hosts.is_empty() {
        let routes = place.routes();
        findings.push(format!("{}: has no [route //HOST/...]", routes.display()));
    }
    if said.shows_secrets {
        let routes = place.routes();
        findings.push(format!(
            "{}: has cgi = and no hidepath = /api/v1/in/: secrets of incoming addresses get into the daemon's log",
            routes.display()
        ));
    }
    let user = said
        .user
        .as_deref()
        .map(|name| (name, User::from_name(name)));
    let user = match user {
        None => {
            let text = "no user of its own (user=): other sites' programs may read its files";
            findings.push(text.to_owned());
            None
        }
        Some((_, Ok(Some(user)))) => Some(user),
        Some((name, _)) => {
            findings.push(format!("there is no user {name}"));
            None
        }
    };
    if let Some(user) = &user {
        findings.extend(owner_of(&place.base(), user));
        findings.extend(readable(&place.ini(), user));
    }
    findings.extend(
        [place.base(), place.settings_dir()]
            .iter()
            .filter_map(|dir| open_to_all(dir)),
    );
    let settings = Settings::load(Some(&place.ini()), None)
        .map_err(|error| Failure::Config(error.to_string()))?;
    if settings.base_dir != place.base() {
        let ini = place.ini();
        findings.push(format!(
            "{}: BASE_DIR is {}, not {}",
            ini.display(),
            settings.base_dir.display(),
            place.base().display()
        ));
    }
    owner::become_owner_of(&settings.base_dir)?;
    let of_rooms = rooms_check::check(&settings.dirs(), &settings, Path::new(LOGROTATE));
    match (of_rooms, findings.is_empty()) {
        (Ok(report), true) => Ok(report),
        (Err(Failure::Refused(more)), _) => {
            findings.push(more);
            Err(Failure::Refused(findings.join("\nchatctl: ")))
        }
        (Ok(_), false) => Err(Failure::Refused(findings.join("\nchatctl: "))),
        (Err(failure), _) => Err(failure),
    }
}

fn owner_of(dir: &Path, user: &User) -> Option<String> {
    let shown = dir.display();
    match std::fs::metadata(dir) {
        Err(error) => Some(format!("{shown}: {error}")),
        Ok(metadata) if metadata.uid() != user.uid.as_raw() => Some(format!(
            "{shown}: belongs to uid {}; chown -R {}: {shown}",
            metadata.uid(),
            user.name
        )),
        Ok(_) => None,
    }
}

fn readable(file: &Path, user: &User) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let is_readable = metadata.uid() == user.uid.as_raw() && metadata.mode() & 0o400 != 0
        || metadata.gid() == user.gid.as_raw() && metadata.mode() & 0o040 != 0
        || metadata.mode() & 0o004 != 0;
    let shown = file.display();
    (!is_readable).then(|| {
        format!(
            "{shown}: {} can't read it; chgrp {} {shown}; chmod 640 {shown}",
            user.name, user.name
        )
    })
}

fn open_to_all(dir: &Path) -> Option<String> {
    let mode = std::fs::metadata(dir).ok()?.mode();
    let shown = dir.display();
    (mode & 0o007 != 0)
        .then(|| format!("{shown}: is open to every user of the machine; chmod 750 {shown}"))
}
