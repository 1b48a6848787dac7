//! The transposed window: which outputs every input met, in which tap.

use crate::simd::InstructionSet;

use super::{Axis, Padded};
use crate::simd::{Correlate, Frame, Interleave, Tap, Winner};

/// Input gradients are gathered from a padded plane of output gradients, one phase of input
/// positions (those of equal remainder by the stride) at a time.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    /// The padded copy of an output plane.
    pub(crate) frame: Frame,
    pub(crate) phases: Vec<Phase>,
    /// Rows and columns of the input plane.
    input: (usize, usize),
    stride: (usize, usize),
}

/// Input positions that lie a stride apart.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// The first row and column.
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Place in the padded plane of the output that the first position met, and the tap.
    pub(crate) taps: Vec<(usize, usize)>,
}

impl Back {
    /// The transposed window; the padded plane has a border of at least `least`.
    pub(crate) fn new(vertical: Axis, horizontal: Axis, least: (usize, usize)) -> Self {
        let rows = Line::all(vertical);
        let columns = Line::all(horizontal);
        let reach = (border(&rows, vertical.output), border(&columns, horizontal.output));
        let border = (reach.0.max(least.0), reach.1.max(least.1));
        let frame = Frame { height: vertical.output, width: horizontal.output, border, step: 1 };
        let phase = |row: &Line, column: &Line| {
            let pairs = row.taps.iter().flat_map(|y| column.taps.iter().map(move |x| (y, x)));
            let taps = pairs.map(|(y, x)| {
                let place = frame.place(
                    border.0.wrapping_add_signed(y.shift),
                    border.1.wrapping_add_signed(x.shift),
                );
                (place, y.tap * horizontal.kernel + x.tap)
            });
            Phase {
                row: row.first,
                column: column.first,
                rows: row.count,
                columns: column.count,
                taps: taps.collect(),
            }
        };
        let phases = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
        Self {
            frame,
            phases: phases.map(|(row, column)| phase(row, column)).collect(),
            input: (vertical.input, horizontal.input),
            stride: (vertical.stride, horizontal.stride),
        }
    }

    /// Elements that [`fill`](Self::fill) needs besides.
    pub(crate) fn part_len(&self) -> usize {
        if self.stride == (1, 1) { 0 } else { self.input.0 * self.input.1 }
    }

    /// The taps of all phases, kernel by kernel, for kernels that follow one another.
    pub(crate) fn taps(&self, weight: &[f32], kernel: usize) -> Vec<Tap> {
        let kernels = weight.chunks_exact(kernel);
        let taps = || self.phases.iter().flat_map(|phase| &phase.taps);
        let tap = |weight: &[f32], (offset, tap): &(usize, usize)| Tap {
            offset: *offset,
            weight: weight[*tap],
        };
        kernels.flat_map(|weight| taps().map(move |place| tap(weight, place))).collect()
    }

    /// Taps of all phases together.
    pub(crate) fn tap_count(&self) -> usize {
        self.phases.iter().map(|phase| phase.taps.len()).sum()
    }

    /// The sum of `taps` at every position of a phase.
    pub(crate) fn correlate(
        &self,
        arch: InstructionSet,
        padded: &Padded,
        phase: &Phase,
        taps: &[Tap],
        target: &mut [f32],
    ) {
        let output = (phase.rows, phase.columns);
        arch.dispatch(Correlate::plane(&padded.data, self.frame.pitch(), taps, target, output));
    }

    /// The loop that adds up for every position of a phase what the windows it won received.
    pub(crate) fn collect<'a>(
        &self,
        phase: &'a Phase,
        gradient: &'a [f32],
        winner: &'a [f32],
        target: &'a mut [f32],
    ) -> Winner<'a> {
        let Phase { rows, columns, ref taps, .. } = *phase;
        let row_step = self.frame.pitch();
        Winner { gradient, winner, row_step, taps, target, rows, columns, add: false }
    }

    /// Fills an input plane: `collect` gets every phase that met an output, the number of taps
    /// before it, and the phase's positions in row-major order to overwrite.
    pub(crate) fn fill(
        &self,
        arch: InstructionSet,
        part: &mut [f32],
        target: &mut [f32],
        mut collect: impl FnMut(&Phase, usize, &mut [f32]),
    ) {
        let mut before = 0;
        let mut visit = |phase: &Phase, place: &mut [f32]| {
            if phase.taps.is_empty() {
                place.fill(0.0);
            } else {
                collect(phase, before, place);
            }
            before += phase.taps.len();
        };
        if let ([phase], (1, 1)) = (self.phases.as_slice(), self.stride) {
            return visit(phase, target);
        }
        for row in self.phases.chunk_by(|a, b| a.row == b.row) {
            let mut start = 0;
            for phase in row {
                let len = phase.rows * phase.columns;
                visit(phase, &mut part[start..][..len]);
                start += len;
            }
            let first = row[0].row;
            let width = self.input.1;
            let stride = self.stride;
            let source = &part[..start];
            arch.dispatch_elements(Interleave {
                source,
                target: &mut *target,
                width,
                first,
                stride,
            });
        }
    }
}

/// One phase of one axis.
struct Line {
    first: usize,
    count: usize,
    taps: Vec<Met>,
}

/// Input position `first + i * stride` met output `i + shift` in tap `tap`.
struct Met {
    tap: usize,
    shift: isize,
}

impl Line {
    fn all(axis: Axis) -> Vec<Self> {
        let stride = axis.stride as isize;
        let line = |first: usize| {
            let met = |tap: usize| {
                let gap = (first + axis.padding) as isize - (tap * axis.dilation) as isize;
                let shift = gap.div_euclid(stride);
                (gap.rem_euclid(stride) == 0).then_some(Met { tap, shift })
            };
            let count = (axis.input - first).div_ceil(axis.stride);
            Self { first, count, taps: (0..axis.kernel).filter_map(met).collect() }
        };
        (0..axis.stride.min(axis.input)).map(line).collect()
    }
}

/// The reach of the windows of all positions beyond a plane of `output` places.
fn border(lines: &[Line], output: usize) -> usize {
    let reach = |line: &Line| {
        let last = line.count as isize - output as isize;
        let ends = line.taps.iter().flat_map(move |met| [-met.shift, last + met.shift]);
        ends.max().unwrap_or(0)
    };
    lines.iter().map(reach).max().unwrap_or(0).max(0).unsigned_abs()
}
