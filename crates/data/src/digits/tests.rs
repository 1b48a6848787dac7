use super::*;

#[test]
fn the_embedded_files_are_well_formed() {
    assert!(read().is_ok());
}

#[test]
fn the_constants_are_those_of_the_training_part() {
    let train = digits().train;
    let shape = ImageShape::new(1, 8, 8);
    let measured = Normalization::measured(SCALE, shape, train.pixels()).unwrap();
    assert!((measured.mean()[0] - MEAN).abs() < 1e-6, "{measured:?}");
    assert!((measured.standard_deviation()[0] - STANDARD_DEVIATION).abs() < 1e-6, "{measured:?}");
    assert!(train.pixels().iter().all(|&value| f32::from(value) <= SCALE));
}
