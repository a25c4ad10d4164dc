//! The spawner of the daemon's own user, and one for each other user that a route names.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::Spawner;
use super::privileges::BecomeUserError;
use crate::config::{Config, User};

/// All spawners.
#[derive(Debug)]
pub struct Spawners {
    /// The daemon's own, and its `--user`.
    own: (Option<User>, Arc<Spawner>),
    /// Those of other users.
    others: Vec<(User, Arc<Spawner>)>,
}

/// Why programs can't be started as a user: how the user was set, and what is wrong.
#[derive(Debug)]
pub struct UserError {
    setting: String,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    /// The daemon can't become that user.
    Become(BecomeUserError),
    /// The user's spawner does not start.
    Start(io::Error),
    /// The daemon itself would have to become another user.
    OwnChanged,
    /// No route named the user when the daemon started.
    New,
}

impl UserError {
    /// That the daemon can't become `user`.
    pub fn of(user: &User, error: BecomeUserError) -> Self {
        Self {
            setting: user.setting.clone(),
            reason: Reason::Become(error),
        }
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, reason } = self;
        match reason {
            Reason::Become(error) => write!(out, "{setting}: {error}"),
            Reason::Start(error) => write!(out, "{setting}: {error}"),
            Reason::OwnChanged => write!(
                out,
                "{setting}: the daemon itself needs a restart to become another user"
            ),
            Reason::New => write!(
                out,
                "{setting}: a user that no route named when the daemon started needs a restart; where systemd holds the socket \
                 (websocketd-rs.socket), clients wait meanwhile and none is refused"
            ),
        }
    }
}

impl std::error::Error for UserError {}

/// The other users' part of [`Spawners`], which starts earlier.
#[derive(Debug)]
pub struct Others(Vec<(User, Arc<Spawner>)>);

impl Others {
    /// Starts a spawner for each user that a route of `config` names beside `--user`; while the daemon still has the
    /// rights that this takes.
    ///
    /// # Errors
    /// When a spawner does not start, or can't become its user.
    pub fn start(config: &Config) -> Result<Self, UserError> {
        let mut others: Vec<(User, Arc<Spawner>)> = Vec::new();
        for user in config.route_users() {
            let known = others.iter().any(|(other, _)| other.is_same(user));
            if !known && !is_own(config.user.as_ref(), user) {
                let spawner = Spawner::start_as(user).map_err(|error| UserError {
                    setting: user.setting.clone(),
                    reason: Reason::Start(error),
                })?;
                others.push((user.clone(), Arc::new(spawner)));
            }
        }
        Ok(Self(others))
    }
}

impl Spawners {
    /// Starts the daemon's own beside the others: to be called after privileges were given up, so that the spawner
    /// has none either.
    ///
    /// # Errors
    /// As [`Spawner::start`].
    pub fn start(user: Option<User>, others: Others) -> io::Result<Self> {
        let own = (user, Arc::new(Spawner::start()?));
        Ok(Self {
            own,
            others: others.0,
        })
    }

    /// The one whose programs run as `user`, `None` being the daemon's own; `None` when there is none, because the
    /// user was not named when the daemon started.
    pub fn of(&self, user: Option<&User>) -> Option<&Arc<Spawner>> {
        let Some(user) = user else {
            return Some(&self.own.1);
        };
        if is_own(self.own.0.as_ref(), user) {
            return Some(&self.own.1);
        }
        let mut others = self.others.iter();
        others
            .find(|(other, _)| other.is_same(user))
            .map(|(_, spawner)| spawner)
    }

    /// Whether the daemon could serve `config` as it is.
    ///
    /// # Errors
    /// What would need a restart.
    pub fn suit(&self, config: &Config) -> Result<(), UserError> {
        let same = match (&self.own.0, &config.user) {
            (Some(own), Some(user)) => own.is_same(user),
            (own, user) => own.is_none() && user.is_none(),
        };
        if !same {
            let setting = config.user.as_ref().map(|user| user.setting.clone());
            return Err(UserError {
                setting: setting.unwrap_or_else(|| "no --user".to_owned()),
                reason: Reason::OwnChanged,
            });
        }
        let mut users = config.route_users();
        match users.find(|user| self.of(Some(user)).is_none()) {
            None => Ok(()),
            Some(user) => Err(UserError {
                setting: user.setting.clone(),
                reason: Reason::New,
            }),
        }
    }

    /// Takes the replies of all spawners, until one is gone: whose.
    pub async fn listen(&self) -> String {
        let own = (None, &self.own.1);
        let others = self.others.iter().map(|(user, it)| (Some(user), it));
        let mut listening: Vec<_> = std::iter::once(own)
            .chain(others)
            .map(|(user, spawner)| (user, Box::pin(spawner.listen())))
            .collect();
        poll_fn(|cx| {
            for (user, replies) in &mut listening {
                if Pin::new(replies).poll(cx).is_ready() {
                    return Poll::Ready(user.map_or_else(
                        || "the spawner process".to_owned(),
                        |user| format!("the spawner process of user {}", user.name),
                    ));
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn is_own(own: Option<&User>, user: &User) -> bool {
    own.is_some_and(|own| own.is_same(user))
}
