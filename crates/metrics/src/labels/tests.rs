use candle_core::{Device, Tensor};

use super::*;
use crate::testkit::{Measured, check_scorer};
use crate::{Cell, Column};

/// Three classes: 0 twice right, 1 once as 2 and once as NaN, 2 never there.
fn batch() -> Measured {
    let logits = [[3.0_f32, 1., 0.], [2., 2., 1.], [0., 1., 2.], [f32::NAN, 0., 0.]];
    Measured {
        output: Tensor::new(&logits, &Device::Cpu).unwrap(),
        target: Tensor::new(&[0_u32, 0, 1, 1], &Device::Cpu).unwrap(),
    }
}

#[test]
fn accuracy_has_its_table_and_its_matrix() {
    let mut labels = Labels::new(3).unwrap();
    let Measured { output, target } = batch();
    labels.update(&output, &target).unwrap();
    assert_eq!(labels.scores().get("accuracy"), Some(0.5));
    let [classes, matrix] = &labels.details().tables[..] else { panic!("two tables") };
    let share = |share| Cell::Share(share);
    assert_eq!(
        classes.rows,
        [
            [
                Cell::Output(0),
                Cell::Count(2.0),
                share(Some(1.0)),
                share(Some(1.0)),
                share(Some(1.0))
            ],
            [Cell::Output(1), Cell::Count(2.0), share(None), share(Some(0.0)), share(Some(0.0))],
            [Cell::Output(2), Cell::Count(0.0), share(Some(0.0)), share(None), share(Some(0.0))],
        ]
    );
    assert_eq!(matrix.columns[1], Column::Output(0));
    let row = |class, counts: [f64; 3], none| {
        let counts = counts.map(Cell::Count);
        [vec![Cell::Output(class)], counts.to_vec(), vec![Cell::Count(none)]].concat()
    };
    let expected =
        [row(0, [2.0, 0.0, 0.0], 0.0), row(1, [0.0, 0.0, 1.0], 1.0), row(2, [0.0; 3], 0.0)];
    assert_eq!(matrix.rows, expected);
}

#[test]
fn many_classes_have_their_most_frequent_confusions() {
    let classes = 30;
    let mut labels = Labels::new(classes).unwrap();
    // Every row says the class after its own; those of class 3 come twice.
    let there: Vec<u32> = (0..30).chain([3]).collect();
    let logits = there.iter().flat_map(|&label| {
        (0..30_u32).map(move |class| f32::from(u8::from(class == (label + 1) % 30)))
    });
    let output = Tensor::from_vec(logits.collect::<Vec<_>>(), (31, 30), &Device::Cpu).unwrap();
    labels.update(&output, &Tensor::new(there, &Device::Cpu).unwrap()).unwrap();
    let details = labels.details();
    let pairs = &details.tables[1];
    assert_eq!((pairs.name, pairs.rows.len()), ("confused", 30));
    assert_eq!(pairs.rows[0], [Cell::Output(3), Cell::Output(4), Cell::Count(2.0)]);
    assert_eq!(pairs.rows[1], [Cell::Output(0), Cell::Output(1), Cell::Count(1.0)]);
    assert!(Labels::new(1025).unwrap().details().tables.is_empty());
}

#[test]
fn the_laws_hold() {
    let batches = [batch(), batch(), batch()];
    for classes in [3, 2000] {
        let batches = if classes == 3 { &batches[..] } else { &[] };
        check_scorer(&|| Box::new(Labels::new(classes).unwrap()), batches).unwrap();
    }
    let mut labels = Labels::new(3).unwrap();
    let Measured { output, target } = batch();
    labels.update(&output, &target).unwrap();
    let before = labels.clone();
    // More logits than classes are no confusion, and nothing is counted.
    let wider = Tensor::cat(&[&output, &output], 1).unwrap();
    assert!(labels.update(&wider, &target).is_err());
    assert_eq!(format!("{:?}", labels.scores()), format!("{:?}", before.scores()));
}
