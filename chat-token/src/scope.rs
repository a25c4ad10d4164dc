//! What the holder of a token may do.

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $bit:literal;)*) => {
        /// One thing that a token allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in a token.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            fn bit(self) -> u8 {
                match self { $(Self::$name => $bit,)* }
            }
        }
    };
}

scopes! {
    /// A person's: to chat, and to see what they may see.
    User = "user", 1;
    /// A program's: to say something.
    Post = "post", 2;
    /// To read rooms.
    Read = "read", 4;
    /// To moderate.
    Moderate = "moderate", 8;
    /// To administer the site; has all that the other scopes of programs have.
    Admin = "admin", 16;
}

impl Scope {
    /// As a token spells it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text)
    }
}

/// Those of one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Words that are no scope of ours are somebody else's (`openid`).
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let known = words.into_iter().filter_map(Scope::parse);
        Self(known.fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Whether this one is among them, or follows from `admin`.
    pub fn hold(self, scope: Scope) -> bool {
        let by_admin = scope != Scope::User && self.0 & Scope::Admin.bit() != 0;
        by_admin || self.0 & scope.bit() != 0
    }

    /// Whether any of them is a program's.
    pub fn are_of_program(self) -> bool {
        self.0 & !Scope::User.bit() != 0
    }
}
