use super::*;
use crate::experiment::{Data, DecoderKind};
use dartloom::decode::{NonePolicy, TopK};
use dartloom::search::Split;
use dartloom::train::Schedule;
use serde_json::json;

fn digits() -> Experiment {
    Experiment::on(Data::Digits).unwrap()
}

#[test]
fn values_are_json_or_as_in_files() {
    let rows = [
        ("3", json!(3)),
        ("true", json!(true)),
        ("[1, 2]", json!([1, 2])),
        ("\"a b\"", json!("a b")),
        ("Full", json!("Full")),
        ("plain words", json!("plain words")),
        ("Constant(0.1)", json!({ "Constant": 0.1 })),
        ("Idx(\"a,b:c\")", json!({ "Idx": "a,b:c" })),
        ("Cosine(from: 0.1, to: 0,)", json!({ "Cosine": { "from": 0.1, "to": 0 } })),
        (
            "TopK(edges: 1, ties: Seeded(3))",
            json!({ "TopK": { "edges": 1, "ties": { "Seeded": 3 } } }),
        ),
        ("TopK()", json!({ "TopK": {} })),
    ];
    for (text, expected) in rows {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_key_is_replaced_and_nothing_else() {
    let changed = set(&digits(), "search.epochs=4").unwrap();
    let mut expected = digits();
    expected.search.epochs = 4;
    assert_eq!(changed, expected);

    let changed = set(&digits(), " retrain.fit.rate = Constant(0.5)").unwrap();
    assert_eq!(changed.retrain.fit.rate, Schedule::Constant(0.5));
    assert_eq!(set(&digits(), "split=Full").unwrap().split, Split::Full);
    assert_eq!(set(&digits(), "seeds.1=9").unwrap().seeds[1], 9);
    let decoder = set(&digits(), "decoder=TopK(edges: 1, none: Include)").unwrap().decoder;
    let rule = TopK { edges: 1, none: NonePolicy::Include, ..TopK::darts() };
    assert_eq!(decoder, DecoderKind::TopK(rule));
    let part = set(&digits(), "search.bilevel.rate.Cosine.from=1").unwrap();
    assert!(matches!(part.search.bilevel.rate, Schedule::Cosine { from, .. } if from > 0.9));
}

#[test]
fn unknown_keys_name_the_known_ones() {
    let Err(CliError::SetKey { part, known, .. }) = set(&digits(), "search.epoch=4") else {
        panic!("an unknown key must be refused");
    };
    assert_eq!(part, "epoch");
    assert!(known.contains(&"epochs".to_owned()), "{known:?}");
    assert!(matches!(set(&digits(), "layers.x=1"), Err(CliError::SetKey { .. })));
    assert!(matches!(set(&digits(), "seeds.9=1"), Err(CliError::SetKey { .. })));
}

#[test]
fn wrong_values_and_forms_are_refused() {
    for text in ["layers=many", "layers=-1", "split=Thirds", "search.flip=3", "data=Pictures"] {
        let error = set(&digits(), text).unwrap_err();
        assert!(matches!(error, CliError::SetValue { .. }), "{text}: {error}");
    }
    assert!(matches!(set(&digits(), "layers"), Err(CliError::SetForm { .. })));
    assert!(matches!(set(&digits(), "=3"), Err(CliError::SetForm { .. })));
}
