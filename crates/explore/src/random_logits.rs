//! Genotypes decoded from random logits.

use std::fmt;
use std::sync::Arc;

use dartloom_noise::Noise;
use dartloom_space::{CellTable, Genotype, Space, SpaceError, WeightTable};
use rand::RngCore;
use rand_distr::{Distribution as _, StandardNormal};
use serde_json::Value;

use super::state::{Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// Random search like a search method that learned nothing: logits `a_(e,o) ~ 1e-3 N(0, 1)` for
/// every edge `e` and operation `o`, weights `softmax_o(a_(e,o))`, and the decoder of the method it
/// is compared with.
///
/// Its distribution is that of the decoder, which need not be uniform: as a baseline, it shows the
/// benefit of training the logits.
///
/// Source: the logits that the released DARTS code starts from, `1e-3` times a normal number each,
/// decoded before any training.
///
/// # Differences from the paper
/// The paper draws architectures uniformly ([`RandomGenotypes`](super::RandomGenotypes)). It has no
/// links between cells, whose weights are drawn here in the same way, port by port.
#[derive(Clone)]
pub struct RandomLogits<D> {
    domain: Domain,
    decode: Arc<D>,
    noise: Noise,
    tasks: Tasks,
}

const NAME: &str = "random logits";
const SCALE: f64 = 1e-3;

impl<D> RandomLogits<D>
where
    D: Fn(&Space, &WeightTable) -> Result<Genotype, ExploreError>,
{
    /// Draws logits for the space of `domain`; the architectures made by `decode` must lie in it.
    ///
    /// `decode` calls a decoder and wraps its error in [`ExploreError::part`].
    pub fn new(domain: Domain, decode: D, noise: Noise) -> Self {
        Self { domain, decode: Arc::new(decode), noise, tasks: Tasks::default() }
    }

    fn draw(&self, rng: &mut dyn RngCore) -> Result<Genotype, ExploreError> {
        let table = weights(self.domain.space(), rng)?;
        (self.decode)(self.domain.space(), &table)
    }
}

impl<D> fmt::Debug for RandomLogits<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomLogits")
            .field("domain", &self.domain)
            .field("noise", &self.noise)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

impl<D> Explorer for RandomLogits<D>
where
    D: Fn(&Space, &WeightTable) -> Result<Genotype, ExploreError>,
{
    fn domain(&self) -> &Domain {
        &self.domain
    }

    /// # Errors
    /// The error of the decoder, [`ExploreError::Outside`] when its architecture
    /// is not of the domain.
    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let task = self.tasks.next();
        let genotype = self.draw(&mut self.noise.stream(NAME, task))?;
        if !self.domain.contains(&genotype) {
            return Err(ExploreError::Outside { task, genotype: genotype.to_json()? });
        }
        Ok(Some(self.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, _: &Outcome) -> Result<(), ExploreError> {
        self.tasks.close(proposal.task)
    }

    fn state(&self) -> Result<Value, ExploreError> {
        write(NAME, &self.tasks)
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        self.tasks = read(NAME, state)?;
        Ok(())
    }
}

fn weights(space: &Space, rng: &mut dyn RngCore) -> Result<WeightTable, SpaceError> {
    let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
    let cells = space.cells().iter().map(|cell| {
        let edges = cell.graph.edges().iter().map(|_| row(ops.len(), rng)).collect();
        CellTable { name: cell.name.clone(), edges, edge_weights: None }
    });
    let cells = cells.collect();
    let links = space.network().choices().map(|choice| row(choice.links, rng)).collect();
    WeightTable::new(ops, cells)?.with_links(links)
}

/// A softmax of random logits.
fn row(ops: usize, rng: &mut dyn RngCore) -> Vec<f64> {
    let draw = |_| {
        let normal: f64 = StandardNormal.sample(&mut *rng);
        (SCALE * normal).exp()
    };
    let powers: Vec<f64> = (0..ops).map(draw).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}
