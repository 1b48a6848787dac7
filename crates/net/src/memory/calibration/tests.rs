use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

const MIB: u64 = 1 << 20;

#[test]
fn it_starts_where_it_is_told() {
    let calibration = Calibration::new(1.25);
    assert_eq!(calibration.corrected(100 * MIB), 125 * MIB);
    for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Calibration::new(nonsense), Calibration::default());
    }
}

#[test]
fn it_finds_a_factor_behind_noise_and_outliers() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut calibration = Calibration::default();
    for candidate in 0..60 {
        let predicted = rng.random_range(50..900) * MIB;
        let noise = rng.random_range(0.95..1.05);
        // One in six was killed halfway, or shared its pages with a debugger.
        let share = match candidate % 12 {
            5 => 0.2,
            11 => 9.0,
            _ => 1.4 * noise,
        };
        calibration.observe(predicted, (predicted as f64 * share) as u64);
    }
    let factor = calibration.factor();
    assert!((1.36..1.44).contains(&factor), "{factor}");
    // Five of sixty are nine times as large.
    assert!(calibration.cautious(MIB) > 8 * MIB);
}

#[test]
fn one_measurement_moves_nothing_and_four_do() {
    let mut calibration = Calibration::default();
    calibration.observe(100, 200);
    assert_eq!(calibration.corrected(100), 100);
    (0..3).for_each(|_| calibration.observe(100, 200));
    assert_eq!(calibration.corrected(100), 200);
}

#[test]
fn it_forgets_what_was_long_ago() {
    let mut calibration = Calibration::default();
    (0..64).for_each(|_| calibration.observe(100, 300));
    (0..64).for_each(|_| calibration.observe(100, 150));
    assert_eq!((calibration.corrected(100), calibration.len()), (150, 64));
}

#[test]
fn measurements_that_say_nothing_are_left_out() {
    let mut calibration = Calibration::default();
    calibration.observe(0, 10);
    calibration.observe(10, 0);
    assert!(calibration.is_empty());
}

#[test]
fn its_text_form_keeps_everything() {
    let mut calibration = Calibration::new(1.1);
    (1..9).for_each(|measured| calibration.observe(7, measured));
    let text = serde_json::to_string(&calibration).unwrap();
    assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), calibration);
}
