use candle_core::{DType, Tensor, Var};

use super::MomentumStep;
use crate::probe::{bits, random};

fn stepped(step: MomentumStep, tensors: &[Tensor; 3]) -> [Vec<u64>; 2] {
    let [velocity, gradient, weights] = tensors;
    let variable = Var::from_tensor(weights).unwrap();
    let velocity = step.velocity(velocity, gradient, &variable).unwrap();
    step.descend(&variable, &velocity).unwrap();
    [bits(&velocity), bits(&variable)]
}

/// Candle's operations one by one.
fn apart(step: MomentumStep, [velocity, gradient, weights]: &[Tensor; 3]) -> [Vec<u64>; 2] {
    let decayed = match step.weight_decay {
        decay if decay > 0.0 => (gradient + (weights * decay).unwrap()).unwrap(),
        _ => gradient.clone(),
    };
    let velocity = ((velocity * step.momentum).unwrap() + decayed).unwrap();
    let weights = (weights - (&velocity * step.rate).unwrap()).unwrap();
    [bits(&velocity), bits(&weights)]
}

#[test]
fn it_is_candles_operations_one_by_one() {
    for dtype in [DType::F32, DType::F64] {
        for (len, weight_decay) in [(5, 0.0), (40_000, 3e-4), (0, 0.1)] {
            let tensors = [1, 2, 3].map(|seed| random(&[len], seed).to_dtype(dtype).unwrap());
            for (momentum, rate) in [(0.9, 0.01), (0.0, 0.0)] {
                let step = MomentumStep { momentum, weight_decay, rate };
                assert_eq!(stepped(step, &tensors), apart(step, &tensors));
            }
        }
    }
}

#[test]
fn a_velocity_that_somebody_holds_stays_what_it_was() {
    let [velocity, gradient, weights] = [1, 2, 3].map(|seed| random(&[7], seed));
    let before = bits(&velocity);
    let step = MomentumStep { momentum: 0.9, weight_decay: 0.0, rate: 0.1 };
    step.velocity(&velocity, &gradient, &Var::from_tensor(&weights).unwrap()).unwrap();
    assert_eq!(bits(&velocity), before);
}

#[test]
fn tensors_of_other_shapes_are_refused() {
    let step = MomentumStep { momentum: 0.9, weight_decay: 0.0, rate: 0.1 };
    let variable = Var::from_tensor(&random(&[4], 1)).unwrap();
    let long = random(&[5], 2);
    let short = random(&[4], 2);
    assert!(step.velocity(&long, &short, &variable).is_err());
    assert!(step.velocity(&short, &long, &variable).is_err());
    assert!(step.descend(&variable, &long).is_err());
}
