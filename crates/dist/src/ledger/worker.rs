//! One worker of a pool, as its ledger sees it.

use std::time::Duration;

use crate::Rules;

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) memory: Option<u64>,
    /// The time since which it has had a task.
    since: Option<(u64, Duration)>,
    fast_failures: u32,
    rests: u32,
    until: Option<Duration>,
}

impl Worker {
    pub(crate) fn new(number: usize, memory: Option<u64>) -> Self {
        Self { number, memory, since: None, fast_failures: 0, rests: 0, until: None }
    }

    pub(super) fn is_free(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    pub(super) fn fits(&self, needed: Option<u64>) -> bool {
        match (needed, self.memory) {
            (Some(needed), Some(memory)) => needed <= memory,
            _ => true,
        }
    }

    pub(super) fn begin(&mut self, task: u64, now: Duration) {
        self.since = Some((task, now));
    }

    pub(super) fn release(&mut self) {
        self.since = None;
    }

    pub(super) fn succeeded(&mut self) {
        self.fast_failures = 0;
        self.rests = 0;
    }

    /// Counts a failure. Returns the seconds of a rest if it was one fast failure too many.
    pub(super) fn failed(&mut self, rules: &Rules, now: Duration) -> Option<f64> {
        let since = self.since.map_or(now, |(_, since)| since);
        if now.saturating_sub(since).as_secs_f64() > rules.fast {
            self.fast_failures = 0;
            return None;
        }
        self.fast_failures += 1;
        if self.fast_failures < rules.fast_failures {
            return None;
        }
        self.fast_failures = 0;
        let doubled = rules.rest * 2.0_f64.powi(i32::try_from(self.rests).unwrap_or(i32::MAX));
        let rest = doubled.min(rules.longest_rest);
        self.rests = self.rests.saturating_add(1);
        self.until = Some(now + Duration::from_secs_f64(rest));
        Some(rest)
    }

    pub(super) fn wakes(&self) -> Option<Duration> {
        self.until
    }

    /// Ends a rest that is over; returns `true` if there was one.
    pub(super) fn wake(&mut self, now: Duration) -> bool {
        let over = self.until.is_some_and(|until| until <= now);
        if over {
            self.until = None;
        }
        over
    }
}
