use super::{Contender, Leg, Where};

fn legs() -> Vec<Leg> {
    let key = || "d_darts".to_owned();
    vec![
        Leg::Search(key()),
        Leg::Explore(key()),
        Leg::Random,
        Leg::Retrain(Contender::Found(key())),
        Leg::Retrain(Contender::Random),
        Leg::Retrain(Contender::Baseline),
        Leg::Own("a/b".to_owned()),
        Leg::Own("candidate 3".to_owned()),
    ]
}

#[test]
fn a_leg_is_read_back_from_its_text() {
    let legs = legs();
    for leg in &legs {
        assert_eq!(&Leg::from(leg.to_string().as_str()), leg);
        let json = serde_json::to_string(leg).unwrap();
        assert_eq!(json, format!("\"{leg}\""));
        assert_eq!(&serde_json::from_str::<Leg>(&json).unwrap(), leg);
    }
    let mut sorted = legs.clone();
    sorted.sort();
    assert_eq!(sorted, legs, "ordered as they are run");
}

#[test]
fn a_place_says_seed_leg_and_candidate() {
    let place = Where::of_seed(3, Leg::Random);
    assert_eq!(place.to_string(), "seed 3 random");
    let candidate = place.clone().with_candidate(12);
    assert_eq!(candidate.to_string(), "seed 3 random/12");
    for place in [place, candidate, "search".into()] {
        let json = serde_json::to_string(&place).unwrap();
        assert_eq!(serde_json::from_str::<Where>(&json).unwrap(), place);
    }
    assert_eq!(Where::from("search").leg, Leg::Own("search".to_owned()));
    assert!(serde_json::from_str::<Where>(r#"{"leg": "random", "phase": "x"}"#).is_err());
}
