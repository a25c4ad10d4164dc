//! Which verifiers of other servers there are among the accounts: each log-in does the work of one of each, so that the
//! time of an answer does not tell whose accounts are there and were never used.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chat_store::accounts;
use chat_store::cluster::order::{self, After};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;

use super::{Foreign, Password, Work};

/// Different costs at most: each log-in pays for all.
const MAX_COSTS: usize = 3;
const MAX_BYTES: u64 = 4 * 1024;
/// The file in `accounts/`: no account's begins with a dot.
const NAME: &str = ".costs";

/// What one comparison costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Two to this many rounds.
    Bcrypt(u32),
    /// Iterations.
    Sha1(u32),
}

impl Cost {
    fn parse(text: &str) -> Option<Self> {
        let (name, cost) = text.split_once(' ')?;
        let cost = cost.parse().ok()?;
        // As it is read from a verifier: a broken file costs nobody an hour.
        let dummy = match name {
            "bcrypt" => Self::Bcrypt(cost),
            "sha1" => Self::Sha1(cost),
            _ => return None,
        };
        (dummy.dummy().cost() == dummy).then_some(dummy)
    }

    /// A verifier of this cost that no password has.
    fn dummy(self) -> Foreign {
        match self {
            Self::Bcrypt(cost) => Foreign::Bcrypt {
                cost: cost.clamp(4, 14),
                hash: format!(
                    "$2y${:02}$nobodyhasthissaltatalOdGJYrGjPsPXI9kZf8Uno9Y6Fw5hEZa",
                    cost.clamp(4, 14)
                ),
            },
            Self::Sha1(iterations) => Foreign::ScramSha1 {
                iterations: iterations.clamp(1, 1_000_000),
                salt: b"nobody has this.".to_vec(),
                stored_key: [0; 20],
            },
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bcrypt(cost) => write!(f, "bcrypt {cost}"),
            Self::Sha1(iterations) => write!(f, "sha1 {iterations}"),
        }
    }
}

/// Those of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs(BTreeSet<Cost>);

impl Costs {
    /// As they are kept.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn load(dir: &Path) -> io::Result<Self> {
        let text = file::read_whole(&path(dir), MAX_BYTES)?;
        let text = String::from_utf8_lossy(&text);
        let found = text.lines().filter_map(Cost::parse).take(MAX_COSTS);
        Ok(Self(found.collect()))
    }

    /// Adds one. False: there are too many different ones.
    pub fn add(&mut self, cost: Cost) -> bool {
        if !self.0.contains(&cost) && self.0.len() >= MAX_COSTS {
            return false;
        }
        self.0.insert(cost);
        true
    }

    /// Keeps them, before the accounts that need them.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn save(&self, dirs: &Dirs) -> io::Result<()> {
        let path = path(&dirs.accounts);
        if self.0.is_empty() && !path.exists() {
            return Ok(());
        }
        chat_store::fs::dirs::create_private(&dirs.accounts)?;
        let lines: Vec<_> = self.0.iter().map(|cost| format!("{cost}\n")).collect();
        let text = lines.concat().into_bytes();
        order::edit(dirs, &path, MAX_BYTES, |_| {
            Ok((After::Text(text.clone()), ()))
        })
    }

    /// Lets go of those that no account needs any more.
    ///
    /// # Errors
    /// Those of reading the accounts and writing the file.
    pub fn tidy(dirs: &Dirs) -> io::Result<()> {
        let dir = &dirs.accounts;
        let kept = Self::load(dir)?;
        if kept.0.is_empty() {
            return Ok(());
        }
        let mut needed = Self::default();
        accounts::each(dir, &mut |account| {
            let foreign = account.foreign.as_deref().and_then(Foreign::parse);
            needed.0.extend(foreign.map(|foreign| foreign.cost()));
            Ok(true)
        })?;
        if needed == kept {
            return Ok(());
        }
        needed.save(dirs)
    }

    /// Whether the password is that of a verifier. The work is the same with one of them and without.
    pub(super) fn check(
        &self,
        own: Option<&Foreign>,
        password: &Password,
        work: &mut Work,
    ) -> bool {
        let mut good = false;
        let mut is_done = false;
        for cost in &self.0 {
            match own.filter(|own| own.cost() == *cost) {
                Some(own) => {
                    good = own.check(password, work);
                    is_done = true;
                }
                None => {
                    std::hint::black_box(cost.dummy().check(password, work));
                }
            }
        }
        // One that came here by another way than an import: it is compared, for what it costs.
        if let Some(own) = own.filter(|_| !is_done) {
            good = own.check(password, work);
        }
        good
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}
