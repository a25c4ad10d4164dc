//! The targets, and whether they are met.

use crate::figures::median;
use crate::load::{catch_up, failover, fanout, spread};
use crate::plan::{FULL_SPEED_ROOM, LARGE_LOG, ROOM, SMALL_LOG, Size, growth_id};
use crate::plan::{cluster, framework};
use crate::results::Results;
use crate::server::Kind;

/// What one more person in the room may cost for a join and a quit, in deliveries: they are two, of longer lines.
const JOIN_DELIVERIES: f64 = 4.0;

/// One line of the list.
#[derive(Debug)]
pub struct Target {
    /// The group it belongs to.
    pub group: u8,
    /// What is asked.
    pub text: String,
    /// What was measured; `None`: nothing was.
    pub measured: Option<String>,
    /// Whether that will do.
    pub met: bool,
}

struct Judge<'a> {
    results: &'a Results,
    targets: Vec<Target>,
    group: u8,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(bound) => format!("at most {}", number(bound)),
            Self::AtLeast(bound) => format!("at least {}", number(bound)),
        }
    }
}

/// Three significant digits or all before the point.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

impl Judge<'_> {
    fn tell(&mut self, text: String, measured: Option<(String, bool)>) {
        let met = measured.as_ref().is_some_and(|&(_, met)| met);
        self.targets.push(Target {
            group: self.group,
            text,
            measured: measured.map(|(text, _)| text),
            met,
        });
    }

    /// Ours divided by `other`'s.
    fn ratio(&mut self, what: &str, id: &str, figure: &str, other: Kind, bound: Bound) {
        let text = format!("{what}: {} x {}", bound.text(), other.name());
        let measured = self.results.ratio(id, figure, other).map(|ratio| {
            let value = |kind| {
                self.results
                    .median(id, figure, kind)
                    .map_or("?".to_owned(), number)
            };
            let (ours, theirs) = (value(Kind::Ours), value(other));
            (
                format!("{} ({ours} to {theirs} {figure})", number(ratio)),
                bound.holds(ratio),
            )
        });
        self.tell(text, measured);
    }

    fn value(&mut self, what: &str, id: &str, figure: &str, bound: Bound) {
        let text = format!("{what}: {}", bound.text());
        let measured = self
            .results
            .median(id, figure, Kind::Ours)
            .map(|value| (format!("{} {figure}", number(value)), bound.holds(value)));
        self.tell(text, measured);
    }

    /// Ours in one measurement divided by ours in another.
    fn change(&mut self, what: &str, ids: [&str; 2], figure: &str, bound: Bound) {
        let [from, to] = ids.map(|id| self.results.median(id, figure, Kind::Ours));
        let measured = from.zip(to).map(|(from, to)| {
            let ratio = to / from;
            let text = format!(
                "{} ({} to {} {figure})",
                number(ratio),
                number(to),
                number(from)
            );
            (text, bound.holds(ratio))
        });
        self.tell(format!("{what}: {}", bound.text()), measured);
    }

    /// One figure of ours divided by another of the same run: the median of the rounds.
    fn compare(&mut self, what: &str, id: &str, [from, to]: [&str; 2], bound: Bound) {
        let entry = self.results.entry(id);
        let ratios: Vec<f64> = entry
            .into_iter()
            .flat_map(|entry| {
                let values = |figure| entry.values(figure, Kind::Ours);
                values(to).into_iter().zip(values(from))
            })
            .map(|(to, from)| to / from)
            .collect();
        let median_of = |figure| self.results.median(id, figure, Kind::Ours);
        let values = median_of(from).zip(median_of(to));
        let measured = median(&ratios).zip(values).map(|(ratio, (old, new))| {
            let (new, old) = (number(new), number(old));
            let text = format!("{} ({new} {to}; {old} {from})", number(ratio));
            (text, bound.holds(ratio))
        });
        self.tell(format!("{what}: {}", bound.text()), measured);
    }

    fn never_fails(&mut self, what: &str, prefixes: &[&str]) {
        let mut rounds = 0;
        let mut failures = Vec::new();
        for prefix in prefixes {
            let (more, failed) = self.results.failures(prefix);
            rounds += more;
            failures.extend(failed);
        }
        let measured = (rounds > 0).then(|| match failures.first() {
            None => (format!("{rounds} runs, none failed"), true),
            Some(first) => (
                format!("{} of {rounds} runs failed; {first}", failures.len()),
                false,
            ),
        });
        self.tell(what.to_owned(), measured);
    }

    fn flat(&mut self, what: &str, name: &str, figure: &str, steps: &[usize]) {
        let values: Vec<(usize, f64)> = steps
            .iter()
            .filter_map(|&n| {
                Some((
                    n,
                    self.results
                        .median(&growth_id(name, n), figure, Kind::Ours)?,
                ))
            })
            .collect();
        let measured = (values.len() == steps.len()).then(|| {
            let all: Vec<f64> = values.iter().map(|&(_, value)| value).collect();
            let middle = median(&all).unwrap_or(f64::NAN);
            let off = all
                .iter()
                .map(|value| (value / middle - 1.0).abs())
                .fold(0.0, f64::max);
            let list: Vec<String> = values
                .iter()
                .map(|&(n, value)| format!("{} at {n}", number(value)))
                .collect();
            (
                format!(
                    "{} {figure}; {:.0} % off the median",
                    list.join(", "),
                    off * 100.0
                ),
                off <= 0.2,
            )
        });
        self.tell(format!("{what}: within 20 %"), measured);
    }

    /// What one more person in the room costs when somebody comes and goes.
    fn join_is_cheap(&mut self, [few, many]: [usize; 2]) {
        let figure = "CPU us/join and quit";
        let cost = |id| self.results.median(id, figure, Kind::Ours);
        // Of the same people, who are woken for each line as they are for each join.
        let delivery = self
            .results
            .median("crowd-large", "CPU us/delivery", Kind::Ours);
        let measured = cost("join-few").zip(cost("join-many")).zip(delivery).map(
            |((at_few, at_many), delivery)| {
                let each = (at_many - at_few) / (many - few) as f64;
                let text = format!(
                    "{} us for each who is there; a delivery is {} us",
                    number(each),
                    number(delivery)
                );
                (text, each <= JOIN_DELIVERIES * delivery)
            },
        );
        let text = format!(
            "a join and a quit cost each of {few} to {many} people who are there at most {JOIN_DELIVERIES} deliveries"
        );
        self.tell(text, measured);
    }

    fn nothing_lost(&mut self) {
        let chats = ["room", "crowd", "delivery"];
        let mut bad = 0.0;
        let mut runs = 0;
        for entry in &self.results.0 {
            if chats.iter().any(|prefix| entry.id.starts_with(prefix)) {
                for figure in ["lost", "twice", "out of order"] {
                    let values = entry.values(figure, Kind::Ours);
                    runs += usize::from(figure == "lost") * values.len();
                    bad += values.iter().sum::<f64>();
                }
            }
        }
        let measured = (runs > 0).then(|| (format!("{} in {runs} runs", number(bad)), bad == 0.0));
        self.tell(
            "chat lines lost, twice or out of order: none".to_owned(),
            measured,
        );
        self.never_fails("no chat run fails", &["room", "crowd", "join", "delivery"]);
    }
}

/// Judges `results` by every target.
pub fn judge(results: &Results, size: &Size) -> Vec<Target> {
    let mut judge = Judge {
        results,
        targets: Vec::new(),
        group: 1,
    };
    messages(&mut judge, size);
    connections(&mut judge, size);
    chat(&mut judge, size);
    terminals(&mut judge);
    tcp(&mut judge);
    framework(&mut judge);
    machines(&mut judge);
    judge.group = 7;
    judge.flat(
        "CPU of a message as connections grow",
        "message",
        "CPU us/message",
        size.growth,
    );
    judge.flat(
        "CPU of a delivery as rooms grow",
        "delivery",
        "CPU us/delivery",
        size.growth,
    );
    let what = format!(
        "a join with a log of {} bytes to one with {}",
        size.logs[1], size.logs[0]
    );
    judge.compare(
        &what,
        "join-log",
        [SMALL_LOG, LARGE_LOG],
        Bound::AtMost(1.2),
    );
    judge.targets
}

/// What ttyd 1.7.7 took on such a machine: 14.5 KiB a terminal, 20 us of CPU a key, 57 MB/s at 5.5 ms of CPU each.
fn terminals(judge: &mut Judge<'_>) {
    use Bound::{AtLeast, AtMost};
    judge.group = 8;
    let (what, id) = ("daemon CPU of a key in a terminal", "terminal-keys");
    judge.value(what, id, "server CPU us/key", AtMost(20.0));
    let id = "terminal-output";
    judge.value("output of a terminal", id, "MB/s", AtLeast(1.2 * 57.0));
    let (what, figure) = ("daemon CPU of a terminal's output", "server CPU ms/MB");
    judge.value(what, id, figure, AtMost(0.5 * 5.5));
    judge.value(
        "daemon memory of an idle terminal",
        "terminal-idle",
        "server PSS KiB/terminal",
        AtMost(12.0),
    );
}

/// tcpserver's programs have the socket itself, and one process for each connection; ours have pipes and a relay.
fn tcp(judge: &mut Judge<'_>) {
    use Bound::{AtLeast, AtMost};
    judge.group = 10;
    let (id, other) = ("tcp-connect", Kind::Tcpserver);
    let what = "connect, echo, close over TCP";
    judge.ratio(what, id, "connections/s", other, AtLeast(0.6));
    judge.ratio(what, id, "CPU us/connection", other, AtMost(1.7));
    let what = "output over TCP";
    judge.ratio(what, "tcp-output", "MB/s", other, AtLeast(0.8));
    judge.value(
        "daemon memory of an idle connection over TCP",
        "tcp-hold",
        "server PSS KiB/connection",
        AtMost(10.0),
    );
}

fn framework(judge: &mut Judge<'_>) {
    use Bound::{AtLeast, AtMost};
    judge.group = 9;
    let figures = [framework::LINES, framework::RECORDS];
    judge.compare("records to lines", "framing", figures, AtLeast(0.95));
    let figures = [framework::OPEN, framework::ASKED];
    judge.compare(
        "CPU of a connection that --authorize admits to one that nobody asks about",
        "authorize",
        figures,
        AtMost(1.6),
    );
    let id = "shared-full";
    let what = "deliveries of a shared program to 100";
    judge.value(what, id, "deliveries/s", AtLeast(300_000.0));
    judge.value("CPU of each", id, "CPU us/delivery", AtMost(4.0));
    let what = "CPU of a delivery of a shared program to 50, 5 lines a second";
    judge.value(what, "shared-talk", "CPU us/delivery", AtMost(10.0));
    let what = "daemon memory of an idle client of a shared program";
    judge.value(
        what,
        "shared-idle",
        "server PSS KiB/connection",
        AtMost(10.0),
    );
    let what = "connect, echo, close of a client of a shared program";
    judge.ratio(
        what,
        "shared-join",
        "connections/s",
        Kind::Websocketd,
        AtLeast(2.0),
    );
    for figure in [fanout::LOST_FAST, fanout::LOST_SLOW] {
        judge.value(
            "a burst of 50,000 lines",
            "shared-burst",
            figure,
            AtMost(0.0),
        );
    }
}

/// As the chat on several machines was designed: with one copy that has what was said before anybody is shown it.
fn machines(judge: &mut Judge<'_>) {
    use Bound::AtMost;
    judge.group = 11;
    for (what, id, figure, most) in [
        ("ack", cluster::TALK, spread::ACK_P50, 1_000.0),
        ("slowest acks", cluster::TALK, spread::ACK_P99, 10_000.0),
        (
            "line of another machine",
            cluster::TALK,
            spread::OTHER_P50,
            1_200.0,
        ),
        ("relay's CPU", cluster::RELAY, spread::OWN_RELAY, 70.0),
        ("relay's CPU", cluster::RELAY, spread::OTHER_RELAY, 35.0),
        ("engine's CPU", cluster::RELAY, spread::ENGINE, 120.0),
        ("the engine killed", cluster::FAILOVER, failover::WAIT, 8.0),
        (
            "10,000 lines missed",
            cluster::CATCH_UP,
            catch_up::CAUGHT_UP,
            2.0,
        ),
        (
            "a relay's memory",
            cluster::RELAY,
            spread::RELAY_MEMORY,
            10.0,
        ),
        ("a line on three machines", cluster::TALK, "lost", 0.0),
        (
            "a line to a crowd on three machines",
            cluster::CROWD,
            "lost",
            0.0,
        ),
    ] {
        judge.value(what, id, figure, AtMost(most));
    }
}

fn messages(judge: &mut Judge<'_>, size: &Size) {
    use Bound::{AtLeast, AtMost};
    use Kind::{Websocat, Websocketd};
    judge.ratio(
        "round trip p50",
        "roundtrip",
        "p50 us",
        Websocketd,
        AtMost(0.6),
    );
    judge.ratio(
        "round trip p50",
        "roundtrip",
        "p50 us",
        Websocat,
        AtMost(1.0),
    );
    judge.ratio(
        "round trip p50 on one CPU",
        "pinned",
        "p50 us",
        Websocketd,
        AtMost(0.6),
    );
    judge.ratio(
        "round trip p50 on one CPU",
        "pinned",
        "p50 us",
        Websocat,
        AtMost(1.0),
    );
    let cpu = "server CPU us/message";
    judge.ratio(
        "daemon CPU of a round trip",
        "roundtrip",
        cpu,
        Websocketd,
        AtMost(0.4),
    );
    judge.group = 2;
    judge.ratio(
        "text throughput",
        "lines",
        "k messages/s",
        Websocketd,
        AtLeast(3.0),
    );
    judge.ratio(
        "text throughput",
        "lines",
        "k messages/s",
        Websocat,
        AtLeast(1.0),
    );
    judge.ratio(
        "64 KiB binary, 4 under way",
        "binary-4",
        "MB/s",
        Websocat,
        AtLeast(1.3),
    );
    judge.ratio(
        "64 KiB binary, 16 under way",
        "binary-16",
        "MB/s",
        Websocat,
        AtLeast(1.3),
    );
    judge.never_fails(
        "never a stall, also with 16 MiB binary and 4 MiB of 64-byte lines",
        &["lines", "binary"],
    );
    judge.group = 3;
    let what = format!(
        "daemon CPU, {} connections x 20 messages a second",
        size.many
    );
    judge.ratio(&what, "many", cpu, Websocketd, AtMost(0.4));
}

fn connections(judge: &mut Judge<'_>, size: &Size) {
    use Bound::{AtLeast, AtMost};
    let [few, much] = size.held;
    judge.group = 4;
    let rate = "connections/s";
    judge.ratio(
        "connect, echo, close",
        "connect",
        rate,
        Kind::Websocketd,
        AtLeast(2.0),
    );
    let cpu = "server CPU us/connection";
    judge.ratio(
        "daemon CPU of a connection",
        "connect",
        cpu,
        Kind::Websocketd,
        AtMost(0.4),
    );
    let what = format!("rate with {much} idle connections to that with none");
    judge.change(&what, ["connect", "connect-held"], rate, AtLeast(0.85));
    let what = format!("kernel memory of a connection at {much} to that at {few}");
    judge.change(
        &what,
        ["hold-few", "hold-many"],
        "kernel KiB/connection",
        AtMost(1.1),
    );
    judge.group = 5;
    let pss = "server PSS KiB/connection";
    judge.value(
        &format!("daemon memory, {few} idle"),
        "hold-few",
        pss,
        AtMost(14.0),
    );
    judge.value(
        "daemon descriptors",
        "hold-few",
        "server fds/connection",
        AtMost(4.0),
    );
    judge.value(
        &format!("daemon memory, {} idle, TLS", size.tls),
        "hold-tls",
        pss,
        AtMost(40.0),
    );
    let after = "server PSS KiB/connection after 64 KiB";
    judge.value(
        &format!("daemon memory, {much} that had work"),
        "hold-many",
        after,
        AtMost(20.0),
    );
    let left = "server PSS MiB more after all closed";
    judge.value(
        &format!("memory after {much} closed, against the start"),
        "hold-many",
        left,
        AtMost(10.0),
    );
    let what = format!("{} connections with a process each", size.most);
    judge.never_fails(&what, &["hold-most"]);
}

fn chat(judge: &mut Judge<'_>, size: &Size) {
    use Bound::{AtLeast, AtMost};
    let [crowd, large] = size.crowds;
    judge.group = 6;
    let cpu = "CPU us/delivery";
    let what = format!("all CPU of a delivery, room of {ROOM}, to the script's");
    judge.ratio(&what, "room", cpu, Kind::Websocketd, AtMost(0.4));
    let what = format!("all CPU of a delivery, room of {FULL_SPEED_ROOM} at full speed");
    judge.value(&what, "room-full", cpu, AtMost(25.0));
    let what = format!("deliveries, room of {FULL_SPEED_ROOM} at full speed");
    judge.value(&what, "room-full", "deliveries/s", AtLeast(40_000.0));
    let what = format!("private memory of a handler, {large} of them");
    judge.value(&what, "crowd-large", "handler private KiB", AtMost(150.0));
    judge.value(
        &format!("fan-out to {crowd}"),
        "crowd",
        "p99 us",
        AtMost(20_000.0),
    );
    judge.value(
        &format!("fan-out to {large}"),
        "crowd-large",
        "p99 us",
        AtMost(100_000.0),
    );
    judge.value(
        &format!("{large} who join at once"),
        "crowd-large",
        "all joined s",
        AtMost(10.0),
    );
    judge.join_is_cheap([large / 10, large]);
    judge.nothing_lost();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.456), "0.46");
        assert_eq!(number(0.6), "0.6");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(40_000.0), "40000");
        assert_eq!(number(0.0), "0");
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let targets = judge(&Results::default(), &Size::FULL);
        assert!(
            targets
                .iter()
                .all(|target| !target.met && target.measured.is_none())
        );
        assert!(targets.len() > 30);
    }
}
