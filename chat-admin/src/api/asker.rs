//! Whoever asks, as far as lists of bans know them.

use chat_handler::identity::counted::Counted;
use chat_handler::identity::token;
use chat_handler::identity::{self, ANONYMOUS};
use chat_handler::settings::{Access, Permission, Settings};
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::{self, Extent, Person, Right};
use chat_store::name::{Nick, RoomName};

use super::Request;

/// Who asks. Made once for a request: it reads the session.
pub(super) struct Asker<'r> {
    nick: Option<Nick>,
    account: Option<String>,
    moderates_all: bool,
    address: Option<&'r str>,
    counted: Counted,
    who: identity::Person,
    access: Access,
}

impl<'r> Asker<'r> {
    pub(super) fn of(
        request: &'r Request,
        settings: &Settings,
        explain: &mut dyn FnMut(&str),
    ) -> Self {
        let who = token::recognized(settings, &request.visitor, &mut |line| {
            explain(line);
        });
        let nick = who.name.as_deref().and_then(|name| Nick::parse(name).ok());
        let address = request.visitor.address.as_str();
        Self {
            counted: Counted::of(&who, address),
            nick: nick.or_else(|| Nick::parse(ANONYMOUS).ok()),
            account: who.account.clone(),
            moderates_all: who.moderator,
            address: Some(address).filter(|address| !address.is_empty()),
            access: settings.identity.access.clone(),
            who,
        }
    }

    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Whom limits count.
    pub(super) fn counted(&self) -> &str {
        &self.counted.name
    }

    /// Whether `[access]` lets them into a room.
    pub(super) fn is_for_them(&self, room: &RoomName) -> bool {
        let pass = self.who.pass.as_ref();
        if let Some(lets) = pass.and_then(|pass| pass.lets(Permission::Enter, Some(room))) {
            return lets;
        }
        let asker = self.who.asker(self.address.unwrap_or_default());
        let answer = self.access.may(Permission::Enter, Some(room), &asker);
        answer.allowed
    }

    /// Whether they have this right there; else why not. Lists that cannot be read forbid nothing.
    pub(super) fn may(
        &self,
        dirs: &Dirs,
        at: Extent<'_>,
        right: Right,
        explain: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        if let Extent::Room(room) = at
            && !self.is_for_them(room)
        {
            return Err("only others may come into this room".to_owned());
        }
        let Some(nick) = &self.nick else {
            return Ok(());
        };
        let person = Person {
            nick,
            account: self.account(),
            number: None,
            moderates_all: self.moderates_all,
            address: self.address,
        };
        match moderation::may(dirs, at, &person, right) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(denied)) => Err(format!(
                "you are banned from this room: {}",
                denied.reason()
            )),
            Err(error) => {
                explain(&format!("the bans cannot be read: {error}"));
                Ok(())
            }
        }
    }
}

/// [`Asker::may`], asked once.
pub(super) fn allowed(
    request: &Request,
    settings: &Settings,
    dirs: &Dirs,
    at: Extent<'_>,
    right: Right,
    explain: &mut dyn FnMut(&str),
) -> Result<(), String> {
    Asker::of(request, settings, explain).may(dirs, at, right, explain)
}
