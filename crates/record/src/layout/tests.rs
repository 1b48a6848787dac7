use super::RunLayout;
use crate::Leg;

#[test]
fn a_contender_that_is_alone_has_no_need_of_its_key() {
    let one = RunLayout::of(1);
    let two = RunLayout::of(2);
    let stems = |layout: RunLayout| {
        let legs = ["search/d", "explore/d", "random", "retrain/d", "retrain/random"];
        legs.map(|leg| layout.stem(&Leg::from(leg)))
    };
    assert_eq!(stems(one), ["search", "search", "random", "retrain-searched", "retrain-random"]);
    assert_eq!(stems(two), ["search-d", "search-d", "random", "retrain-d", "retrain-random"]);
    assert_eq!(
        (one.genotype("d"), two.genotype("d")),
        ("genotype.json".into(), "genotype-d.json".into())
    );
    assert_eq!(two.journal("d"), "journal-d.log");
    assert!([one, two].iter().all(|layout| RunLayout::is_genotype(&layout.genotype("d"))));
    assert!(!RunLayout::is_genotype("genotypes") && !RunLayout::is_genotype("weights.json"));
}

#[test]
fn seeds_are_read_back_from_the_names_of_their_directories() {
    assert_eq!(RunLayout::seed_of(&RunLayout::seed(7)), Some(7));
    assert_eq!(RunLayout::seed_of("seeds"), None);
}

#[test]
fn candidates_and_runs_of_operations_have_files_of_their_own() {
    let names = [
        RunLayout::candidate(3),
        RunLayout::candidate(30),
        RunLayout::op_run(3),
        RunLayout::CANDIDATES.to_owned(),
        RunLayout::OP_RUNS.to_owned(),
    ];
    let expected = [
        "candidate-3.safetensors",
        "candidate-30.safetensors",
        "op-run-3.safetensors",
        "candidates.json",
        "op-runs.json",
    ];
    assert_eq!(names, expected);
}

#[test]
fn names_of_the_whole_run_are_different_and_none_is_a_seed() {
    let names: std::collections::BTreeSet<&str> = RunLayout::WHOLE.into();
    assert_eq!(names.len(), RunLayout::WHOLE.len());
    assert!(names.into_iter().all(|name| RunLayout::seed_of(name).is_none()));
}
