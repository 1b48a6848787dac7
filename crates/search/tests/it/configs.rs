//! Invalid values are refused by name.

use dartloom_search::{AblationConfig, AblationGradient, BilevelConfig, SearchConfig, SearchError};
use dartloom_train::Schedule;

/// Names of fields, and changes that make each of them invalid.
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
        ("bilevel.weight_adam.beta1", |c| c.bilevel.weight_adam.beta1 = 1.0),
        ("bilevel.weight_adam.weight_decay", |c| c.bilevel.weight_adam.weight_decay = -1.0),
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
fn configs_survive_json_and_refuse_unknown_fields() {
    let short = r#"{"epochs": 3, "bilevel": {"order": "Second"}}"#;
    let config: SearchConfig = serde_json::from_str(short).unwrap();
    assert_eq!((config.epochs, config.batch), (3, SearchConfig::default().batch));
    assert!(serde_json::from_str::<SearchConfig>(r#"{"bilevel": {"lr": 1}}"#).is_err());
}

#[test]
fn an_ablation_without_a_gradient_is_read_under_its_former_name() {
    for name in ["Zero", "Official"] {
        let text = format!(r#"{{"gradient": "{name}"}}"#);
        let config: AblationConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(config.gradient, AblationGradient::Zero);
    }
    assert_eq!(serde_json::to_string(&AblationGradient::Zero).unwrap(), r#""Zero""#);
}
