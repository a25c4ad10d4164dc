use std::time::Duration;

use chat_store::fs::file;
use chat_store::log::room_log::RoomLog;
use chat_store::state;
use tempfile::TempDir;

use super::*;

const START: u64 = 1_796_000_000_000_000;

/// A machine.
struct Machine {
    base: TempDir,
    dirs: Dirs,
}

impl Machine {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        dirs.create().unwrap();
        Self { base, dirs }
    }

    /// What its relay has, once it is started.
    fn rooms(&self) -> Rooms {
        let cluster = Arc::new(Cluster::new(
            self.base.path(),
            &self.dirs.run,
            Duration::from_secs(5),
        ));
        cluster.create().unwrap();
        Rooms::new(&self.dirs, &cluster, "one~1", RecordId::from_micros(START))
    }

    /// Writes a record as a relay does that is killed before anything else.
    fn write(&self, at: u64, entry: &Entry) {
        let mut log = RoomLog::own(&self.dirs, &entry.room);
        let written = entry.with_draft(|draft| log.append_at(id(at), draft));
        written.unwrap();
    }

    fn topic(&self) -> Option<String> {
        state::topic(&self.dirs, &RoomName::lobby()).unwrap()
    }

    fn log(&self) -> String {
        let live = self.dirs.room_log(&RoomName::lobby());
        std::fs::read_to_string(live).unwrap()
    }
}

fn id(at: u64) -> RecordId {
    RecordId::from_micros(START + at)
}

fn entry(number: u64, kind: Kind, attrs: &str, text: &str) -> Entry {
    Entry {
        room: RoomName::lobby(),
        origin: Origin::parse(&format!("two~1.{number}")).unwrap(),
        kind,
        from: "bob".to_owned(),
        attrs: attrs.to_owned(),
        text: text.to_owned(),
        member: None,
        holders: None,
        quiet: false,
    }
}

#[test]
fn what_a_killed_relay_had_not_done_of_a_record_that_it_had_written_is_done_by_the_next() {
    let said = entry(1, Kind::Say, "", "sesame");
    let target = id(10);
    let done = |kind, attrs: &str, text: &str| {
        let machine = Machine::new();
        let rest = entry(2, kind, attrs, text);
        machine.write(10, &said);
        machine.write(20, &rest);
        let mut rooms = machine.rooms();
        // It is given again.
        assert_eq!(rooms.apply(Some(id(10)), &said).unwrap(), Applied::Known);
        assert_eq!(rooms.apply(Some(id(20)), &rest).unwrap(), Applied::Known);
        machine
    };
    let lobby = RoomName::lobby();
    let machine = done(Kind::Topic, "", "tea");
    assert_eq!(machine.topic().as_deref(), Some("tea"));
    let machine = done(Kind::Slow, "", "7");
    assert_eq!(state::slow(&machine.dirs, &lobby).unwrap(), 7);
    let machine = done(Kind::Pin, &format!("target={target}"), "");
    assert_eq!(state::pins(&machine.dirs, &lobby).unwrap(), [target]);
    let machine = done(Kind::Redact, "", &target.to_string());
    assert!(!machine.log().contains("sesame"), "{}", machine.log());
    let machine = done(Kind::Clear, "delete=1", "");
    assert!(!machine.log().contains("sesame"), "{}", machine.log());
    assert_eq!(state::cleared(&machine.dirs, &lobby).unwrap(), id(20));
}

#[test]
fn what_was_done_long_ago_is_not_done_again() {
    let machine = Machine::new();
    let topics = ["tea", "", "coffee"].map(|text| entry(1, Kind::Topic, "", text));
    let mut rooms = machine.rooms();
    for (at, (number, topic)) in (10..).zip((1..).zip(&topics)) {
        let mut topic = topic.clone();
        topic.origin.number = RecordId::from_micros(number);
        rooms.apply(Some(id(at)), &topic).unwrap();
    }
    assert_eq!(machine.topic().as_deref(), Some("coffee"));
    // Written by somebody else, who has done what it says: the site was on one machine for a while.
    let mut log = RoomLog::own(&machine.dirs, &RoomName::lobby());
    log.append_at(id(30), &Draft::new(Kind::Topic, "bob", "milk"))
        .unwrap();
    state::set_topic(&machine.dirs, &RoomName::lobby(), "milk").unwrap();
    machine.rooms().apply(Some(id(10)), &topics[0]).unwrap();
    assert_eq!(machine.topic().as_deref(), Some("milk"));
}

#[test]
fn of_what_was_overwritten_nothing_is_made() {
    let machine = Machine::new();
    let topic = entry(1, Kind::Topic, "", "tea");
    machine.rooms().apply(Some(id(10)), &topic).unwrap();
    chat_store::log::erase::texts(&machine.dirs.room_log(&topic.room), &|_| true).unwrap();
    assert!(!machine.log().contains("tea"));
    machine.rooms().apply(Some(id(10)), &topic).unwrap();
    assert_eq!(machine.topic().as_deref(), Some("tea"));
}

#[test]
fn of_two_topics_the_one_that_came_later_holds_wherever_they_stand() {
    let (first, second) = (
        entry(1, Kind::Topic, "", "tea"),
        entry(2, Kind::Topic, "", "coffee"),
    );
    let one = Machine::new();
    let mut rooms = one.rooms();
    for (at, topic) in [(10, &first), (20, &second)] {
        rooms.apply(Some(id(at)), topic).unwrap();
    }
    // The engine had lost the first one before this machine has seen it, and it was put back behind the second.
    let two = Machine::new();
    let mut late = first.clone();
    late.origin = Origin::parse("one~1.1").unwrap();
    late.attrs = format!("was={}", id(10));
    let mut rooms = two.rooms();
    rooms.apply(Some(id(20)), &second).unwrap();
    rooms.apply(Some(id(30)), &late).unwrap();
    assert_eq!(two.topic(), one.topic());
    assert_eq!(two.topic().as_deref(), Some("coffee"));
    // Nor does it hold when the relay is started anew.
    two.rooms().apply(Some(id(30)), &late).unwrap();
    assert_eq!(two.topic().as_deref(), Some("coffee"));
}

#[test]
fn what_cannot_be_done_just_now_is_done_before_anything_else_is_written() {
    let machine = Machine::new();
    let mut rooms = machine.rooms();
    rooms
        .apply(Some(id(1)), &entry(1, Kind::Say, "", "hello"))
        .unwrap();
    let topic = entry(2, Kind::Topic, "", "tea");
    // Whatever it is that keeps a file from being written.
    let away = file::suffixed(&machine.dirs.state, ".away");
    std::fs::rename(&machine.dirs.state, &away).unwrap();
    rooms.apply(Some(id(10)), &topic).unwrap_err();
    std::fs::rename(&away, &machine.dirs.state).unwrap();
    assert_eq!(
        rooms.apply(Some(id(10)), &topic).unwrap(),
        Applied::New(id(10))
    );
    assert_eq!(machine.topic().as_deref(), Some("tea"));
}

#[test]
fn what_can_never_be_done_stops_nobody_who_says_something() {
    let machine = Machine::new();
    machine.write(10, &entry(1, Kind::Topic, "", "tea"));
    std::fs::create_dir(machine.dirs.state.join("lobby.topic")).unwrap();
    let said = entry(2, Kind::Say, "", "hello");
    let mut rooms = machine.rooms();
    let applied = rooms.apply(Some(id(20)), &said).unwrap();
    assert_eq!(applied, Applied::New(id(20)));
    let topic = entry(3, Kind::Topic, "", "coffee");
    let applied = rooms.apply(Some(id(30)), &topic).unwrap();
    assert_eq!(applied, Applied::New(id(30)));
}
