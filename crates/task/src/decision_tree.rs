//! Answers of many people to questions that depend on each other.

mod galaxy_zoo;
mod tree;

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{Details, MetricsError, Scorer};
use dartloom_record::{Objective, Scores};
use dartloom_space::Outputs;
use serde::Serialize;

use self::tree::Placed;
pub use self::tree::{Parent, Question, Tree};
use crate::check::{self, Expected};
use crate::constant::{means, one_row};
use crate::{Constant, Loss, Task, TaskError};

const NAME: &str = "decision_tree";
const EXPECTED: Expected =
    Expected { task: NAME, shapes: "logits [batch, answers] with shares of the same shape" };

/// The shares of people who give each answer of a decision tree, judged by the root of the mean
/// squared error over all answers.
///
/// ```text
/// p(a) = p(parent(q)) e^x_a / sum_(k in q) e^x_k          a in q, p(parent) = 1 at a root
/// sum  = sum_b sum_a (p_b(a) - y_ba)^2,  count = B answers
/// ```
///
/// with logits x (`output`) and shares y (`target`), both `[B, answers]`; q is the question of
/// answer a, and parent(q) the answer that leads to it. The shares of a question's answers add up
/// to the share of its parent, in a prediction by construction. The targets of a data set are
/// [`TargetSpec::Values`].
///
/// Source: the output layer of the Harvard capstone *Investigating Differentiable Neural
/// Architecture Search* (Emanuel, Laasri, Randle and Zhuang 2019, `--gz_dtree`), for the Galaxy
/// Challenge of Kaggle, which is judged by the same error.
///
/// # Differences from the paper
/// The released code weighs what is odd about a galaxy by how smooth it is (`C6_1` is read from
/// question 1); here it is weighed by the answer that something is odd, as the data are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionTree {
    tree: Tree,
    #[serde(skip)]
    scorer: dartloom_metrics::Regression,
}

impl DecisionTree {
    /// The task of a tree.
    ///
    /// # Errors
    /// [`TaskError::Metrics`] for no answer, which no tree has.
    pub fn new(tree: Tree) -> Result<Self, TaskError> {
        let scorer = dartloom_metrics::Regression::new(tree.answers())?;
        Ok(Self { tree, scorer })
    }

    /// Its questions.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The probability of every answer, `[B, answers]`, from logits (`output`) of that shape.
    ///
    /// # Errors
    /// When `output` is of another shape.
    pub fn probabilities(&self, output: &Tensor) -> Result<Tensor, TaskError> {
        Ok(probabilities(&self.tree, output)?)
    }
}

fn probabilities(tree: &Tree, output: &Tensor) -> Result<Tensor, candle_core::Error> {
    let mut all: Vec<Option<Tensor>> = vec![None; tree.places().len()];
    for &question in tree.order() {
        let Placed { first, count, parent } = tree.places()[question];
        let mut own = candle_nn::ops::softmax(&output.narrow(1, first, count)?, 1)?;
        // The parent's question comes first in this order.
        if let Some(leading) = parent
            && let Some(above) = &all[leading.question]
        {
            let within = leading.answer - tree.places()[leading.question].first;
            own = own.broadcast_mul(&above.narrow(1, within, 1)?)?;
        }
        all[question] = Some(own);
    }
    let all: Vec<Tensor> = all.into_iter().flatten().collect();
    Tensor::cat(&all, 1)
}

impl Task for DecisionTree {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(self.tree.answers())
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        check::targets(NAME, TargetSpec::Values(self.tree.answers()), targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        let answers = self.tree.answers();
        let fits = output.rank() == 2 && output.dims()[1] == answers;
        if !fits || output.dims() != target.dims() {
            return Err(EXPECTED.refused(answers, output, target));
        }
        let shares = target.to_dtype(output.dtype())?;
        let error = (self.probabilities(output)? - shares)?;
        Ok(Loss { sum: error.sqr()?.sum_all()?, count: output.elem_count() as f64 })
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(Answers { tree: self.tree.clone(), scorer: self.scorer.clone() })
    }

    fn objective(&self) -> Objective {
        Objective::lower("rmse")
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        /// Keeps the logit of an answer that nobody gives finite.
        const LEAST: f64 = 1e-12;
        let logit = |mean: f64| mean.max(LEAST).ln() as f32;
        let means = means(train, self.tree.answers())?;
        let output = one_row(means.into_iter().map(logit).collect())?;
        Constant::judged(self, "the mean shares".to_owned(), &output, test).map(Some)
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

/// The scores of a regression on probabilities instead of logits.
#[derive(Clone, Debug)]
struct Answers {
    tree: Tree,
    scorer: dartloom_metrics::Regression,
}

impl Scorer for Answers {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        match output.dims() {
            [_, answers] if *answers == self.tree.answers() => {
                self.scorer.update(&probabilities(&self.tree, output)?, target)
            }
            // Which the scorer refuses in its own words.
            _ => self.scorer.update(output, target),
        }
    }

    fn state(&self) -> Vec<f64> {
        self.scorer.state()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        self.scorer.add(state)
    }

    fn scores(&self) -> Scores {
        self.scorer.scores()
    }

    fn details(&self) -> Details {
        self.scorer.details()
    }
}

#[cfg(test)]
mod tests;
