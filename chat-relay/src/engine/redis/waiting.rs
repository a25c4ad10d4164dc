//! Who waits for what becomes of their submission.

use std::collections::BTreeMap;

use chat_store::cluster::Answer;
use chat_store::record::RecordId;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who, by where their answers come.
    pub to: String,
    /// Of which submission.
    pub number: RecordId,
    /// What became of it.
    pub answer: Answer,
}

/// Those who wait.
#[derive(Debug, Default)]
pub struct Waiting {
    expected: BTreeMap<RecordId, String>,
    /// What they are told as soon as this machine has read so far.
    due: Vec<(RecordId, Told)>,
    /// The last id that was read of the engine that is there now. That is not the greatest that was ever written here: an
    /// engine may put something in order again under an id that others, which it has lost, were behind.
    read: RecordId,
}

impl Waiting {
    /// Somebody waits for that submission.
    pub fn expect(&mut self, number: RecordId, to: String) {
        self.expected.insert(number, to);
    }

    /// Who waits for it, and is told now.
    pub fn take(&mut self, number: RecordId) -> Option<String> {
        self.expected.remove(&number)
    }

    /// Nobody waits any more for what is older.
    pub fn forget_before(&mut self, number: RecordId) {
        self.expected = self.expected.split_off(&number);
    }

    /// Who waits for that submission is told as soon as this machine has read up to `id`.
    pub fn answer_at(&mut self, id: RecordId, number: RecordId, answer: Answer) {
        if let Some(to) = self.take(number) {
            self.due.push((id, Told { to, number, answer }));
        }
    }

    /// So far the engine has been read that is there now.
    pub fn read_up_to(&mut self, id: RecordId) {
        self.read = id;
    }

    /// What is to be told by now.
    pub fn due(&mut self) -> Vec<Told> {
        let read = self.read;
        let due = self.due.extract_if(.., |(id, _)| *id <= read);
        due.map(|(_, told)| told).collect()
    }

    /// The engine was left. The next one may have lost what somebody was to be told of: it is given again, and judged
    /// again.
    pub fn begin_again(&mut self) {
        self.read = RecordId::ZERO;
        let due = std::mem::take(&mut self.due).into_iter();
        self.expected
            .extend(due.map(|(_, told)| (told.number, told.to)));
    }

    /// Everybody, told this.
    pub fn tell_all(&mut self, answer: Answer) -> Vec<Told> {
        self.begin_again();
        let all = std::mem::take(&mut self.expected).into_iter();
        all.map(|(number, to)| Told { to, number, answer })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_when_the_engine_that_is_there_has_been_read_so_far() {
        let id = RecordId::from_micros;
        let answer = Answer::Again(id(50));
        let mut waiting = Waiting::default();
        // An engine that was left had got further.
        waiting.read_up_to(id(90));
        waiting.begin_again();
        waiting.expect(id(7), "anna".to_owned());
        waiting.answer_at(id(50), id(7), answer);
        waiting.answer_at(id(50), id(8), answer);
        assert_eq!(waiting.due(), []);
        waiting.read_up_to(id(40));
        assert_eq!(waiting.due(), []);
        waiting.read_up_to(id(50));
        let told = Told {
            to: "anna".to_owned(),
            number: id(7),
            answer,
        };
        assert_eq!(waiting.due(), [told]);
        assert_eq!(waiting.due(), []);
    }

    #[test]
    fn what_an_engine_said_that_was_left_is_told_nobody() {
        let id = RecordId::from_micros;
        let mut waiting = Waiting::default();
        waiting.expect(id(7), "anna".to_owned());
        waiting.answer_at(id(50), id(7), Answer::Again(id(50)));
        waiting.begin_again();
        waiting.read_up_to(id(60));
        assert_eq!(waiting.due(), []);
        assert_eq!(waiting.take(id(7)).as_deref(), Some("anna"));
    }
}
