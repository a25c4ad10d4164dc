//! How fast one client may talk: a token bucket, and a delay that grows while it is overdrawn.
//! Pure. Nothing is ever dropped here: the delay is served by not reading the client's next line.

use std::time::{Duration, Instant};

/// The longest pause after one message. Longer ones would make a page look dead.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Doublings after which the delay is at [`MAX_DELAY`] for every rate that the settings allow.
const MAX_DOUBLINGS: u32 = 20;

/// A bucket that refills at `rate` a second up to `burst`.
#[derive(Debug)]
pub struct Throttle {
    rate: f64,
    burst: f64,
    tokens: f64,
    updated: Instant,
    /// Messages taken since the bucket ran dry; 0: it has not.
    overdrawn: u32,
}

/// What taking a message costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How long nothing more is to be read.
    pub delay: Duration,
    /// Whether the client is to be told: once, when a delay begins.
    pub notice: bool,
}

impl Throttle {
    /// A full bucket. `rate` and `burst` are at least 1.
    pub fn new(rate: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            rate: f64::from(rate.max(1)),
            burst,
            tokens: burst,
            updated: now,
            overdrawn: 0,
        }
    }

    /// A full bucket of what is allowed once in `every`.
    pub fn slow(every: Duration, burst: u32, now: Instant) -> Self {
        Self {
            rate: every.as_secs_f64().recip(),
            ..Self::new(1, burst, now)
        }
    }

    /// The bucket as it was `ago`, when so much was left, in thousandths of a message.
    pub fn restore(&mut self, thousandths: u32, ago: Duration) {
        let earned = ago.as_secs_f64() * self.rate;
        self.tokens = (f64::from(thousandths) / 1000.0 + earned).min(self.burst);
    }

    /// What is left now, in thousandths of a message.
    pub fn left(&self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.updated);
        let earned = passed.saturating_sub(self.delay()).as_secs_f64() * self.rate;
        let left = (self.tokens + earned).clamp(0.0, self.burst) * 1000.0;
        // At most a hundred thousand messages.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped above"
        )]
        let left = left as u32;
        left
    }

    /// Takes one message.
    pub fn take(&mut self, now: Instant) -> Cost {
        let passed = now.saturating_duration_since(self.updated);
        self.updated = now;
        // What passed while a delay was served earns nothing, or the delay would pay for itself.
        let earned = passed.saturating_sub(self.delay());
        self.tokens = (self.tokens + earned.as_secs_f64() * self.rate).min(self.burst);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            self.overdrawn = self.overdrawn.saturating_sub(1);
        } else {
            self.overdrawn = (self.overdrawn + 1).min(MAX_DOUBLINGS);
        }
        Cost {
            delay: self.delay(),
            notice: self.overdrawn == 1,
        }
    }

    /// Takes one message if there is one left: for what is refused or dropped, not delayed, when there
    /// is too much of it.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.allows_many(1, now)
    }

    /// As [`Throttle::allows`], for what counts as `count` messages.
    pub fn allows_many(&mut self, count: u32, now: Instant) -> bool {
        let count = f64::from(count.max(1)).min(self.burst);
        let passed = now.saturating_duration_since(self.updated);
        self.updated = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate).min(self.burst);
        let allowed = self.tokens >= count;
        if allowed {
            self.tokens -= count;
        }
        allowed
    }

    fn delay(&self) -> Duration {
        if self.overdrawn == 0 {
            return Duration::ZERO;
        }
        let delay = 2f64.powi(self.overdrawn.min(MAX_DOUBLINGS).cast_signed() - 1) / self.rate;
        Duration::from_secs_f64(delay.min(MAX_DELAY.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `count` messages as fast as it is let; when the last was taken, and notices.
    fn send(
        throttle: &mut Throttle,
        mut now: Instant,
        count: u32,
        pause: Duration,
    ) -> (Instant, u32) {
        let mut notices = 0;
        for _ in 0..count {
            let cost = throttle.take(now);
            notices += u32::from(cost.notice);
            now += cost.delay + pause;
        }
        (now, notices)
    }

    #[test]
    fn a_burst_and_the_allowed_rate_cost_nothing() {
        let start = Instant::now();
        let mut throttle = Throttle::new(10, 20, start);
        let (now, notices) = send(&mut throttle, start, 20, Duration::ZERO);
        assert_eq!((now, notices), (start, 0));
        let mut throttle = Throttle::new(10, 20, start);
        let (_, notices) = send(&mut throttle, start, 1000, Duration::from_millis(100));
        assert_eq!(notices, 0);
    }

    #[test]
    fn a_flood_is_told_once_and_slowed_ever_more() {
        let start = Instant::now();
        let mut throttle = Throttle::new(10, 20, start);
        let (now, _) = send(&mut throttle, start, 20, Duration::ZERO);
        let delays: Vec<_> = (0..6)
            .scan(now, |now, _| {
                let cost = throttle.take(*now);
                *now += cost.delay;
                Some(cost.delay.as_millis())
            })
            .collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
        let mut throttle = Throttle::new(10, 20, start);
        let (now, notices) = send(&mut throttle, start, 60, Duration::ZERO);
        assert_eq!(notices, 1);
        assert!(now > start + Duration::from_secs(30));
    }

    #[test]
    fn what_is_refused_costs_nothing_and_delays_nothing() {
        let start = Instant::now();
        let mut throttle = Throttle::new(10, 20, start);
        let allowed = (0..100).filter(|_| throttle.allows(start)).count();
        assert_eq!(allowed, 20);
        let later = start + Duration::from_millis(550);
        let allowed = (0..100).filter(|_| throttle.allows(later)).count();
        assert_eq!(allowed, 5);
        assert_eq!(throttle.delay(), Duration::ZERO);
    }

    #[test]
    fn whoever_pauses_is_forgiven() {
        let start = Instant::now();
        let mut throttle = Throttle::new(10, 20, start);
        let (now, _) = send(&mut throttle, start, 30, Duration::ZERO);
        let (after, _) = send(
            &mut throttle,
            now + Duration::from_secs(4),
            1,
            Duration::ZERO,
        );
        let mut later = after;
        for _ in 0..12 {
            later += Duration::from_millis(1100);
            throttle.take(later);
        }
        assert_eq!(
            throttle.take(later + Duration::from_secs(1)).delay,
            Duration::ZERO
        );
    }
}
