//! Header fields.

use crate::session::linger::offer::{self, Offer};

/// The fields of a head, in the order received. Names are compared without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    pub(super) fn new(fields: Vec<(String, Vec<u8>)>) -> Self {
        Self(fields)
    }

    /// Gives every field `name` the value `value`.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        let fields = self.0.iter_mut();
        for (_, old) in fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)) {
            *old = value.into();
        }
    }

    /// Takes out the first offer of a session that lingers, so that its token is nowhere else.
    pub(super) fn take_linger(&mut self) -> Option<Offer> {
        let mut found = None;
        for (name, value) in &mut self.0 {
            if name.eq_ignore_ascii_case("sec-websocket-protocol")
                && let Some((shown, offer)) = offer::take(value)
            {
                *value = shown;
                found = found.or(offer);
            }
        }
        found
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of `name`.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// Whether the comma-separated list `name` holds `token`, in any case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|byte| matches!(byte, b',' | b' ' | b'\t')))
            .any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Every field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}
