//! Keys and tokens: for trying the interface for programs, and keys of an identity provider.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use chat_handler::settings::Settings;
use chat_token::sign::Signer;
use clap::Subcommand;
use serde_json::json;

use super::Failure;
use super::report::Report;

mod fetch;

/// A new key is for its owner alone.
const PRIVATE: u32 = 0o600;
/// Everybody may read its public half.
const PUBLIC: u32 = 0o644;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a key (Ed25519): its public half goes into `JWT_KEYS`, the private one into the file NAME.key here
    NewKey {
        /// What it is called (kid)
        #[arg(value_parser = kid)]
        name: String,
        /// Where the private key goes in place of NAME.key
        #[arg(long, value_name = "FILE")]
        private: Option<PathBuf>,
    },
    /// Sign a token with such a key, and print it
    Sign {
        /// The key's name (kid)
        #[arg(value_parser = kid)]
        name: String,
        /// What its holder may do: post, read, moderate, admin; or user, a person
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE")]
        scope: Vec<String>,
        /// For so long; a program's at most 15, a person's at most 1440
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440))]
        minutes: u32,
        /// The account of a person
        #[arg(long, value_name = "ACCOUNT")]
        sub: Option<String>,
        /// What they are called
        #[arg(long, value_name = "NAME")]
        called: Option<String>,
        /// A name of its own, for revoking it
        #[arg(long, value_name = "ID")]
        jti: Option<String>,
        /// The rooms it is for, as `game-*`; all if left out
        #[arg(long, value_delimiter = ',', value_name = "ROOM")]
        rooms: Vec<String>,
        /// Where the private key is in place of NAME.key
        #[arg(long, value_name = "FILE")]
        private: Option<PathBuf>,
    },
    /// Fetch the keys that an identity provider publishes (a JWK set) into `JWT_KEYS`: a timer does it
    FetchKeys {
        /// Where they are, in place of `JWT_KEYS_URL`
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// What the file is called: NAME.jwks
        #[arg(long, default_value = "provider", value_parser = kid)]
        name: String,
        /// Certificates to trust (PEM) in place of the system's
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
        /// Also from this machine and private networks
        #[arg(long)]
        allow_private: bool,
    },
}

fn kid(text: &str) -> Result<String, &'static str> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_good);
    if fits && !text.starts_with('.') {
        return Ok(text.to_owned());
    }
    Err("a name is 1 to 64 letters, digits, dots, - and _, and begins with no dot")
}

pub(super) fn run(command: TokenCommand, settings: &Settings) -> Result<Report, Failure> {
    match command {
        TokenCommand::NewKey { name, private } => new_key(settings, &name, private),
        TokenCommand::FetchKeys {
            url,
            name,
            ca_file,
            allow_private,
        } => {
            let url = url.or_else(|| settings.identity.tokens.keys_url.clone());
            let url = url.ok_or_else(|| {
                Failure::Refused("name --url, or JWT_KEYS_URL in chat.ini".to_owned())
            })?;
            fetch::fetch(
                keys_dir(settings)?,
                &name,
                &url,
                ca_file.as_deref(),
                allow_private,
            )
        }
        TokenCommand::Sign {
            name,
            scope,
            minutes,
            sub,
            called,
            jti,
            rooms,
            private,
        } => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs();
            let tokens = &settings.identity.tokens;
            let mut claims = json!({ "aud": tokens.site, "iat": now, "exp": now + u64::from(minutes) * 60,
                "scope": scope.join(" ") });
            let optional = [
                ("iss", tokens.issuer.clone()),
                ("sub", sub),
                ("name", called),
                ("jti", jti),
            ];
            for (claim, value) in optional {
                if let Some(value) = value {
                    claims[claim] = json!(value);
                }
            }
            if !rooms.is_empty() {
                claims["rooms"] = json!(rooms);
            }
            let path = private.unwrap_or_else(|| format!("{name}.key").into());
            let pem = fs::read(&path).map_err(|error| of(&path, &error))?;
            let signer = Signer::from_pem(&pem).map_err(|error| of(&path, &error))?;
            let token = signer.sign(&name, &claims);
            Ok(Report::new(
                token.clone(),
                json!({ "token": token, "claims": claims }),
            ))
        }
    }
}

fn keys_dir(settings: &Settings) -> Result<&Path, Failure> {
    let keys = settings.identity.tokens.keys.as_deref();
    keys.ok_or_else(|| Failure::Refused("JWT_KEYS in chat.ini names no directory yet".to_owned()))
}

fn new_key(settings: &Settings, name: &str, private: Option<PathBuf>) -> Result<Report, Failure> {
    let dir = keys_dir(settings)?;
    let pem = Signer::new_pem().map_err(Failure::refused)?;
    let signer = Signer::from_pem(pem.as_bytes()).map_err(Failure::refused)?;
    let public = signer.public_pem().map_err(Failure::refused)?;
    let private = private.unwrap_or_else(|| format!("{name}.key").into());
    fs::create_dir_all(dir).map_err(|error| of(dir, &error))?;
    write_new(&private, PRIVATE, &pem)?;
    let there = dir.join(format!("{name}.pem"));
    if let Err(failure) = write_new(&there, PUBLIC, &public) {
        // It fits no key that is believed.
        let _ = fs::remove_file(&private);
        return Err(failure);
    }
    let text = format!(
        "{}: keep it secret\n{}: believed from now on",
        private.display(),
        there.display()
    );
    Ok(Report::new(
        text,
        json!({ "done": true, "private": private, "public": there }),
    ))
}

/// A key that is there is never replaced.
fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| of(path, &error))
}

fn of(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Refused(format!("{}: {error}", path.display()))
}
