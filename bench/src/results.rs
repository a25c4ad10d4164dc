//! What all runs measured, and how two servers compare.

use std::collections::BTreeMap;

use crate::figures::{Figures, median};
use crate::server::Kind;

/// One run's figures, or why there are none.
pub type Outcome = Result<Figures, String>;

/// The rounds of one measurement, server by server.
#[derive(Debug)]
pub struct Entry {
    /// Its short name.
    pub id: String,
    /// What was done, for the report.
    pub title: String,
    /// Each server's rounds, in order.
    pub rounds: BTreeMap<Kind, Vec<Outcome>>,
}

/// All measurements, in the order they were made.
#[derive(Debug, Default)]
pub struct Results(pub Vec<Entry>);

impl Results {
    /// The measurement of this name.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }

    /// The median of a server's figure; `None` when it was not measured or every round failed.
    pub fn median(&self, id: &str, figure: &str, kind: Kind) -> Option<f64> {
        self.entry(id)?.median(figure, kind)
    }

    /// The median over the rounds of ours divided by `other`'s of the same round: a machine that was busy was so for both.
    pub fn ratio(&self, id: &str, figure: &str, other: Kind) -> Option<f64> {
        let entry = self.entry(id)?;
        let ours = entry.rounds.get(&Kind::Ours)?;
        let theirs = entry.rounds.get(&other)?;
        let ratios: Vec<f64> = ours
            .iter()
            .zip(theirs)
            .filter_map(|(a, b)| {
                Some(a.as_ref().ok()?.get(figure)? / b.as_ref().ok()?.get(figure)?)
            })
            .collect();
        median(&ratios)
    }

    /// What went wrong with ours in the measurements whose names begin with `prefix`, and in how many rounds they ran.
    pub fn failures(&self, prefix: &str) -> (usize, Vec<String>) {
        let mut rounds = 0;
        let mut failures = Vec::new();
        for entry in self.0.iter().filter(|entry| entry.id.starts_with(prefix)) {
            for outcome in entry.rounds.get(&Kind::Ours).into_iter().flatten() {
                rounds += 1;
                if let Err(error) = outcome {
                    failures.push(format!("{}: {error}", entry.id));
                }
            }
        }
        (rounds, failures)
    }
}

impl Entry {
    /// The values of a server's figure in the rounds that succeeded.
    pub fn values(&self, figure: &str, kind: Kind) -> Vec<f64> {
        let rounds = self.rounds.get(&kind).into_iter().flatten();
        rounds
            .filter_map(|outcome| outcome.as_ref().ok()?.get(figure))
            .collect()
    }

    /// The middle one.
    pub fn median(&self, figure: &str, kind: Kind) -> Option<f64> {
        median(&self.values(figure, kind))
    }

    /// Names of all figures, in the order of the first run that has them.
    pub fn figure_names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for figures in self.rounds.values().flatten().flatten() {
            for (name, _) in figures.iter() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(value: f64) -> Figures {
        let mut figures = Figures::default();
        figures.set("x", value);
        figures
    }

    #[test]
    fn a_ratio_is_of_the_same_round() {
        let ours = vec![
            Ok(figures(1.0)),
            Ok(figures(100.0)),
            Err("stalled".to_owned()),
        ];
        let theirs = vec![Ok(figures(2.0)), Ok(figures(200.0)), Ok(figures(1.0))];
        let results = Results(vec![Entry {
            id: "a".to_owned(),
            title: String::new(),
            rounds: BTreeMap::from([(Kind::Ours, ours), (Kind::Websocat, theirs)]),
        }]);
        assert_eq!(results.ratio("a", "x", Kind::Websocat), Some(0.5));
        assert_eq!(results.ratio("a", "x", Kind::Websocketd), None);
        assert_eq!(results.failures("a"), (3, vec!["a: stalled".to_owned()]));
    }
}
