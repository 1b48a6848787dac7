//! The cause of a failed evaluation: the candidate, or something else.

use dartloom_search::SearchError;
use dartloom_train::TrainError;

use crate::VerdictError;
use dartloom_explore::{ExploreError, Outcome};

/// The consequence of an error in the evaluation of a candidate: the candidate has failed, or the
/// search cannot go on.
pub(crate) fn failed(task: u64, error: VerdictError) -> Result<Outcome, ExploreError> {
    if is_common(&error) {
        return Err(ExploreError::judging(task, error));
    }
    Ok(Outcome::Failed { reason: error.to_string() })
}

/// `true` if an error is not caused by a candidate: files, data, observers and settings are the
/// same for all of them.
pub(crate) fn is_common(error: &VerdictError) -> bool {
    match error {
        VerdictError::Train(error) => is_common_in_training(error),
        VerdictError::Search(error) => match &**error {
            SearchError::Train(error) => is_common_in_training(error),
            SearchError::Data(_)
            | SearchError::Record(_)
            | SearchError::Observer(_)
            | SearchError::Config { .. } => true,
            _ => false,
        },
        VerdictError::Data(_)
        | VerdictError::Task(_)
        | VerdictError::Record(_)
        | VerdictError::Observer(_)
        | VerdictError::Config { .. }
        | VerdictError::Stored { .. } => true,
        _ => false,
    }
}

fn is_common_in_training(error: &TrainError) -> bool {
    matches!(
        error,
        TrainError::Record(_)
            | TrainError::Checkpoint { .. }
            | TrainError::State { .. }
            | TrainError::Config { .. }
            | TrainError::Data(_)
            | TrainError::Observer(_)
    )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use dartloom_data::DataError;
    use dartloom_ops::OpError;
    use dartloom_record::RecordError;

    use super::*;

    #[test]
    fn what_is_the_same_for_all_candidates_is_none_s_doing() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let file = RecordError::File { path: PathBuf::from("c"), action: "write", source };
        let common: [VerdictError; 3] = [
            TrainError::from(file).into(),
            DataError::EmptyDataset.into(),
            TrainError::Data(DataError::EmptyDataset).into(),
        ];
        for error in common {
            let told = error.to_string();
            let found = failed(3, error).map_err(|error| error.to_string());
            assert_eq!(found, Err(format!("task 3: {told}")));
        }
        let not_finite = TrainError::NotFinite {
            phase: Box::new("p".into()),
            epoch: 0,
            step: 0,
            what: "loss".to_owned(),
            place: None,
        };
        let own: [VerdictError; 2] =
            [not_finite.into(), OpError::NoFactory { op: "x".to_owned() }.into()];
        for error in own {
            let reason = error.to_string();
            assert_eq!(failed(3, error).unwrap(), Outcome::Failed { reason });
        }
    }
}
