//! Counters: atomics that every stage can bump at negligible cost, shown by the admin server as `OpenMetrics` text
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>, version 1.0).
//!
//! One static set, as a process has one log: a counter that had to be passed through every call would not be counted.

mod hosts;
mod page;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use hosts::{HostCounts, HostSession, Hosts};

/// The counters of this process.
pub static METRICS: Metrics = Metrics::new();

/// A number that only grows.
#[derive(Debug)]
pub struct Counter(AtomicU64);

/// A number of things that are there now.
#[derive(Debug)]
pub struct Gauge(AtomicI64);

/// Counters of one kind, distinguished by a label. Labels are literals: no client's text may become one, so their
/// number stays small.
#[derive(Debug)]
pub struct Labelled(Mutex<BTreeMap<&'static str, u64>>);

/// How long something took, in buckets.
#[derive(Debug)]
pub struct Durations {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// Upper bounds of the buckets in microseconds: a start takes from 40 us (a small static program) to some ms (an
/// interpreter).
const BOUNDS: [u64; 10] = [
    50, 100, 200, 400, 800, 1_600, 5_000, 20_000, 100_000, 1_000_000,
];

/// One gauge counted up for as long as this lives.
#[derive(Debug)]
#[must_use = "dropping this counts one less"]
pub struct Present(&'static Gauge);

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Connections accepted and admitted.
    pub connections: Counter,
    /// Connections that are open.
    pub connections_open: Gauge,
    /// Connections and requests that were refused: `connections_per_address`, `forks`, `origin`, `not_found`,
    /// `bad_request`, ...
    pub refusals: Labelled,
    /// Sessions that are open.
    pub sessions_open: Gauge,
    /// Sessions that ended, by `End::label`.
    pub sessions_ended: Labelled,
    /// What is counted at each host that a route names.
    pub hosts: Hosts,
    /// Sessions whose client is away, `--linger`.
    pub linger_parked: Gauge,
    /// Bytes that wait for clients of sessions that linger.
    pub linger_bytes: Gauge,
    /// What became of sessions that linger: `parked`, `resumed`, `taken_over`, `lost`, `expired`, `refused`.
    pub linger: Labelled,
    /// Messages from clients.
    pub messages_in: Counter,
    /// Messages to clients.
    pub messages_out: Counter,
    /// Payload bytes from clients.
    pub bytes_in: Counter,
    /// Payload bytes to clients.
    pub bytes_out: Counter,
    /// Sessions over TCP that are open.
    pub tcp_sessions_open: Gauge,
    /// Sessions over TCP that ended, by `End::label`.
    pub tcp_sessions_ended: Labelled,
    /// Bytes from clients over TCP.
    pub tcp_bytes_in: Counter,
    /// Bytes to clients over TCP.
    pub tcp_bytes_out: Counter,
    /// Handler and CGI processes that run, and are not being terminated.
    pub handlers_running: Gauge,
    /// Handler and CGI processes that are being terminated.
    pub handlers_ending: Gauge,
    /// Messages that clients of shared programs missed, because they were slow (`--slowclient=drop`) or on their way
    /// out.
    pub shared_dropped: Counter,
    /// Programs that ended: `success`, `failure` (an exit status but 0), `signal`, `terminated` (by us, with any of
    /// the two), `unobserved`.
    pub programs_ended: Labelled,
    /// When the certificate ends, of several the first; in seconds since 1970, 0 without one.
    pub certificate_not_after: Gauge,
    /// Programs that could not be started.
    pub spawn_failures: Counter,
    /// How long starts took, from the request to the pid.
    pub spawn_time: Durations,
}

impl Counter {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds `amount`; nothing is written for zero, so that the cache line stays where it is.
    pub fn add(&self, amount: u64) {
        if amount > 0 {
            self.0.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    /// Counts one more until the result is dropped.
    pub fn enter(&'static self) -> Present {
        self.0.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// Adds `change`, where many count at once.
    pub fn change(&self, change: i64) {
        self.0.fetch_add(change, Ordering::Relaxed);
    }

    /// Replaces it, where it is no number of things that come and go.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Labelled {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Counts one more with this label.
    pub fn add(&self, label: &'static str) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(label)
            .or_default() += 1;
    }

    /// The counts by label, in the labels' order.
    pub fn get(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(label, count)| (*label, *count))
            .collect()
    }
}

impl Durations {
    const fn new() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BOUNDS.len() + 1],
            micros: AtomicU64::new(0),
        }
    }

    /// Counts one that took `duration`.
    pub fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|&bound| bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Metrics {
    const fn new() -> Self {
        Self {
            connections: Counter::new(),
            connections_open: Gauge::new(),
            refusals: Labelled::new(),
            sessions_open: Gauge::new(),
            sessions_ended: Labelled::new(),
            hosts: Hosts::new(),
            linger_parked: Gauge::new(),
            linger_bytes: Gauge::new(),
            linger: Labelled::new(),
            messages_in: Counter::new(),
            messages_out: Counter::new(),
            bytes_in: Counter::new(),
            bytes_out: Counter::new(),
            tcp_sessions_open: Gauge::new(),
            tcp_sessions_ended: Labelled::new(),
            tcp_bytes_in: Counter::new(),
            tcp_bytes_out: Counter::new(),
            handlers_running: Gauge::new(),
            handlers_ending: Gauge::new(),
            shared_dropped: Counter::new(),
            programs_ended: Labelled::new(),
            certificate_not_after: Gauge::new(),
            spawn_failures: Counter::new(),
            spawn_time: Durations::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_openmetrics() {
        static METRICS: Metrics = Metrics::new();
        METRICS.connections.add(2);
        METRICS.refusals.add("origin");
        METRICS.refusals.add("origin");
        METRICS.bytes_out.add(7);
        METRICS.spawn_time.add(Duration::from_micros(50));
        METRICS.spawn_time.add(Duration::from_micros(51));
        METRICS.spawn_time.add(Duration::from_secs(3));
        METRICS
            .hosts
            .replace(vec!["*.a.example".into(), "gone".into()]);
        let (host, gone) = (METRICS.hosts.get("*.a.example"), METRICS.hosts.get("gone"));
        let session = host.as_ref().unwrap().enter();
        gone.unwrap().requests.add(1);
        METRICS.hosts.replace(vec!["*.a.example".into()]);
        let present = METRICS.handlers_running.enter();
        let page = METRICS.render();
        drop((present, session));
        assert!(!page.contains("gone"), "{page}");
        assert_eq!(host.unwrap().sessions_open(), 0);
        for line in [
            "websocketd_connections_total 2",
            "websocketd_refusals_total{reason=\"origin\"} 2",
            "websocketd_bytes_total{direction=\"out\"} 7",
            "websocketd_host_requests_total{host=\"*.a.example\"} 0",
            "websocketd_host_sessions_open{host=\"*.a.example\"} 1",
            "websocketd_host_sessions_total{host=\"*.a.example\"} 1",
            "websocketd_handlers{state=\"running\"} 1",
            "websocketd_handlers{state=\"ending\"} 0",
            "websocketd_spawn_seconds_bucket{le=\"0.000050\"} 1",
            "websocketd_spawn_seconds_bucket{le=\"0.000100\"} 2",
            "websocketd_spawn_seconds_bucket{le=\"+Inf\"} 3",
            "websocketd_spawn_seconds_sum 3.000101",
            "websocketd_spawn_seconds_count 3",
        ] {
            assert!(
                page.lines().any(|found| found == line),
                "{line} is not in\n{page}"
            );
        }
        assert!(page.ends_with("# EOF\n"));
        assert_eq!(METRICS.handlers_running.get(), 0);
        let families: Vec<_> = page
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let mut unique = families.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), families.len());
    }
}
