#![allow(clippy::float_cmp, reason = "whole numbers are exact")]

use super::*;
use crate::drawn::{logits, mask};
use crate::testkit::{Measured, check_scorer};
use crate::{Cell, Column};

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

/// Class 2 is nowhere; the second image has no class 1, and four of its pixels do not count.
#[test]
fn every_class_has_a_row_and_means_leave_out_what_is_absent() {
    let mut scorer = Segmentation::new(3, Some(255), &SegmentationScores::default()).unwrap();
    scorer.update(&logits(&["0011"], 3), &mask(&["0001"])).unwrap();
    scorer.update(&logits(&["0000"], 3), &mask(&["????"])).unwrap();
    scorer.update(&logits(&["0000"], 3), &mask(&["0000"])).unwrap();
    let details = scorer.details();
    let [table] = &details.tables[..] else { panic!("one table") };
    let share = |share: f64| Cell::Share(Some(share));
    let row = |first: Cell, numbers: [Cell; 6]| [vec![first], numbers.to_vec()].concat();
    let none = || Cell::Share(None);
    let absent = [Cell::Count(0.0), none(), none(), none(), none(), Cell::Count(3.0)];
    // Class 0: 6 right of 7 true and 6 predicted pixels; class 1: 1 right of 1 and 2.
    let first = [7.0, 6.0 / 7.0, 12.0 / 13.0, 1.0, 6.0 / 7.0];
    let second = [1.0, 0.5, 2.0 / 3.0, 0.5, 1.0];
    let cells = |[pixels, a, b, c, d]: [f64; 5], without| {
        [Cell::Count(pixels), share(a), share(b), share(c), share(d), Cell::Count(without)]
    };
    let mean = |of: fn(f64, f64) -> f64| {
        let shares = (1..5).map(|at| share(of(first[at], second[at])));
        let ends = || std::iter::once(Cell::Number(None));
        ends().chain(shares).chain(ends()).collect::<Vec<_>>()
    };
    let expected = [
        row(Cell::Output(0), cells(first, 1.0)),
        row(Cell::Output(1), cells(second, 2.0)),
        row(Cell::Output(2), absent),
        [vec![Cell::Word("mean")], mean(|a, b| (a + b) / 2.0)].concat(),
        [vec![Cell::Word("mean without background")], mean(|_, b| b)].concat(),
    ];
    assert_eq!(table.rows, expected);
    let head = |column: &Column| match column {
        Column::Named { name, .. } => *name,
        Column::Output(_) => "output",
    };
    let heads: Vec<&str> = table.columns.iter().map(head).collect();
    assert_eq!(heads, ["class", "pixels", "iou", "dice", "precision", "recall", "images_without"]);
    let scores = scorer.scores();
    assert_eq!(details.told.iter().filter(|name| scores.get(name).is_some()).count(), 7);
    let with_objects = Segmentation::new(3, None, &all()).unwrap();
    let names: Vec<&str> = with_objects.details().tables.iter().map(|table| table.name).collect();
    assert_eq!(names, ["classes", "objects"]);
}
