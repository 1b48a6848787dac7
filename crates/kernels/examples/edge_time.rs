//! scratch: times one mixed edge.
use std::sync::Arc;
use std::time::Instant;
use candle_core::{DType, Device, Tensor, Var};
use dartloom_kernels::fused::*;
use dartloom_kernels::*;

fn rnd(shape: &[usize], seed: u64) -> Tensor {
    let n: usize = shape.iter().product();
    let mut s = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let v: Vec<f32> = (0..n).map(|_| { s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); ((s >> 40) as f32 / (1u64 << 24) as f32) - 0.5 }).collect();
    Tensor::from_vec(v, shape, &Device::Cpu).unwrap()
}
fn var(shape: &[usize], seed: u64) -> Tensor { Var::from_tensor(&rnd(shape, seed)).unwrap().into_inner() }
fn norm(c: usize) -> Stage { Stage::Norm { affine: None, mean: Var::zeros(c, DType::F32, &Device::Cpu).unwrap(), variance: Var::ones(c, DType::F32, &Device::Cpu).unwrap(), spec: BatchNormSpec::default() } }
fn dw(c: usize, k: usize, s: usize, d: usize) -> Stage { let p = d * (k - 1) / 2; Stage::Conv { weight: var(&[c, 1, k, k], (k * d) as u64), spec: ConvSpec { stride: (s, s), dilation: (d, d), padding: (p, p), groups: c } } }
fn pw(i: usize, o: usize) -> Stage { Stage::Conv { weight: var(&[o, i, 1, 1], 5), spec: ConvSpec::default() } }
fn edge(c: usize, s: usize) -> Vec<(&'static str, Vec<Stage>)> {
    let pool = PoolSpec { kernel: (3, 3), stride: (s, s), padding: (1, 1) };
    let sep = |k| vec![Stage::Relu, dw(c, k, s, 1), pw(c, c), norm(c), Stage::Relu, dw(c, k, 1, 1), pw(c, c), norm(c)];
    let dil = |k| vec![Stage::Relu, dw(c, k, s, 2), pw(c, c), norm(c)];
    let skip = if s == 1 { vec![Stage::Identity] } else { vec![Stage::Relu, Stage::FactorizedReduce { even: var(&[c / 2, c, 1, 1], 1), odd: var(&[c / 2, c, 1, 1], 2) }, norm(c)] };
    vec![("max", vec![Stage::MaxPool(pool), norm(c)]), ("avg", vec![Stage::AvgPool(pool), norm(c)]), ("skip", skip), ("sep3", sep(3)), ("sep5", sep(5)), ("dil3", dil(3)), ("dil5", dil(5))]
}
fn main() {
    let threads: usize = std::env::args().nth(1).map_or(2, |t| t.parse().unwrap());
    let only = std::env::args().nth(2);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    rayon::scope(|_| {
    for batch in [16usize, 64] { for (c, hw) in [(16usize, 32usize), (32, 16), (64, 8)] { for s in [1usize, 2] {
        let all = edge(c, s);
        let mut rows: Vec<(String, Vec<&Vec<Stage>>)> = vec![("mixed".into(), all.iter().map(|e| &e.1).collect())];
        if only.as_deref() == Some("each") { for e in &all { rows.push((e.0.into(), vec![&e.1])); } }
        for (name, stages) in rows {
            let mut b = ProgramBuilder::new(&[Extent::new(c, hw, hw)]);
            let branches: Vec<Branch<'_>> = stages.iter().enumerate().map(|(i, st)| Branch { coefficient: Some(i), ..Branch::new(0, st) }).collect();
            let n = b.node(Extent::new(c, hw / s, hw / s), &branches).unwrap();
            let p = Arc::new(b.finish(&[n]).unwrap());
            let arena = Arena::new();
            let x = var(&[batch, c, hw, hw], 3);
            let w = var(&[stages.len()], 4);
            let mut res = vec![];
            for (keep, constant) in [(Recompute::Never, false), (Recompute::Never, true), (Recompute::Edge, false)] {
                let (mut f, mut fb) = (vec![], vec![]);
                for _ in 0..9 {
                    let t = Instant::now();
                    let y = p.run(&[x.clone()], &Call { coefficients: Some(&w), gates: vec![], statistics: Statistics::Update, recompute: keep, constant_parameters: constant, arena: &arena }).unwrap();
                    f.push(t.elapsed().as_secs_f64() * 1e3);
                    let _g = y.backward().unwrap();
                    fb.push(t.elapsed().as_secs_f64() * 1e3);
                }
                f.sort_by(f64::total_cmp); fb.sort_by(f64::total_cmp);
                res.push(format!("f {:6.2} f+b {:6.2} (min {:6.2})", f[4], fb[4], fb[0]));
            }
            println!("b{batch} {c}@{hw} s{s} {name:6}: keep {} | logits {} | edge {}", res[0], res[1], res[2]);
        }
    }}}
    });
}
