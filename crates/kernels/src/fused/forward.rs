//! The way forward: block by block, all images side by side.

use rayon::prelude::*;

use super::arena::{Arena, Lent};
use super::block::Block;
use super::layout::{Home, Layout};
use super::lines::{Line, Lines, PLAIN, running};
use super::prepared::Prepared;
use super::program::{Program, Term};
use super::scratch::{Input, Scratch, room, run};
use super::spatial::spatial;
use crate::norm::Moments;
use crate::simd::{Combine, InstructionSet, Multiply, panel_len};
use crate::{Result, Statistics};

/// Everything that a pass over a batch reads, and the room in which it computes.
pub(super) struct Context<'a> {
    pub(super) program: &'a Program,
    pub(super) layout: &'a Layout,
    pub(super) arena: &'a Arena,
    pub(super) arch: InstructionSet,
    pub(super) batch: usize,
    pub(super) inputs: &'a [&'a [f32]],
    pub(super) parameters: &'a [f32],
    pub(super) coefficients: &'a [f32],
    pub(super) gates: &'a [Vec<f32>],
    pub(super) statistics: Statistics,
}

/// Everything that a forward pass leaves behind for the backward pass.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Per norm, once known.
    pub(super) lines: Vec<Option<Lines>>,
    /// Moments of the batch per norm that saw it.
    pub(super) moments: Vec<Option<Vec<Moments>>>,
    pub(super) nodes: Option<Lent>,
    /// Outputs of all blocks, when they are kept.
    pub(super) work: Option<Lent>,
}

/// The place of a block in a program.
#[derive(Clone, Copy)]
struct BlockPlace {
    node: usize,
    term: usize,
    /// Blocks of the term before it.
    depth: usize,
}

/// One image's share of the slabs.
pub(super) struct Slabs<'a> {
    pub(super) index: usize,
    pub(super) output: Rows<'a>,
    pub(super) nodes: &'a mut [f32],
    pub(super) work: &'a mut [f32],
}

/// The output of an image: written on the way forward, read on the way back.
pub(super) enum Rows<'a> {
    Own(&'a mut [f32]),
    Shared(&'a [f32]),
}

impl std::ops::Deref for Rows<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Own(rows) => rows,
            Self::Shared(rows) => rows,
        }
    }
}

impl Context<'_> {
    /// Computes the output of the whole batch.
    pub(super) fn forward(&self, output: &mut [f32], state: &mut State) -> Result<()> {
        let program = self.program;
        state.lines = vec![None; program.norms.len()];
        state.moments = vec![None; program.norms.len()];
        if self.statistics == Statistics::Freeze {
            for (norm, lines) in program.norms.iter().zip(&mut state.lines) {
                *lines = Some(Line::all(norm, &running(norm)?, self.parameters));
            }
        }
        let mut nodes = self.arena.lend(self.batch * self.layout.nodes);
        let mut work = self.arena.lend(self.batch * self.layout.work_len);
        {
            let outputs = split(output, self.batch, program.output.len()).into_iter();
            let nodes = split(&mut nodes, self.batch, self.layout.nodes);
            let works = split(&mut work, self.batch, self.layout.work_len);
            let mut images: Vec<Slabs<'_>> = outputs
                .zip(nodes)
                .zip(works)
                .enumerate()
                .map(|(index, ((output, nodes), work))| Slabs {
                    index,
                    output: Rows::Own(output),
                    nodes,
                    work,
                })
                .collect();
            let live = self.live(false);
            for node in (0..program.nodes.len()).filter(|&node| live[node]) {
                self.node(node, &mut images, state);
            }
        }
        state.nodes = Some(nodes);
        state.work = Some(work);
        Ok(())
    }

    /// The nodes that reach the output through terms that add something, or, with `all`, through
    /// any.
    pub(super) fn live(&self, all: bool) -> Vec<bool> {
        let nodes = &self.program.nodes;
        let inputs = self.program.inputs.len();
        let mut live = vec![false; nodes.len()];
        for output in &self.program.outputs {
            live[output - inputs] = true;
        }
        for node in (0..nodes.len()).rev() {
            if !live[node] {
                continue;
            }
            for term in nodes[node].terms.iter().filter(|term| all || self.active(term)) {
                if let Some(source) = term.source.checked_sub(inputs) {
                    live[source] = true;
                }
            }
        }
        live
    }

    pub(super) fn node(&self, node: usize, images: &mut [Slabs<'_>], state: &mut State) {
        let waves = &self.layout.waves[node];
        if waves.is_empty() {
            self.combine(node, 0..0, true, images, state);
        }
        for (index, wave) in waves.iter().enumerate() {
            let active = |term: &usize| self.active(&self.program.nodes[node].terms[*term]);
            let terms: Vec<usize> = wave.clone().filter(active).collect();
            self.blocks(node, &terms, images, state);
            self.combine(node, wave.clone(), index == 0, images, state);
        }
    }

    /// `true` if a term adds anything.
    pub(super) fn active(&self, term: &Term) -> bool {
        self.coefficient(term) != 0.0
    }

    pub(super) fn coefficient(&self, term: &Term) -> f32 {
        term.coefficient.map_or(1.0, |index| self.coefficients[index])
    }

    /// A term's factor for one image.
    pub(super) fn factor(&self, term: &Term, image: usize) -> f32 {
        self.coefficient(term) * self.gate(term, image)
    }

    /// A term's own factor for one image.
    pub(super) fn gate(&self, term: &Term, image: usize) -> f32 {
        let gate = term.gate.and_then(|gate| self.gates.get(gate));
        gate.map_or(1.0, |gate| gate[image])
    }

    /// Runs all blocks of some terms, depth by depth: the norm of one depth needs
    /// all images before the next depth begins.
    pub(super) fn blocks(
        &self,
        node: usize,
        terms: &[usize],
        images: &mut [Slabs<'_>],
        state: &mut State,
    ) {
        let all = &self.program.nodes[node].terms;
        let depth = terms.iter().map(|&term| all[term].blocks.len()).max().unwrap_or(0);
        for depth in 0..depth {
            let at: Vec<(usize, Prepared)> = terms
                .par_iter()
                .filter(|&&term| all[term].blocks.len() > depth)
                .map(|&term| (term, Prepared::forward(&all[term].blocks[depth], self.parameters)))
                .collect();
            self.depth(node, depth, &at, images, state);
        }
    }

    fn depth(
        &self,
        node: usize,
        depth: usize,
        terms: &[(usize, Prepared)],
        images: &mut [Slabs<'_>],
        state: &mut State,
    ) {
        let all = &self.program.nodes[node].terms;
        // Norms of this depth whose moments are still unknown, and how many sums they need.
        let open: Vec<Option<usize>> = terms
            .iter()
            .map(|(term, _)| all[*term].blocks[depth].norm)
            .map(|norm| norm.filter(|&norm| state.lines[norm].is_none()))
            .collect();
        let width: usize =
            open.iter().flatten().map(|&norm| self.program.norms[norm].channels).sum();
        let mut sums = vec![(0.0, 0.0); width.max(1) * self.batch];
        let lines = &state.lines;
        let pairs = images.par_iter_mut().zip(sums.par_chunks_mut(width.max(1)));
        pairs.with_max_len(self.piece()).for_each_init(
            || self.arena.scratch(),
            |scratch, (image, sums)| {
                scratch.padded.forget();
                let mut place = 0;
                for ((term, prepared), open) in terms.iter().zip(&open) {
                    let at = BlockPlace { node, term: *term, depth };
                    self.block(at, prepared, image, lines, scratch);
                    let block = &all[*term].blocks[depth];
                    if open.is_some() {
                        let range = self.layout.work[node][*term][depth].clone();
                        let planes = image.work[range].chunks_exact(block.output.plane());
                        for plane in planes {
                            sums[place] = run(self.arch, crate::simd::Moments(plane));
                            place += 1;
                        }
                    }
                }
            },
        );
        let mut place = 0;
        for norm in open.into_iter().flatten() {
            let spec = &self.program.norms[norm];
            let moments: Vec<Moments> = (place..place + spec.channels)
                .map(|place| {
                    let planes = sums.chunks_exact(width).map(|sums| sums[place]);
                    Moments::pooled(planes, spec.plane)
                })
                .collect();
            place += spec.channels;
            state.lines[norm] = Some(Line::all(spec, &moments, self.parameters));
            state.moments[norm] = Some(moments);
        }
    }

    /// Images that a thread takes at a time at most. Left alone, the pool hands out a quarter of
    /// the batch to each of two threads, and one waits for the other's last quarter.
    pub(super) fn piece(&self) -> usize {
        (self.batch / 32).max(1)
    }

    /// Runs one block of one term on one image.
    fn block(
        &self,
        at: BlockPlace,
        prepared: &Prepared,
        image: &mut Slabs<'_>,
        lines: &[Option<Lines>],
        scratch: &mut Scratch,
    ) {
        let BlockPlace { node, term, depth } = at;
        let plan = &self.program.nodes[node].terms[term];
        let ranges = &self.layout.work[node][term];
        let (before, rest) = image.work.split_at_mut(ranges[depth].start);
        let target = &mut rest[..ranges[depth].len()];
        let input = match depth.checked_sub(1) {
            None => {
                let values = (&*image.output, &*image.nodes);
                Input { data: self.source(plan, image.index, values), lines: None }
            }
            Some(last) => {
                scratch.padded.forget();
                let lines = lines_of(&plan.blocks[last], lines);
                Input { data: &before[ranges[last].clone()], lines }
            }
        };
        self.run_block(&plan.blocks[depth], prepared, input, scratch, target);
    }

    /// The channels a term reads of one image; `values` are its output and its other nodes.
    pub(super) fn source<'b>(
        &'b self,
        term: &Term,
        image: usize,
        values: (&'b [f32], &'b [f32]),
    ) -> &'b [f32] {
        let extent = term.input();
        let whole = match &self.layout.homes[term.source] {
            Home::Input(index) => {
                let len = self.program.inputs[*index].len();
                &self.inputs[*index][image * len..][..len]
            }
            Home::Output(range) => &values.0[range.clone()],
            Home::Node(range) => &values.1[range.clone()],
        };
        &whole[term.first * extent.plane()..][..extent.len()]
    }

    fn run_block(
        &self,
        block: &Block,
        prepared: &Prepared,
        input: Input<'_>,
        scratch: &mut Scratch,
        target: &mut [f32],
    ) {
        if prepared.pointwise.is_empty() {
            return spatial(self.arch, block, prepared, input, scratch, target);
        }
        let mut middle = std::mem::take(&mut scratch.middle);
        let between = room(&mut middle, block.middle.len());
        spatial(self.arch, block, prepared, input, scratch, between);
        self.pointwise(block, prepared, between, scratch, target);
        scratch.middle = middle;
    }

    fn pointwise(
        &self,
        block: &Block,
        prepared: &Prepared,
        middle: &[f32],
        scratch: &mut Scratch,
        target: &mut [f32],
    ) {
        let plane = block.middle.plane();
        let groups = prepared.pointwise.len();
        let inputs = block.middle.channels / groups;
        let mut rest = target;
        for (group, left) in prepared.pointwise.iter().enumerate() {
            let (own, later) = rest.split_at_mut(left.rows() * plane);
            rest = later;
            let multiply = Multiply {
                left,
                right: &middle[group * inputs * plane..][..inputs * plane],
                right_pitch: plane,
                target: own,
                target_pitch: plane,
                columns: plane,
                add: false,
                panel: room(&mut scratch.panel, panel_len(inputs)),
            };
            run(self.arch, multiply);
        }
    }

    /// Adds the normalised outputs of a wave of terms to their node; the first wave begins it.
    fn combine(
        &self,
        node: usize,
        wave: std::ops::Range<usize>,
        first: bool,
        images: &mut [Slabs<'_>],
        state: &State,
    ) {
        let plan = &self.program.nodes[node];
        let home = &self.layout.homes[self.program.inputs.len() + node];
        let terms: Vec<usize> = wave.filter(|&term| self.active(&plan.terms[term])).collect();
        if terms.is_empty() && !first {
            return;
        }
        images.par_iter_mut().with_max_len(self.piece()).for_each(|image| {
            let Slabs { index, output, nodes, work } = image;
            let (own, values) = match home {
                Home::Output(range) => {
                    let Rows::Own(output) = output else { return };
                    let (before, own) = output.split_at_mut(range.start);
                    (&mut own[..range.len()], (&*before, &**nodes))
                }
                Home::Node(range) => {
                    let (before, own) = nodes.split_at_mut(range.start);
                    (&mut own[..range.len()], (&**output, &*before))
                }
                Home::Input(_) => return,
            };
            let parts: Vec<Part<'_>> = terms
                .iter()
                .map(|&index_of_term| {
                    let term = &plan.terms[index_of_term];
                    let (data, lines) = match term.blocks.last() {
                        None => (self.source(term, *index, values), None),
                        Some(block) => {
                            let ranges = &self.layout.work[node][index_of_term];
                            let range = ranges[ranges.len() - 1].clone();
                            (&work[range], lines_of(block, &state.lines))
                        }
                    };
                    Part { term, data, lines, factor: self.factor(term, *index) }
                })
                .collect();
            self.sum(plan.extent.plane(), &parts, first, own);
        });
    }

    fn sum(&self, plane: usize, parts: &[Part<'_>], first: bool, node: &mut [f32]) {
        let mut terms = Vec::with_capacity(parts.len());
        for (channel, target) in node.chunks_exact_mut(plane).enumerate() {
            terms.clear();
            let mut shift = 0.0;
            for part in parts {
                let Some(own) = part.term.channel(channel) else { continue };
                let line = part.lines.map_or(PLAIN, |lines| lines[own]);
                terms.push((part.factor * line.scale, &part.data[own * plane..][..plane]));
                shift += part.factor * line.shift;
            }
            if first || !terms.is_empty() {
                run(self.arch, Combine { terms: &terms, shift, target, add: !first });
            }
        }
    }
}

/// A term's output on one image.
struct Part<'a> {
    term: &'a Term,
    data: &'a [f32],
    lines: Option<&'a [Line]>,
    factor: f32,
}

/// The lines of a block's norm, if it has one.
pub(super) fn lines_of<'a>(block: &Block, lines: &'a [Option<Lines>]) -> Option<&'a [Line]> {
    block.norm.and_then(|norm| lines[norm].as_deref())
}

/// The shares of `images` images.
pub(super) fn split(slab: &mut [f32], images: usize, len: usize) -> Vec<&mut [f32]> {
    let mut rest = slab;
    (0..images)
        .map(|_| {
            let (own, later) = std::mem::take(&mut rest).split_at_mut(len);
            rest = later;
            own
        })
        .collect()
}
