//! Invalid values are refused by name.

use dartloom_space::hand_made::UNet;
use dartloom_verdict::{Baseline, ComparisonConfig, RandomConfig, VerdictError};

/// Names of fields, and changes that make each of them invalid.
type Table<C> = Vec<(&'static str, fn(&mut C))>;

/// The path of the field, which stands first.
fn field(error: VerdictError) -> String {
    let text = error.to_string();
    text.split_once(": expected")
        .map_or_else(|| panic!("another error: {text}"), |(path, _)| path.to_owned())
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
}

/// Text forms from before a baseline could be left out, and of baselines with settings.
#[test]
fn baselines_are_written_without_some() {
    let of = |json: &str| {
        let config: ComparisonConfig = serde_json::from_str(json).unwrap();
        assert!(serde_json::to_string(&config).unwrap().contains(&json[1..json.len() - 1]));
        config.baseline
    };
    assert_eq!(of(r#"{"baseline":"TinyResNet"}"#), Some(Baseline::TinyResNet));
    assert_eq!(of(r#"{"baseline":"ResNet18"}"#), Some(Baseline::ResNet18));
    let unet = Baseline::UNet(UNet { base: 4, depth: Some(2) });
    assert_eq!(of(r#"{"baseline":{"unet":{"base":4,"depth":2}}}"#), Some(unet));
    let short: ComparisonConfig = serde_json::from_str(r#"{"baseline": "tiny_resnet"}"#).unwrap();
    assert_eq!(short.baseline, Some(Baseline::TinyResNet));
    assert_eq!(ComparisonConfig::default().baseline, None);
}
