use candle_core::Tensor;
use dartloom_net::DerivedNetwork;
use dartloom_ops::Mode;
use dartloom_ops::{Model, Pass};
use dartloom_space::{Blueprint, Genotype, Repeats};
use rand::RngCore;

use crate::support::*;

/// Counts what is drawn from it.
struct Counter {
    inner: rand_chacha::ChaCha8Rng,
    drawn: usize,
}

impl RngCore for Counter {
    fn next_u32(&mut self) -> u32 {
        self.drawn += 1;
        self.inner.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.drawn += 1;
        self.inner.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.drawn += 1;
        self.inner.fill_bytes(bytes);
    }
}

/// Logits, and how many numbers drop-path drew.
fn run_with(net: &DerivedNetwork, mode: Mode, drop_path: f64) -> (Vec<f64>, usize) {
    let mut noise = Counter { inner: rng(3), drawn: 0 };
    let mut pass = Pass { drop_path, ..Pass::new(mode, &mut noise) };
    let logits: Tensor = net.forward(&images(3, 8), &mut pass).unwrap().main;
    (values(&logits), noise.drawn)
}

/// One cell without a reduction.
fn flat(genotype: &Genotype) -> Blueprint {
    let stem = dartloom_space::Stem::cifar(3);
    let chain = genotype.chain(2, stem, Some(vec![]), Repeats::InTurn).unwrap();
    chain_plan(genotype, &chain, build(4, 8))
}

#[test]
fn identities_are_never_dropped() {
    let plan = flat(&genotype(&[("skip_connect", 0, 2), ("skip_connect", 1, 2)], &[2]));
    let net = derived(&plan, 1);
    let plain = run_with(&net, Mode::train(), 0.0);
    assert_eq!(run_with(&net, Mode::train(), 0.9), plain);
    assert_eq!(plain.1, 0);
}

#[test]
fn a_skip_that_halves_the_plane_is_dropped_like_other_operations() {
    let genotype = genotype(&[("skip_connect", 0, 2), ("sep_conv_3x3", 1, 2)], &[2]);
    let plan = plan(&genotype, 3, build(4, 8));
    assert_eq!(plan.cells.iter().filter(|cell| cell.reduction).count(), 2);
    let net = derived(&plan, 1);
    let (with, drawn) = run_with(&net, Mode::train(), 0.3);
    // Three images: the convolutions of three cells, the skips of the two reductions.
    assert_eq!(drawn, 3 * (3 + 2));
    assert_ne!(with, run_with(&net, Mode::train(), 0.0).0);
}

#[test]
fn evaluation_drops_nothing() {
    let net = derived(&flat(&genotype(&[("sep_conv_3x3", 0, 2)], &[2])), 1);
    let eval = run_with(&net, Mode::eval(), 0.9);
    assert_eq!(eval.1, 0);
    assert_eq!(eval, run_with(&net, Mode::eval(), 0.0));
}

#[test]
fn with_everything_dropped_the_classifier_sees_zeros() {
    let net = derived(&flat(&genotype(&[("sep_conv_3x3", 0, 2), ("max_pool_3x3", 1, 2)], &[2])), 1);
    let (logits, _) = run_with(&net, Mode::train(), 1.0);
    let bias = values(&net.variables().parameters()["head.0.1.bias"]);
    assert_eq!(logits, bias.repeat(3));
}
