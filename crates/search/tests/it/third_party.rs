//! Operations and relaxations from outside go through a search.

use candle_core::{D, Tensor};
use dartloom_data::Split;
use dartloom_noise::Noise;
use dartloom_ops::{Init, Mode, OpCost, OpError, Operation, Registry, op_fn};
use dartloom_relax::{Progress, RelaxError, Relaxation};
use dartloom_search::{Choices, SearchConfig, SearchParts, SupernetSearch};
use dartloom_train::{Outcome, Session, drive};
use rand::{Rng, RngCore};

use crate::tiny::{darts, first_digits, space};

/// A learned scale per channel; averages pairs of pixels where the edge halves the plane.
#[derive(Debug)]
struct Scale {
    weight: Tensor,
    stride: usize,
}

impl Operation for Scale {
    fn forward(&self, x: &Tensor, _mode: Mode) -> Result<Tensor, OpError> {
        let x = if self.stride > 1 { x.avg_pool2d(self.stride)? } else { x.clone() };
        Ok(x.broadcast_mul(&self.weight)?)
    }
}

fn registry() -> Registry {
    let scale = op_fn(
        "channel_scale",
        |at, vars| {
            let weight = vars.parameter("weight", &[1, at.width, 1, 1], Init::Constant(1.0))?;
            Ok(Box::new(Scale { weight, stride: at.stride }))
        },
        |at| OpCost { parameters: at.width as u64, macs: at.shape.elements() },
    );
    Registry::standard().unwrap().with_factory(scale).unwrap()
}

/// Weights in proportion to squares of noisy logits, with a penalty on their size.
#[derive(Debug)]
struct Squares;

impl Relaxation for Squares {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        let jitter: Vec<f32> =
            (0..logits.elem_count()).map(|_| noise.random_range(0.0..0.1)).collect();
        let jitter = Tensor::from_vec(jitter, logits.shape(), logits.device())?;
        let squares = ((logits + jitter)?.sqr()? + 1e-6)?;
        Ok(squares.broadcast_div(&squares.sum_keepdim(D::Minus1)?)?)
    }

    fn penalty(&self, logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
        Ok(Some((logits.sqr()?.sum_all()? * 1e-3)?))
    }

    fn initial(&self, rows: usize, candidates: usize, _noise: &mut dyn RngCore) -> Vec<f32> {
        vec![0.5; rows * candidates]
    }
}

#[test]
fn a_search_takes_them_like_its_own() {
    let registry = registry();
    let ops = registry.op_set("mine", &["channel_scale", "skip_connect"]).unwrap();
    let space = space(ops, 2);
    let digits = first_digits(48);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = SearchParts { choices: Choices::of(Squares), ..darts(&space, &registry, &data) };
    let config = SearchConfig { epochs: 2, batch: 8, ..SearchConfig::default() };
    let mut search = SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap();
    let before = search.table(2).unwrap();
    assert_eq!(drive(&mut search, &mut Session::silent()).unwrap(), Outcome::Finished);
    let after = search.table(2).unwrap();
    assert_ne!(before, after, "the logits have moved");
    let genotype = search.decode(2).unwrap().genotype;
    let known = ["channel_scale", "skip_connect"];
    let genes: Vec<_> = genotype.cells().iter().flat_map(|cell| &cell.genes).collect();
    assert!(!genes.is_empty() && genes.iter().all(|gene| known.contains(&gene.op.as_str())));
    let scales = search.bilevel().core.supernet.variables().parameters().iter();
    let scales = scales.filter(|(name, _)| name.contains("channel_scale"));
    let moved = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(scales.flat_map(|(_, var)| moved(var)).any(|value| (value - 1.0).abs() > 1e-6));
}
