use dartloom_record::{Candidate, Leg, Objective, Where};

use super::Curves;

/// A search that has told candidates of these scores, the third of which failed.
fn curves(objective: &Objective) -> Curves {
    let candidate = |score: Option<f64>, parameters| Candidate {
        quality: score.map(|score| objective.quality(score)),
        parameters: Some(parameters),
        ..Candidate::default()
    };
    let told = [(Some(0.5), 300), (Some(0.75), 200), (None, 1), (Some(0.25), 400)];
    let told = told.map(|(score, parameters)| candidate(score, parameters));
    let mut curves = Curves::default();
    curves.begin(&Where::from(Leg::Explore("local".to_owned())), &told, Some(objective.clone()));
    curves
}

#[test]
fn an_error_is_drawn_as_itself_and_lower_is_better() {
    let curves = curves(&Objective::lower("rmse").with_unit("mm"));
    let told = [(1.0, 0.5), (2.0, 0.75), (4.0, 0.25)];
    assert_eq!(curves.scores().points, told);
    assert_eq!(curves.best().points, [(1.0, 0.5), (2.0, 0.5), (3.0, 0.5), (4.0, 0.25)]);
    assert_eq!(curves.front().points, [(200.0, 0.75), (300.0, 0.5), (400.0, 0.25)]);
    let table = "told,rmse,parameters,predicted_memory,peak_memory\n\
                 1,0.5,300,,\n2,0.75,200,,\n3,,1,,\n4,0.25,400,,\n";
    let files = curves.files().unwrap();
    assert_eq!(files[0].text, table);
    for file in files.iter().filter(|file| !file.name.contains("memory")).skip(1) {
        assert!(file.text.contains("rmse mm") && !file.text.contains("quality"), "{}", file.name);
    }
}

#[test]
fn a_share_is_drawn_in_percent_and_higher_is_better() {
    let curves = curves(&Objective::share("accuracy"));
    assert_eq!(curves.best().points, [(1.0, 50.0), (2.0, 75.0), (3.0, 75.0), (4.0, 75.0)]);
    assert_eq!(curves.front().points, [(200.0, 75.0)]);
    assert!(curves.files().unwrap()[2].text.contains("accuracy %"));
}

#[test]
fn without_an_objective_qualities_stand_for_themselves() {
    let mut curves = curves(&Objective::lower("rmse"));
    let told = curves.candidates.clone();
    curves.begin(&Where::from("own"), &told, None);
    assert_eq!(curves.best().points, [(1.0, -0.5), (2.0, -0.5), (3.0, -0.5), (4.0, -0.25)]);
    assert!(curves.files().unwrap()[0].text.starts_with("told,quality,"));
}

#[test]
fn a_score_of_any_name_is_one_column() {
    let table = curves(&Objective::higher("a, \"b\"")).table().unwrap();
    assert!(table.starts_with("told,\"a, \"\"b\"\"\",parameters,"), "{table}");
}
