//! Unfolding one image's group into the matrix a dense convolution multiplies, and folding back.

use crate::conv::geometry::Geometry;
use crate::float::Float;

/// Fills `columns`, `[channels * taps, outputs]`, with the inputs each tap meets (zero outside).
pub(super) fn unfold<T: Float>(geometry: &Geometry, x: &[T], columns: &mut [T]) {
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    visit_taps(geometry, |channel, (tap_row, tap_column), line| {
        let plane = &x[channel * geometry.input_plane()..][..geometry.input_plane()];
        let line = &mut columns[line * geometry.output_plane()..][..geometry.output_plane()];
        let inside = horizontal.outputs(tap_column);
        for (row, target) in line.chunks_exact_mut(horizontal.output).enumerate() {
            let Some(source_row) = vertical.source(row, tap_row) else {
                target.fill(T::ZERO);
                continue;
            };
            let source = &plane[source_row * horizontal.input..][..horizontal.input];
            target[..inside.start].fill(T::ZERO);
            target[inside.end..].fill(T::ZERO);
            let Some(first) = horizontal.source(inside.start, tap_column) else { continue };
            let target = &mut target[inside.clone()];
            if horizontal.stride == 1 {
                target.copy_from_slice(&source[first..][..target.len()]);
                continue;
            }
            for (value, x) in
                target.iter_mut().zip(source[first..].iter().step_by(horizontal.stride))
            {
                *value = *x;
            }
        }
    });
}

/// The transpose of [`unfold`]: adds every element of `columns` to the input it came from.
pub(super) fn fold<T: Float>(geometry: &Geometry, columns: &[T], x: &mut [T]) {
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    visit_taps(geometry, |channel, (tap_row, tap_column), line| {
        let plane = &mut x[channel * geometry.input_plane()..][..geometry.input_plane()];
        let line = &columns[line * geometry.output_plane()..][..geometry.output_plane()];
        let inside = horizontal.outputs(tap_column);
        for (row, source) in line.chunks_exact(horizontal.output).enumerate() {
            let Some(target_row) = vertical.source(row, tap_row) else { continue };
            let Some(first) = horizontal.source(inside.start, tap_column) else { continue };
            let target = &mut plane[target_row * horizontal.input..][..horizontal.input];
            let target = &mut target[first..];
            let source = &source[inside.clone()];
            if horizontal.stride == 1 {
                add(target.iter_mut(), source);
            } else {
                add(target.iter_mut().step_by(horizontal.stride), source);
            }
        }
    });
}

#[inline(always)]
fn add<'a, T: Float>(target: impl Iterator<Item = &'a mut T>, source: &[T]) {
    for (value, gradient) in target.zip(source) {
        *value += *gradient;
    }
}

fn visit_taps(geometry: &Geometry, mut visit: impl FnMut(usize, (usize, usize), usize)) {
    let mut line = 0;
    for channel in 0..geometry.group_in() {
        for tap_row in 0..geometry.vertical.kernel {
            for tap_column in 0..geometry.horizontal.kernel {
                visit(channel, (tap_row, tap_column), line);
                line += 1;
            }
        }
    }
}
