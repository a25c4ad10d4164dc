//! The counters as `OpenMetrics` text.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use super::{BOUNDS, Counter, Durations, Gauge, HostCounts, Labelled, Metrics};

impl Metrics {
    /// All counters as `OpenMetrics` text.
    pub fn render(&self) -> String {
        let mut page = Page(String::new());
        self.write_connections(&mut page);
        self.write_hosts(&mut page);
        self.write_tcp(&mut page);
        self.write_linger(&mut page);
        self.write_programs(&mut page);
        page.0.push_str("# EOF\n");
        page.0
    }

    fn write_connections(&self, page: &mut Page) {
        page.counter("connections", "Connections accepted", &self.connections);
        page.gauge(
            "connections_open",
            "Connections open",
            &[("", &self.connections_open)],
        );
        page.labelled(
            "refusals",
            "Connections and requests refused",
            "reason",
            &self.refusals,
        );
        page.gauge(
            "sessions_open",
            "WebSocket sessions open",
            &[("", &self.sessions_open)],
        );
        if self.certificate_not_after.get() != 0 {
            page.gauge(
                "certificate_not_after_seconds",
                "When the certificate ends, in seconds since 1970",
                &[("", &self.certificate_not_after)],
            );
        }
        page.labelled(
            "sessions_ended",
            "WebSocket sessions ended",
            "end",
            &self.sessions_ended,
        );
    }

    /// Nothing where no route names a host.
    fn write_hosts(&self, page: &mut Page) {
        type Count = fn(&HostCounts) -> i128;
        let families: [(&str, &str, &str, Count); 4] = [
            ("host_requests", "Requests", "_total", |host| {
                host.requests.get().into()
            }),
            (
                "host_exhausted",
                "Requests refused at a limit",
                "_total",
                |host| host.exhausted.get().into(),
            ),
            (
                "host_sessions",
                "WebSocket sessions begun",
                "_total",
                |host| host.sessions.get().into(),
            ),
            (
                "host_sessions_open",
                "WebSocket sessions open",
                "",
                |host| host.sessions_open().into(),
            ),
        ];
        let hosts = self.hosts.all();
        for (name, what, suffix, count) in families {
            if hosts.is_empty() {
                return;
            }
            let kind = if suffix.is_empty() {
                "gauge"
            } else {
                "counter"
            };
            page.head(name, kind, &format!("{what} at a host that a route names"));
            for host in &hosts {
                let label = host.name();
                let count = count(host);
                let _ = writeln!(
                    page.0,
                    "websocketd_{name}{suffix}{{host=\"{label}\"}} {count}"
                );
            }
        }
    }

    fn write_tcp(&self, page: &mut Page) {
        page.gauge(
            "tcp_sessions_open",
            "Sessions of [tcp NAME] sections open",
            &[("", &self.tcp_sessions_open)],
        );
        page.labelled(
            "tcp_sessions_ended",
            "Sessions of [tcp NAME] sections ended",
            "end",
            &self.tcp_sessions_ended,
        );
        page.directions(
            "tcp_bytes",
            "Bytes of sessions of [tcp NAME] sections",
            &self.tcp_bytes_in,
            &self.tcp_bytes_out,
        );
    }

    fn write_linger(&self, page: &mut Page) {
        page.gauge(
            "linger_parked",
            "Sessions whose client is away (--linger)",
            &[("", &self.linger_parked)],
        );
        page.gauge(
            "linger_bytes",
            "Bytes that clients of sessions that linger have not acknowledged",
            &[("", &self.linger_bytes)],
        );
        page.labelled(
            "linger",
            "Connections lost, and what became of their sessions",
            "event",
            &self.linger,
        );
    }

    fn write_programs(&self, page: &mut Page) {
        page.directions(
            "messages",
            "Messages",
            &self.messages_in,
            &self.messages_out,
        );
        page.directions(
            "bytes",
            "Bytes of sessions, frame headers included,",
            &self.bytes_in,
            &self.bytes_out,
        );
        let states = [
            ("{state=\"running\"}", &self.handlers_running),
            ("{state=\"ending\"}", &self.handlers_ending),
        ];
        page.gauge("handlers", "Handler and CGI processes", &states);
        page.labelled(
            "programs_ended",
            "Handler and CGI processes that ended",
            "how",
            &self.programs_ended,
        );
        page.counter(
            "shared_dropped",
            "Messages that slow clients of shared programs missed",
            &self.shared_dropped,
        );
        page.counter(
            "spawn_failures",
            "Programs that could not be started",
            &self.spawn_failures,
        );
        page.durations("spawn_seconds", "Time to start a program", &self.spawn_time);
    }
}

/// The text under construction. Writing to a String cannot fail, so results are dropped.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# TYPE websocketd_{name} {kind}");
        let _ = writeln!(self.0, "# HELP websocketd_{name} {help}.");
    }

    fn counter(&mut self, name: &str, help: &str, counter: &Counter) {
        self.head(name, "counter", help);
        let _ = writeln!(self.0, "websocketd_{name}_total {}", counter.get());
    }

    fn gauge(&mut self, name: &str, help: &str, gauges: &[(&str, &Gauge)]) {
        self.head(name, "gauge", help);
        for (labels, gauge) in gauges {
            let _ = writeln!(self.0, "websocketd_{name}{labels} {}", gauge.get());
        }
    }

    fn labelled(&mut self, name: &str, help: &str, label: &str, counts: &Labelled) {
        self.head(name, "counter", help);
        for (value, count) in counts.get() {
            let _ = writeln!(
                self.0,
                "websocketd_{name}_total{{{label}=\"{value}\"}} {count}"
            );
        }
    }

    fn directions(&mut self, name: &str, help: &str, inward: &Counter, outward: &Counter) {
        self.head(
            name,
            "counter",
            &format!("{help} from (in) and to (out) clients"),
        );
        for (direction, counter) in [("in", inward), ("out", outward)] {
            let count = counter.get();
            let _ = writeln!(
                self.0,
                "websocketd_{name}_total{{direction=\"{direction}\"}} {count}"
            );
        }
    }

    fn durations(&mut self, name: &str, help: &str, durations: &Durations) {
        self.head(name, "histogram", help);
        let mut count = 0;
        let bounds = BOUNDS
            .iter()
            .map(|bound| seconds(*bound))
            .chain(["+Inf".to_owned()]);
        for (bound, bucket) in bounds.zip(&durations.buckets) {
            count += bucket.load(Ordering::Relaxed);
            let _ = writeln!(self.0, "websocketd_{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let sum = seconds(durations.micros.load(Ordering::Relaxed));
        let _ = writeln!(self.0, "websocketd_{name}_sum {sum}");
        let _ = writeln!(self.0, "websocketd_{name}_count {count}");
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
