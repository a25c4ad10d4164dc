//! Numbers with names, and what is made of many of them.

/// What one run measured, in the order it was told.
#[derive(Debug, Clone, Default)]
pub struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    /// Adds a figure; the unit is part of the name.
    pub fn set(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }

    /// The figure of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().copied()
    }

    /// Adds p50, p99 and the largest of `nanos`, in microseconds.
    pub fn set_latencies(&mut self, nanos: &mut [u64]) {
        nanos.sort_unstable();
        for (name, share) in [("p50 us", 0.5), ("p99 us", 0.99), ("max us", 1.0)] {
            self.set(name, percentile(nanos, share) / 1e3);
        }
    }
}

/// The smallest value that at least `share` of `sorted` do not exceed; NaN for none.
pub fn percentile(sorted: &[u64], share: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and the length"
    )]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1] as f64
}

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=200).collect();
        assert!((percentile(&values, 0.5) - 100.0).abs() < 0.01);
        assert!((percentile(&values, 0.99) - 198.0).abs() < 0.01);
        assert!((percentile(&values, 1.0) - 200.0).abs() < 0.01);
        assert!((percentile(&[7], 0.01) - 7.0).abs() < 0.01);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
