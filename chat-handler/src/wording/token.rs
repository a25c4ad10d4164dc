//! What becomes of tokens, in words.

/// A line about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// None came in time.
    Timeout,
    /// It is not believed.
    Bad,
    /// It is over.
    Expired,
    /// It is over in a minute.
    Expiring,
}

impl Token {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Timeout => "no token came in time",
            Self::Bad => "the token is not valid here",
            Self::Expired => "your log-in is over, log in again",
            Self::Expiring => "your log-in is over in a minute",
        }
    }

    pub(super) fn czech(self) -> &'static str {
        match self {
            Self::Timeout => "token nepřišel včas",
            Self::Bad => "token tady neplatí",
            Self::Expired => "vaše přihlášení skončilo, přihlaste se znovu",
            Self::Expiring => "vaše přihlášení za minutu skončí",
        }
    }
}
