//! Making a site. Its routes come last: until then the daemon knows nothing of it.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Gid, Uid, User, chown};
use serde_json::json;

use super::{AddArguments, Place, all, routes};
use crate::ctl::Failure;
use crate::ctl::report::Report;
use chat_handler::settings::Settings;

/// The settings as they are shipped, with every key and its default.
const SHIPPED: &str = include_str!("../../../../conf/chat.ini");

/// Makes the user that Debian's adduser would make for a service.
const USERADD: &str = "/usr/sbin/useradd";

pub(super) fn add(arguments: &AddArguments, root: &Path) -> Result<Report, Failure> {
    refuse(arguments, root)?;
    let place = Place::new(&arguments.name, root);
    let prefix = prefix(arguments)?;
    let wanted = arguments.user.clone();
    let wanted = wanted.unwrap_or_else(|| format!("chat-{}", arguments.name));
    let (owner, is_new) = owner(&wanted, root)?;
    let made = make(arguments, &place, &owner, &prefix);
    if made.is_err() {
        // All of it was made just now, and nobody knows of it.
        for dir in [place.settings_dir(), place.base()] {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
    made?;
    let next = if is_new || arguments.user.is_none() {
        "its user is new to a daemon that runs: systemctl restart websocketd-rs (with websocketd-rs.socket clients wait and none is refused)"
    } else {
        "systemctl reload websocketd-rs; if no other site has its user, restart"
    };
    let text = format!(
        "{}: made for {}, as {}; what is there: {}, {}, {}\nnow: {next}",
        arguments.name,
        arguments.hosts.join(", "),
        owner.name,
        place.ini().display(),
        place.base().display(),
        place.routes().display()
    );
    let value = json!({ "done": true, "site": arguments.name.to_string(), "hosts": arguments.hosts, "user": owner.name,
        "config": place.ini(), "base_dir": place.base(), "routes": place.routes(), "user_is_new": is_new });
    Ok(Report::new(text, value))
}

/// What can be seen before anything is made: the site is there, a host is another's, the programs are not there.
pub(super) fn refuse(arguments: &AddArguments, root: &Path) -> Result<(), Failure> {
    let place = Place::new(&arguments.name, root);
    for there in [place.settings_dir(), place.base(), place.routes()] {
        if there.symlink_metadata().is_ok() {
            let there = there.display();
            return Err(Failure::Refused(format!("{there}: is there already")));
        }
    }
    prefix(arguments)?;
    refuse_taken_hosts(arguments, root)
}

/// Two sites with one host: the daemon would refuse all of them.
fn refuse_taken_hosts(arguments: &AddArguments, root: &Path) -> Result<(), Failure> {
    for other in all(root)? {
        let text = std::fs::read_to_string(Place::new(&other, root).routes()).unwrap_or_default();
        let hosts = routes::read(&text).hosts;
        let is_taken = |host: &&String| hosts.iter().any(|taken| taken.eq_ignore_ascii_case(host));
        if let Some(host) = arguments.hosts.iter().find(is_taken) {
            return Err(Failure::Refused(format!("{host}: is the site {other}'s")));
        }
    }
    Ok(())
}

/// Where the programs are: `PREFIX/bin/chatctl` is this one.
fn prefix(arguments: &AddArguments) -> Result<PathBuf, Failure> {
    let own = || {
        let program = std::env::current_exe().ok()?;
        Some(program.parent()?.parent()?.to_owned())
    };
    let prefix = arguments.prefix.clone().or_else(own);
    let prefix = prefix.ok_or_else(|| {
        Failure::Refused("where chatctl is can't be told; name --prefix".to_owned())
    })?;
    let handler = prefix.join("bin/chat-handler");
    if !handler.is_file() {
        return Err(Failure::Refused(format!(
            "{}: is not there; --prefix says where the programs are",
            handler.display()
        )));
    }
    Ok(prefix)
}

/// The user, made if it is not there, and whether it was made.
fn owner(name: &str, root: &Path) -> Result<(User, bool), Failure> {
    let look_up =
        || User::from_name(name).map_err(|error| Failure::Refused(format!("{name}: {error}")));
    if let Some(user) = look_up()? {
        if user.uid.is_root() {
            return Err(Failure::Refused("root is no user for a site".to_owned()));
        }
        return Ok((user, false));
    }
    if !Uid::effective().is_root() || root != Path::new("/") {
        return Err(Failure::Refused(format!(
            "there is no user {name}, and only root can make one; --user names another"
        )));
    }
    let group = if nix::unistd::Group::from_name(name).is_ok_and(|group| group.is_some()) {
        ["--gid", name]
    } else {
        ["--user-group", "--system"]
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the administrator's own program, asked to"
    )]
    let done = Command::new(USERADD)
        .args([
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
        ])
        .args(group)
        .arg(name)
        .output()
        .map_err(|error| Failure::Refused(format!("{USERADD}: {error}")))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(Failure::Refused(format!(
            "{USERADD} {name}: {}",
            said.trim()
        )));
    }
    let made = look_up()?;
    let made = made.ok_or_else(|| Failure::Refused(format!("{USERADD} made no user {name}")))?;
    Ok((made, true))
}

fn make(
    arguments: &AddArguments,
    place: &Place,
    owner: &User,
    prefix: &Path,
) -> Result<(), Failure> {
    let (settings_dir, base, routes_file) = (place.settings_dir(), place.base(), place.routes());
    for (dir, mode) in [(&settings_dir, 0o750), (&base, 0o750)] {
        let parent = dir.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent).map_err(|error| of(parent, &error))?;
        std::fs::create_dir(dir).map_err(|error| of(dir, &error))?;
        std::fs::set_permissions(dir, Permissions::from_mode(mode))
            .map_err(|error| of(dir, &error))?;
    }
    let ini = settings_of(arguments, &base);
    write_new(&place.ini(), 0o640, &ini)?;
    give(&settings_dir, None, owner.gid)?;
    give(&place.ini(), None, owner.gid)?;
    give(&base, Some(owner.uid), owner.gid)?;
    Settings::load(Some(&place.ini()), None).map_err(|error| Failure::Config(error.to_string()))?;
    let dir = routes_file.parent().unwrap_or(&routes_file);
    std::fs::create_dir_all(dir).map_err(|error| of(dir, &error))?;
    let text = routes::text(arguments, &owner.name, &place.ini(), prefix);
    write_new(&routes_file, 0o644, &text)
}

/// The shipped settings, with those that this site has of its own.
fn settings_of(arguments: &AddArguments, base: &Path) -> String {
    let mut own = vec![("BASE_DIR".to_owned(), base.display().to_string())];
    own.extend(arguments.settings.iter().cloned());
    let mut ini = String::new();
    for line in SHIPPED.lines() {
        let uncommented = line.strip_prefix("; ").unwrap_or(line);
        let of_line = own.iter().find(|(key, _)| {
            uncommented
                .strip_prefix(key.as_str())
                .is_some_and(|rest| rest.starts_with('='))
        });
        match of_line {
            Some((key, value)) => ini.extend([key, "=", value]),
            None => ini.push_str(line),
        }
        ini.push('\n');
    }
    ini
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    let mut file = file.map_err(|error| of(path, &error))?;
    // Whatever the umask is.
    file.set_permissions(Permissions::from_mode(mode))
        .map_err(|error| of(path, &error))?;
    file.write_all(text.as_bytes())
        .map_err(|error| of(path, &error))
}

/// Only root can; anybody else makes a site for themselves.
fn give(path: &Path, user: Option<Uid>, group: Gid) -> Result<(), Failure> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    chown(path, user, Some(group)).map_err(|error| of(path, &error.into()))
}

fn of(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("{}: {error}", path.display()))
}
