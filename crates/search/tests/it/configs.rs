//! Values that make no sense are refused by name.

use dartloom_search::{BilevelConfig, ComparisonConfig, RandomConfig, SearchConfig, SearchError};
use dartloom_train::Schedule;

/// The field that a change spoils.
type Table<C> = Vec<(&'static str, fn(&mut C))>;

/// The path of the field, which stands first.
fn field(error: SearchError) -> String {
    let text = error.to_string();
    text.split_once(": expected")
        .map_or_else(|| panic!("another error: {text}"), |(path, _)| path.to_owned())
}

#[test]
fn search_configs_name_the_field() {
    let bad: Table<SearchConfig> = vec![
        ("epochs", |c| c.epochs = 0),
        ("epochs", |c| c.epochs = usize::MAX),
        ("batch", |c| c.batch = 0),
        ("batch", |c| c.batch = 1),
        ("bilevel.warm_up", |c| c.bilevel.warm_up = c.epochs),
        ("bilevel.warm_up", |c| c.bilevel.warm_up = usize::MAX),
        ("bilevel.rate", |c| c.bilevel.rate = Schedule::Constant(-0.1)),
        ("bilevel.rate", |c| c.bilevel.rate = Schedule::Cosine { from: 0.1, to: f64::NAN }),
        ("bilevel.clip", |c| c.bilevel.clip = f64::NAN),
        ("bilevel.clip", |c| c.bilevel.clip = 0.0),
        ("bilevel.arch_rate", |c| c.bilevel.arch_rate = Schedule::Constant(-1e-3)),
        ("bilevel.arch_rate", |c| c.bilevel.arch_rate = Schedule::Constant(f64::INFINITY)),
        ("bilevel.sgd.momentum", |c| c.bilevel.sgd.momentum = 1.0),
        ("bilevel.sgd.weight_decay", |c| c.bilevel.sgd.weight_decay = -1.0),
        ("bilevel.adam.beta1", |c| c.bilevel.adam.beta1 = 1.5),
        ("bilevel.adam.beta2", |c| c.bilevel.adam.beta2 = f64::NAN),
        ("bilevel.adam.epsilon", |c| c.bilevel.adam.epsilon = 0.0),
        ("bilevel.adam.weight_decay", |c| c.bilevel.adam.weight_decay = f64::NAN),
    ];
    for (name, spoil) in bad {
        let mut config = SearchConfig::default();
        spoil(&mut config);
        assert_eq!(field(config.check().unwrap_err()), name);
    }
    SearchConfig::default().check().unwrap();
    BilevelConfig::default().check().unwrap();
}

#[test]
fn comparison_configs_name_the_field() {
    let bad: Table<ComparisonConfig> = vec![
        ("seeds", |c| c.seeds = vec![]),
        ("seeds", |c| c.seeds = vec![3, 1, 3]),
        ("retrain.channels", |c| c.retrain.channels = 0),
        ("retrain.layers", |c| c.retrain.layers = 0),
        ("retrain.fit.epochs", |c| c.retrain.fit.epochs = 0),
        ("random.fit.batch", |c| c.random.fit.batch = 1),
        ("random.fit.sgd.momentum", |c| c.random.fit.sgd.momentum = 2.0),
        ("random.top", |c| c.random.top = 0),
    ];
    for (name, spoil) in bad {
        let mut config = ComparisonConfig::default();
        spoil(&mut config);
        assert_eq!(field(config.check().unwrap_err()), name);
    }
    ComparisonConfig::default().check().unwrap();
    RandomConfig::default().check().unwrap();
}

#[test]
fn configs_survive_json_and_refuse_unknown_fields() {
    let text = serde_json::to_string(&ComparisonConfig::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<ComparisonConfig>(&text).unwrap(),
        ComparisonConfig::default()
    );
    let short = r#"{"seeds": [7], "retrain": {"fit": {"epochs": 3}}}"#;
    let config: ComparisonConfig = serde_json::from_str(short).unwrap();
    assert_eq!((config.seeds.as_slice(), config.retrain.fit.epochs), (&[7][..], 3));
    for unknown in [r#"{"seed": 1}"#, r#"{"retrain": {"fit": {"lr": 1}}}"#] {
        assert!(serde_json::from_str::<ComparisonConfig>(unknown).is_err());
    }
    let short = r#"{"epochs": 3, "bilevel": {"order": "Second"}}"#;
    let config: SearchConfig = serde_json::from_str(short).unwrap();
    assert_eq!((config.epochs, config.batch), (3, SearchConfig::default().batch));
    assert!(serde_json::from_str::<SearchConfig>(r#"{"bilevel": {"lr": 1}}"#).is_err());
}
