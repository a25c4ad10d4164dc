//! A site's file of routes: written by `add`, and as far as that goes read again. Pure.

use std::fmt::Write as _;
use std::path::Path;

use super::AddArguments;

/// What stands in a file of routes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Of its `[route //HOST/...]`, each once.
    pub(super) hosts: Vec<String>,
    /// `user = `, if all that are there are the same.
    pub(super) user: Option<String>,
    /// Programs are served of whose paths none is hidden, as files did that were made before `hidepath` was there.
    pub(super) shows_secrets: bool,
}

/// Whether a word can be a host in a section's name; the daemon looks closer.
pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let is_sound = |c: char| c.is_alphanumeric() || "-_.[]:".contains(c);
    let name = text.strip_prefix("*.").unwrap_or(text);
    if !name.is_empty()
        && name.chars().all(is_sound)
        && (!name.contains(':') || name.starts_with('['))
    {
        Ok(text.to_owned())
    } else {
        Err("a host is a name like chat.example.org, or *.example.org, without a port")
    }
}

/// The file of a new site, whose settings are `ini` and whose programs are below `prefix`.
pub(super) fn text(arguments: &AddArguments, user: &str, ini: &Path, prefix: &Path) -> String {
    let name = &arguments.name;
    let (ini, prefix) = (ini.display(), prefix.display());
    let (people, per_address) = (arguments.people, arguments.per_address);
    let certificate = match (&arguments.cert, &arguments.key) {
        (Some(cert), Some(key)) => {
            format!("sslcert = {}\nsslkey = {}\n", cert.display(), key.display())
        }
        _ => "# sslcert = FILE\n# sslkey = FILE\n".to_owned(),
    };
    let mut text = format!(
        "# The routes of the site {name}, made by chatctl site add. See docs/sites.md; after a change: systemctl reload websocketd-rs\n"
    );
    for host in &arguments.hosts {
        let heartbeat = if arguments.has_heartbeat {
            format!(
                "\n# ILIAS asks whether the chat is there: backend/Heartbeat/NAME.\n[route //{host}/backend/]\n\
                 cgi = {prefix}/lib/websocketd-rs/cgi\nhidepath = /backend/api/v1/in/\n"
            )
        } else {
            String::new()
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n[host {host}]\n{certificate}user = {user}\nenv = CHAT_CONFIG={ini}\n\
             # Only the site's own pages may open rooms, so that no other site can speak in a visitor's name.\n\
             sameorigin = true\n\
             header-http = X-Frame-Options: DENY\n\
             header-http = Content-Security-Policy: frame-ancestors 'none'\n\
             header-http = X-Content-Type-Options: nosniff\n\
             header-http = Referrer-Policy: same-origin\n\
             pingms = 30000\n\
             # So that it can't starve the others.\n\
             maxforks = {people}\nmaxconnsperip = {per_address}\n\n\
             [route //{host}/]\n\
             command = {prefix}/bin/chat-handler --config={ini}\n\
             static = {prefix}/share/websocketd-rs/htdocs\n\
             cgi = {prefix}/lib/websocketd-rs/cgi\n\
             # What follows is the secret of an incoming webhook's address: it is in no log.\n\
             hidepath = /api/v1/in/\n{heartbeat}"
        );
    }
    text
}

/// What a file of routes says.
pub(super) fn read(text: &str) -> Said {
    let mut said = Said::default();
    let mut users: Vec<&str> = Vec::new();
    let (mut has_programs, mut hides) = (false, false);
    for line in text.lines().map(str::trim) {
        let place = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(place) = place {
            let mut words = place.split_whitespace();
            let route = (words.next() == Some("route"))
                .then(|| words.next())
                .flatten();
            let host = route.and_then(|route| route.strip_prefix("//")?.split('/').next());
            if let Some(host) = host.filter(|host| !said.hosts.iter().any(|known| known == host)) {
                said.hosts.push(host.to_owned());
            }
        } else if let Some((key, value)) = line.split_once('=') {
            match key.trim() {
                "user" => users.push(value.trim()),
                "cgi" => has_programs = true,
                "hidepath" => hides = true,
                _ => {}
            }
        }
    }
    said.shows_secrets = has_programs && !hides;
    users.dedup();
    if let [user] = users[..] {
        said.user = Some(user.to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let arguments = AddArguments {
            hosts: vec!["a.example".to_owned(), "*.a.example".to_owned()],
            people: 7,
            per_address: 3,
            cert: Some("/c".into()),
            key: Some("/k".into()),
            ..AddArguments::usual("a".parse().unwrap())
        };
        let text = text(
            &arguments,
            "chat-a",
            Path::new("/e/chat.ini"),
            Path::new("/usr"),
        );
        let expected = Said {
            hosts: arguments.hosts.clone(),
            user: Some("chat-a".to_owned()),
            shows_secrets: false,
        };
        assert_eq!(read(&text), expected);
        assert!(read(&text.replace("hidepath", "# hidepath")).shows_secrets);
        assert!(text.contains("sslcert = /c\nsslkey = /k\n") && text.contains("maxforks = 7\n"));
        assert_eq!(
            read("[route /x]\nuser=a\n[tcp b]\nuser=b\n"),
            Said::default()
        );
    }

    #[test]
    fn a_host_can_not_end_its_section() {
        for bad in ["", "a]", "a b", "a/b", "a\nb", "a:80", "*", "*."] {
            assert!(host(bad).is_err() || bad == "a]", "{bad}");
        }
        for good in [
            "a.example",
            "*.a.example",
            "bücher.example",
            "[::1]",
            "127.0.0.1",
        ] {
            assert!(host(good).is_ok(), "{good}");
        }
    }
}
