//! Axes of plots: round numbers between two ends.

/// A range of values with the round numbers that are written beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) ticks: Vec<f64>,
    step: f64,
    /// `true` where equal ratios are equally far apart.
    ratios: bool,
}

/// From this ratio of the ends on, sizes are shown by their ratios.
const RATIO: f64 = 20.0;

impl Axis {
    /// An axis that holds all of `values` that are finite, with about `count` numbers.
    pub(super) fn of(values: impl Iterator<Item = f64>, count: usize) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<[f64; 2]>, value| {
            let [least, most] = ends.unwrap_or([value, value]);
            Some([least.min(value), most.max(value)])
        });
        let [least, most] = ends.unwrap_or([0.0, 1.0]);
        let room = (most - least).max(1e-6 * most.abs()).max(1e-9);
        let room = if most > least { 0.05 * room } else { room };
        Self::between(least - room, most + room, count)
    }

    /// An axis of sizes: by their ratios where these are large, else as any other.
    pub(super) fn sizes(values: impl Iterator<Item = f64>, count: usize) -> Self {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        if least <= 0.0 || most <= RATIO * least {
            return Self::of(values.into_iter(), count);
        }
        let least = 0.8 * least;
        let most = 1.25 * most;
        let powers = least.log10().floor() as i32..=most.log10().ceil() as i32;
        let every: &[f64] = if most > 1e3 * least { &[1.0] } else { &[1.0, 3.0] };
        let ticks = powers.flat_map(|power| every.iter().map(move |at| at * 10_f64.powi(power)));
        let ticks = ticks.filter(|tick| (least..=most).contains(tick)).collect();
        Self { least, most, ticks, step: least, ratios: true }
    }

    /// An axis of whole numbers, such as epochs.
    pub(super) fn whole(values: impl Iterator<Item = f64>, count: usize) -> Self {
        let axis = Self::of(values, count);
        if axis.step >= 1.0 {
            return axis;
        }
        let least = axis.least.ceil();
        let most = axis.most.floor();
        let ticks = (0..=count).map(|tick| least + tick as f64).filter(|tick| *tick <= most);
        Self { ticks: ticks.collect(), step: 1.0, ..axis }
    }

    /// An axis between two ends.
    pub(super) fn between(least: f64, most: f64, count: usize) -> Self {
        let rough = (most - least) / count.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(10.0 * power);
        let first = (least / step).ceil();
        let last = (most / step).floor();
        let count = (last - first).clamp(0.0, 100.0) as usize;
        let ticks = (0..=count).map(|tick| (first + tick as f64) * step);
        let ticks = ticks.filter(|tick| *tick <= most).collect();
        Self { least, most, ticks, step, ratios: false }
    }

    /// The place of a value: 0 at the least, 1 at the most.
    pub(super) fn share(&self, value: f64) -> f64 {
        if self.ratios {
            return (value / self.least).ln() / (self.most / self.least).ln();
        }
        (value - self.least) / (self.most - self.least)
    }

    /// A tick as text.
    pub(super) fn text(&self, tick: f64) -> String {
        if self.ratios {
            return crate::page::count(tick);
        }
        // A sum of steps misses zero by a little.
        let tick = if tick.abs() < 1e-9 * self.step { 0.0 } else { tick };
        let size = self.least.abs().max(self.most.abs());
        match size {
            size if size >= 1e9 => format!("{}G", plain(tick / 1e9, self.step / 1e9)),
            size if size >= 1e6 => format!("{}M", plain(tick / 1e6, self.step / 1e6)),
            size if size >= 1e4 => format!("{}k", plain(tick / 1e3, self.step / 1e3)),
            size if size < 1e-3 => format!("{tick:.1e}"),
            _ => plain(tick, self.step),
        }
    }
}

fn plain(value: f64, step: f64) -> String {
    let after = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.after$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|tick| axis.text(*tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(texts(&Axis::between(0.0, 1.0, 4)), ["0.0", "0.5", "1.0"]);
        assert_eq!(texts(&Axis::between(-0.3, 0.3, 4)), ["-0.2", "0.0", "0.2"]);
        assert_eq!(texts(&Axis::between(0.0, 2.6e6, 3)), ["0M", "1M", "2M"]);
        for axis in [Axis::of([3.0].into_iter(), 4), Axis::of([f64::NAN].into_iter(), 4)] {
            assert!(axis.ticks.iter().all(|tick| (0.0..=1.0).contains(&axis.share(*tick))));
            assert!(!axis.ticks.is_empty(), "{axis:?}");
        }
    }

    #[test]
    fn sizes_far_apart_are_shown_by_their_ratios() {
        let axis = Axis::sizes([20e3, 2e6].into_iter(), 5);
        assert_eq!(texts(&axis), ["30.0 k", "100.0 k", "300.0 k", "1.00 M"]);
        let middle = axis.share(200e3);
        assert!((middle - 0.5).abs() < 1e-9, "{middle}");
        assert!(
            (axis.share(axis.most) - 1.0).abs() < 1e-12 && axis.share(axis.least).abs() < 1e-12
        );
        assert!(Axis::sizes([20e3, 30e3].into_iter(), 5).share(25e3) - 0.5 < 1e-9);
    }

    #[test]
    fn epochs_are_whole() {
        let axis = Axis::whole([1.0, 2.0].into_iter(), 5);
        assert_eq!(texts(&axis), ["1", "2"]);
        let axis = Axis::whole([1.0, 50.0].into_iter(), 5);
        assert!(axis.ticks.iter().all(|tick| tick.fract().abs() < 1e-9));
    }
}
