//! Ranks that are threads of one process.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use candle_core::Tensor;

use super::{Rank, Reduce, ReduceError};

/// A rank that is a thread of this process. Dropping it tells the others that it has left.
///
/// The last rank to arrive adds all parts in the order of ranks; nothing depends on the order of
/// arrival.
#[derive(Debug)]
pub struct Threads {
    rank: Rank,
    meeting: Arc<Meeting>,
}

/// The place where ranks meet.
#[derive(Debug)]
struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
    deadline: Duration,
}

#[derive(Debug)]
struct State {
    /// Sums that have been made.
    round: u64,
    /// Parts of the next sum, by rank.
    parts: Vec<Option<Part>>,
    /// The last sum.
    sum: Part,
    /// The reason why there are no more sums.
    failed: Option<ReduceError>,
}

#[derive(Clone, Debug, Default)]
struct Part {
    tensors: Vec<Tensor>,
    numbers: Vec<f64>,
}

impl Threads {
    /// Makes `size` ranks, each for a thread of its own. They wait for each other for at most
    /// `deadline`.
    pub fn ranks(size: usize, deadline: Duration) -> Vec<Self> {
        let state = State { round: 0, parts: vec![None; size], sum: Part::default(), failed: None };
        let state = Mutex::new(state);
        let changed = Condvar::new();
        let meeting = Arc::new(Meeting { state, changed, deadline });
        let rank = |index| Self { rank: Rank { index, size }, meeting: Arc::clone(&meeting) };
        (0..size).map(rank).collect()
    }

    fn meet(&self, part: Part) -> Result<Part, ReduceError> {
        let mut state = self.meeting.lock();
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let round = state.round;
        state.parts[self.rank.index] = Some(part);
        if state.parts.iter().all(Option::is_some) {
            self.meeting.conclude(&mut state);
        }
        let open = |state: &mut State| state.round == round && state.failed.is_none();
        let waited = self.meeting.changed.wait_timeout_while(state, self.meeting.deadline, open);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.round != round {
            return Ok(state.sum.clone());
        }
        let error = state.failed.clone().unwrap_or_else(|| self.meeting.late(&state));
        self.meeting.fail(&mut state, error.clone());
        Err(error)
    }
}

impl Meeting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds up all parts and ends the round, or fails for all ranks.
    fn conclude(&self, state: &mut State) {
        let parts: Vec<Part> = state.parts.iter_mut().filter_map(Option::take).collect();
        match sum(&parts) {
            Ok(sum) => {
                state.sum = sum;
                state.round += 1;
                self.changed.notify_all();
            }
            Err(error) => self.fail(state, error),
        }
    }

    fn fail(&self, state: &mut State, error: ReduceError) {
        state.failed.get_or_insert(error);
        self.changed.notify_all();
    }

    fn late(&self, state: &State) -> ReduceError {
        let missing = state.parts.iter().enumerate().filter(|(_, part)| part.is_none());
        ReduceError::Late { ranks: missing.map(|(rank, _)| rank).collect(), waited: self.deadline }
    }
}

/// The sum of all parts in the order of ranks.
fn sum(parts: &[Part]) -> Result<Part, ReduceError> {
    let [first, others @ ..] = parts else { return Ok(Part::default()) };
    let mut sum = first.clone();
    for (index, part) in others.iter().enumerate() {
        let expected = first.form();
        let found = part.form();
        if expected != found {
            return Err(ReduceError::Unlike { rank: index + 1, expected, found });
        }
        for (total, own) in sum.tensors.iter_mut().zip(&part.tensors) {
            *total = (&*total + own)?;
        }
        for (total, own) in sum.numbers.iter_mut().zip(&part.numbers) {
            *total += own;
        }
    }
    Ok(sum)
}

impl Part {
    /// Shapes and counts, in words.
    fn form(&self) -> String {
        let shapes: Vec<&[usize]> = self.tensors.iter().map(Tensor::dims).collect();
        format!("{} numbers and tensors of shapes {shapes:?}", self.numbers.len())
    }
}

impl Reduce for Threads {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn sum(&self, tensors: &mut [Tensor], numbers: &mut [f64]) -> Result<(), ReduceError> {
        let part = Part { tensors: tensors.to_vec(), numbers: numbers.to_vec() };
        let sum = self.meet(part)?;
        tensors.clone_from_slice(&sum.tensors);
        numbers.copy_from_slice(&sum.numbers);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let left = ReduceError::Left { rank: self.rank.index };
        self.meeting.fail(&mut self.meeting.lock(), left);
    }
}
