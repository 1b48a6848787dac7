use candle_core::{Tensor, Var};
use proptest::prelude::*;

use super::upsample_nearest2d;
use crate::probe::{agree, check, random, refused, same_on_any_threads, tensor, values};
use crate::{KernelError, reference};

#[test]
fn every_pixel_becomes_a_block() {
    let x = tensor(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let y = upsample_nearest2d(&x, (2, 3)).unwrap();
    assert_eq!(y.dims(), [1, 1, 4, 6]);
    let top = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
    let bottom = [3.0, 3.0, 3.0, 4.0, 4.0, 4.0];
    assert_eq!(values(&y), [top, top, bottom, bottom].concat());
}

#[test]
fn gradients_are_central_differences() {
    for (shape, factor) in [
        ([2, 3, 3, 5], (2, 2)),
        ([1, 1, 1, 1], (3, 2)),
        ([2, 5, 4, 1], (1, 1)),
        ([1, 2, 3, 2], (1, 4)),
    ] {
        let x = [random(&shape, 1)];
        check(&x, |t| upsample_nearest2d(&t[0], factor));
        check(&x, |t| reference::upsample_nearest2d(&t[0], factor));
    }
}

/// candle visits the graph in an order that depends on how the sum is written; neither order may
/// lose a contribution.
#[test]
fn an_input_used_twice_keeps_both_gradients() {
    let twice = |first_up: bool, upsample: fn(&Tensor, (usize, usize)) -> crate::Result<Tensor>| {
        let x = Var::from_tensor(&random(&[1, 2, 2, 3], 2)).unwrap();
        let hidden = (x.as_tensor() * 1.5).unwrap();
        let up = upsample(&hidden, (2, 2)).unwrap().sum_all().unwrap();
        let direct = (hidden.sum_all().unwrap() * 10.0).unwrap();
        let total = if first_up { up + direct } else { direct + up };
        let store = total.unwrap().backward().unwrap();
        values(store.get(&x).unwrap())
    };
    for upsample in [upsample_nearest2d, reference::upsample_nearest2d] {
        for first_up in [false, true] {
            assert_eq!(twice(first_up, upsample), vec![1.5 * (4.0 + 10.0); 12]);
        }
    }
    check(&[random(&[1, 2, 2, 2], 3)], |t| {
        let up = upsample_nearest2d(&t[0], (2, 2))?;
        let again = upsample_nearest2d(&(&t[0] * 3.0)?, (2, 2))?;
        Ok(((up * again)? + upsample_nearest2d(&t[0].sqr()?, (2, 2))?)?)
    });
}

proptest! {
    #[test]
    fn kernel_is_reference(
        shape in (1usize..4, 1usize..5, 1usize..7, 1usize..7), factor in (1usize..4, 1usize..4),
    ) {
        let x = [random(&[shape.0, shape.1, shape.2, shape.3], 4)];
        agree(
            &x,
            |t| upsample_nearest2d(&t[0], factor),
            |t| reference::upsample_nearest2d(&t[0], factor),
        );
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    same_on_any_threads(&[random(&[5, 7, 11, 13], 5)], |t| upsample_nearest2d(&t[0], (2, 3)));
}

#[test]
fn wrong_arguments_are_named() {
    let error = refused(upsample_nearest2d(&random(&[2, 3], 1), (2, 2)));
    assert!(matches!(error, KernelError::Rank { expected: 4, .. }), "{error}");
    let x = random(&[1, 2, 3, 3], 1);
    let error = refused(upsample_nearest2d(&x, (0, 2)));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "factor", found: (0, 2), .. }));
    let error = refused(upsample_nearest2d(&x, (usize::MAX / 2, 2)));
    assert!(matches!(error, KernelError::SizeOverflow { parameter: "factor", .. }), "{error}");
}
