//! One depth of a wave on the way back, image by image.

mod layers;

use rayon::prelude::*;

use super::backward::{GradientSlabs, Operands, Slope, Wave, plane_of};
use super::block::Block;
use super::forward::{Context, Slabs, lines_of};
use super::lines::Lines;
use super::prepared::Prepared;
use super::program::Term;
use super::scratch::{Input, Scratch, room, run};
use super::spatial_back::{SpatialBack, Sum};
use crate::simd::{Blend, Combine, Mask, PairSums};

/// Products that one lane of a weight's gradient adds up before lanes are added to one another:
/// what a long plane loses to rounding does not grow with its length.
const LANE_TERMS: usize = 512;

/// Shared by all images at one depth of a wave.
pub(super) struct Step<'a> {
    context: &'a Context<'a>,
    lines: Vec<Option<Lines>>,
    node: usize,
    depth: usize,
    /// In order, hence those of one source side by side.
    terms: Vec<Moving>,
    /// Parameters of all terms at this depth.
    pub(super) parameters: usize,
    /// Channels of the norms of the next depth.
    pub(super) pairs: usize,
}

/// A term on its way back.
struct Moving {
    index: usize,
    slopes: Vec<Slope>,
    operands: Option<Operands>,
    /// The first of its parameters among the step's.
    parameters: usize,
    /// `true` if the gradient of what it read is asked for.
    descends: bool,
    /// `true` if that gradient is added to those of other terms before the ReLU they begin with.
    shares: bool,
}

/// A block on its way back through one image.
#[derive(Clone, Copy)]
struct Visit<'a> {
    moving: &'a Moving,
    block: &'a Block,
    image: &'a Slabs<'a>,
}

/// A block and what it read, to be computed once more for the gradients of its weights.
#[derive(Clone, Copy)]
struct Read<'a> {
    block: &'a Block,
    forward: &'a Prepared,
    input: Input<'a>,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        wave: &Wave<'_>,
        depth: usize,
        mut now: Vec<(usize, Vec<Slope>)>,
    ) -> Self {
        now.sort_unstable_by_key(|(index, _)| *index);
        let all = &context.program.nodes[wave.node].terms;
        let weights = wave.wanted.parameters;
        let prepare = |block: &Block| {
            let forward = weights.then(|| Prepared::forward(block, context.parameters));
            Operands { back: Prepared::backward(block, context.parameters), forward }
        };
        // Once for all images: to lay weights out anew costs as much as an image's share of work.
        let operands: Vec<Option<Operands>> =
            now.par_iter().map(|(index, _)| all[*index].blocks.get(depth).map(prepare)).collect();
        let mut parameters = 0;
        let mut pairs = 0;
        let mut terms = Vec::with_capacity(now.len());
        for ((index, slopes), operands) in now.into_iter().zip(operands) {
            let term = &all[index];
            let place = parameters;
            if let Some(block) = term.blocks.get(depth).filter(|_| weights) {
                parameters += block.parameters.1 - block.parameters.0;
            }
            if let Some(before) = depth.checked_sub(1) {
                let block = &term.blocks[before];
                pairs += if block.norm.is_some() { block.output.channels } else { 0 };
            }
            let descends = depth > 0 || wave.needed[term.source];
            let parameters = place;
            terms.push(Moving { index, slopes, operands, parameters, descends, shares: false });
        }
        if depth == 0 {
            terms
                .chunk_by_mut(|a, b| all[a.index].source == all[b.index].source)
                .for_each(|terms| share_relu(all, terms));
        }
        let lines = wave.state.lines.clone();
        Self { context, lines, node: wave.node, depth, terms, parameters, pairs }
    }

    /// The terms that have another block before this depth.
    pub(super) fn next(&self) -> Vec<usize> {
        if self.depth == 0 {
            return Vec::new();
        }
        self.terms.iter().map(|term| term.index).collect()
    }

    /// Adds the parts of all images, in order.
    pub(super) fn record(&self, parts: &[f32], found: &mut [f32]) {
        if self.parameters == 0 {
            return;
        }
        let block = |moving: &Moving| self.term(moving).blocks.get(self.depth);
        let own = |moving| Some((block(moving)?.parameters, moving.parameters));
        let mut ranges: Vec<_> = self.terms.iter().filter_map(own).collect();
        ranges.sort_unstable();
        // Blocks own disjoint ranges. Cutting the slice at them, in order, lets threads add terms
        // side by side; within a term the parts are added one after the other, so that the sum does
        // not depend on the number of threads.
        let mut rest = found;
        let mut passed = 0;
        let mut places = Vec::with_capacity(ranges.len());
        for ((start, end), place) in ranges {
            let (own, later) = rest[start - passed..].split_at_mut(end - start);
            (rest, passed) = (later, end);
            places.push((own, place));
        }
        places.par_iter_mut().for_each(|(own, place)| {
            for part in parts.chunks_exact(self.parameters) {
                for (sum, value) in own.iter_mut().zip(&part[*place..]) {
                    *sum += value;
                }
            }
        });
    }

    fn term(&self, moving: &Moving) -> &'a Term {
        &self.context.program.nodes[self.node].terms[moving.index]
    }

    /// Moves the gradients of one image one depth back.
    pub(super) fn image(
        &self,
        image: &Slabs<'_>,
        slab: &mut GradientSlabs<'_>,
        pairs: &mut [(f64, f64)],
        parameters: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let mut sum = std::mem::take(&mut scratch.relu_gradient);
        let mut pairs = pairs.iter_mut();
        let same = |a: &Moving, b: &Moving| self.term(a).source == self.term(b).source;
        for terms in self.terms.chunk_by(same) {
            let mut added = 0;
            for moving in terms {
                let Some(block) = self.term(moving).blocks.get(self.depth) else {
                    self.identity(moving, image.index, slab);
                    continue;
                };
                let visit = Visit { moving, block, image };
                let own = &mut parameters[moving.parameters..];
                // The mask of a ReLU is the same for all terms that read the same values. Their
                // gradients are added up before it, so that it is applied once; the first one
                // overwrites what another source left in the buffer.
                let shared = moving.shares.then(|| {
                    added += 1;
                    Sum { target: room(&mut sum, block.input.len()), add: added > 1 }
                });
                self.block(visit, slab, shared, own, scratch);
                self.pairs(moving, image, slab, &mut pairs);
            }
            if added > 0 {
                self.through_relu(terms, &sum, image, slab);
            }
        }
        scratch.relu_gradient = sum;
    }

    /// The sums that the norm before this depth needs.
    fn pairs<'b>(
        &self,
        moving: &Moving,
        image: &Slabs<'_>,
        slab: &GradientSlabs<'_>,
        sums: &mut impl Iterator<Item = &'b mut (f64, f64)>,
    ) {
        let Some(before) = self.depth.checked_sub(1) else { return };
        let block = &self.term(moving).blocks[before];
        let Some(lines) = lines_of(block, &self.lines) else { return };
        let place = &self.context.layout.inner[self.node][moving.index][before];
        let range = self.context.layout.work[self.node][moving.index][before].clone();
        let gradients = slab.inner[place.clone()].chunks_exact(block.output.plane());
        let planes = gradients.zip(image.work[range].chunks_exact(block.output.plane()));
        for (((gradient, value), line), sum) in planes.zip(lines).zip(sums) {
            *sum = run(self.context.arch, PairSums { gradient, value, mean: line.mean });
        }
    }

    /// Passes what terms added up before their common ReLU on to the source.
    fn through_relu(
        &self,
        terms: &[Moving],
        sum: &[f32],
        image: &Slabs<'_>,
        slab: &mut GradientSlabs<'_>,
    ) {
        let Some(moving) = terms.iter().find(|moving| moving.shares) else { return };
        let term = self.term(moving);
        let input = self.input(moving, image);
        let plane = term.input().plane();
        let targets = self.ends(term, slab).1.chunks_exact_mut(plane);
        let planes = sum.chunks_exact(plane).zip(input.data.chunks_exact(plane));
        for (target, (gradient, input)) in targets.zip(planes) {
            let mask = Mask { gradient, input, scale: 1.0, shift: 0.0, target, add: true };
            run(self.context.arch, mask);
        }
    }

    /// A term without blocks passes the gradient on.
    fn identity(&self, moving: &Moving, image: usize, slab: &mut GradientSlabs<'_>) {
        if !moving.descends {
            return;
        }
        let term = self.term(moving);
        let factor = self.context.factor(term, image);
        let plane = term.extent.plane();
        let (node, source) = self.ends(term, slab);
        for (channel, target) in source.chunks_exact_mut(plane).enumerate() {
            let terms = [(factor, plane_of(node, term, channel))];
            run(self.context.arch, Combine { terms: &terms, shift: 0.0, target, add: true });
        }
    }

    /// The gradient of the node, and that of the channels the term read of its source.
    fn ends<'b>(&self, term: &Term, slab: &'b mut GradientSlabs<'_>) -> (&'b [f32], &'b mut [f32]) {
        let layout = self.context.layout;
        let own = layout.gradients[self.node].clone();
        // Nodes read earlier values, so the source lies before the node and one cut parts them.
        let (before, rest) = slab.nodes.split_at_mut(own.start);
        let extent = term.input();
        let channels = term.first * extent.plane()..(term.first * extent.plane()) + extent.len();
        let whole = match term.source.checked_sub(self.context.program.inputs.len()) {
            None => &mut *slab.inputs[term.source],
            Some(node) => &mut before[layout.gradients[node].clone()],
        };
        // A gradient that is not asked for has no room.
        let source = whole.get_mut(channels).unwrap_or_default();
        (&rest[..own.len()], source)
    }

    /// Moves the gradient of one block back: to its parameters, and to what it read or to the sum
    /// before a `shared` ReLU.
    fn block(
        &self,
        visit: Visit<'_>,
        slab: &mut GradientSlabs<'_>,
        shared: Option<Sum<'_>>,
        parameters: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Visit { moving, block, image } = visit;
        let Some(operands) = &moving.operands else { return };
        let mut output_gradient = std::mem::take(&mut scratch.output_gradient);
        let mut middle_gradient = std::mem::take(&mut scratch.middle_gradient);
        let own = room(&mut output_gradient, block.output.len());
        self.before_norm(visit, slab, own);
        let input = self.input(moving, image);
        let forward = operands.forward.as_ref();
        let read = forward.map(|forward| Read { block, forward, input });
        // Terms of one source find its padded planes at hand. Deeper blocks each read a value of
        // their own, which buffers may hold at the place where another one was.
        if self.depth > 0 {
            scratch.padded.forget();
        }
        let middle = if block.pointwise.is_some() {
            if let Some(read) = read {
                self.pointwise_weights(read, own, parameters, scratch);
            }
            let middle = room(&mut middle_gradient, block.middle.len());
            self.pointwise_back(block, &operands.back, own, middle, scratch);
            middle
        } else {
            own
        };
        if let Some(read) = read {
            self.filter_weights(read, middle, parameters, scratch);
        }
        let arch = self.context.arch;
        let back = &operands.back;
        let through = SpatialBack { arch, block, back, input, gradient: middle };
        match shared {
            Some(sum) => add_up(through, sum, scratch),
            None => self.spread(moving, through, slab, scratch),
        }
        scratch.output_gradient = output_gradient;
        scratch.middle_gradient = middle_gradient;
    }

    /// The input of the block.
    fn input<'b>(&'b self, moving: &Moving, image: &'b Slabs<'_>) -> Input<'b> {
        let term = self.term(moving);
        let Some(before) = self.depth.checked_sub(1) else {
            let values = (&*image.output, &*image.nodes);
            return Input { data: self.context.source(term, image.index, values), lines: None };
        };
        let range = self.context.layout.work[self.node][moving.index][before].clone();
        Input { data: &image.work[range], lines: lines_of(&term.blocks[before], &self.lines) }
    }

    /// The gradient of the block's output before its norm.
    fn before_norm(&self, visit: Visit<'_>, slab: &GradientSlabs<'_>, target: &mut [f32]) {
        let Visit { moving, block, image } = visit;
        let term = self.term(moving);
        let layout = self.context.layout;
        let ranges = &layout.work[self.node][moving.index];
        let values = &image.work[ranges[self.depth].clone()];
        let last = self.depth + 1 == term.blocks.len();
        let gate = if last { self.context.gate(term, image.index) } else { 1.0 };
        let plane = block.output.plane();
        let behind = if last {
            &slab.nodes[layout.gradients[self.node].clone()]
        } else {
            &slab.inner[layout.inner[self.node][moving.index][self.depth].clone()]
        };
        for (channel, target) in target.chunks_exact_mut(plane).enumerate() {
            let gradient = if last {
                plane_of(behind, term, channel)
            } else {
                &behind[channel * plane..][..plane]
            };
            let Slope { a, b, c, centre } = moving.slopes[channel];
            if (b, c) == (0.0, 0.0) {
                // The value has no part in it, be it infinite.
                let terms = [(a * gate, gradient)];
                run(self.context.arch, Combine { terms: &terms, shift: 0.0, target, add: false });
                continue;
            }
            let value = &values[channel * plane..][..plane];
            let factors = (a * gate, b, c);
            run(self.context.arch, Blend { gradient, value, factors, centre, target });
        }
    }
}

/// Through the spatial part to the sum of gradients before a shared ReLU.
fn add_up(through: SpatialBack<'_>, sum: Sum<'_>, scratch: &mut Scratch) {
    let add = sum.add;
    let planes = sum.target.chunks_exact_mut(through.block.input.plane());
    for (channel, target) in planes.enumerate() {
        if !add {
            through.write(channel, scratch, target);
        } else if !through.add(channel, scratch, target) {
            let mut own = std::mem::take(&mut scratch.input_gradient);
            let gradient = room(&mut own, target.len());
            through.write(channel, scratch, gradient);
            run(through.arch, Combine { terms: &[(1.0, gradient)], shift: 0.0, target, add });
            scratch.input_gradient = own;
        }
    }
}

/// Marks terms of one source that begin with a ReLU, if there are several and all of these read the
/// same channels.
fn share_relu(all: &[Term], terms: &mut [Moving]) {
    let relu = |moving: &Moving| all[moving.index].blocks.first().is_some_and(|block| block.relu);
    let reads = |moving: &Moving| (all[moving.index].first, all[moving.index].input());
    let mut first = None;
    let mut same = 0;
    for moving in terms.iter().filter(|moving| moving.descends && relu(moving)) {
        if *first.get_or_insert_with(|| reads(moving)) != reads(moving) {
            // Sums of different channels would need a buffer each.
            return;
        }
        same += 1;
    }
    if same > 1 {
        for moving in terms.iter_mut().filter(|moving| relu(moving)) {
            moving.shares = true;
        }
    }
}
