//! The two wires: what a client sends, as requests; what happens, as lines for the client. Pure.

use crate::cgi::Cgi;
use crate::occupant::{BadRequest, Event};
use crate::person::Wish;
use crate::settings::Lang;

pub mod clock;
pub mod json;
pub mod text;

pub use clock::Clock;

/// Where rendered lines go.
pub trait Out {
    /// The buffer that whole lines are appended to.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// Appends a piece that is large, and need not be kept in the buffer.
    fn pass(&mut self, piece: &[u8]);
}

/// For what is rendered into memory.
impl Out for Vec<u8> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }

    fn pass(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// A client's protocol, with what it needs to know for rendering.
#[derive(Debug)]
pub enum Wire {
    /// The pages of 2016.
    Text(text::Text),
    /// The new ones.
    Json(json::Json),
}

impl Wire {
    /// The one that the client asks for.
    pub fn of(cgi: &Cgi, lang: Lang) -> Self {
        if cgi.query.json {
            Self::Json(json::Json::new(lang, cgi.query.many))
        } else {
            Self::Text(text::Text::new(lang, Clock::new(cgi.tz.as_deref())))
        }
    }

    /// Understands one line of the client; `None`: it means nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse<'a>(&self, line: &'a str) -> Result<Option<Wish<'a>>, BadRequest<'a>> {
        match self {
            Self::Text(text) => Ok(text.parse(line).map(|request| Wish::In(None, request))),
            Self::Json(json) => json::parse::parse(line, json.many()).map(Some),
        }
    }

    /// Renders an event; `room`: which it is about, for a client that is in many.
    pub fn render(&mut self, room: Option<&str>, event: &Event<'_>, out: &mut dyn Out) {
        match self {
            Self::Text(text) => text.render(event, out),
            Self::Json(json) => json.render(room, event, out),
        }
    }

    /// Whether the client can be in many rooms at once.
    pub fn has_many_rooms(&self) -> bool {
        matches!(self, Self::Json(json) if json.many())
    }

    /// Whether answers must come in the order in which the client asked: its lines have no ids.
    pub fn needs_order(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether a client that is lost comes back by itself: the pages of 2016 and bots may not.
    pub fn comes_back(&self) -> bool {
        matches!(self, Self::Json(_))
    }

    /// Whether comings and goings belong into the history of who comes in.
    pub fn shows_whole_history(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}
