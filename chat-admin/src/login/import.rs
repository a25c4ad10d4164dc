//! What other servers write about their accounts. Pure.

use super::{Foreign, Password, Verifier};
use chat_store::accounts::Group;
use chat_store::name::Nick;

/// The most accounts of one file.
const MAX_FOUND: usize = 100_000;

/// What somebody logs in by.
#[derive(Debug)]
pub enum Secret {
    /// The password itself.
    Password(Password),
    /// As we keep it.
    Scram(Verifier),
    /// As another does.
    Foreign(Foreign),
}

/// An account of another server's.
#[derive(Debug)]
pub struct Found {
    /// As the file has it.
    pub name: String,
    /// What it is part of.
    pub groups: Vec<Group>,
    /// Or why it cannot be brought in.
    pub secret: Result<Secret, String>,
}

impl Found {
    /// Its name here.
    ///
    /// # Errors
    /// It cannot be one, or would be another: its owner could not log in by what they know.
    pub fn nick(&self) -> Result<Nick, String> {
        let nick = Nick::parse(&self.name).map_err(|error| error.to_string())?;
        if nick.as_str() != self.name || nick.clone().of_person() != nick {
            return Err(format!(
                "a name cannot hold what this one does; {nick} is possible"
            ));
        }
        Ok(nick)
    }
}

fn chosen(name: &str, password: &str) -> Result<Secret, String> {
    let nick = Nick::parse(name).map_err(|error| error.to_string())?;
    let password = Password::chosen(password, &nick).map_err(|error| error.to_string())?;
    Ok(Secret::Password(password))
}

/// `NAME:HASH` a line.
///
/// # Errors
/// It is no such file.
pub fn htpasswd(text: &str) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..).take(MAX_FOUND) {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, hash) = line
            .split_once(':')
            .ok_or_else(|| format!("line {number} is no NAME:HASH"))?;
        let hash = hash.split(':').next().unwrap_or_default();
        found.push(Found {
            name: name.to_owned(),
            groups: Vec::new(),
            secret: Foreign::of_htpasswd(hash)
                .map(Secret::Foreign)
                .map_err(|error| error.to_string()),
        });
    }
    Ok(found)
}

/// A head with `name` and `password`, maybe `groups` parted by blanks; parted by commas or semicolons.
///
/// # Errors
/// It is no such file.
pub fn csv(text: &str) -> Result<Vec<Found>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(::csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |names: &[&str]| {
        let is_it = |cell: &str| names.contains(&cell.to_lowercase().as_str());
        head.iter().position(is_it)
    };
    let name = column(&["name", "username", "user", "login"]);
    let (Some(name), Some(password)) = (name, column(&["password", "pass"])) else {
        return Err("its first line does not name the columns name and password".to_owned());
    };
    let groups = column(&["groups", "group"]);
    let mut found = Vec::new();
    for row in reader.records().take(MAX_FOUND) {
        let row = row.map_err(|error| error.to_string())?;
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let name = cell(name).trim().to_owned();
        let words = groups.map_or("", cell).split_whitespace();
        let groups: Option<Vec<_>> = words.map(Group::parse).collect();
        let secret = match &groups {
            Some(_) => chosen(&name, cell(password)),
            None => Err("a group has 1 to 32 of a-z, 0-9, - and .".to_owned()),
        };
        found.push(Found {
            name,
            groups: groups.unwrap_or_default(),
            secret,
        });
    }
    Ok(found)
}

/// XEP-0227, as `ejabberdctl export_piefxis` writes it: passwords, ejabberd's own `scram:` in their place, or
/// `<scram-credentials>`.
///
/// # Errors
/// It is no such file.
pub fn xep_0227(text: &str) -> Result<Vec<Found>, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let users = document
        .descendants()
        .filter(|node| node.has_tag_name_any("user"));
    let found: Vec<_> = users
        .take(MAX_FOUND)
        .filter_map(|user| {
            let name = user.attribute("name")?.to_owned();
            let mut secret = credentials(user);
            if let Some(password) = user.attribute("password").filter(|text| !text.is_empty())
                && !matches!(secret, Some(Ok(_)))
            {
                secret = Some(match password.strip_prefix("scram:") {
                    Some(parts) => scram(parts),
                    None => chosen(&name, password),
                });
            }
            let none = || Err("the file has no password of it".to_owned());
            Some(Found {
                name,
                groups: Vec::new(),
                secret: secret.unwrap_or_else(none),
            })
        })
        .collect();
    if found.is_empty() {
        return Err("there is no <user name='...'> in it: is it an export of XEP-0227?".to_owned());
    }
    Ok(found)
}

/// The elements of an account that say how it logs in; SHA-256 before SHA-1.
fn credentials(user: roxmltree::Node<'_, '_>) -> Option<Result<Secret, String>> {
    let of = |mechanism: &str| {
        let node = user.children().find(|node| {
            node.has_tag_name_any("scram-credentials")
                && node.attribute("mechanism") == Some(mechanism)
        })?;
        let part = |name: &str| {
            let child = node.children().find(|child| child.has_tag_name_any(name));
            child
                .and_then(|child| child.text())
                .unwrap_or_default()
                .trim()
        };
        Some([
            part("iter-count"),
            part("salt"),
            part("stored-key"),
            part("server-key"),
        ])
    };
    if let Some([iterations, salt, stored, server]) = of("SCRAM-SHA-256") {
        return Some(sha256(iterations, salt, stored, server));
    }
    let [iterations, salt, stored, _] = of("SCRAM-SHA-1")?;
    Some(sha1(iterations, salt, stored))
}

/// `STORED,SERVER,SALT,ITERATIONS`, since version 20 with the hash's name before it.
fn scram(parts: &str) -> Result<Secret, String> {
    let parts: Vec<_> = parts.split(',').collect();
    match parts[..] {
        [stored, _, salt, iterations] | ["sha", stored, _, salt, iterations] => {
            sha1(iterations, salt, stored)
        }
        ["sha256", stored, server, salt, iterations] => sha256(iterations, salt, stored, server),
        _ => Err("its SCRAM is none of SHA-1 or SHA-256: give its owner a link by `chatctl passwd --link`".to_owned()),
    }
}

fn sha256(iterations: &str, salt: &str, stored: &str, server: &str) -> Result<Secret, String> {
    let verifier = Verifier::of_parts(iterations, salt, stored, server);
    let wrong = "its SCRAM-SHA-256 is broken, or costs more than ours";
    verifier.map(Secret::Scram).ok_or_else(|| wrong.to_owned())
}

fn sha1(iterations: &str, salt: &str, stored: &str) -> Result<Secret, String> {
    Foreign::of_sha1(iterations, salt, stored)
        .map(Secret::Foreign)
        .map_err(|error| error.to_string())
}

trait AnyNamespace {
    fn has_tag_name_any(&self, name: &str) -> bool;
}

impl AnyNamespace for roxmltree::Node<'_, '_> {
    /// Versions of the format differ in their namespaces.
    fn has_tag_name_any(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
