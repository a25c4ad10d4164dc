//! Whose token a request has.

use std::time::{SystemTime, UNIX_EPOCH};

use chat_handler::identity::Person;
use chat_handler::identity::token::{read, with_powers};
use chat_handler::settings::Settings;
use chat_store::bots;
use chat_store::incoming::{self, Incoming};
use chat_store::people::person::PersonId;
use chat_store::state::Revocations;
use chat_token::{Claims, Keys, Patterns, Rules, Scope, Scopes, TokenError, verify};

use super::Refusal;
use crate::api::Request;

/// Begins the account of a program: no person has one that does.
const PROGRAM: &str = "api:";

/// The holder of a good token.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) claims: Claims,
    /// Who they are, if the token is a person's, and is used as that.
    pub(super) person: Option<Person>,
    /// The incoming webhook whose address was posted to, in place of a token.
    pub(super) hook: Option<Incoming>,
}

impl Caller {
    /// Whoever asks.
    pub(super) fn of(
        request: &Request,
        settings: &Settings,
        explain: &mut dyn FnMut(&str),
    ) -> Result<Self, Refusal> {
        let tokens = &settings.identity.tokens;
        let token = request.bearer().ok_or(Refusal::NoToken)?;
        if token.starts_with(bots::ACCOUNT) {
            return Self::bot(token, request, settings);
        }
        let Some(dir) = &tokens.keys else {
            explain("a token came, and JWT_KEYS names no keys");
            return Err(Refusal::Token(TokenError::UnknownKid));
        };
        let rules = Rules {
            issuer: tokens.issuer.as_deref(),
            site: &tokens.site,
        };
        // A clock before 1970 makes every token one of the future.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let claims =
            verify(token, |kid| Keys::new(dir).find(kid), rules, now).map_err(Refusal::Token)?;
        let revoked = Revocations::load(&settings.dirs())?;
        if revoked.hold(claims.jti.as_deref(), claims.sub.as_deref(), claims.iat) {
            return Err(Refusal::Revoked);
        }
        let person = if claims.scopes.hold(Scope::User) {
            let person = read(settings, token).map_err(Refusal::Person)?;
            Some(with_powers(settings, person, &request.visitor.address))
        } else {
            None
        };
        Ok(Self {
            claims,
            person,
            hook: None,
        })
    }

    /// Whoever knows the address of an incoming webhook.
    pub(super) fn of_address(secret: &str, settings: &Settings) -> Result<Self, Refusal> {
        let hook = incoming::find(&settings.dirs(), secret)?;
        let text = "there is no such address, or no more; who moderates the room makes another";
        let hook = hook.ok_or_else(|| Refusal::NotFound(text.to_owned()))?;
        Ok(Self {
            claims: claims(None, None, Scope::Post),
            person: None,
            hook: Some(hook),
        })
    }

    /// A bot, by the token that the server made: what people may here, it may, as far as `[access]` lets it.
    fn bot(token: &str, request: &Request, settings: &Settings) -> Result<Self, Refusal> {
        let person = read(settings, token).map_err(Refusal::Person)?;
        let claims = claims(person.account.clone(), person.name.clone(), Scope::User);
        let person = Some(with_powers(settings, person, &request.visitor.address));
        Ok(Self {
            claims,
            person,
            hook: None,
        })
    }

    /// As a program, if the scope is there; else as a person, if it may be one.
    pub(super) fn for_scope(self, scope: Scope, people: bool) -> Result<Self, Refusal> {
        if self.claims.scopes.hold(scope) {
            return Ok(Self {
                person: None,
                ..self
            });
        }
        if people && self.person.is_some() {
            return Ok(self);
        }
        Err(Refusal::Scope(scope))
    }

    /// What records and limits know them by.
    pub(super) fn account(&self) -> String {
        let own = self
            .person
            .as_ref()
            .and_then(|person| person.account.clone());
        let own = own.or_else(|| self.hook.as_ref().map(Incoming::account));
        own.unwrap_or_else(|| format!("{PROGRAM}{}", self.claims.kid))
    }

    /// Whom lists that last know them by.
    pub(super) fn number(&self) -> Option<PersonId> {
        PersonId::of(Some(&self.account()), None)
    }

    /// The request as one of theirs, for what the pages ask too.
    pub(super) fn asking(&self, request: &Request) -> Request {
        let mut request = request.clone();
        request.visitor.cookies.clear();
        request.visitor.remote_user = None;
        request.visitor.known = Some(self.person.clone().unwrap_or_default());
        request.query.retain(|(name, _)| name != "client");
        request
    }
}

/// What a token would say of whoever has none that is signed.
fn claims(sub: Option<String>, name: Option<String>, scope: Scope) -> Claims {
    Claims {
        kid: String::new(),
        sub,
        jti: None,
        exp: u64::MAX,
        iat: None,
        scopes: Scopes::of([scope.as_str()]),
        name,
        color: None,
        public: None,
        rooms: None,
        moderates: Patterns::default(),
        channels: Patterns::default(),
    }
}
