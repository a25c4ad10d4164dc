//! What is said about slash commands of the site's own.

use std::fmt::{self, Formatter};

use crate::settings::Lang;

/// A line about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own<'a> {
    /// Its line of `/help`: name, arguments with a blank before them, what it does.
    Help(&'a str, &'a str, &'a str),
    /// It did not answer: its name.
    NoAnswer(&'a str),
}

impl Own<'_> {
    pub(super) fn write(self, lang: Lang, f: &mut Formatter<'_>) -> fmt::Result {
        match (self, lang) {
            (Self::Help(name, arguments, does), _) => write!(f, "/{name}{arguments} - {does}"),
            (Self::NoAnswer(name), Lang::En) => {
                write!(f, "/{name} does not answer just now, try again later")
            }
            (Self::NoAnswer(name), Lang::Cs) => {
                write!(f, "/{name} teď neodpovídá, zkuste to později")
            }
        }
    }
}
