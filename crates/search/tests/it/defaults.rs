//! The defaults of configurations.

use dartloom_search::{BilevelConfig, CellRule};
use dartloom_train::{AdamConfig, Schedule};

#[test]
fn logits_move_by_the_adam_of_darts() {
    assert_eq!(BilevelConfig::default().adam, AdamConfig::darts_logits());
    let read: BilevelConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(read.adam, AdamConfig::darts_logits());
    let rule: CellRule = serde_json::from_str(r#"{"rate": {"Constant": 0.1}}"#).unwrap();
    assert_eq!(rule, CellRule { rate: Schedule::Constant(0.1), adam: AdamConfig::darts_logits() });
}
