//! Questions and the answers that lead to them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{TaskError, check};

/// A question of a decision tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name, unique in the tree.
    pub name: String,
    /// Its answers, each of another name.
    pub answers: Vec<String>,
    /// The answer that leads to it; `None` for a question that everybody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

/// The answer that leads to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// The name of its question.
    pub question: String,
    /// Its name.
    pub answer: String,
}

impl Question {
    /// A question that everybody is asked.
    pub fn new<'a>(name: &str, answers: impl IntoIterator<Item = &'a str>) -> Self {
        let answers = answers.into_iter().map(str::to_owned).collect();
        Self { name: name.to_owned(), answers, parent: None }
    }

    /// The same question, asked of those who give `answer` to `question`.
    #[must_use]
    pub fn after(self, question: &str, answer: &str) -> Self {
        let parent = Parent { question: question.to_owned(), answer: answer.to_owned() };
        Self { parent: Some(parent), ..self }
    }
}

/// Questions whose answers lead to further questions: a forest, checked when it is made.
///
/// Answers are numbered question by question, in the order in which they are given; so are the
/// logits, the probabilities and the values of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Question>", into = "Vec<Question>")]
pub struct Tree {
    questions: Vec<Question>,
    /// Of each question: its first answer, and the answer that leads to it.
    places: Vec<Placed>,
    /// Questions, each behind that of its parent.
    order: Vec<usize>,
}

/// The numbers of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// The number of its first answer.
    pub(super) first: usize,
    /// Its answers.
    pub(super) count: usize,
    /// The number of the answer that leads to it, and its question.
    pub(super) parent: Option<Leading>,
}

/// An answer by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leading {
    pub(super) question: usize,
    pub(super) answer: usize,
}

impl Tree {
    /// A tree of these questions, in any order.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for no question, one without a name, of a name that is given twice or
    /// with fewer than two answers, for answers of one question that are named alike, for a parent
    /// that there is not, and for questions that lead to themselves.
    pub fn new(questions: impl Into<Vec<Question>>) -> Result<Self, TaskError> {
        let questions = questions.into();
        check_names(&questions)?;
        let mut places: Vec<Placed> = Vec::with_capacity(questions.len());
        let mut first = 0;
        for question in &questions {
            let count = question.answers.len();
            places.push(Placed { first, count, parent: None });
            first += count;
        }
        check::some("answers", first, 2)?;
        for index in 0..questions.len() {
            places[index].parent = leading(&questions, &places, &questions[index])?;
        }
        let order = order(&questions, &places)?;
        Ok(Self { questions, places, order })
    }

    /// The questions, in the order of their answers' numbers.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Answers of all questions together.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.places.last().map_or(0, |last| last.first + last.count)
    }

    /// The number of an answer; `None` if there is no such answer.
    #[must_use]
    pub fn answer(&self, question: &str, answer: &str) -> Option<usize> {
        let at = self.questions.iter().position(|own| own.name == question)?;
        let within = self.questions[at].answers.iter().position(|own| own == answer)?;
        Some(self.places[at].first + within)
    }

    pub(super) fn places(&self) -> &[Placed] {
        &self.places
    }

    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }
}

impl TryFrom<Vec<Question>> for Tree {
    type Error = TaskError;

    fn try_from(questions: Vec<Question>) -> Result<Self, TaskError> {
        Self::new(questions)
    }
}

impl From<Tree> for Vec<Question> {
    fn from(tree: Tree) -> Self {
        tree.questions
    }
}

fn refused(expected: &str, found: String) -> TaskError {
    TaskError::Setting { field: "tree", expected: expected.to_owned(), found }
}

fn check_names(questions: &[Question]) -> Result<(), TaskError> {
    if questions.is_empty() {
        return Err(refused("at least one question", "none".to_owned()));
    }
    let mut known = BTreeSet::new();
    for Question { name, answers, .. } in questions {
        if name.is_empty() || !known.insert(name) {
            return Err(refused("a name of its own for each question", format!("`{name}`")));
        }
        let own: BTreeSet<&String> = answers.iter().collect();
        if own.len() < 2 || own.len() < answers.len() {
            let expected = "at least two answers for each question, each of another name";
            return Err(refused(expected, format!("`{name}` with {answers:?}")));
        }
    }
    Ok(())
}

/// The answer that leads to a question, by number.
fn leading(
    questions: &[Question],
    places: &[Placed],
    question: &Question,
) -> Result<Option<Leading>, TaskError> {
    let Some(parent) = &question.parent else { return Ok(None) };
    let found = questions.iter().zip(places).enumerate().find_map(|(at, (other, place))| {
        let answer = other.answers.iter().position(|own| *own == parent.answer)?;
        (other.name == parent.question)
            .then_some(Leading { question: at, answer: place.first + answer })
    });
    found.map(Some).ok_or_else(|| {
        let Parent { question: other, answer } = parent;
        let found = format!("answer `{answer}` of `{other}` for `{}`", question.name);
        refused("parents that are answers of other questions", found)
    })
}

/// Questions in an order in which each is behind that of its parent.
fn order(questions: &[Question], places: &[Placed]) -> Result<Vec<usize>, TaskError> {
    let mut order = Vec::with_capacity(places.len());
    let mut asked = vec![false; places.len()];
    while order.len() < places.len() {
        let ready = |index: &usize| {
            !asked[*index] && places[*index].parent.is_none_or(|parent| asked[parent.question])
        };
        let round: Vec<usize> = (0..places.len()).filter(ready).collect();
        if round.is_empty() {
            let left = questions.iter().zip(&asked).filter(|(_, asked)| !**asked);
            let names: Vec<String> = left.map(|(own, _)| format!("`{}`", own.name)).collect();
            return Err(refused("no question that leads to itself", names.join(", ")));
        }
        round.iter().for_each(|&index| asked[index] = true);
        order.extend(round);
    }
    Ok(order)
}
