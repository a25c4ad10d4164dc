//! Tokens: what a site's own log-in, or a program of the site, signed about somebody (RFC 7519, in the compact form of
//! RFC 7515).
//!
//! [`verify`] takes a token apart, finds its key, checks the signature and then what is [claimed](claims). It is pure:
//! keys and the time are arguments. [`keys`] alone reads files: the directory of keys that are believed. [`sign`] makes
//! keys and tokens, for trying things out and for tests.
//!
//! What makes tokens unsafe elsewhere (RFC 8725) is left out rather than switched off: there is no `none` and no shared
//! secret (HS256); a key has one algorithm, and a header that names another is refused; keys that a header brings with
//! it (`jwk`, `jku`, `x5u`) are never looked at; an extension that must be understood (`crit`) is not.

pub mod claims;
mod compact;
mod date;
mod error;
mod key;
pub mod keys;
mod patterns;
mod scope;
pub mod sign;

pub use claims::{Claims, Rules};
pub use compact::{MAX_TOKEN, verify};
pub use error::TokenError;
pub use key::{Algorithm, Key, KeyError};
pub use keys::{Keys, Trust, Trusted};
pub use patterns::Patterns;
pub use scope::{Scope, Scopes};
