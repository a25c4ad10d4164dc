//! `account`: logging in and out by an account of the chat's own, making one, choosing a password. Each log-in
//! gets a session of PHP's form under a fresh id. No answer tells whether a name that somebody types is known,
//! but to who makes an account of it.

use std::time::Duration;

use serde::Deserialize;

use super::{Request, Response, session};
use crate::login::{self, Password, Verifier, Work, has_administrator, is_administrator};
use chat_handler::identity::Person;
use chat_handler::identity::counted::Counted;
use chat_handler::identity::php_session::{CHOSEN_COLOR, GENERATION, Own};
use chat_handler::identity::token;
use chat_handler::quota::{Pace, Quota};
use chat_handler::settings::{Permission, Register, Settings};
use chat_store::accounts::{
    self, Account, AccountError, AccountKind, Group, Ticket, Tickets, reach,
};
use chat_store::counters::{self, Counter};
use chat_store::name::Nick;
use chat_store::people::accounts as names;
use chat_store::record::RecordId;

mod refused;

use refused::{Refused, refused, taken};

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

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    if settings.identity.accounts.is_none() {
        let text = "there are no accounts here";
        return Response::error(404, "no_accounts", text);
    }
    let before = token::recognized(settings, &request.visitor, &mut |line| {
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
    done.unwrap_or_else(|refused| refused.response(&request.visitor.address, explain))
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
        let dirs = self.settings.dirs();
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
        let id = Own::new(identity, &dirs).create(&variables)?;
        session::end(self.request, self.settings)?;
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
            self.change(&name, &mut |account| {
                account.end_sessions();
                Ok(())
            })?;
        }
        let identity = &self.settings.identity;
        session::end(self.request, self.settings)?;
        let cookie = session::cookie(self.request, identity, None);
        Ok(Response::json(&session::told(&Person::default())).header("Set-Cookie", &cookie))
    }

    /// The account that they are logged in by, if it is one of the chat's own.
    fn own_name(&self) -> Option<Nick> {
        self.before.generation?;
        Nick::parse(self.before.account.as_deref()?).ok()
    }

    /// Changes an account, if `edit` agrees, and tells those who are in rooms by it.
    fn change(
        &self,
        name: &Nick,
        edit: &mut dyn FnMut(&mut Account) -> Result<(), AccountError>,
    ) -> Result<Account, AccountError> {
        let dirs = self.settings.dirs();
        let account = accounts::change(&dirs, name, edit)?;
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
        self.admit(&self.set_password(&name, &password, &|_| true)?)
    }

    /// Sets it if the account, which others may have changed meanwhile, still is as `may` wants it.
    fn set_password(
        &self,
        name: &Nick,
        password: &Password,
        may: &dyn Fn(&Account) -> bool,
    ) -> Result<Account, AccountError> {
        let verifier = Verifier::new(password)?.to_string();
        self.change(name, &mut |account| {
            if !may(account) {
                return Err(AccountError::Refused("the account has changed"));
            }
            account.set_verifier(verifier.clone());
            account.end_sessions();
            Ok(())
        })
    }

    /// By a link of an administrator's. What is wrong with it is not told: nobody learns a name by it.
    fn use_link(&self) -> Result<Response, Refused> {
        let wrong = || refused("bad_link", "the link is none, was used already, or is over");
        login::count_try(self.settings, &self.form.name, self.address())?;
        let name = Nick::parse(&self.form.name).map_err(|_| wrong())?;
        let found = accounts::find(&self.settings.dirs().accounts, &name)?;
        let is_good = |account: &Account| {
            let link = account.link.as_ref();
            let opens = |link: &Ticket| link.is_good_for(&self.form.word, RecordId::now());
            link.is_some_and(opens) && account.disabled.is_none()
        };
        let account = found.filter(is_good).ok_or_else(wrong)?;
        let password = Password::chosen(&self.form.password, &account.name)?;
        // Of several who use it at the same moment one is first.
        match self.set_password(&account.name, &password, &is_good) {
            Err(AccountError::Refused(_) | AccountError::Missing) => Err(wrong()),
            account => {
                let account = account?;
                login::forgive_try(self.settings, &self.form.name, self.address())?;
                self.admit(&account)
            }
        }
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
        let made = self.make(name, &password, None)?;
        counters::add(&dirs, Counter::Registered);
        Ok(made)
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
        let wrong = || {
            let text = "the code is none, is over, or there is an administrator already: run chatctl first-code";
            refused("bad_code", text)
        };
        if !list.has(&self.form.word)? || has_administrator(settings)? {
            return Err(wrong());
        }
        let (name, password) = self.wished()?;
        if accounts::find(&dirs.accounts, &name)?.is_some() {
            return Err(taken());
        }
        // Used up first: of several who have it at the same moment one is the administrator.
        if !list.take(&self.form.word)? {
            return Err(wrong());
        }
        login::forgive_try(settings, "", self.address())?;
        self.make(name, &password, Some(Group::administrators()))
    }
}
