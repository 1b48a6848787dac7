//! The memory that one thread works with.

use pulp::WithSimd;

use super::block::Block;
use super::lines::{Line, PLAIN};
use crate::simd::{Frame, InstructionSet, Pad, SLACK};

/// Buffers of one thread, grown as needed.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) padded: Planes,
    pub(super) raw: Planes,
    pub(super) gradient: Planes,
    pub(super) winner: Planes,
    pub(super) middle: Vec<f32>,
    pub(super) middle_gradient: Vec<f32>,
    pub(super) output_gradient: Vec<f32>,
    pub(super) input_gradient: Vec<f32>,
    pub(super) relu_gradient: Vec<f32>,
    pub(super) panel: Vec<f32>,
    pub(super) plane: Vec<f32>,
    pub(super) phase: Vec<f32>,
    pub(super) lanes: Vec<f32>,
}

/// Channels of one image, with the line of the norm before them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    pub(super) data: &'a [f32],
    pub(super) lines: Option<&'a [Line]>,
}

impl Input<'_> {
    pub(super) fn line(&self, channel: usize) -> Line {
        self.lines.map_or(PLAIN, |lines| lines[channel])
    }
}

/// Padded planes of one frame, one after the other.
#[derive(Debug, Default)]
pub(super) struct Planes {
    data: Vec<f32>,
    frame: Option<Frame>,
    border: u32,
    count: usize,
    /// The content of the interiors: if it is the positive part, where it was read, how much of it.
    holds: Option<(bool, usize, usize)>,
}

impl Planes {
    /// Forgets what the interiors hold; the borders stay.
    pub(super) fn forget(&mut self) {
        self.holds = None;
    }

    /// Room for `count` planes of `frame` with `border` around them.
    pub(super) fn shape(&mut self, frame: Frame, count: usize, border: f32) {
        let same = self.frame == Some(frame) && self.border == border.to_bits();
        if same && self.count >= count {
            return;
        }
        self.data.clear();
        self.data.resize(frame.len() * count + SLACK, border);
        (self.frame, self.border, self.count) = (Some(frame), border.to_bits(), count);
        self.holds = None;
    }

    /// Plane `index` and what follows it, for reading.
    pub(super) fn plane(&self, index: usize) -> &[f32] {
        let len = self.frame.map_or(0, |frame| frame.len());
        &self.data[index * len..]
    }

    /// Fills the interior of plane `index`.
    pub(super) fn fill(
        &mut self,
        arch: InstructionSet,
        index: usize,
        source: &[f32],
        line: Line,
        rectify: bool,
    ) {
        let Some(frame) = self.frame else { return };
        let target = &mut self.data[index * frame.len()..(index + 1) * frame.len()];
        let Line { scale, shift, .. } = line;
        arch.dispatch(Pad { source, target, frame, scale, shift, rectify });
    }

    /// Fills all interiors with what `block` reads, unless they hold it already.
    pub(super) fn fill_all(
        &mut self,
        arch: InstructionSet,
        frame: Frame,
        block: &Block,
        input: Input<'_>,
    ) {
        let channels = block.input.channels;
        self.shape(frame, channels, 0.0);
        let held = (block.relu, input.data.as_ptr().addr(), input.data.len());
        if self.holds == Some(held) {
            return;
        }
        for (channel, source) in input.data.chunks_exact(block.input.plane()).enumerate() {
            self.fill(arch, channel, source, input.line(channel), block.relu);
        }
        self.holds = Some(held);
    }
}

/// At least `len` floats.
pub(super) fn room(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// Runs a loop on the registers of `arch`.
pub(super) fn run<T: WithSimd>(arch: InstructionSet, task: T) -> T::Output {
    arch.dispatch(task)
}
