//! Who owns a room and who moderates it: accounts, kept with the room in `state/ROOM.roles`, those of all rooms in
//! `state/_all.roles`. A line each: `ROLE<TAB>ACCOUNT<TAB>ATTRS`; who stands in none is a member.

use std::io;

use super::{CHANGE_TRIES, Extent, LOCK_TIMEOUT, ModerationError, Person, open_lock};
use crate::cluster::order;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::{Attrs, attrs, clean, show};

/// Owners and moderators of one room.
pub const MAX_ROLES: usize = 200;
/// The largest list that is read, in bytes: accounts have 128 characters.
const MAX_BYTES: u64 = 512 * 1024;
/// How the files are called.
const ROLES: &str = "roles";
const BY: &str = "by";

/// What somebody is in a room. A greater one may all that a lesser one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May be there and speak.
    Member,
    /// May kick, ban, mute and take back.
    Moderator,
    /// May also say who moderates.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Owner];

    /// The word on disk and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// The role of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What they are.
    pub role: Role,
    /// Who they log in as.
    pub account: String,
    /// Who made them that.
    pub by: String,
}

impl Holder {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.splitn(3, |&byte| byte == b'\t');
        let role = Role::parse(std::str::from_utf8(fields.next()?).ok()?)?;
        let account = show(fields.next()?).into_owned();
        let pairs = show(fields.next()?);
        let by = Attrs::new(&pairs).find(|(key, _)| *key == BY);
        Some(Self {
            role,
            account,
            by: by.map(|(_, by)| by.into_owned()).unwrap_or_default(),
        })
    }

    fn write_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.role.as_str().as_bytes());
        text.push(b'\t');
        text.extend_from_slice(clean(&self.account).as_bytes());
        text.push(b'\t');
        attrs::write_to(&[(BY, Some(self.by.as_str()))], text);
        text.push(b'\n');
    }
}

/// The owners and moderators of a room, or of all, in the order in which they became it.
///
/// # Errors
/// Those of reading the file; a missing one is an empty list.
pub fn list<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>) -> io::Result<Vec<Holder>> {
    let text = file::read_whole(&at.into().path(dirs, ROLES), MAX_BYTES)?;
    Ok(holders_in(&text))
}

fn holders_in(text: &[u8]) -> Vec<Holder> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter_map(Holder::parse).take(MAX_ROLES).collect()
}

/// What an account is in a room: the greater of what it is there and everywhere. Guests are members.
///
/// # Errors
/// Those of reading the lists.
pub fn of<'a>(dirs: &Dirs, at: impl Into<Extent<'a>>, account: Option<&str>) -> io::Result<Role> {
    let Some(account) = account else {
        return Ok(Role::Member);
    };
    let at = at.into();
    let holders = [list(dirs, at)?, list(dirs, Extent::Everywhere)?].concat();
    let roles = holders.iter().filter(|holder| holder.account == account);
    Ok(roles
        .map(|holder| holder.role)
        .max()
        .unwrap_or(Role::Member))
}

/// As [`of`]; who moderates the site is an owner.
pub(super) fn of_person(dirs: &Dirs, at: Extent<'_>, person: &Person<'_>) -> io::Result<Role> {
    if person.moderates_all {
        return Ok(Role::Owner);
    }
    of(dirs, at, person.account)
}

/// Makes an account this in a room. False: it was before.
///
/// # Errors
/// Nothing is changed then.
pub fn set<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    account: &str,
    role: Role,
    by: &str,
) -> Result<bool, ModerationError> {
    let account = clean(account).into_owned();
    let mut is_new = false;
    change(dirs, at.into(), |holders| {
        let is_it = |holder: &Holder| holder.account == account;
        let before = holders.iter().find(|holder| is_it(holder));
        is_new = before.map_or(Role::Member, |holder| holder.role) != role;
        if is_new {
            holders.retain(|holder| !is_it(holder));
            if role > Role::Member {
                let (account, by) = (account.clone(), by.to_owned());
                holders.push(Holder { role, account, by });
            }
        }
        is_new
    })?;
    Ok(is_new)
}

/// Forgets a person: they have no role, and those they gave are by nobody.
///
/// # Errors
/// Nothing is changed then.
pub fn forget<'a>(
    dirs: &Dirs,
    at: impl Into<Extent<'a>>,
    is_them: &dyn Fn(&str) -> bool,
) -> Result<(), ModerationError> {
    change(dirs, at.into(), |holders| {
        holders.retain(|holder| !is_them(&holder.account));
        for holder in holders.iter_mut().filter(|holder| is_them(&holder.by)) {
            holder.by.clear();
        }
        true
    })
}

/// The rooms that have a list, by name.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn rooms(dirs: &Dirs) -> io::Result<Vec<RoomName>> {
    super::rooms_with(dirs, ROLES)
}

/// `edit` says whether it changed anything.
fn change(
    dirs: &Dirs,
    at: Extent<'_>,
    mut edit: impl FnMut(&mut Vec<Holder>) -> bool,
) -> Result<(), ModerationError> {
    let path = at.path(dirs, ROLES);
    let lock_file = open_lock(&path)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(ModerationError::Busy);
    };
    for _ in 0..CHANGE_TRIES {
        let before = file::read_whole(&path, MAX_BYTES)?;
        let mut holders = holders_in(&before);
        if !edit(&mut holders) {
            return Ok(());
        }
        if holders.len() > MAX_ROLES {
            return Err(ModerationError::TooManyRoles);
        }
        let mut text = Vec::new();
        for holder in &holders {
            holder.write_to(&mut text);
        }
        if order::replace(dirs, &path, &before, &text)? {
            return Ok(());
        }
    }
    Err(ModerationError::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_kept_with_the_room_and_holds_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let [tea, lobby] = ["tea", "lobby"].map(|name| RoomName::parse(name).unwrap());
        assert!(set(&dirs, &tea, "anna", Role::Owner, "anna").unwrap());
        assert!(!set(&dirs, &tea, "anna", Role::Owner, "bob").unwrap());
        let hostile = "b\nowner\tmallory\t";
        set(&dirs, &tea, hostile, Role::Moderator, "x\n;by=y").unwrap();
        assert_eq!(of(&dirs, &tea, Some("anna")).unwrap(), Role::Owner);
        assert_eq!(of(&dirs, &lobby, Some("anna")).unwrap(), Role::Member);
        for nobody in [None, Some("mallory"), Some("Anna")] {
            assert_eq!(of(&dirs, &tea, nobody).unwrap(), Role::Member, "{nobody:?}");
        }
        set(&dirs, Extent::Everywhere, "root", Role::Moderator, "server").unwrap();
        assert_eq!(of(&dirs, &lobby, Some("root")).unwrap(), Role::Moderator);
        assert!(set(&dirs, &tea, "anna", Role::Member, "server").unwrap());
        assert_eq!(list(&dirs, &tea).unwrap().len(), 1);
    }

    #[test]
    fn a_list_has_a_bound() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let lines: Vec<_> = (0..MAX_ROLES).map(|n| format!("owner\ta{n}\t\n")).collect();
        std::fs::write(dirs.state.join("_all.roles"), lines.concat()).unwrap();
        let full = set(&dirs, Extent::Everywhere, "one", Role::Owner, "");
        assert!(
            matches!(full, Err(ModerationError::TooManyRoles)),
            "{full:?}"
        );
    }
}
