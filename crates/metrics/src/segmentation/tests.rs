#![allow(clippy::float_cmp, reason = "whole numbers are exact")]

use super::*;
use crate::drawn::{logits, mask};
use crate::testkit::{Measured, check_scorer};

fn all() -> SegmentationScores {
    SegmentationScores {
        surface: Some(SurfaceConfig::default()),
        objects: Some(ObjectsConfig::default()),
    }
}

fn batches() -> Vec<Measured> {
    let rows = [
        [["01200", "01100"], ["01200", "11?00"]],
        [["00000", "00222"], ["11000", "00022"]],
        [["00000", "00000"], ["00000", "0?000"]],
        [["10101", "02020"], ["10101", "02020"]],
    ];
    let batch = |[said, there]: [[&str; 2]; 2]| {
        let images = |tensor: &Tensor| Tensor::cat(&[tensor, tensor], 0).unwrap();
        Measured { output: images(&logits(&said, 3)), target: images(&mask(&there)) }
    };
    rows.map(batch).to_vec()
}

#[test]
fn the_whole_obeys_the_laws() {
    for scores in [SegmentationScores::default(), all()] {
        let empty =
            || Box::new(Segmentation::new(3, Some(255), &scores).unwrap()) as Box<dyn Scorer>;
        assert_eq!(check_scorer(&empty, &batches()), Ok(()));
    }
}

/// One pass over the masks for all gives the scores of each alone.
#[test]
fn each_part_has_the_scores_that_it_has_alone() {
    let mut whole = Segmentation::new(3, Some(255), &all()).unwrap();
    let mut parts: [Box<dyn Scorer>; 4] = [
        Box::new(Confusion::new(3, Some(255)).unwrap()),
        Box::new(ImageMeans::new(3, Some(255)).unwrap()),
        Box::new(Surface::new(3, Some(255), 2.0).unwrap()),
        Box::new(Objects::new(3, Some(255), ObjectsConfig::default()).unwrap()),
    ];
    for Measured { output, target } in batches() {
        whole.update(&output, &target).unwrap();
        parts.iter_mut().for_each(|part| part.update(&output, &target).unwrap());
    }
    let expected: Vec<_> = parts.iter().map(|part| part.scores()).collect();
    let expected = expected.iter().flat_map(Scores::iter).collect::<Vec<_>>();
    assert_eq!(whole.scores().iter().collect::<Vec<_>>(), expected);
    assert!(whole.objects().is_some());
    assert_eq!(whole.confusion().rows().len(), 3);
    assert!(whole.images().iou(1).is_some());
}

#[test]
fn whatever_can_select_is_a_score_and_goes_in_front() {
    let new = || Segmentation::new(3, Some(255), &all()).unwrap();
    let objectives = new().objectives();
    assert_eq!(objectives[0], Objective::share("mean_iou"));
    let distance = objectives.iter().find(|one| one.name == "hausdorff_95").unwrap();
    assert_eq!(*distance, Objective::lower("hausdorff_95").with_unit("px"));
    for objective in objectives {
        let mut first = crate::First::new(Box::new(new()), objective.name.clone());
        for Measured { output, target } in batches() {
            first.update(&output, &target).unwrap();
        }
        let scores = first.scores();
        assert_eq!(scores.iter().next().unwrap().0, objective.name);
        assert_eq!(scores.len(), {
            let mut whole = new();
            whole.add(&first.state()).unwrap();
            whole.scores().len()
        });
    }
}

#[test]
fn configurations_read_back_and_have_defaults() {
    let text = serde_json::to_string(&all()).unwrap();
    assert_eq!(serde_json::from_str::<SegmentationScores>(&text).unwrap(), all());
    let read = |text: &str| serde_json::from_str::<SegmentationScores>(text);
    assert_eq!(read(r#"{"surface":{},"objects":{}}"#).unwrap(), all());
    assert_eq!(read("{}").unwrap(), SegmentationScores::default());
    assert!(read(r#"{"objects":{"threshold":1}}"#).is_err());
}
