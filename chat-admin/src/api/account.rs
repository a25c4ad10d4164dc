//! `account`: logging in and out by an account of the chat's own, making one, choosing a password. Each log-in gets a
//! session of PHP's form under a fresh id. No answer tells whether a name that somebody types is known, but to who makes
//! an account of it.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::{Request, Response, session};
use crate::login::{
    self, LoginError, Password, PasswordError, Verifier, Work, has_administrator, is_administrator,
};
use chat_handler::identity::counted::Counted;
use chat_handler::identity::php_session::{CHOSEN_COLOR, GENERATION, write};
use chat_handler::identity::{self, Person};
use chat_handler::quota::{Pace, Quota};
use chat_handler::settings::{Permission, Register, Settings};
use chat_store::accounts::{self, Account, AccountError, AccountKind, Group, Tickets, reach};
use chat_store::name::Nick;
use chat_store::people::accounts as names;
use chat_store::record::RecordId;

/// Accounts that somebody makes: each stays.
const ACCOUNTS: Quota = Quota {
    what: "accounts",
    each: Pace {
        every: Duration::from_secs(600),
        burst: 10,
    },
    unknown: Pace {
        every: Duration::from_secs(20),
        burst: 100,
    },
};

/// What a form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    name: String,
    password: String,
    /// The one that holds, of who chooses another.
    old: String,
    /// The word of a link, an invitation or the first code.
    word: String,
    everywhere: bool,
}

enum Refused {
    Asked(u16, &'static str, String),
    TooMany(Duration),
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<PasswordError> for Refused {
    fn from(error: PasswordError) -> Self {
        Self::Asked(400, error.code(), error.to_string())
    }
}

impl From<LoginError> for Refused {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => refused("wrong_login", "the name or the password is wrong"),
            LoginError::TooMany(after) => Self::TooMany(after),
            LoginError::Busy => Self::Asked(
                503,
                "busy",
                "many people are logging in just now, try again".to_owned(),
            ),
            LoginError::Io(error) => Self::Failed(error),
        }
    }
}

impl From<AccountError> for Refused {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Io(error) => Self::Failed(error),
            AccountError::Taken(_) => taken(),
            error => Self::Asked(503, "busy", error.to_string()),
        }
    }
}

fn refused(code: &'static str, text: &str) -> Refused {
    Refused::Asked(403, code, text.to_owned())
}

fn taken() -> Refused {
    let text = "this name, or one that looks like it, is somebody's already";
    Refused::Asked(409, "name_taken", text.to_owned())
}

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    if settings.identity.accounts.is_none() {
        let text = "there are no accounts here";
        return Response::error(404, "no_accounts", text);
    }
    let before = identity::recognize(&settings.identity, &request.visitor, &mut |line| {
        explain(line);
    });
    let done = serde_json::from_slice(&request.body)
        .map_err(|_| Refused::Asked(400, "bad_json", "send a JSON object".to_owned()))
        .and_then(|form: Form| {
            let act = Act {
                request,
                settings,
                before: &before,
                form: &form,
            };
            match request.path.as_str() {
                "account/login" => act.log_in(),
                "account/logout" => act.log_out(),
                "account/register" => act.register(),
                "account/password" => act.change_password(),
                "account/link" => act.use_link(),
                _ => act.make_first(),
            }
        });
    match done {
        Ok(response) => response,
        Err(Refused::Asked(status, code, text)) => {
            // For fail2ban and the like; no name, which may be a password in the wrong field.
            if code == "wrong_login" {
                explain(&format!("a log-in failed from {}", request.visitor.address));
            }
            Response::error(status, code, &text)
        }
        Err(Refused::TooMany(after)) => {
            explain(&format!(
                "a log-in was refused, too many tries from {}",
                request.visitor.address
            ));
            let seconds = after.as_secs().max(1).to_string();
            let text = "there were too many tries, wait a moment";
            Response::error(429, "too_many_tries", text).header("Retry-After", &seconds)
        }
        Err(Refused::Failed(error)) => {
            explain(&format!("an account could not be read or written: {error}"));
            Response::error(500, "not_saved", "that could not be saved, try again later")
        }
    }
}

struct Act<'a> {
    request: &'a Request,
    settings: &'a Settings,
    before: &'a Person,
    form: &'a Form,
}

impl Act<'_> {
    fn address(&self) -> &str {
        &self.request.visitor.address
    }

    fn log_in(&self) -> Result<Response, Refused> {
        let Form { name, password, .. } = self.form;
        let work = &mut Work::default();
        let account = login::log_in(self.settings, name, password, self.address(), work)?;
        self.admit(&account)
    }

    /// A session for the account, under an id that nobody knew before (session fixation); the one of before ends.
    fn admit(&self, account: &Account) -> Result<Response, Refused> {
        let identity = &self.settings.identity;
        let (dir, depth) = (&identity.session_dir, identity.session_depth);
        let generation = account.generation.to_string();
        let color = self
            .before
            .color
            .as_ref()
            .map(|color| color.as_str().to_owned());
        let mut variables = vec![
            (GENERATION, generation.as_str()),
            (identity.user_path.as_str(), account.name.as_str()),
        ];
        variables.extend(color.as_deref().map(|color| (CHOSEN_COLOR, color)));
        chat_store::fs::dirs::create_dir(dir)?;
        let id = write::create(dir, depth, &variables)?;
        session::end(self.request, identity)?;
        let person = Person {
            name: Some(account.name.to_string()),
            account: Some(account.name.to_string()),
            generation: Some(account.generation),
            moderator: is_administrator(self.settings, account),
            color: self.before.color.clone(),
            ..Person::default()
        };
        let cookie = session::cookie(self.request, identity, Some(&id));
        let cookie = format!("{cookie}; Max-Age={}", identity.session_max_age.as_secs());
        Ok(Response::json(&session::told(&person)).header("Set-Cookie", &cookie))
    }

    fn log_out(&self) -> Result<Response, Refused> {
        if let Some(name) = self.own_name().filter(|_| self.form.everywhere) {
            self.change(&name, &mut Account::end_sessions)?;
        }
        let identity = &self.settings.identity;
        session::end(self.request, identity)?;
        let cookie = session::cookie(self.request, identity, None);
        Ok(Response::json(&session::told(&Person::default())).header("Set-Cookie", &cookie))
    }

    /// The account that they are logged in by, if it is one of the chat's own.
    fn own_name(&self) -> Option<Nick> {
        self.before.generation?;
        Nick::parse(self.before.account.as_deref()?).ok()
    }

    /// Changes an account, and tells those who are in rooms by it.
    fn change(&self, name: &Nick, edit: &mut dyn FnMut(&mut Account)) -> Result<Account, Refused> {
        let dirs = self.settings.dirs();
        let account = accounts::change(&dirs.accounts, name, &mut |account| {
            edit(account);
            Ok(())
        })?;
        if dirs.users.is_dir() {
            reach::tell(&dirs, &account.name)?;
        }
        Ok(account)
    }

    fn change_password(&self) -> Result<Response, Refused> {
        let name = self
            .own_name()
            .ok_or_else(|| refused("log_in_first", "log in first"))?;
        let password = Password::chosen(&self.form.password, &name)?;
        // Whoever finds a browser open does not have the account.
        let (settings, address) = (self.settings, self.address());
        let work = &mut Work::default();
        login::log_in(settings, name.as_str(), &self.form.old, address, work)?;
        self.set_password(&name, &password)
    }

    fn set_password(&self, name: &Nick, password: &Password) -> Result<Response, Refused> {
        let verifier = Verifier::new(password)?.to_string();
        let account = self.change(name, &mut |account| {
            account.set_verifier(verifier.clone());
            account.end_sessions();
        })?;
        self.admit(&account)
    }

    /// By a link of an administrator's. What is wrong with it is not told: nobody learns a name by it.
    fn use_link(&self) -> Result<Response, Refused> {
        let wrong = || refused("bad_link", "the link is none, was used already, or is over");
        login::count_try(self.settings, &self.form.name, self.address())?;
        let name = Nick::parse(&self.form.name).map_err(|_| wrong())?;
        let found = accounts::find(&self.settings.dirs().accounts, &name)?;
        let now = RecordId::now();
        let is_good = |account: &Account| {
            let link = account.link.as_ref();
            let opens = link.is_some_and(|link| link.is_good_for(&self.form.word, now));
            opens && account.disabled.is_none()
        };
        let account = found.filter(is_good).ok_or_else(wrong)?;
        let password = Password::chosen(&self.form.password, &account.name)?;
        login::forgive_try(self.settings, &self.form.name, self.address())?;
        self.set_password(&account.name, &password)
    }

    /// A name and a password for a new account.
    fn wished(&self) -> Result<(Nick, Password), Refused> {
        let bad = |text: String| Refused::Asked(400, "bad_name", text);
        let name = Nick::parse(&self.form.name).map_err(|error| bad(error.to_string()))?;
        let name = name.of_person();
        let password = Password::chosen(&self.form.password, &name)?;
        Ok((name, password))
    }

    fn register(&self) -> Result<Response, Refused> {
        let (settings, dirs) = (self.settings, self.settings.dirs());
        let how = settings.identity.register;
        let may = self
            .before
            .may(settings, Permission::Register, None, self.address());
        if how == Register::No || !may.allowed {
            let text = "an administrator makes accounts here";
            return Err(refused("register_closed", text));
        }
        let (name, password) = self.wished()?;
        let list = Tickets::invitations(&dirs);
        let is_invited = how == Register::Open || list.has(&self.form.word)?;
        let not_invited = || {
            let text = "an account needs an invitation: it is none, was used, or is over";
            refused("bad_invitation", text)
        };
        if !is_invited {
            login::count_try(settings, "", self.address())?;
            return Err(not_invited());
        }
        dirs.create()?;
        let counted = Counted::of(&Person::default(), self.address());
        if !ACCOUNTS.take(&dirs, &counted) {
            return Err(Refused::TooMany(ACCOUNTS.each.every));
        }
        // A name that was an account's, here or at the site's own log-in, has rooms and roles.
        if names::has(&dirs, &name) || accounts::find(&dirs.accounts, &name)?.is_some() {
            return Err(taken());
        }
        if how == Register::Invitation && !list.take(&self.form.word)? {
            return Err(not_invited());
        }
        self.make(name, &password, None)
    }

    fn make(
        &self,
        name: Nick,
        password: &Password,
        group: Option<Group>,
    ) -> Result<Response, Refused> {
        let mut account = Account::new(name, AccountKind::Person);
        account.groups.extend(group);
        account.set_verifier(Verifier::new(password)?.to_string());
        accounts::create(&self.settings.dirs(), &account)?;
        self.admit(&account)
    }

    /// The first administrator, by the code that the server's shell shows.
    fn make_first(&self) -> Result<Response, Refused> {
        let (settings, dirs) = (self.settings, self.settings.dirs());
        login::count_try(settings, "", self.address())?;
        let list = Tickets::first(&dirs);
        let is_good = list.has(&self.form.word)? && !has_administrator(settings)?;
        if !is_good {
            let text = "the code is none, is over, or there is an administrator already: run chatctl first-code";
            return Err(refused("bad_code", text));
        }
        let (name, password) = self.wished()?;
        login::forgive_try(settings, "", self.address())?;
        let done = self.make(name, &password, Some(Group::administrators()))?;
        list.clear()?;
        Ok(done)
    }
}

/// What the pages need to know before anybody logs in.
pub(super) fn told(settings: &Settings) -> io::Result<serde_json::Value> {
    let Some(dir) = &settings.identity.accounts else {
        return Ok(serde_json::Value::Null);
    };
    let register = match settings.identity.register {
        Register::No => "no",
        Register::Invitation => "invitation",
        Register::Open => "open",
    };
    Ok(json!({ "register": register, "first": !accounts::is_any(dir)? }))
}
