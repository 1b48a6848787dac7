//! The rows of an image that the present windows hold.

use candle_core::{DType, Device, Tensor};

use super::{ImageRows, Mirror, PredictedRows, SlidingWindow};
use crate::{DataError, ImageShape};

/// A band as high as the window and as wide as the image: its pixels, and the weighed sums of the
/// predictions of its pixels.
pub(super) struct Band {
    image: ImageShape,
    channels: usize,
    height: usize,
    /// Columns of the band: at least those of the window.
    width: usize,
    /// The row of the image that is the first of the band.
    top: usize,
    /// Rows of the image that have been read.
    read: usize,
    /// `[C, height, width]`.
    pixels: Vec<f32>,
    /// `[channels, height, width]`.
    sums: Vec<f32>,
    /// Left columns of the windows.
    columns: Vec<usize>,
    /// Sums of weights for each row of the image, and for each column.
    row_weights: Vec<f32>,
    column_weights: Vec<f32>,
}

impl Band {
    pub(super) fn new(window: &SlidingWindow, image: ImageShape, channels: usize) -> Self {
        let width = image.width.max(window.width);
        let plane = window.height * width;
        let rows = window.tops(image);
        let columns = window.lefts(image);
        Self {
            image,
            channels,
            height: window.height,
            width,
            top: 0,
            read: 0,
            pixels: vec![0.0; image.channels * plane],
            sums: vec![0.0; channels * plane],
            row_weights: window.weights.sums(window.height, &rows, image.height),
            column_weights: window.weights.sums(window.width, &columns, image.width),
            columns,
        }
    }

    /// Reads the rows of the image that the band lacks, once it begins with row `top`.
    pub(super) fn read_to(
        &mut self,
        top: usize,
        image: &mut dyn ImageRows,
    ) -> Result<(), DataError> {
        debug_assert_eq!(self.top, top, "the band was moved when its first rows were finished");
        let mut row = vec![0.0; self.image.channels * self.image.width];
        while self.read < self.image.height.min(top + self.height) {
            image.next_row(&mut row)?;
            let at = (self.read - top) * self.width;
            for (channel, values) in row.chunks_exact(self.image.width).enumerate() {
                let first = channel * self.height * self.width + at;
                self.pixels[first..first + values.len()].copy_from_slice(values);
            }
            self.read += 1;
        }
        Ok(())
    }

    /// Adds the predictions of all windows of the band.
    pub(super) fn predict<E: From<DataError>>(
        &mut self,
        window: &SlidingWindow,
        network: &mut dyn FnMut(&Tensor) -> Result<Tensor, E>,
    ) -> Result<(), E> {
        let columns = std::mem::take(&mut self.columns);
        for &mirror in window.mirrors() {
            for lefts in columns.chunks(window.batch) {
                let windows = self.windows(window, lefts, mirror).map_err(DataError::from)?;
                let outputs = network(&windows)?;
                self.add(window, lefts, mirror, &outputs)?;
            }
        }
        self.columns = columns;
        Ok(())
    }

    /// The windows that begin at the columns `lefts`.
    fn windows(
        &self,
        window: &SlidingWindow,
        lefts: &[usize],
        mirror: Mirror,
    ) -> Result<Tensor, candle_core::Error> {
        let dims = (lefts.len(), self.image.channels, window.height, window.width);
        let mut values = Vec::with_capacity(dims.0 * dims.1 * dims.2 * dims.3);
        for &left in lefts {
            for plane in self.pixels.chunks_exact(self.height * self.width) {
                for row in 0..window.height {
                    let row = if mirror.rows { window.height - 1 - row } else { row };
                    let first = row * self.width + left;
                    let line = &plane[first..first + window.width];
                    if mirror.columns {
                        values.extend(line.iter().rev());
                    } else {
                        values.extend_from_slice(line);
                    }
                }
            }
        }
        Tensor::from_vec(values, dims, &Device::Cpu)
    }

    fn add(
        &mut self,
        window: &SlidingWindow,
        lefts: &[usize],
        mirror: Mirror,
        outputs: &Tensor,
    ) -> Result<(), DataError> {
        let expected = [lefts.len(), self.channels, window.height, window.width];
        if outputs.dims() != expected {
            let found = outputs.dims().to_vec();
            return Err(DataError::WindowOutput { expected: expected.to_vec(), found });
        }
        let outputs = outputs.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
        let outputs = outputs.flatten_all()?.to_vec1::<f32>()?;
        let share = 1.0 / window.mirrors().len() as f32;
        let down: Vec<f32> =
            window.weights.along(window.height).iter().map(|weight| weight * share).collect();
        let across = window.weights.along(window.width);
        for (at, line) in outputs.chunks_exact(window.width).enumerate() {
            let row = at % window.height;
            let row = if mirror.rows { window.height - 1 - row } else { row };
            let plane = at / window.height;
            let left = lefts[plane / self.channels];
            let first = (plane % self.channels * self.height + row) * self.width + left;
            let sums = self.sums[first..first + window.width].iter_mut().zip(&across);
            let weight = down[row];
            if mirror.columns {
                sums.zip(line.iter().rev())
                    .for_each(|((sum, a), value)| *sum += weight * a * value);
            } else {
                sums.zip(line).for_each(|((sum, a), value)| *sum += weight * a * value);
            }
        }
        Ok(())
    }

    /// Writes the rows of the image before `next`, which no further window holds, and moves the
    /// band down to it.
    pub(super) fn finish<E: From<DataError>>(
        &mut self,
        next: usize,
        write: &mut dyn FnMut(PredictedRows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ImageShape { width, .. } = self.image;
        let rows = next - self.top;
        for row in 0..rows {
            let mut values = Vec::with_capacity(self.channels * width);
            for plane in self.sums.chunks_exact(self.height * self.width) {
                let sums = plane[row * self.width..][..width].iter().zip(&self.column_weights);
                let weight = self.row_weights[self.top + row];
                values.extend(sums.map(|(sum, column)| sum / (weight * column)));
            }
            let first = self.top + row;
            write(PredictedRows { first, channels: self.channels, width, values: &values })?;
        }
        self.move_down(rows);
        Ok(())
    }

    fn move_down(&mut self, rows: usize) {
        let gone = rows.min(self.height) * self.width;
        for values in [&mut self.pixels, &mut self.sums] {
            for plane in values.chunks_exact_mut(self.height * self.width) {
                plane.copy_within(gone.., 0);
                let kept = plane.len() - gone;
                plane[kept..].fill(0.0);
            }
        }
        self.top += rows;
    }
}
