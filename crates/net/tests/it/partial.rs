//! Edges whose operations see one channel in K.

use candle_core::{DType, Device, Tensor, Var};
use dartloom_kernels::testkit::{GradientCheck, check_gradients, filled};
use dartloom_net::{Cell, Mask, NetError, channel_shuffle};
use dartloom_ops::Pass;
use dartloom_ops::{Mode, Operation as _, Place, Registry, Sequence, Variables};
use dartloom_space::{
    ArchWeights, Blueprint, Build, CellPlan, CellWeights, EdgePlan, OpSet, Space, Stem,
};

use crate::support::*;

const OPS: [&str; 4] = ["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"];

fn partial_plan(space: &Space, channels: usize, side: usize, partial: usize) -> Blueprint {
    Blueprint::supernet(space, Build { partial, ..build(channels, side) }).unwrap()
}

fn new_cell(plan: &CellPlan, variables: &mut Variables) -> Cell {
    let registry = Registry::standard().unwrap();
    Cell::new(0, plan, &registry, &mut variables.builder(&mut rng(1))).unwrap()
}

#[test]
fn a_shuffle_reads_rows_and_puts_out_columns() {
    // Six channels in two groups: 0 1 2 / 3 4 5.
    let x = Tensor::arange(0_i64, 24, &Device::Cpu).unwrap().reshape((1, 6, 2, 2)).unwrap();
    let y = channel_shuffle(&x, 2).unwrap();
    assert_eq!(y.dims(), [1, 6, 2, 2]);
    let expected: Vec<i64> =
        [0, 3, 1, 4, 2, 5].into_iter().flat_map(|c| 4 * c..4 * c + 4).collect();
    assert_eq!(y.flatten_all().unwrap().to_vec1::<i64>().unwrap(), expected);
    // Three groups of two undo two groups of three.
    let back = channel_shuffle(&y, 3).unwrap();
    let numbers: Vec<i64> = back.flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(numbers, (0..24).collect::<Vec<i64>>());
}

#[test]
fn what_cannot_be_shuffled_is_refused() {
    let square = filled(&[2, 6, 3, 3], 1).unwrap();
    let flat = filled(&[2, 6], 1).unwrap();
    for (x, groups, shape) in
        [(&square, 0, &[2, 6, 3, 3][..]), (&square, 4, &[2, 6, 3, 3]), (&flat, 2, &[2, 6])]
    {
        let error = channel_shuffle(x, groups).unwrap_err();
        let NetError::Shuffle { groups: g, found } = &error else { panic!("{error}") };
        assert_eq!((*g, &found[..]), (groups, shape));
    }
    let text = channel_shuffle(&flat, 4).unwrap_err().to_string();
    let expected = "a shuffle in 4 groups needs [B, C, H, W] with C a multiple of 4, found [2, 6]";
    assert_eq!(text, expected);
}

/// The layers of one part of a cell with the cell's own variables, found by name.
fn part(layers: &[dartloom_space::Layer], name: &str, variables: &Variables) -> Sequence {
    let mut own = Variables::new(&Place::from(DType::F64));
    let part = Sequence::new(layers, &mut own.builder(&mut rng(99)).at(name)).unwrap();
    let stored = variables.snapshot().unwrap();
    let prefix = format!("{name}.");
    own.load(&stored.into_iter().filter(|(name, _)| name.starts_with(&prefix)).collect()).unwrap();
    part
}

/// `[B, C, H, W]` as numbers.
struct Planes {
    batch: usize,
    channels: usize,
    side: usize,
    values: Vec<f64>,
}

impl Planes {
    fn of(x: &Tensor) -> Self {
        let (batch, channels, side, _) = x.dims4().unwrap();
        Self { batch, channels, side, values: values(x) }
    }

    fn at(&self, image: usize, channel: usize, row: usize, column: usize) -> f64 {
        let plane = (image * self.channels + channel) * self.side + row;
        self.values[plane * self.side + column]
    }

    /// The channel halved by the maximum over windows of 2x2.
    fn halved(&self, image: usize, channel: usize, row: usize, column: usize) -> f64 {
        let window = [(0, 0), (0, 1), (1, 0), (1, 1)];
        let values = window.map(|(r, c)| self.at(image, channel, 2 * row + r, 2 * column + c));
        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The output of an edge that reads `x`, number by number; `weights` is its row.
fn edge_by_hand(
    edge: &EdgePlan,
    row: usize,
    x: &Tensor,
    weights: &Tensor,
    variables: &Variables,
) -> Vec<f64> {
    let groups = edge.partial.as_ref().unwrap().groups;
    let kept = edge.input.width;
    let seen = x.narrow(1, 0, kept).unwrap().contiguous().unwrap();
    let weights = values(&weights.get(row).unwrap());
    let outputs: Vec<Planes> = edge
        .candidates
        .iter()
        .map(|candidate| {
            let name = format!("edges.{row}.{}", candidate.op.name);
            let op = part(candidate.layers.as_ref().unwrap(), &name, variables);
            Planes::of(&op.forward(&seen, Mode::probe()).unwrap())
        })
        .collect();
    let x = Planes::of(x);
    let side = outputs[0].side;
    let mut result = Vec::new();
    for image in 0..x.batch {
        for channel in 0..x.channels {
            // Where the channel stood before the shuffle.
            let before = channel % groups * kept + channel / groups;
            for (r, c) in (0..side * side).map(|i| (i / side, i % side)) {
                result.push(if before < kept {
                    let products =
                        outputs.iter().zip(&weights).map(|(y, w)| w * y.at(image, before, r, c));
                    products.sum()
                } else if edge.input.stride == 2 {
                    x.halved(image, before, r, c)
                } else {
                    x.at(image, before, r, c)
                });
            }
        }
    }
    result
}

#[test]
fn a_partial_edge_is_what_its_definition_says() {
    // Cell 1 halves.
    for (cell, groups) in [(0, 2), (0, 4), (1, 4)] {
        let plan = partial_plan(&small_space(ops(&OPS), 1), 8, 8, groups);
        let plan = &plan.cells[cell];
        let mut variables = Variables::new(&Place::from(DType::F64));
        let placed = new_cell(plan, &mut variables);
        let weights = filled(&[2, OPS.len()], 3).unwrap();
        let read = |source| {
            let mut links = plan.ports.iter().map(|port| &port.links[0]);
            let input = links.find(|link| link.source == source).unwrap().input;
            filled(&[2, input.channels, input.height, input.width], 5).unwrap()
        };
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::probe(), &mut noise);
        let found = placed
            .forward(&read, Some(&CellWeights { ops: weights.clone(), edges: None }), &mut pass)
            .unwrap();

        let mut expected = vec![0.0; values(&found).len()];
        for (row, edge) in plan.edges.iter().enumerate() {
            let link = &plan.ports[edge.from].links[0];
            let port = part(&link.layers, &format!("ports.{}.0", edge.from), &variables);
            let x = port.forward(&read(link.source), Mode::probe()).unwrap();
            let edge = edge_by_hand(edge, row, &x, &weights, &variables);
            expected.iter_mut().zip(edge).for_each(|(sum, value)| *sum += value);
        }
        for (found, expected) in values(&found).into_iter().zip(expected) {
            approx::assert_relative_eq!(found, expected, epsilon = 1e-12, max_relative = 1e-12);
        }
    }
}

/// Cell `cell`, of one node, on two inputs without transformation.
fn bare(names: &[&str], cell: usize, side: usize, groups: usize) -> CellPlan {
    let plan = partial_plan(&small_space(ops(names), 1), 4, side, groups);
    let mut plan = plan.cells[cell].clone();
    for port in &mut plan.ports {
        port.links[0].layers.clear();
        port.links[0].input = port.output;
    }
    plan
}

#[test]
fn without_operations_the_other_channels_still_pass() {
    let plan = bare(&["none"], 0, 4, 2);
    let mut variables = Variables::new(&Place::from(DType::F64));
    let cell = new_cell(&plan, &mut variables);
    let x = Var::from_tensor(&filled(&[1, 4, 4, 4], 2).unwrap()).unwrap();
    let weights = Tensor::ones((2, 1), DType::F64, &Device::Cpu).unwrap();
    let y = run_cell(&cell, &x, &weights);
    // Channels 0 1 / 2 3 become 0 2 1 3; the operations' channels 0 and 1 are zero, and both edges
    // read the same input.
    let channel = |t: &Tensor, channel: usize| values(&t.narrow(1, channel, 1).unwrap());
    let twice = |values: Vec<f64>| values.into_iter().map(|v| v + v).collect::<Vec<_>>();
    assert_eq!(channel(&y, 0), [0.0; 16]);
    assert_eq!(channel(&y, 1), twice(channel(&x, 2)));
    assert_eq!(channel(&y, 2), [0.0; 16]);
    assert_eq!(channel(&y, 3), twice(channel(&x, 3)));
    let gradients = y.sum_all().unwrap().backward().unwrap();
    let gradient = gradients.get(x.as_tensor()).unwrap();
    let expected: Vec<f64> = [[0.0; 32], [2.0; 32]].concat();
    assert_eq!(values(gradient), expected);
}

#[test]
fn gradients_of_inputs_equal_differences() {
    let names = ["none", "skip_connect", "max_pool_3x3"];
    for (cell, groups) in [(0, 2), (0, 4), (1, 2), (1, 4)] {
        let plan = bare(&names, cell, 8, groups);
        let mut variables = Variables::new(&Place::from(DType::F64));
        let placed = new_cell(&plan, &mut variables);
        let weights = filled(&[2, names.len()], 3).unwrap();
        let shape = plan.ports[0].output;
        let x = filled(&[2, shape.channels, shape.height, shape.width], 20).unwrap();
        check_gradients(&[x], GradientCheck::default(), |inputs| {
            let mut noise = rng(0);
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            placed.forward(
                &|_| inputs[0].clone(),
                Some(&CellWeights { ops: weights.clone(), edges: None }),
                &mut pass,
            )
        })
        .unwrap();
    }
}

#[test]
fn gradients_of_the_weights_equal_differences() {
    let space = small_space(ops(&OPS), 2);
    let net = supernet(&partial_plan(&space, 4, 4, 2), 1);
    let x = images(2, 4);
    check_gradients(&tables(&space), GradientCheck::default(), |weights| {
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::probe(), &mut noise);
        net.forward(&x, &ArchWeights::of_ops(weights.to_vec()), &mut pass).map(|output| output.main)
    })
    .unwrap();
}

#[test]
fn supernets_have_the_parameters_that_are_counted() {
    for (set, channels, groups) in [("O_base", 8, 4), ("S", 12, 3), ("O_large", 4, 2)] {
        let ops = OpSet::builtin(set).unwrap();
        let space = Space::darts(ops, 3, 4, Stem::cifar(3)).unwrap();
        let net = supernet(&partial_plan(&space, channels, 8, groups), 1);
        assert_eq!(net.variables().parameter_count(), net.cost().parameters, "{set}");
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::train(), &mut noise);
        let output = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap();
        assert!(finite(&output.main), "{set}");
    }
}

/// Edge 0 passes on the channels that its operations do not see; edge 1, with a skip connection of
/// weight 1, passes all channels on.
#[test]
fn a_drawn_mask_hides_one_channel_in_k_and_moves_none() {
    let space = small_space(ops(&OPS), 1);
    let plan = partial_plan(&space, 8, 6, 4);
    let cell = plan.cells.iter().find(|cell| !cell.reduction).unwrap();
    let mut variables = Variables::new(&Place::default());
    let cell = new_cell(cell, &mut variables);
    let weights = Tensor::new(&[[0_f32; 4], [0.0, 1.0, 0.0, 0.0]], &Device::Cpu).unwrap();
    let channels = plan.cells[0].ports[0].links[0].input.channels;
    let x = filled(&[2, channels, 6, 6], 3).unwrap().to_dtype(DType::F32).unwrap();
    let run = |seed: u64, mask: Mask| {
        let mut noise = rng(seed);
        let mut pass = Pass::new(Mode::probe(), &mut noise);
        cell.forward_with(
            &|_| x.clone(),
            Some(&CellWeights { ops: weights.clone(), edges: None }),
            mask,
            &mut pass,
        )
        .unwrap()
    };
    let whole = Tensor::new(&[[0_f32, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]], &Device::Cpu).unwrap();
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    let whole = CellWeights { ops: whole, edges: None };
    let all = cell.forward_with(&|_| x.clone(), Some(&whole), Mask::Random, &mut pass);
    let all = values(&all.unwrap());
    let mut seen = [false; 8];
    for seed in 0..20 {
        let y = run(seed, Mask::Random);
        assert_eq!(values(&y), values(&run(seed, Mask::Random)), "drawn from the noise");
        // With both skip connections a channel is x0 + x1; hidden from edge 0, it is x1 alone.
        let hidden: Vec<usize> = (0..8)
            .filter(|&channel| {
                let plane = |values: &[f64]| values[channel * 36..(channel + 1) * 36].to_vec();
                plane(&values(&y)) != plane(&all)
            })
            .collect();
        assert_eq!(hidden.len(), 2, "{hidden:?}");
        hidden.iter().for_each(|&channel| seen[channel] = true);
    }
    assert_eq!(seen, [true; 8]);
    let first = values(&run(1, Mask::First));
    assert_eq!(first, values(&run(2, Mask::First)));
}
