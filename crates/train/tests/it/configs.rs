//! Invalid values are refused by name.

use dartloom_data::Dataset;
use dartloom_noise::Noise;
use dartloom_train::{AdamConfig, Fit, FitConfig, MOST_EPOCHS, Schedule, SgdConfig, TrainError};

use crate::small::{config, first_digits, network};

/// Names of fields, and changes that make each of them invalid.
type Table<C> = Vec<(&'static str, fn(&mut C))>;

fn field(error: TrainError) -> &'static str {
    match error {
        TrainError::Config { field, .. } => field,
        other => panic!("another error: {other}"),
    }
}

#[test]
fn fit_configs_name_the_field() {
    let bad: Table<FitConfig> = vec![
        ("epochs", |c| c.epochs = 0),
        ("epochs", |c| c.epochs = MOST_EPOCHS + 1),
        ("batch", |c| c.batch = 0),
        ("batch", |c| c.batch = 1),
        ("rate", |c| c.rate = Schedule::Constant(-0.1)),
        ("rate", |c| c.rate = Schedule::Cosine { from: f64::NAN, to: 0.0 }),
        ("clip", |c| c.clip = f64::NAN),
        ("clip", |c| c.clip = 0.0),
        ("clip", |c| c.clip = -1.0),
        ("drop_path", |c| c.drop_path = 1.0),
        ("drop_path", |c| c.drop_path = -0.1),
        ("drop_path", |c| c.drop_path = f64::NAN),
        ("smoothing", |c| c.smoothing = 1.0),
        ("smoothing", |c| c.smoothing = f64::NAN),
        ("auxiliary", |c| c.auxiliary = f64::INFINITY),
        ("auxiliary", |c| c.auxiliary = -0.4),
        ("sgd.momentum", |c| c.sgd.momentum = 1.0),
        ("sgd.momentum", |c| c.sgd.momentum = f64::NAN),
        ("sgd.weight_decay", |c| c.sgd.weight_decay = -1e-4),
        ("sgd.weight_decay", |c| c.sgd.weight_decay = f64::NAN),
        ("adam.beta1", |c| c.adam.beta1 = 1.0),
        ("adam.beta2", |c| c.adam.beta2 = -0.1),
        ("adam.epsilon", |c| c.adam.epsilon = 0.0),
        ("adam.weight_decay", |c| c.adam.weight_decay = f64::NAN),
    ];
    let data = first_digits(4);
    let model = network(&data, 1);
    for (name, spoil) in bad {
        let mut config = config(2);
        spoil(&mut config);
        assert_eq!(field(config.check().unwrap_err()), name);
        let made = Fit::new("fit", &model, config, Noise::new(1), &data, None);
        assert_eq!(field(made.unwrap_err()), name);
    }
    FitConfig::default().check().unwrap();
    FitConfig { clip: f64::INFINITY, ..config(1) }.check().unwrap();
}

#[test]
fn optimiser_configs_name_the_field() {
    let bad: Table<AdamConfig> = vec![
        ("beta1", |c| c.beta1 = 1.0),
        ("beta1", |c| c.beta1 = -0.1),
        ("beta2", |c| c.beta2 = f64::NAN),
        ("epsilon", |c| c.epsilon = 0.0),
        ("epsilon", |c| c.epsilon = f64::NAN),
        ("weight_decay", |c| c.weight_decay = -1.0),
    ];
    for (name, spoil) in bad {
        let mut config = AdamConfig::default();
        spoil(&mut config);
        assert_eq!(field(config.check().unwrap_err()), name);
    }
    AdamConfig::default().check().unwrap();
    SgdConfig::default().check().unwrap();
}

#[test]
fn configs_read_from_json_fill_in_defaults_and_refuse_unknown_fields() {
    let read = |text: &str| serde_json::from_str::<FitConfig>(text);
    let config = read(r#"{"epochs": 3, "rate": {"Constant": 0.5}}"#).unwrap();
    assert_eq!(
        config,
        FitConfig { epochs: 3, rate: Schedule::Constant(0.5), ..FitConfig::default() }
    );
    let error = read(r#"{"epoch": 3}"#).unwrap_err().to_string();
    assert!(error.contains("epoch"), "{error}");
    let text = serde_json::to_string(&FitConfig::default()).unwrap();
    assert_eq!(read(&text).unwrap(), FitConfig::default());
}

#[test]
fn what_makes_no_sense_with_the_images_is_refused() {
    let data = first_digits(6);
    let model = network(&data, 1);
    let refusal = |config: FitConfig, images: &dyn Dataset| {
        Fit::new("fit", &model, config, Noise::new(1), images, None).unwrap_err().to_string()
    };
    let expected = "batch: expected no more than the images to learn from, found 16 of 6 images";
    assert_eq!(refusal(config(1), &data), expected);
    let expected = "batch: expected no more than the images to learn from, found 16 of 0 images";
    assert_eq!(refusal(config(1), &first_digits(0)), expected);
    let blank = FitConfig { batch: 2, cutout: 16, ..config(1) };
    assert!(refusal(blank, &data).starts_with("cutout: expected less than 8"));
    let fit = FitConfig { batch: 6, ..config(1) };
    let fit = Fit::new("fit", &model, fit, Noise::new(1), &data, None).unwrap();
    assert_eq!(dartloom_train::Stepper::steps_per_epoch(&fit), 1);
}
