//! A recurrent network that emits an architecture, one choice after the other.

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::{DType, Tensor, Var};
use dartloom_ops::Place;
use rand::{Rng as _, RngCore};

use super::tokens::{Token, Tokens};

type Result<T> = candle_core::Result<T>;

/// A distribution over sequences of choices.
///
/// With `x_1` a learned start, `x_(t+1)` the learned embedding of choice `c_t`, and an LSTM
/// `(h_t, s_t) = lstm(x_t, h_(t-1), s_(t-1))`, `p(c_t | c_1 .. c_(t-1)) = softmax(W_t h_t + b_t)`
/// over the choices that are allowed.
#[derive(Debug)]
pub(super) struct Controller {
    tokens: Tokens,
    hidden: usize,
    variables: BTreeMap<String, Var>,
}

/// A sequence of choices and the controller's judgement of it.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) choices: Vec<usize>,
    /// `sum_t log p(c_t)`, a scalar.
    pub(super) log_probability: Tensor,
    /// `sum_t H(p(. | c_1 .. c_(t-1)))` in nats, a scalar.
    pub(super) entropy: Tensor,
}

/// Half the width of the interval around 0 from which variables are drawn uniformly (ENAS).
const RANGE: f64 = 0.1;

impl Controller {
    pub(super) fn new(tokens: Tokens, hidden: usize, rng: &mut dyn RngCore) -> Result<Self> {
        let mut variables = BTreeMap::new();
        let place = Place::default();
        let mut add = |name: String, shape: (usize, usize)| -> Result<()> {
            let draw = |_| rng.random_range(-RANGE..RANGE);
            let values: Vec<f64> = (0..shape.0 * shape.1).map(draw).collect();
            variables.insert(name, Var::from_vec(values, shape, &place.device)?);
            Ok(())
        };
        add("start".to_owned(), (1, hidden))?;
        add("lstm.input".to_owned(), (hidden, 4 * hidden))?;
        add("lstm.state".to_owned(), (hidden, 4 * hidden))?;
        add("lstm.bias".to_owned(), (1, 4 * hidden))?;
        for (step, token) in tokens.all.iter().enumerate() {
            add(format!("head.{step}.weight"), (hidden, token.choices()))?;
            add(format!("head.{step}.bias"), (1, token.choices()))?;
            add(format!("embedding.{step}"), (token.choices(), hidden))?;
        }
        Ok(Self { tokens, hidden, variables })
    }

    pub(super) fn variables(&self) -> &BTreeMap<String, Var> {
        &self.variables
    }

    /// A sequence drawn from the distribution.
    pub(super) fn sample(&self, rng: &mut dyn RngCore) -> Result<Sequence> {
        self.run(&mut |_, allowed, probabilities| {
            let draw: f64 = rng.random();
            let mut below = 0.0;
            let crossed = probabilities.iter().position(|probability| {
                below += probability;
                draw < below
            });
            // Rounding may leave the sum a little below 1.
            allowed.start + crossed.unwrap_or(allowed.len() - 1)
        })
    }

    /// The controller's judgement of a sequence.
    pub(super) fn judge(&self, choices: &[usize]) -> Result<Sequence> {
        self.run(&mut |step, _, _| choices[step])
    }

    /// Runs the network; `choose` gets the step, the choices that are allowed and their
    /// probabilities.
    fn run(&self, choose: Choose<'_>) -> Result<Sequence> {
        let Place { device, .. } = Place::default();
        let zero = Tensor::zeros((1, self.hidden), DType::F64, &device)?;
        let mut state = (zero.clone(), zero);
        let mut input = self.var("start").clone();
        let mut choices = Vec::with_capacity(self.tokens.all.len());
        let mut log_probability = Tensor::zeros((), DType::F64, &device)?;
        let mut entropy = log_probability.clone();
        let mut last = 0;
        let mut decided = Vec::new();
        for (step, token) in self.tokens.all.iter().enumerate() {
            state = self.cell(&input, state)?;
            let allowed = match token {
                Token::Link => self.tokens.links.allowed(&decided),
                _ => token.allowed(last),
            };
            let logits = state.0.matmul(self.var(&format!("head.{step}.weight")))?;
            let logits = (logits + self.var(&format!("head.{step}.bias")))?;
            let logits = logits.narrow(1, allowed.start, allowed.len())?;
            let logs = logits.broadcast_sub(&logits.log_sum_exp(1)?.unsqueeze(1)?)?;
            let probabilities = logs.exp()?;
            let host = probabilities.detach().flatten_all()?.to_vec1::<f64>()?;
            let choice = choose(step, allowed.clone(), &host);
            let own = logs.narrow(1, choice - allowed.start, 1)?.sum_all()?;
            log_probability = (log_probability + own)?;
            entropy = (entropy - (probabilities * logs)?.sum_all()?)?;
            input = self.var(&format!("embedding.{step}")).narrow(0, choice, 1)?;
            match token {
                Token::Source { .. } => last = choice,
                Token::Link => decided.push(choice == 1),
                Token::Op { .. } => {}
            }
            choices.push(choice);
        }
        Ok(Sequence { choices, log_probability, entropy })
    }

    /// One step of the LSTM: input, forget and output gates and the candidate, in this order.
    fn cell(&self, input: &Tensor, (hidden, state): (Tensor, Tensor)) -> Result<(Tensor, Tensor)> {
        let sum = input.matmul(self.var("lstm.input"))?;
        let sum = (sum + hidden.matmul(self.var("lstm.state"))?)?;
        let parts = (sum + self.var("lstm.bias"))?.chunk(4, 1)?;
        let state = ((sigmoid(&parts[1])? * state)? + (sigmoid(&parts[0])? * parts[3].tanh()?)?)?;
        let hidden = (sigmoid(&parts[2])? * state.tanh()?)?;
        Ok((hidden, state))
    }

    /// Every name asked for is one that [`Controller::new`] added.
    fn var(&self, name: &str) -> &Tensor {
        self.variables[name].as_tensor()
    }
}

type Choose<'a> = &'a mut dyn FnMut(usize, Range<usize>, &[f64]) -> usize;

/// `1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2`.
fn sigmoid(x: &Tensor) -> Result<Tensor> {
    ((x * 0.5)?.tanh()? + 1.0)? * 0.5
}
