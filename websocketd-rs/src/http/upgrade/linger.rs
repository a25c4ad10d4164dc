//! A client that asks for a session which outlives its connection: the one that it had, or a new one.

use std::sync::Arc;

use super::refusal::Refusal;
use crate::http::authorize::Grant;
use crate::http::exchange::Exchange;
use crate::logging::Fields;
use crate::session::linger::offer::Offer;
use crate::session::linger::{Beginning, Claimed, LingerKey, Lingering};
use crate::session::{Partner, TerminalPartner};

/// What the client asks for.
#[derive(Debug)]
pub(super) struct Request<'a> {
    offer: &'a Offer,
    key: LingerKey,
}

/// What becomes of it.
#[derive(Debug)]
pub(super) enum Answer {
    /// It goes on.
    Resumed(Box<Lingering>),
    /// It begins, whatever the client believes.
    Begins { is_lost: bool },
}

impl<'a> Request<'a> {
    /// `None` when the client does not ask, or sessions don't outlive their connections here.
    pub(super) fn of(exchange: &Exchange<'a>, script_name: &[u8]) -> Option<Self> {
        let config = &exchange.site.config;
        config.session.linger?;
        let offer = exchange.head.linger.as_ref()?;
        let key = LingerKey::new(&config.key, script_name, offer);
        Some(Self { offer, key })
    }

    /// The subprotocol that stands for it.
    pub(super) fn protocol(&self) -> &'a str {
        self.offer.name()
    }

    /// Whether there is a session that has its permits already.
    pub(super) fn is_known(&self, exchange: &Exchange<'_>) -> bool {
        exchange.service.lingering.knows(&self.key)
    }

    /// Takes the session from whoever has it. The client was admitted as far as it is new.
    pub(super) async fn resume(
        &self,
        exchange: &Exchange<'_>,
        grant: Option<&Grant>,
        fields: &Fields,
    ) -> Result<Answer, Refusal> {
        let registry = &exchange.service.lingering;
        let received = self.offer.received();
        let claimed = registry.claim(&self.key, user(grant), received).await;
        Ok(match claimed {
            Claimed::Session(handover, lease) => {
                let client = (exchange.client.address, fields.remote.clone());
                let lingering = Lingering::resume(*handover, lease, registry, received, client);
                Answer::Resumed(Box::new(lingering))
            }
            Claimed::Unknown => Answer::Begins {
                is_lost: received > 0,
            },
            Claimed::Lost => Answer::Begins { is_lost: true },
            Claimed::OtherUser => return Err(Refusal::OtherUser),
            Claimed::Busy => return Err(Refusal::LingerBusy),
        })
    }

    /// Has a session that begins outlive its connection. A shared program's can't, and check refuses both together.
    pub(super) fn begin(
        &self,
        exchange: &Exchange<'_>,
        grant: Option<&Grant>,
        partner: Partner,
        fields: &Fields,
        is_lost: bool,
    ) -> Partner {
        let (program, permit, dialect) = match partner {
            Partner::Program(program, permit) => (*program, permit, None),
            Partner::Terminal(partner) => {
                let TerminalPartner {
                    program,
                    permit,
                    dialect,
                } = *partner;
                (program, permit, Some(dialect))
            }
            other => return other,
        };
        let beginning = Beginning {
            program,
            permit,
            dialect,
            address: exchange.client.address,
            fields: fields.clone(),
            config: Arc::clone(&exchange.site.config),
            is_lost,
        };
        let registry = &exchange.service.lingering;
        let lease = registry.enter(self.key, user(grant).map(<[u8]>::to_vec));
        Partner::Lingering(Box::new(Lingering::begin(beginning, lease, registry)))
    }
}

/// Who the client is, if somebody was asked.
fn user(grant: Option<&Grant>) -> Option<&[u8]> {
    let variables = &grant?.variables;
    let user = variables.iter().find(|(name, _)| name == "REMOTE_USER");
    user.map(|(_, value)| &value[..])
}
