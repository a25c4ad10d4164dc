//! Dice: fair, bounded, and they end for every input. Pure but for the source of chance.

use std::fmt::Write as _;

/// The most dice in one throw.
pub const MAX_DICE: u32 = 100;

/// The most throws in one answer, those "again" included: `/dice 100 1000000000 2` would
/// practically never end by itself.
pub const MAX_THROWS: usize = 1000;

/// The most terms of a `/roll`.
const MAX_TERMS: usize = 10;

/// Words fetched from the system at a time.
const WORDS: usize = 32;

/// A source of uniform 32-bit numbers.
pub trait Chance {
    /// The next number.
    fn next(&mut self) -> u32;
}

/// The system's randomness, fetched in small batches.
#[derive(Debug, Default)]
pub struct SystemChance {
    words: [u32; WORDS],
    left: usize,
}

impl Chance for SystemChance {
    fn next(&mut self) -> u32 {
        if self.left == 0 {
            for word in &mut self.words {
                *word = getrandom::u32().expect("getrandom(2) does not fail once the system is up");
            }
            self.left = WORDS;
        }
        self.left -= 1;
        self.words[self.left]
    }
}

/// One die of `sides` sides. Numbers past the last whole multiple of `sides` are thrown away:
/// a plain remainder would favor small results.
fn throw(chance: &mut impl Chance, sides: u32) -> u32 {
    let excess = (u32::MAX % sides + 1) % sides;
    loop {
        let number = chance.next();
        if number <= u32::MAX - excess {
            return number % sides + 1;
        }
    }
}

/// `/dice COUNT SIDES [AGAIN]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throw {
    count: u32,
    sides: u32,
    again: Option<u32>,
}

impl Throw {
    /// Reads the words after `/dice`; `None` if they are not 1 to [`MAX_DICE`], at least 1, and
    /// any number.
    pub fn parse(words: &str) -> Option<Self> {
        let mut words = words.split_whitespace();
        let count = number(words.next()?).filter(|count| (1..=MAX_DICE).contains(count))?;
        let sides = number(words.next()?).filter(|&sides| sides >= 1)?;
        let again = match words.next() {
            Some(word) => Some(number(word)?),
            None => None,
        };
        words.next().is_none().then_some(Self {
            count,
            sides,
            again,
        })
    }

    /// Throws, and tells it in the words of the 2016 script.
    pub fn answer(self, chance: &mut impl Chance) -> String {
        let mut text = format!("Throws {} {}-sided dice", self.count, self.sides);
        if let Some(again) = self.again {
            // Writing to a String cannot fail.
            let _ = write!(text, ", throws again on {again}");
        }
        let mut left = self.count;
        for thrown in 0.. {
            text.push_str(if thrown == 0 { ": " } else { ", " });
            if thrown == MAX_THROWS {
                text.push_str("...");
                break;
            }
            let value = throw(chance, self.sides);
            let _ = write!(text, "{value}");
            // AGAIN of 0 or 1 would mean for ever.
            if !self.again.is_some_and(|again| again > 1 && value >= again) {
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
        text
    }
}

/// `/roll 2d6+1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll(Vec<Term>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    minus: bool,
    count: u32,
    /// `None`: a plain number, `count`.
    sides: Option<u32>,
}

impl Roll {
    /// Reads `2d6+1`, `d20`, `3d6-2+d4`; blanks are fine. `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut terms = Vec::new();
        let mut rest = text.as_str();
        let mut minus = false;
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            terms.push(Term::parse(&rest[..end], minus)?);
            if end == rest.len() {
                break;
            }
            minus = rest.as_bytes()[end] == b'-';
            rest = &rest[end + 1..];
        }
        let dice: u32 = terms
            .iter()
            .filter(|term| term.sides.is_some())
            .map(|term| term.count)
            .sum();
        (terms.len() <= MAX_TERMS && (1..=MAX_DICE).contains(&dice)).then_some(Self(terms))
    }

    /// Throws, and tells each die and the sum.
    pub fn answer(&self, chance: &mut impl Chance) -> String {
        let (mut formula, mut values, mut sum) = (String::new(), String::new(), 0i64);
        for (place, term) in self.0.iter().enumerate() {
            let sign = if term.minus {
                "-"
            } else if place > 0 {
                "+"
            } else {
                ""
            };
            formula.push_str(sign);
            match term.sides {
                // Writing to a String cannot fail.
                Some(sides) => _ = write!(formula, "{}d{sides}", term.count),
                None => _ = write!(formula, "{}", term.count),
            }
            for _ in 0..if term.sides.is_some() { term.count } else { 1 } {
                let value = term.sides.map_or(term.count, |sides| throw(chance, sides));
                sum += if term.minus {
                    -i64::from(value)
                } else {
                    i64::from(value)
                };
                if !values.is_empty() || term.minus {
                    values.push_str(if term.minus { " - " } else { " + " });
                }
                let _ = write!(values, "{value}");
            }
        }
        format!("Rolls {formula}: {} = {sum}", values.trim_start())
    }
}

impl Term {
    fn parse(text: &str, minus: bool) -> Option<Self> {
        let Some((count, sides)) = text.split_once(['d', 'D']) else {
            return Some(Self {
                minus,
                count: number(text)?,
                sides: None,
            });
        };
        let count = if count.is_empty() { 1 } else { number(count)? };
        let sides = number(sides).filter(|&sides| sides >= 1)?;
        (1..=MAX_DICE).contains(&count).then_some(Self {
            minus,
            count,
            sides: Some(sides),
        })
    }
}

/// Decimal digits only: `+5` and `0x10` are no numbers here. Up to a billion: no die has more sides.
fn number(word: &str) -> Option<u32> {
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| word.parse().ok())
        .flatten()
        .filter(|&number| number <= 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Given(Vec<u32>);

    impl Chance for Given {
        fn next(&mut self) -> u32 {
            self.0.remove(0)
        }
    }

    #[test]
    fn the_old_answer_is_kept() {
        let throw = Throw::parse("2 6 6").unwrap();
        assert_eq!(
            throw.answer(&mut Given(vec![5, 2, 0])),
            "Throws 2 6-sided dice, throws again on 6: 6, 3, 1"
        );
        assert_eq!(
            Throw::parse("1 6").unwrap().answer(&mut Given(vec![3])),
            "Throws 1 6-sided dice: 4"
        );
    }

    #[test]
    fn it_ends_for_every_input() {
        for words in ["100 1 1", "100 1 0", "100 1000000000 2", "1 2 2"] {
            let answer = Throw::parse(words)
                .unwrap()
                .answer(&mut SystemChance::default());
            assert!(answer.split(", ").count() <= MAX_THROWS + 2, "{words}");
        }
        assert!(
            Throw::parse("100 1000000000 2")
                .unwrap()
                .answer(&mut SystemChance::default())
                .ends_with("...")
        );
    }

    #[test]
    fn what_is_no_throw_is_refused() {
        for words in [
            "",
            "2",
            "0 6 6",
            "101 6 6",
            "2 0 6",
            "-1 6 6",
            "2 -6 6",
            "2 6 -6",
            "a b c",
            "2 6 6 6",
            "2.5 6",
            "99999999999999999999 6 6",
            "2 99999999999999999999 6",
            "$(id) 6 6",
            "2 6 `x`",
            "+2 6",
        ] {
            assert_eq!(Throw::parse(words), None, "{words}");
        }
        for text in [
            "",
            "d",
            "2d",
            "2d0",
            "0d6",
            "101d6",
            "51d6+50d6",
            "5",
            "2d6+",
            "2d6*2",
            "d6+d6+d6+d6+d6+d6+d6+d6+d6+d6+d6",
            "é",
        ] {
            assert_eq!(Roll::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_roll_tells_each_die_and_the_sum() {
        assert_eq!(
            Roll::parse("2d6 + 1")
                .unwrap()
                .answer(&mut Given(vec![2, 4])),
            "Rolls 2d6+1: 3 + 5 + 1 = 9"
        );
        assert_eq!(
            Roll::parse("d20-d4-2")
                .unwrap()
                .answer(&mut Given(vec![0, 2])),
            "Rolls 1d20-1d4-2: 1 - 3 - 2 = -4"
        );
    }

    /// Pearson's statistic of how often each side came.
    fn chi_square(counts: &[u32]) -> f64 {
        let thrown: u32 = counts.iter().sum();
        let expected = f64::from(thrown) / f64::from(u32::try_from(counts.len()).unwrap());
        let square = |&count: &u32| (f64::from(count) - expected).powi(2) / expected;
        counts.iter().map(square).sum()
    }

    /// 100,000 throws by the commands that people type.
    fn typed(sides: usize, chance: &mut impl Chance) -> [Vec<u32>; 2] {
        let throw = Throw::parse(&format!("100 {sides}")).unwrap();
        let roll = Roll::parse(&format!("100d{sides}")).unwrap();
        let mut counts = [vec![0; sides], vec![0; sides]];
        for _ in 0..1000 {
            let (thrown, rolled) = (throw.answer(chance), roll.answer(chance));
            let thrown = thrown.split_once(": ").unwrap().1.split(", ");
            let rolled = rolled
                .split_once(": ")
                .unwrap()
                .1
                .split_once(" = ")
                .unwrap()
                .0;
            for value in thrown {
                counts[0][value.parse::<usize>().unwrap() - 1] += 1;
            }
            for value in rolled.split(" + ") {
                counts[1][value.parse::<usize>().unwrap() - 1] += 1;
            }
        }
        counts
    }

    /// The bounds are the quantiles at 1 - 10^-10 of the chi-square distribution with 1, 5 and 19 degrees of
    /// freedom: of six statistics, one is above its bound in less than one run of a billion.
    #[test]
    fn dice_are_fair() {
        for (sides, bound) in [(2, 41.82), (6, 55.56), (20, 87.29)] {
            for counts in typed(sides, &mut SystemChance::default()) {
                assert_eq!(counts.iter().sum::<u32>(), 100_000);
                let square = chi_square(&counts);
                assert!(square < bound, "{sides} sides: {square}, {counts:?}");
            }
        }
    }

    /// What the bound is worth: a die that shows the six in 20 % of its throws, not in 17, is found out.
    #[test]
    fn a_loaded_die_is_found_out() {
        struct Loaded(SystemChance);
        impl Chance for Loaded {
            fn next(&mut self) -> u32 {
                let (number, again) = (self.0.next(), self.0.next());
                if again.is_multiple_of(25) { 5 } else { number }
            }
        }
        for counts in typed(6, &mut Loaded(SystemChance::default())) {
            assert!(chi_square(&counts) > 55.56, "{counts:?}");
        }
    }

    #[test]
    fn numbers_beyond_the_last_multiple_are_thrown_away() {
        assert_eq!(throw(&mut Given(vec![u32::MAX, u32::MAX - 3, 7]), 6), 2);
        assert_eq!(throw(&mut Given(vec![u32::MAX]), 1), 1);
        assert_eq!(throw(&mut Given(vec![u32::MAX]), 2), 2);
    }

    proptest! {
        #[test]
        fn no_words_panic(words in "[0-9d+ -]{0,40}|\\PC{0,40}") {
            if let Some(throw) = Throw::parse(&words) { throw.answer(&mut SystemChance::default()); }
            if let Some(roll) = Roll::parse(&words) { roll.answer(&mut SystemChance::default()); }
        }
    }
}
