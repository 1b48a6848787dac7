use candle_core::{Device, Tensor};
use proptest::prelude::*;

use super::*;

/// An image that a function draws row by row; nothing else is kept.
#[derive(Debug)]
struct Drawn {
    shape: ImageShape,
    next: usize,
    pixel: fn(channel: usize, row: usize, column: usize) -> f32,
}

impl ImageRows for Drawn {
    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn next_row(&mut self, row: &mut [f32]) -> Result<(), DataError> {
        for (at, value) in row.iter_mut().enumerate() {
            *value = (self.pixel)(at / self.shape.width, self.next, at % self.shape.width);
        }
        self.next += 1;
        Ok(())
    }
}

fn hills(channel: usize, row: usize, column: usize) -> f32 {
    (row as f32 / 7.0).sin() + (column as f32 / 5.0).cos() * (channel + 1) as f32
}

/// All values of a prediction, channel by channel and row by row.
fn predict(
    window: &SlidingWindow,
    shape: ImageShape,
    network: &mut dyn FnMut(&Tensor) -> Result<Tensor, DataError>,
) -> Vec<f32> {
    let mut image = Drawn { shape, next: 0, pixel: hills };
    let mut all = vec![f32::NAN; shape.channels * shape.height * shape.width];
    let mut next = 0;
    let mut write = |rows: PredictedRows<'_>| {
        assert_eq!(rows.first, next, "rows come from the top to the bottom");
        next += rows.rows();
        for (channel, values) in rows.values.chunks_exact(rows.width * rows.rows()).enumerate() {
            let at = (channel * shape.height + rows.first) * shape.width;
            all[at..at + values.len()].copy_from_slice(values);
        }
        Ok(())
    };
    window.predict(&mut image, shape.channels, network, &mut write).unwrap();
    assert_eq!(next, shape.height);
    all
}

fn expected(shape: ImageShape) -> Vec<f32> {
    let places = (0..shape.channels).flat_map(|channel| {
        (0..shape.height)
            .flat_map(move |row| (0..shape.width).map(move |column| (channel, row, column)))
    });
    places.map(|(channel, row, column)| hills(channel, row, column)).collect()
}

fn furthest(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A network that passes its input on gives the image back, whatever its size: no pixel is
    /// lost, moved, or weighed by anything but 1 in all.
    #[test]
    fn the_identity_gives_the_image(
        height in 1_usize..40,
        width in 1_usize..40,
        side in 1_usize..17,
        quarters in 1_u32..=4,
        batch in 1_usize..5,
        mirrored in any::<bool>(),
        equal in any::<bool>(),
    ) {
        let shape = ImageShape::new(2, height, width);
        let window = SlidingWindow::new(side, side + 1).unwrap().with_batch(batch).unwrap();
        let step = (f64::from(quarters) / 4.0).max(1.0 / side as f64);
        let window = window.with_step(step).unwrap();
        let window = if mirrored { window.mirrored() } else { window };
        let window = if equal { window.with_weights(WindowWeights::Equal) } else { window };
        let mut predictions = 0;
        let found = predict(&window, shape, &mut |x| {
            predictions += x.dim(0)?;
            Ok(x.clone())
        });
        prop_assert!(furthest(&found, &expected(shape)) < 1e-5);
        prop_assert_eq!(predictions, window.predictions(shape));
    }
}

/// A network whose outputs are wrong by 1 at the border of its input, as those of convolutions with
/// padding are.
fn wrong_at_the_border(x: &Tensor) -> Result<Tensor, DataError> {
    let (_, _, height, width) = x.dims4()?;
    let at = |place: usize, side: usize| place == 0 || place + 1 == side;
    let wrong = |index: usize| f32::from(at(index / width, height) || at(index % width, width));
    let error: Vec<f32> = (0..height * width).map(wrong).collect();
    let error = Tensor::from_vec(error, (1, 1, height, width), &Device::Cpu)?;
    Ok(x.broadcast_add(&error)?)
}

#[test]
fn gaussian_weights_leave_no_seam() {
    let shape = ImageShape::new(1, 90, 70);
    let window = SlidingWindow::new(32, 32).unwrap();
    let inner = |found: &[f32]| {
        let wanted = expected(shape);
        let error = |at: usize| (found[at] - wanted[at]).abs();
        let inside = |&at: &usize| {
            (16..74).contains(&(at / shape.width)) && (16..54).contains(&(at % shape.width))
        };
        (0..found.len()).filter(inside).map(error).fold(0.0, f32::max)
    };
    let smooth = inner(&predict(&window, shape, &mut wrong_at_the_border));
    let equal = window.with_weights(WindowWeights::Equal);
    let rough = inner(&predict(&equal, shape, &mut wrong_at_the_border));
    assert!(smooth < 1e-2, "{smooth}");
    assert!(rough > 0.2, "a plain mean shows the windows' borders: {rough}");
}

/// Each mirror image is mirrored back: an output that names its column in the window comes out
/// symmetric.
#[test]
fn mirrored_predictions_are_mirrored_back() {
    let window = SlidingWindow::new(2, 4).unwrap().mirrored();
    let ramp = Tensor::from_vec(vec![0_f32, 1.0, 2.0, 3.0], (1, 1, 1, 4), &Device::Cpu).unwrap();
    let mut network = |x: &Tensor| Ok(x.zeros_like()?.broadcast_add(&ramp)?);
    let found = predict(&window, ImageShape::new(1, 2, 4), &mut network);
    assert!(found.iter().all(|value| (value - 1.5).abs() < 1e-6), "{found:?}");
}

/// The sums and pixels that are held are those that `bytes` names, for any height.
#[test]
fn memory_does_not_grow_with_the_height() {
    let window = SlidingWindow::new(8, 8).unwrap();
    let bytes = |height| window.bytes(ImageShape::new(3, height, 100), 2);
    assert_eq!(bytes(8), bytes(1_000_000));
    assert_eq!(bytes(8), 4 * (100 * 5 * 9 + 8 * 8 * 3));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let text = |result: Result<SlidingWindow, DataError>| result.unwrap_err().to_string();
    let window = || SlidingWindow::new(8, 8).unwrap();
    assert_eq!(
        text(SlidingWindow::new(0, 8)),
        "sliding window, height: expected 1 to 65536 pixels, found 0"
    );
    for step in [0.0, -1.0, 0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(text(window().with_step(step)).contains("step"), "{step}");
    }
    assert!(text(window().with_batch(0)).contains("batch"));
    let mut image = Drawn { shape: ImageShape::new(1, 8, 8), next: 0, pixel: hills };
    let found: Result<(), DataError> =
        window().predict(&mut image, 2, &mut |x| Ok(x.clone()), &mut |_| Ok(()));
    assert_eq!(
        found.unwrap_err().to_string(),
        "outputs of a window: expected shape [1, 2, 8, 8], found [1, 1, 8, 8]"
    );
    let mut none = Drawn { shape: ImageShape::new(1, 0, 8), next: 0, pixel: hills };
    let found: Result<(), DataError> =
        window().predict(&mut none, 1, &mut |x| Ok(x.clone()), &mut |_| Ok(()));
    assert!(matches!(found, Err(DataError::UnusableShape { .. })));
}
