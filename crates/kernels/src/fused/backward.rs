//! The way back: nodes in reverse, every norm's sums before what lies behind it.

use rayon::prelude::*;

use super::arena::Lent;
use super::forward::{Context, Rows, Slabs, State, lines_of, split};
use super::layout::Home;
use super::lines::{Line, Lines, PLAIN};
use super::prepared::Prepared;
use super::program::Term;
use super::scratch::run;
use super::step_back::Step;
use crate::Statistics;
use crate::simd::PairSums;

/// Partial sums over images are made in at most this many parts, whatever the number of threads:
/// the order of additions depends on the batch alone.
const PARTS: usize = 16;

/// The gradients that are asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) inputs: Vec<bool>,
    pub(super) parameters: bool,
    pub(super) coefficients: bool,
}

/// The gradients; what was not asked for is empty or zero.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    pub(super) inputs: Vec<Vec<f32>>,
    pub(super) parameters: Vec<f32>,
    pub(super) coefficients: Vec<f32>,
}

/// `dz = a g + b (y - centre) + c` per channel: from the gradient behind a norm to the one before
/// it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) c: f32,
    pub(super) centre: f32,
}

/// One image's share of the gradients.
pub(super) struct GradientSlabs<'a> {
    pub(super) nodes: &'a mut [f32],
    pub(super) inner: &'a mut [f32],
    pub(super) inputs: Vec<&'a mut [f32]>,
}

/// Sums over the batch for one channel: of the gradient, and of gradient times centred value.
type Pair = (f64, f64);

impl Context<'_> {
    /// The gradients of everything wanted, from that of the output.
    pub(super) fn backward(
        &self,
        output: &[f32],
        gradient: &[f32],
        state: &mut State,
        wanted: &Wanted,
    ) -> Gradients {
        let program = self.program;
        let mut found = Gradients {
            inputs: Vec::new(),
            parameters: vec![0.0; if wanted.parameters { self.parameters.len() } else { 0 }],
            coefficients: vec![0.0; self.coefficients.len()],
        };
        for (extent, wanted) in program.inputs.iter().zip(&wanted.inputs) {
            found.inputs.push(vec![0.0; if *wanted { self.batch * extent.len() } else { 0 }]);
        }
        let mut inputs = std::mem::take(&mut found.inputs);
        let kept = state.work.is_some();
        let lend = |len: usize| -> Lent { self.arena.lend(self.batch * len) };
        let mut nodes = state.nodes.take().unwrap_or_else(|| lend(0));
        let mut work = state.work.take().unwrap_or_else(|| lend(self.layout.work_len));
        let mut gradients = lend(self.layout.gradient_len);
        let mut inner = lend(self.layout.inner_len);
        {
            let mut images = self.images(output, &mut nodes, &mut work);
            let live = self.live(false);
            self.complete(&live, wanted, &mut images, state);
            let mut slabs = self.gradient_slabs(&mut gradients, &mut inner, &mut inputs, wanted);
            self.begin(gradient, &mut slabs);
            let needed = self.needed(wanted);
            for node in (0..program.nodes.len()).rev().filter(|&node| live[node]) {
                for terms in self.layout.waves[node].iter().rev() {
                    let needed = &needed;
                    let found = &mut found;
                    let mut wave = Wave { node, kept, needed, wanted, state, found };
                    self.wave(&mut wave, terms.clone(), &mut images, &mut slabs);
                }
            }
        }
        state.nodes = Some(nodes);
        found.inputs = inputs;
        found
    }

    /// Computes nodes that nothing weighed but whose weight is asked for.
    fn complete(
        &self,
        live: &[bool],
        wanted: &Wanted,
        images: &mut [Slabs<'_>],
        state: &mut State,
    ) {
        if !wanted.coefficients {
            return;
        }
        let all = self.live(true);
        for node in (0..live.len()).filter(|&node| all[node] && !live[node]) {
            self.node(node, images, state);
        }
    }

    /// One entry a value: `true` if its gradient leads to anything that is asked for.
    fn needed(&self, wanted: &Wanted) -> Vec<bool> {
        let mut needed = wanted.inputs.clone();
        for node in &self.program.nodes {
            let leads = |term: &Term| {
                needed[term.source]
                    || (wanted.parameters && term.has_parameters())
                    || (wanted.coefficients && term.coefficient.is_some())
            };
            let any = node.terms.iter().any(leads);
            needed.push(any);
        }
        needed
    }

    fn images<'b>(
        &self,
        output: &'b [f32],
        nodes: &'b mut [f32],
        work: &'b mut [f32],
    ) -> Vec<Slabs<'b>> {
        let nodes = split(nodes, self.batch, self.layout.nodes);
        let works = split(work, self.batch, self.layout.work_len);
        let outputs = output.chunks_exact(self.program.output.len());
        let slabs = outputs.zip(nodes).zip(works).enumerate();
        slabs
            .map(|(index, ((output, nodes), work))| Slabs {
                index,
                output: Rows::Shared(output),
                nodes,
                work,
            })
            .collect()
    }

    fn gradient_slabs<'b>(
        &self,
        nodes: &'b mut [f32],
        inner: &'b mut [f32],
        inputs: &'b mut [Vec<f32>],
        wanted: &Wanted,
    ) -> Vec<GradientSlabs<'b>> {
        let nodes = split(nodes, self.batch, self.layout.gradient_len);
        let inner = split(inner, self.batch, self.layout.inner_len);
        let mut slabs: Vec<GradientSlabs<'b>> = nodes
            .into_iter()
            .zip(inner)
            .map(|(nodes, inner)| GradientSlabs { nodes, inner, inputs: Vec::new() })
            .collect();
        let extents = self.program.inputs.iter().zip(&wanted.inputs);
        for (input, (extent, wanted)) in inputs.iter_mut().zip(extents) {
            let len = if *wanted { extent.len() } else { 0 };
            for (slab, share) in slabs.iter_mut().zip(split(input, self.batch, len)) {
                slab.inputs.push(share);
            }
        }
        slabs
    }

    /// Nodes that are put out start with their share of the output's gradient, others with zero.
    fn begin(&self, gradient: &[f32], slabs: &mut [GradientSlabs<'_>]) {
        let homes = &self.layout.homes[self.program.inputs.len()..];
        let gradients = gradient.par_chunks_exact(self.program.output.len());
        slabs.par_iter_mut().zip(gradients).for_each(|(slab, gradient)| {
            for (home, place) in homes.iter().zip(&self.layout.gradients) {
                match home {
                    Home::Output(range) => {
                        slab.nodes[place.clone()].copy_from_slice(&gradient[range.clone()]);
                    }
                    _ => slab.nodes[place.clone()].fill(0.0),
                }
            }
        });
    }

    /// Everything between a node and the sources of some of its terms.
    fn wave(
        &self,
        wave: &mut Wave<'_>,
        terms: std::ops::Range<usize>,
        images: &mut [Slabs<'_>],
        slabs: &mut [GradientSlabs<'_>],
    ) {
        let all = &self.program.nodes[wave.node].terms;
        let wanted = wave.wanted;
        let asked = |term: &Term| wanted.coefficients && term.coefficient.is_some();
        let needed = wave.needed;
        let moves = |term: &Term| {
            let leads = needed[term.source] || (wanted.parameters && term.has_parameters());
            self.active(term) && leads
        };
        let terms: Vec<usize> =
            terms.filter(|&term| moves(&all[term]) || asked(&all[term])).collect();
        // Outputs of blocks that were not kept are computed again, and those of terms with weight
        // zero for the first time: the gradient of a weight is not zero where the weight is.
        let missing: Vec<usize> =
            terms.iter().copied().filter(|&term| !wave.kept || !self.active(&all[term])).collect();
        self.blocks(wave.node, &missing, images, wave.state);
        let pairs = self.output_sums(wave, &terms, images, slabs);
        let mut slopes = Vec::with_capacity(terms.len());
        for (&term, pairs) in terms.iter().zip(&pairs) {
            slopes.push(self.output_slopes(wave, term, pairs));
        }
        let moving: Vec<(usize, Vec<Slope>)> =
            terms.into_iter().zip(slopes).filter(|(term, _)| moves(&all[*term])).collect();
        self.descend(wave, moving, images, slabs);
    }

    /// `sum g` and `sum g (y - mean)` per term and channel over the batch, gates included.
    fn output_sums(
        &self,
        wave: &Wave<'_>,
        terms: &[usize],
        images: &[Slabs<'_>],
        slabs: &[GradientSlabs<'_>],
    ) -> Vec<Vec<Pair>> {
        let plan = &self.program.nodes[wave.node];
        let needs = |term: &Term| {
            let normed = term.blocks.last().is_some_and(|block| block.norm.is_some());
            normed || (wave.wanted.coefficients && term.coefficient.is_some())
        };
        let width = |term: &Term| if needs(term) { term.extent.channels } else { 0 };
        let total: usize = terms.iter().map(|&term| width(&plan.terms[term])).sum();
        if total == 0 {
            return vec![Vec::new(); terms.len()];
        }
        let mut sums = vec![(0.0, 0.0); total * self.batch];
        let place = &self.layout.gradients[wave.node];
        let lines = &wave.state.lines;
        let pairs = images.par_iter().zip(slabs).zip(sums.par_chunks_mut(total));
        pairs.with_max_len(self.piece()).for_each(|((image, slab), sums)| {
            let node = &slab.nodes[place.clone()];
            let mut sums = sums.iter_mut();
            for &index in terms {
                let term = &plan.terms[index];
                let (data, lines) = self.term_output(wave.node, index, image, lines);
                let planes = data.chunks_exact(term.extent.plane()).enumerate();
                for ((channel, value), sum) in planes.take(width(term)).zip(&mut sums) {
                    let mean = lines.map_or(PLAIN, |lines| lines[channel]).mean;
                    let gradient = plane_of(node, term, channel);
                    *sum = run(self.arch, PairSums { gradient, value, mean });
                }
            }
        });
        self.pool_sums(&sums, total, terms.iter().map(|&term| &plan.terms[term]), width)
    }

    /// Adds up images in order.
    fn pool_sums<'b>(
        &self,
        sums: &[Pair],
        total: usize,
        terms: impl Iterator<Item = &'b Term>,
        width: impl Fn(&Term) -> usize,
    ) -> Vec<Vec<Pair>> {
        let mut first = 0;
        terms
            .map(|term| {
                let channels = first..first + width(term);
                first = channels.end;
                let gate = |image: usize| f64::from(self.gate(term, image));
                let images = sums.chunks_exact(total).enumerate();
                let add = |sum: Pair, (image, sums): (usize, &[Pair]), channel: usize| {
                    let gate = gate(image);
                    (sum.0 + gate * sums[channel].0, sum.1 + gate * sums[channel].1)
                };
                let pooled = |channel| images.clone().fold((0.0, 0.0), |s, i| add(s, i, channel));
                channels.map(pooled).collect()
            })
            .collect()
    }

    /// The values that a term put out on one image, before its last norm, and that norm's lines.
    fn term_output<'b>(
        &'b self,
        node: usize,
        index: usize,
        image: &'b Slabs<'_>,
        lines: &'b [Option<Lines>],
    ) -> (&'b [f32], Option<&'b [Line]>) {
        let term = &self.program.nodes[node].terms[index];
        match term.blocks.last() {
            None => (self.source(term, image.index, (&image.output, image.nodes)), None),
            Some(block) => {
                let ranges = &self.layout.work[node][index];
                (&image.work[ranges[ranges.len() - 1].clone()], lines_of(block, lines))
            }
        }
    }

    /// Records the gradients of coefficient, scale and shift; returns the slopes of the last block.
    fn output_slopes(&self, wave: &mut Wave<'_>, index: usize, pairs: &[Pair]) -> Vec<Slope> {
        let term = &self.program.nodes[wave.node].terms[index];
        let factor = self.coefficient(term);
        let block = term.blocks.last();
        let lines = block.and_then(|block| lines_of(block, &wave.state.lines));
        if let Some(coefficient) = term.coefficient {
            // The term put out `scale * y + shift`, and `y = (y - mean) + mean`: its product with
            // the gradient follows from the two sums, without another pass over the values.
            let own = pairs.iter().enumerate().map(|(channel, pair)| {
                let line = lines.map_or(PLAIN, |lines| lines[channel]);
                let scale = f64::from(line.scale);
                scale * pair.1 + (f64::from(line.shift) + scale * line.mean) * pair.0
            });
            wave.found.coefficients[coefficient] += own.sum::<f64>() as f32;
        }
        let scaled = |pair: &Pair| (pair.0 * f64::from(factor), pair.1 * f64::from(factor));
        let pairs: Vec<Pair> = pairs.iter().map(scaled).collect();
        let norm = block.and_then(|block| block.norm);
        let mut slopes = self.slopes(wave, norm, &pairs, term.extent.channels);
        for slope in &mut slopes {
            slope.a *= factor;
        }
        slopes
    }

    /// The slopes of a norm from the sums of its output's gradient; records scale and shift.
    pub(super) fn slopes(
        &self,
        wave: &mut Wave<'_>,
        norm: Option<usize>,
        pairs: &[Pair],
        channels: usize,
    ) -> Vec<Slope> {
        let lines = norm.and_then(|norm| Some((norm, wave.state.lines[norm].clone()?)));
        let Some((norm, lines)) = lines else {
            return vec![Slope { a: 1.0, b: 0.0, c: 0.0, centre: 0.0 }; channels];
        };
        let norm = &self.program.norms[norm];
        if let Some((scale, shift)) = norm.affine
            && wave.wanted.parameters
        {
            for (channel, (pair, line)) in pairs.iter().zip(lines.iter()).enumerate() {
                wave.found.parameters[scale + channel] += (pair.1 * f64::from(line.inverse)) as f32;
                wave.found.parameters[shift + channel] += pair.0 as f32;
            }
        }
        let count = (self.batch * norm.plane) as f64;
        let of_batch = self.statistics != Statistics::Freeze;
        // `dz = scale (g - mean(g) - (y - mean) inverse^2 mean(g (y - mean)))`, sorted by what it
        // is multiplied with. Values are centred in `f32`, hence around the rounded mean; `c` takes
        // up what the rounding left.
        let slope = |(line, pair): (&Line, &Pair)| {
            if !of_batch {
                return Slope { a: line.scale, b: 0.0, c: 0.0, centre: 0.0 };
            }
            let scale = f64::from(line.scale);
            let inverse = f64::from(line.inverse);
            let b = -scale * inverse * inverse * pair.1 / count;
            let centre = line.mean as f32;
            let c = -scale * pair.0 / count + b * (f64::from(centre) - line.mean);
            Slope { a: line.scale, b: b as f32, c: c as f32, centre }
        };
        lines.iter().zip(pairs).map(slope).collect()
    }

    /// From the last blocks to the source, depth by depth.
    fn descend(
        &self,
        wave: &mut Wave<'_>,
        mut moving: Vec<(usize, Vec<Slope>)>,
        images: &mut [Slabs<'_>],
        slabs: &mut [GradientSlabs<'_>],
    ) {
        let all = &self.program.nodes[wave.node].terms;
        // Depth by depth, not term by term: the sums of a norm need all images, and a wait for them
        // at every depth costs less than one for every block of every term.
        let depths = moving.iter().map(|(term, _)| all[*term].blocks.len()).max();
        for depth in (0..depths.unwrap_or(0).max(1)).rev() {
            let (now, later): (Vec<_>, Vec<_>) = moving
                .into_iter()
                .partition(|(term, _)| all[*term].blocks.len().saturating_sub(1) >= depth);
            moving = later;
            if now.is_empty() {
                continue;
            }
            moving.extend(self.one_depth(wave, depth, now, images, slabs));
        }
    }

    /// One depth of a wave; returns the terms that go on with the slopes of the next depth.
    fn one_depth(
        &self,
        wave: &mut Wave<'_>,
        depth: usize,
        now: Vec<(usize, Vec<Slope>)>,
        images: &mut [Slabs<'_>],
        slabs: &mut [GradientSlabs<'_>],
    ) -> Vec<(usize, Vec<Slope>)> {
        let step = Step::new(self, wave, depth, now);
        let per_part = self.batch.div_ceil(PARTS);
        let width = step.pairs.max(1);
        let mut pairs = vec![(0.0, 0.0); width * self.batch];
        let parts = self.batch.div_ceil(per_part);
        let mut parameters = self.arena.lend(step.parameters * parts);
        images
            .par_chunks(per_part)
            .zip(slabs.par_chunks_mut(per_part))
            .zip(pairs.par_chunks_mut(width * per_part))
            .zip(split(&mut parameters, parts, step.parameters))
            .with_max_len(1)
            .for_each_init(
                || self.arena.scratch(),
                |scratch, (((images, slabs), pairs), own)| {
                    own.fill(0.0);
                    let pairs = pairs.chunks_exact_mut(width);
                    for ((image, slab), pairs) in images.iter().zip(slabs).zip(pairs) {
                        scratch.padded.forget();
                        step.image(image, slab, pairs, own, scratch);
                    }
                },
            );
        step.record(&parameters, &mut wave.found.parameters);
        let next = step.next();
        let mut first = 0;
        next.into_iter()
            .map(|term| {
                let block = &self.program.nodes[wave.node].terms[term].blocks[depth - 1];
                let count = if block.norm.is_some() { block.output.channels } else { 0 };
                let total = |channel: usize| {
                    let images = pairs.chunks_exact(width);
                    images.fold((0.0, 0.0), |sum, pairs| {
                        (sum.0 + pairs[channel].0, sum.1 + pairs[channel].1)
                    })
                };
                let own: Vec<Pair> = (first..first + count).map(total).collect();
                first += count;
                (term, self.slopes(wave, block.norm, &own, block.output.channels))
            })
            .collect()
    }
}

/// The terms of a node that are at hand, and what their gradients go into.
pub(super) struct Wave<'a> {
    pub(super) node: usize,
    /// `true` if the outputs of blocks were kept since the forward pass.
    pub(super) kept: bool,
    /// One entry a value: `true` if its gradient leads to anything that is asked for.
    pub(super) needed: &'a [bool],
    pub(super) wanted: &'a Wanted,
    pub(super) state: &'a mut State,
    pub(super) found: &'a mut Gradients,
}

/// The plane of a node that a term's channel was added to.
pub(super) fn plane_of<'a>(node: &'a [f32], term: &Term, channel: usize) -> &'a [f32] {
    let plane = term.extent.plane();
    let (start, step) = term.scatter;
    &node[(start + channel * step) * plane..][..plane]
}

/// Prepared parameters of the way back, and forward where a weight gradient needs them.
pub(super) struct Operands {
    pub(super) back: Prepared,
    pub(super) forward: Option<Prepared>,
}
