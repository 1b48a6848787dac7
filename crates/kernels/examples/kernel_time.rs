//! Times single kernels: reads lines `op batch channels size stride` from standard input and
//! answers each with the milliseconds of a forward pass, of a backward pass through candle, and of
//! candle's own part of the latter (the same graph around an operation that does nothing).
use std::io::{BufRead, Write};
use std::time::Instant;

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Shape, Tensor, Var};
use dartloom_kernels::*;

/// Copies its input; its gradient is what it is given.
struct Nothing;
impl CustomOp1 for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn cpu_fwd(&self, x: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let CpuStorage::F32(x) = x else { unreachable!() };
        Ok((CpuStorage::F32(x.clone()), l.shape().clone()))
    }
    fn bwd(&self, x: &Tensor, _: &Tensor, g: &Tensor) -> candle_core::Result<Option<Tensor>> {
        if x.dims() == g.dims() {
            return Ok(Some(g.clone()));
        }
        Ok(Some(Tensor::zeros_like(x)?))
    }
}

fn var(shape: &[usize], seed: u64) -> Tensor {
    let mut s = seed;
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n)
        .map(|_| {
            s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (s >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect();
    Var::from_vec(values, shape, &Device::Cpu).unwrap().into_inner()
}

fn low(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

type Op = Box<dyn Fn(&Tensor, &Tensor) -> Tensor>;

fn op(name: &str, c: usize, stride: usize) -> (Vec<usize>, Op) {
    let conv = |k: usize, dilation: usize, groups: usize| -> Op {
        let padding = dilation * (k - 1) / 2;
        let spec = ConvSpec {
            stride: (stride, stride),
            dilation: (dilation, dilation),
            padding: (padding, padding),
            groups,
        };
        Box::new(move |x, w| conv2d(x, w, spec).unwrap())
    };
    let pool = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
    match name {
        "stem" => (vec![48, 3, 3, 3], conv(3, 1, 1)),
        "conv1x1" => (vec![c, c, 1, 1], conv(1, 1, 1)),
        "conv3x3" => (vec![c, c, 3, 3], conv(3, 1, 1)),
        "dw3" => (vec![c, 1, 3, 3], conv(3, 1, c)),
        "dw5" => (vec![c, 1, 5, 5], conv(5, 1, c)),
        "dil3" => (vec![c, 1, 3, 3], conv(3, 2, c)),
        "dil5" => (vec![c, 1, 5, 5], conv(5, 2, c)),
        "max" => (vec![1], Box::new(move |x, _| max_pool2d(x, pool).unwrap())),
        "avg" => (vec![1], Box::new(move |x, _| avg_pool2d(x, pool, false).unwrap())),
        "relu" => (vec![1], Box::new(|x, _| relu(x).unwrap())),
        "bn" => {
            let mean = Var::zeros(c, DType::F32, &Device::Cpu).unwrap();
            let variance = Var::ones(c, DType::F32, &Device::Cpu).unwrap();
            let spec = BatchNormSpec::default();
            let mode = Statistics::Update;
            (
                vec![1],
                Box::new(move |x, _| batch_norm(x, None, &mean, &variance, mode, spec).unwrap()),
            )
        }
        other => panic!("{other}"),
    }
}

fn run(name: &str, b: usize, c: usize, hw: usize, stride: usize) -> (f64, f64, f64) {
    let (w, op) = op(name, c, stride);
    let mut x = var(&[b, c, hw, hw], 1);
    if name == "stem" {
        x = x.detach();
    }
    let w = var(&w, 2);
    let (mut f, mut back, mut graph) = (vec![], vec![], vec![]);
    let start = Instant::now();
    while f.len() < 7 || start.elapsed().as_secs_f64() < 0.25 {
        let t = Instant::now();
        let y = op(&x, &w);
        f.push(t.elapsed().as_secs_f64() * 1e3);
        let t = Instant::now();
        let g = y.backward().unwrap();
        back.push(t.elapsed().as_secs_f64() * 1e3);
        drop((y, g));
        let y = x.apply_op1(Nothing).unwrap();
        let t = Instant::now();
        let g = if name == "stem" { None } else { Some(y.backward().unwrap()) };
        graph.push(t.elapsed().as_secs_f64() * 1e3);
        drop((y, g));
    }
    (low(f), low(back), low(graph))
}

fn main() {
    let threads = std::env::args().nth(1).map_or(2, |t| t.parse().unwrap());
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let n = |i: usize| words[i].parse().unwrap();
        let (f, back, graph) = run(words[0], n(1), n(2), n(3), n(4));
        println!("{f} {back} {graph}");
        std::io::stdout().flush().unwrap();
    }
}
