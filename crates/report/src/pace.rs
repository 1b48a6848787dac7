//! The progress of a run, and the time it will take.

use dartloom_record::{Contender, Leg, Where};

/// A guess of what a leg takes, relative to a search.
fn guess(leg: &Leg) -> f64 {
    match leg {
        Leg::Retrain(Contender::Baseline) => 0.1,
        Leg::Retrain(_) => 0.3,
        _ => 1.0,
    }
}

/// Estimates progress and time left from the parts that are done.
#[derive(Clone, Debug)]
pub struct Pace {
    seeds: Vec<u64>,
    /// The parts of each seed, in order.
    legs: Vec<Part>,
    current: Option<Current>,
}

#[derive(Clone, Debug)]
struct Part {
    leg: Leg,
    guess: f64,
    /// Of every one that is finished.
    seconds: Vec<f64>,
}

impl Part {
    /// `true` if its length shows only when it ends.
    fn is_open_ended(&self) -> bool {
        self.leg == Leg::Random
    }
}

#[derive(Clone, Debug)]
struct Current {
    seed: usize,
    leg: usize,
    started: f64,
    /// The share of the part that was done when this process took it up.
    from: f64,
    done: f64,
    /// All of it; one candidate of many being done is not enough.
    complete: bool,
}

impl Pace {
    /// Nothing done yet.
    pub fn new(seeds: &[u64], legs: &[Leg]) -> Self {
        let part = |leg: &Leg| Part { guess: guess(leg), leg: leg.clone(), seconds: Vec::new() };
        Self { seeds: seeds.to_vec(), legs: legs.iter().map(part).collect(), current: None }
    }

    /// Notices that `phase` is `done` (0 to 1) at time `now`.
    pub fn at(&mut self, phase: &Where, done: f64, now: f64) {
        let Some((seed, leg)) = self.place(phase) else { return };
        match &mut self.current {
            Some(current) if (current.seed, current.leg) == (seed, leg) => current.done = done,
            _ => {
                let complete = false;
                self.current =
                    Some(Current { seed, leg, started: now, from: done, done, complete });
            }
        }
    }

    /// Notices that the part of `phase` is complete.
    pub fn finished(&mut self, phase: &Where, now: f64) {
        let Some((seed, leg)) = self.place(phase) else { return };
        if let Some(current) = self.current.take()
            && current.from <= 0.0
        {
            self.legs[leg].seconds.push(now - current.started);
        }
        let from = 1.0;
        let done = 1.0;
        let complete = true;
        self.current = Some(Current { seed, leg, started: now, from, done, complete });
    }

    /// Share of the whole run that is done, 0 to 1.
    pub fn share(&self, now: f64) -> f64 {
        let seed: f64 = (0..self.legs.len()).map(|leg| self.weight(leg, now)).sum();
        let total = self.seeds.len() as f64 * seed;
        let left = self.left_in(now, |leg| self.weight(leg, now));
        if total > 0.0 { (1.0 - left / total).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Seconds to the end; `None` before anything is known.
    pub fn left(&self, now: f64) -> Option<f64> {
        let scale = self.scale(now)?;
        Some(self.left_in(now, |leg| self.weight(leg, now) * scale))
    }

    fn left_in(&self, now: f64, weight: impl Fn(usize) -> f64) -> f64 {
        let (seed, leg) = self.current.as_ref().map_or((0, 0), |c| (c.seed, c.leg));
        let seeds_after = self.seeds.len().saturating_sub(seed + 1) as f64;
        let seed_whole: f64 = (0..self.legs.len()).map(&weight).sum();
        let legs_after: f64 = (leg + 1..self.legs.len()).map(&weight).sum();
        let here = weight(leg) * (1.0 - self.fraction(now));
        here + legs_after + seeds_after * seed_whole
    }

    /// The share of the current part that is done.
    fn fraction(&self, now: f64) -> f64 {
        let Some(current) = &self.current else { return 0.0 };
        if !self.legs[current.leg].is_open_ended() || current.complete {
            return current.done;
        }
        let expected = self.scale(now).map(|scale| self.weight(current.leg, now) * scale);
        let share = |expected: f64| (now - current.started) / expected.max(1e-9);
        expected.map_or(0.0, |expected| share(expected).clamp(0.0, 0.95))
    }

    /// The length of a part: measured seconds in units of [`Pace::scale`], or the guess.
    fn weight(&self, leg: usize, now: f64) -> f64 {
        let leg = &self.legs[leg];
        match (mean(&leg.seconds), self.scale(now)) {
            (Some(seconds), Some(scale)) => seconds / scale,
            _ => leg.guess,
        }
    }

    /// Seconds per unit of guess, from everything measured.
    fn scale(&self, now: f64) -> Option<f64> {
        let measured = self.legs.iter().filter_map(|leg| Some((mean(&leg.seconds)?, leg.guess)));
        let (mut seconds, mut guess) = measured.fold((0.0, 0.0), |(s, g), (a, b)| (s + a, g + b));
        if let Some(current) = &self.current
            && guess <= 0.0
            && !self.legs[current.leg].is_open_ended()
            && current.done > current.from
        {
            seconds = (now - current.started) / (current.done - current.from);
            guess = self.legs[current.leg].guess;
        }
        (seconds > 0.0 && guess > 0.0).then(|| seconds / guess)
    }

    /// Position of a phase.
    fn place(&self, phase: &Where) -> Option<(usize, usize)> {
        let number = phase.seed?;
        let seed = self.seeds.iter().position(|&known| known == number)?;
        Some((seed, self.legs.iter().position(|known| known.leg == phase.leg)?))
    }
}

/// `about 3 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..=99 => format!("{whole} s"),
        100..=5999 => format!("{} min", (whole + 30) / 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    dartloom_record::statistics::mean(values)
}

#[cfg(test)]
mod tests;
