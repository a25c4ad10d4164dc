//! Whom a name means, of all the people of the site: for what is to reach them although they are not in the room.

use std::io;

use super::accounts;
use super::person::PersonId;
use super::presence;
use crate::fs::dirs::Dirs;
use crate::name::{Nick, RoomName};

/// Somebody who can be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Who they log in as, if they do.
    pub account: Option<String>,
}

/// The account of this name, whether its owner is here or not; else the only person in a room that everybody may see who
/// is called so. `None`: nobody, or more than one.
///
/// # Errors
/// Those of reading files.
pub fn find(dirs: &Dirs, name: &Nick) -> io::Result<Option<Known>> {
    if let Some(account) = accounts::owner(dirs, name)? {
        let person = PersonId::of(Some(&account), None);
        return Ok(person.map(|person| Known {
            person,
            name: account.clone(),
            account: Some(account),
        }));
    }
    let mut found: Option<Known> = None;
    for entry in std::fs::read_dir(&dirs.site_users)? {
        let file = entry?.file_name();
        // Neither a room's name nor a nick holds the character between them.
        let Some((stem, nick)) = file.to_str().and_then(|file| file.rsplit_once('_')) else {
            continue;
        };
        let (Some(room), true) = (RoomName::from_file_stem(stem), nick == name.as_str()) else {
            continue;
        };
        let about = presence::about(dirs, &room, name)?;
        let Some(person) = about.person else { continue };
        match &found {
            Some(other) if other.person != person => return Ok(None),
            _ => {
                found = Some(Known {
                    person,
                    name: name.to_string(),
                    account: about.account,
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_its_account_and_else_whoever_alone_has_it() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        dirs.create().expect("directories");
        let nick = |name| Nick::parse(name).expect("a nick");
        let guest = |client| PersonId::of(None, Some(client)).expect("a number");
        accounts::keep(&dirs, &nick("anna"), "anna").expect("kept");
        let anna = find(&dirs, &nick("Anna")).expect("read").expect("anna");
        assert_eq!(anna.account.as_deref(), Some("anna"));
        assert_eq!(Some(anna.person), PersonId::of(Some("anna"), None));
        assert_eq!(find(&dirs, &nick("bob")).expect("read"), None);
        let write = |room: &str, client| {
            let line = format!("Gray\nperson={}\n", guest(client).as_str());
            std::fs::write(dirs.users.join(format!("{room}_bob")), line).expect("written");
        };
        write("lobby", "one");
        write("den", "one");
        let bob = find(&dirs, &nick("bob")).expect("read").expect("bob");
        assert_eq!((bob.person, bob.account), (guest("one"), None));
        write("kitchen", "two");
        assert_eq!(
            find(&dirs, &nick("bob")).expect("read"),
            None,
            "which of them?"
        );
    }
}
