use super::*;
use crate::experiment::{Chosen, Data, Named, builtin};
use dartloom::data::{ConfiguredTransform, Gamma, Split};
use dartloom::decode::{ConfiguredDecoder, NonePolicy, TopK};
use dartloom::train::Schedule;

fn digits() -> Experiment {
    Experiment::on(Data::Digits).unwrap()
}

#[test]
fn a_key_is_replaced_and_nothing_else() {
    let changed = set(&digits(), "search.epochs=4").unwrap();
    let mut expected = digits();
    expected.method[0].search.epochs = 4;
    assert_eq!(changed, expected);

    let changed = set(&digits(), " retrain.fit.rate = Constant(0.5)").unwrap();
    assert_eq!(changed.retrain.fit.rate, Schedule::Constant(0.5));
    assert_eq!(set(&digits(), "split=Full").unwrap().method[0].split, Split::Full);
    assert_eq!(set(&digits(), "seeds.1=9").unwrap().seeds[1], 9);
    let decoder =
        set(&digits(), "decoder=TopK(edges: 1, none: Include)").unwrap().method.remove(0).decoder;
    let rule = TopK { edges: 1, none: NonePolicy::Include, ..TopK::darts() };
    assert_eq!(decoder, Some(Named::Known(ConfiguredDecoder::TopK(rule))));
    let part = set(&digits(), "search.bilevel.rate.Cosine.from=1").unwrap();
    assert!(
        matches!(part.method[0].search.bilevel.rate, Schedule::Cosine { from, .. } if from > 0.9)
    );
}

#[test]
fn transforms_can_be_set_where_there_were_none() {
    let changed = set(&digits(), "retrain.fit.transforms=[Aerial, Gamma(probability: 0.5)]");
    let half = Gamma { probability: 0.5, ..Gamma::default() };
    let expected = [ConfiguredTransform::Aerial, ConfiguredTransform::Gamma(half)];
    let changed = changed.unwrap();
    assert_eq!(changed.retrain.fit.transforms, expected);
    let quarter = set(&changed, "retrain.fit.transforms.1.Gamma.probability=0.25").unwrap();
    let quarter = quarter.retrain.fit.transforms;
    assert!(matches!(quarter[1], ConfiguredTransform::Gamma(gamma) if gamma.probability < 0.3));
    let searched = set(&digits(), "search.transforms=[Flip]").unwrap();
    assert_eq!(searched.method[0].search.transforms, [ConfiguredTransform::Flip]);
    assert_eq!(set(&searched, "search.transforms=[]").unwrap(), digits());
    let unknown = set(&digits(), "retrain.fit.transforms=[Areal]").unwrap_err().to_string();
    assert!(unknown.contains("Areal") && unknown.contains("Aerial"), "{unknown}");
}

#[test]
fn unknown_keys_name_the_known_ones() {
    let Err(EngineError::SetKey { part, known, .. }) = set(&digits(), "search.epoch=4") else {
        panic!("an unknown key must be refused");
    };
    assert_eq!(part, "epoch");
    assert!(known.contains(&"epochs".to_owned()), "{known:?}");
    let Err(EngineError::SetKey { known, .. }) = set(&digits(), "serch.epochs=4") else {
        panic!("an unknown key must be refused");
    };
    assert!(["search", "retrain"].iter().all(|key| known.contains(&(*key).to_owned())));
    assert!(matches!(set(&digits(), "layers.x=1"), Err(EngineError::SetKey { .. })));
    assert!(matches!(set(&digits(), "seeds.9=1"), Err(EngineError::SetKey { .. })));
}

/// A value that is nothing is left out of a written experiment, and can be set all the same.
#[test]
fn a_value_that_is_left_out_when_it_is_nothing_can_be_set() {
    assert!(digits().method[0].search.prune.is_none());
    let text = "search.prune=(threshold: 0.1, patience: 1, edges: 2, finish_at: 4)";
    let changed = set(&digits(), text).unwrap();
    assert_eq!(changed.method[0].search.prune.unwrap().finish_at, 4);
    assert_eq!(set(&changed, "search.prune=None").unwrap(), digits());
    let error = set(&digits(), "search.prune=(treshold: 1)").unwrap_err();
    assert!(matches!(&error, EngineError::SetValue { .. }), "{error}");
    assert!(error.to_string().contains("threshold"), "{error}");
    let error = set(&digits(), "search.prun=None").unwrap_err();
    assert!(matches!(&error, EngineError::SetKey { .. }), "{error}");
}

#[test]
fn another_scale_is_refused_because_it_would_change_nothing() {
    let error = set(&digits(), "scale=Paper").unwrap_err().to_string();
    assert!(error.contains("write another one into its file"), "{error}");
    assert_eq!(set(&digits(), "scale=Small").unwrap(), digits());
}

#[test]
fn wrong_values_and_forms_are_refused() {
    for text in ["layers=many", "layers=-1", "split=Thirds", "search.flip=3", "data=3"] {
        let error = set(&digits(), text).unwrap_err();
        assert!(matches!(error, EngineError::SetValue { .. }), "{text}: {error}");
    }
    assert!(matches!(set(&digits(), "layers"), Err(EngineError::SetForm { .. })));
    assert!(matches!(set(&digits(), "=3"), Err(EngineError::SetForm { .. })));
}

#[test]
fn what_belongs_to_methods_is_replaced_in_each_or_in_one() {
    let both = builtin(&Chosen::of(&["darts", "pc_darts"].map(str::to_owned)).unwrap()).unwrap();
    let epochs = |experiment: &Experiment| {
        experiment.method.iter().map(|method| method.search.epochs).collect::<Vec<_>>()
    };
    assert_eq!(epochs(&set(&both, "search.epochs=9").unwrap()), [9, 9]);
    assert_eq!(epochs(&set(&both, "method.1.search.epochs=9").unwrap()), [5, 9]);
    assert!(matches!(set(&both, "method.2.channels=9"), Err(EngineError::SetKey { .. })));
    for other in ["preset=pc_darts", "method.0.preset=fair_darts"] {
        let error = set(&both, other).unwrap_err().to_string();
        assert!(error.contains("the methods of the experiment"), "{error}");
    }
}

#[test]
fn a_warm_up_follows_the_epochs_unless_it_was_set() {
    let pc = builtin(&Chosen::of(&["pc_darts".to_owned()]).unwrap()).unwrap();
    let warm_up = |experiment: &Experiment| experiment.method[0].search.bilevel.warm_up;
    assert_eq!(warm_up(&pc), 1);
    assert_eq!(warm_up(&set(&pc, "search.epochs=1").unwrap()), 0);
    assert_eq!(warm_up(&set(&pc, "search.epochs=20").unwrap()), 6);
    let own = set(&pc, "search.bilevel.warm_up=2").unwrap();
    assert_eq!(warm_up(&set(&own, "search.epochs=20").unwrap()), 2);
}

#[test]
fn values_that_files_leave_out_can_be_set() {
    let changed = |assignment: &str| set(&digits(), assignment).unwrap();
    assert_eq!(changed("hidden=[64, 32]").hidden, Hidden::new([64, 32]));
    let step = changed("search.bilevel.weight_step=Adam").method[0].search.bilevel.weight_step;
    assert_eq!(step, WeightStep::Adam);
    assert_eq!(changed("retrain.fit.weight_step=Adam").retrain.fit.weight_step, WeightStep::Adam);
    let decay = changed("retrain.fit.adam.weight_decay=0.5").retrain.fit.adam.weight_decay;
    assert!((decay - 0.5).abs() < 1e-12);
    assert_eq!(changed("hidden=[]"), digits());
}

#[test]
fn explorers_are_filled_in_as_those_of_a_file() {
    let one = set(&digits(), "explorers=[(explorer: Evolution(population: 9))]").unwrap();
    let explorer = &one.explorers[0];
    let method = &one.method[0];
    assert_eq!(explorer.key.as_deref(), Some("evolution"));
    assert_eq!(explorer.ops.as_ref(), Some(&method.ops));
    assert_eq!(explorer.topology.as_ref(), Some(&method.topology));
    assert_eq!((explorer.channels, explorer.split), (Some(method.channels), Some(method.split)));
    assert!(crate::Plan::new(one.clone(), "--set").is_ok());

    // Another explorer has another name; a name of one's own stays.
    let other = set(&one, "explorers.0.explorer=Pareto()").unwrap();
    assert_eq!(other.explorers[0].key.as_deref(), Some("pareto"));
    assert_ne!(other.explorers[0].title, explorer.title);
    let named = set(&set(&one, "explorers.0.key=mine").unwrap(), "explorers.0.explorer=Pareto()");
    assert_eq!(named.unwrap().explorers[0].key.as_deref(), Some("mine"));
    let same = set(&one, "explorers.0.explorer.Evolution.sample=2").unwrap();
    assert_eq!(same.explorers[0].key, explorer.key);

    for (text, expected) in [
        ("explorers=[\"evolution\"]", "such as (explorer: Evolution())"),
        ("explorers=[(explorer: Evolution(populatoin: 9))]", "population"),
    ] {
        let error = set(&digits(), text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let unknown = set(&digits(), "explorers=[(explorer: Evolutoin)]").unwrap();
    let error = crate::Plan::new(unknown, "--set").unwrap_err().to_string();
    assert!(error.contains("Evolutoin") && error.contains("Evolution"), "{error}");
}
