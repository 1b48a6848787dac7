//! The knowledge of a pool about a running process.

use std::time::Duration;

use crate::{Failure, Rules, TaskSpec};

/// An attempt and its time limits. Times count from the pool's origin.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) task: u64,
    pub(super) attempt: u32,
    pub(super) started: Duration,
    pub(super) heard: Duration,
    pub(super) progressed: Duration,
    pub(super) peak: Option<u64>,
    /// `true` once the process has taken its task. Until then, the task is not blamed for what
    /// happens.
    pub(super) ready: bool,
    /// The time at which it took its task.
    taken: Duration,
    /// `true` once the outcome of the attempt has been told.
    pub(super) settled: bool,
    pub(super) killed: bool,
    estimate: Option<u64>,
    limit: Option<u64>,
    deadline: Option<f64>,
}

impl Watch {
    pub(super) fn new(spec: &TaskSpec, attempt: u32, limit: Option<u64>, now: Duration) -> Self {
        Self {
            task: spec.id,
            attempt,
            started: now,
            heard: now,
            progressed: now,
            peak: None,
            ready: false,
            taken: now,
            settled: false,
            killed: false,
            estimate: spec.memory,
            limit,
            deadline: spec.deadline,
        }
    }

    /// Notes that the process has taken its task.
    pub(super) fn begin(&mut self, now: Duration) {
        (self.ready, self.taken, self.progressed) = (true, now, now);
    }

    /// The reason for which the attempt must end now, if it must.
    pub(super) fn overdue(&self, rules: &Rules, now: Duration) -> Option<Failure> {
        let since = |then: Duration| now.saturating_sub(then).as_secs_f64();
        let late = |limit: Option<f64>, then| limit.filter(|&limit| since(then) >= limit);
        if !self.ready {
            let lost = late(Some(rules.start), self.started);
            return lost.map(|seconds| Failure::WorkerLost { seconds });
        }
        if let Some(seconds) = late(self.deadline, self.taken) {
            return Some(Failure::Timeout { seconds });
        }
        if let Some(seconds) = late(Some(rules.lease), self.heard) {
            return Some(Failure::WorkerLost { seconds });
        }
        late(rules.stall, self.progressed).map(|seconds| Failure::Stalled { seconds })
    }

    /// The time at which it will be overdue if nothing is heard from it.
    pub(super) fn next(&self, rules: &Rules) -> Duration {
        let after = |then: Duration, seconds| {
            then.saturating_add(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
        };
        if !self.ready {
            return after(self.started, rules.start);
        }
        let times = [
            self.deadline.map(|seconds| after(self.taken, seconds)),
            rules.stall.map(|seconds| after(self.progressed, seconds)),
        ];
        let lease = after(self.heard, rules.lease);
        times.into_iter().flatten().fold(lease, Duration::min)
    }

    pub(super) fn out_of_memory(&self) -> Failure {
        Failure::OutOfMemory { estimate: self.estimate, limit: self.limit, peak: self.peak }
    }

    /// A failure that a worker reported, completed with facts that only the pool knows.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        match failure {
            Failure::OutOfMemory { .. } => self.out_of_memory(),
            other => other,
        }
    }
}
