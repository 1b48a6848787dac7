use serde_json::json;

use super::{Agreement, Difference, Identity};

fn of(value: &serde_json::Value) -> Identity {
    Identity::new().with("training", value).unwrap()
}

#[test]
fn the_innermost_values_that_differ_are_named() {
    let asked = of(&json!({ "batch": 32, "rate": { "from": 0.1 }, "sizes": [1, 2] }));
    let stored = of(&json!({ "batch": 64, "rate": { "from": 0.1 }, "sizes": [1, 3] }));
    assert_eq!(asked.agreement(&asked), Agreement::Same);
    let Agreement::Differs(found) = asked.agreement(&stored) else { panic!("the same") };
    let found: Vec<String> = found.iter().map(Difference::to_string).collect();
    let expected =
        ["training.batch: expected 32, found 64", "training.sizes.1: expected 2, found 3"];
    assert_eq!(found, expected);
    assert_ne!(asked.digest().unwrap(), stored.digest().unwrap());
}

#[test]
fn a_part_that_only_one_has_is_a_difference() {
    let more = of(&json!(1)).with("seed", &3).unwrap();
    let Agreement::Differs(found) = of(&json!(1)).agreement(&more) else { panic!("the same") };
    assert_eq!(found[0].to_string(), "seed: expected nothing, found 3");
}

#[test]
fn a_part_in_code_that_says_nothing_is_never_the_same() {
    let asked = "Relaxation::identity";
    let unsaid = of(&json!(1)).with_code("relaxation", asked, None);
    let said = of(&json!(1)).with_code("relaxation", asked, Some("t = 1".to_owned()));
    let other = of(&json!(1)).with_code("relaxation", asked, Some("t = 2".to_owned()));
    assert_eq!(unsaid.agreement(&unsaid), Agreement::Unsaid);
    assert_eq!(unsaid.agreement(&said), Agreement::Unsaid);
    assert_eq!(said.agreement(&unsaid), Agreement::Unsaid);
    assert_eq!(said.agreement(&said), Agreement::Same);
    assert!(matches!(said.agreement(&other), Agreement::Differs(_)));
    // What is known to differ differs, whatever else is unsaid.
    let far = of(&json!(2)).with_code("relaxation", asked, None);
    assert!(matches!(unsaid.agreement(&far), Agreement::Differs(_)));
    assert!(!unsaid.is_said() && said.is_said());
    assert!(
        unsaid.complaint().unwrap().contains("the relaxation (`Relaxation::identity`) says no")
    );
    assert_eq!(said.complaint(), None);
}

#[test]
fn long_values_are_cut_and_values_without_json_refused() {
    let one = of(&json!("a".repeat(500)));
    let two = of(&json!("b".repeat(500)));
    let Agreement::Differs(found) = one.agreement(&two) else { panic!("the same") };
    assert!(found[0].to_string().len() < 250);
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = Identity::new().with("numbers", &map).unwrap_err().to_string();
    assert!(error.contains("numbers with a JSON form"), "{error}");
}
