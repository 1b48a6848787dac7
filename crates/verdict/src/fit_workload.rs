//! The memory of a training, from its configuration.

use dartloom_net::memory::{Training, Workload};
use dartloom_train::FitConfig;

/// The workload of a training step under `config`, on `threads` threads.
pub fn fit_workload(config: &FitConfig, threads: usize) -> Workload {
    let own = Training { moments: config.weight_step.moments(), ..Training::default() };
    Workload {
        training: Some(own),
        execution: config.recompute.into(),
        threads,
        drop_path: config.drop_path > 0.0,
        ..Workload::training(config.batch)
    }
}

#[cfg(test)]
mod tests {
    use dartloom_ops::{Execution, Recompute};
    use dartloom_train::WeightStep;

    use super::*;

    #[test]
    fn a_workload_is_that_of_the_configuration() {
        let config = FitConfig { batch: 7, recompute: Recompute::Edge, ..FitConfig::default() };
        let work = fit_workload(&config, 3);
        assert_eq!((work.batch, work.threads, work.drop_path), (7, 3, true));
        assert_eq!(work.execution, Execution::Fused(Recompute::Edge));
        let still = FitConfig { drop_path: 0.0, ..config };
        assert!(!fit_workload(&still, 3).drop_path);
        let moments = |config: &FitConfig| fit_workload(config, 3).training.unwrap().moments;
        let adam = FitConfig { weight_step: WeightStep::Adam, ..still.clone() };
        assert_eq!((moments(&still), moments(&adam)), (1, 2));
    }
}
