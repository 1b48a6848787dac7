use approx::assert_relative_eq;
use candle_core::Device;
use dartloom_metrics::testkit::Measured;

use super::*;
use crate::testkit::{Trial, check_task};

/// A question that everybody is asked, written behind the one that its first answer leads to.
fn small() -> Tree {
    let size = Question::new("size", ["small", "middle", "large"]).after("seen", "yes");
    Tree::new([size, Question::new("seen", ["yes", "no"])]).unwrap()
}

fn logits(rows: usize, answers: usize, salt: usize) -> Tensor {
    let number = |i: usize| ((i * 7 + salt) as f64 * 1.3).sin() * 2.0;
    let all: Vec<f64> = (0..rows * answers).map(number).collect();
    Tensor::from_vec(all, (rows, answers), &Device::Cpu).unwrap()
}

fn rows(tensor: &Tensor) -> Vec<Vec<f64>> {
    tensor.to_vec2().unwrap()
}

/// Logits ln 3 and 0 of "seen": 3/4 and 1/4; ln 2, 0 and 0 of "size": 1/2, 1/4 and 1/4 of 3/4.
#[test]
fn probabilities_and_loss_equal_a_calculation_by_hand() {
    let task = DecisionTree::new(small()).unwrap();
    let x = [[2_f64.ln(), 0.0, 0.0, 3_f64.ln(), 0.0]];
    let x = Tensor::new(&x, &Device::Cpu).unwrap();
    let expected = [3.0 / 8.0, 3.0 / 16.0, 3.0 / 16.0, 3.0 / 4.0, 1.0 / 4.0];
    let found = rows(&task.probabilities(&x).unwrap());
    assert_relative_eq!(found[0][..], expected, max_relative = 1e-12);
    let y = Tensor::new(&[[0.5_f32, 0.0, 0.0, 0.5, 0.5]], &Device::Cpu).unwrap();
    let loss = task.loss(&x, &y).unwrap();
    let sum = 1.0 / 64.0 + 2.0 * 9.0 / 256.0 + 2.0 / 16.0;
    assert_relative_eq!(loss.sum.to_scalar::<f64>().unwrap(), sum, max_relative = 1e-12);
    assert_relative_eq!(loss.count, 5.0);
    let mut scorer = task.scorer();
    scorer.update(&x, &y).unwrap();
    let rmse = scorer.scores().get("rmse").unwrap();
    assert_relative_eq!(rmse, (sum / 5.0).sqrt(), max_relative = 1e-12);
}

#[test]
fn answers_of_a_question_add_up_to_the_answer_that_leads_to_it() {
    let task = DecisionTree::new(Tree::galaxy_zoo_2().unwrap()).unwrap();
    let tree = task.tree();
    assert_eq!((tree.questions().len(), tree.answers()), (11, 37));
    let found = task.probabilities(&logits(4, 37, 3)).unwrap();
    for row in rows(&found) {
        for (question, place) in tree.questions().iter().zip(tree.places()) {
            let sum: f64 = row[place.first..place.first + place.count].iter().sum();
            let parent = question.parent.as_ref();
            let parent = parent.map(|own| tree.answer(&own.question, &own.answer).unwrap());
            let expected = parent.map_or(1.0, |answer| row[answer]);
            assert_relative_eq!(sum, expected, max_relative = 1e-12);
        }
    }
}

/// The columns of the challenge that weigh those of a question: 1.1, 1.2, 2.1, 2.2, 4.1 and 6.1.
#[test]
fn galaxy_zoo_weighs_questions_as_the_challenge_does() {
    let tree = Tree::galaxy_zoo_2().unwrap();
    let parents: Vec<Option<usize>> =
        tree.places().iter().map(|place| place.parent.map(|parent| parent.answer)).collect();
    let none = None;
    let expected = [none, Some(1), Some(4), Some(4), Some(4), none, Some(0), Some(13), Some(3)];
    assert_eq!(parents[..9], expected);
    assert_eq!(parents[9..], [Some(7), Some(7)]);
    let firsts: Vec<usize> = tree.places().iter().map(|place| place.first).collect();
    assert_eq!(firsts, [0, 3, 5, 7, 9, 13, 15, 18, 25, 28, 31]);
}

#[test]
fn the_task_obeys() {
    for tree in [small(), Tree::galaxy_zoo_2().unwrap()] {
        let task = DecisionTree::new(tree).unwrap();
        let answers = task.tree().answers();
        let batch = |salt| Measured {
            output: logits(2, answers, salt),
            target: task.probabilities(&logits(2, answers, salt + 50)).unwrap(),
        };
        let targets = TargetSpec::Values(answers);
        let batches = (0..3).map(batch).collect();
        check_task(&task, &Trial { targets, batches, adds_up: true })
            .unwrap_or_else(|broken| panic!("{answers} answers: {broken:?}"));
    }
}

#[test]
fn logits_of_a_large_range_have_finite_gradients() {
    let task = DecisionTree::new(small()).unwrap();
    let x =
        candle_core::Var::new(&[[1000_f32, -1000.0, 0.0, -500.0, 500.0]], &Device::Cpu).unwrap();
    let y = Tensor::new(&[[0.5_f32, 0.0, 0.0, 0.5, 0.5]], &Device::Cpu).unwrap();
    let loss = task.loss(&x, &y).unwrap();
    let gradient = loss.sum.backward().unwrap().get(&x).unwrap().to_vec2::<f32>().unwrap();
    assert!(gradient[0].iter().all(|number| number.is_finite()), "{gradient:?}");
}

#[test]
fn trees_that_make_no_sense_are_refused_with_the_question() {
    let yes_no = |name: &str| Question::new(name, ["yes", "no"]);
    let refused = |questions: Vec<Question>, part: &str| {
        let error = Tree::new(questions).unwrap_err().to_string();
        assert!(error.starts_with("tree: expected ") && error.contains(part), "{error}");
    };
    refused(Vec::new(), "at least one question");
    refused(vec![yes_no("a"), yes_no("a")], "`a`");
    refused(vec![yes_no("")], "a name of its own");
    refused(vec![Question::new("a", ["yes"])], "`a` with [\"yes\"]");
    refused(vec![Question::new("a", ["yes", "yes"])], "`a` with");
    refused(vec![yes_no("a"), yes_no("b").after("c", "yes")], "answer `yes` of `c` for `b`");
    refused(vec![yes_no("a"), yes_no("b").after("a", "maybe")], "answer `maybe` of `a` for `b`");
    refused(vec![yes_no("a").after("a", "yes")], "found `a`");
    let cycle = vec![yes_no("root"), yes_no("a").after("b", "no"), yes_no("b").after("a", "no")];
    refused(cycle, "found `a`, `b`");
}

#[test]
fn the_text_form_is_the_list_of_questions() {
    let tree = small();
    let text = serde_json::to_string(&tree).unwrap();
    let size = r#"{"name":"size","answers":["small","middle","large"],"parent":{"question":"seen","answer":"yes"}}"#;
    assert_eq!(text, format!(r#"[{size},{{"name":"seen","answers":["yes","no"]}}]"#));
    assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), tree);
    assert!(serde_json::from_str::<Tree>("[]").is_err());
}
