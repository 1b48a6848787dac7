use candle_core::{DType, Device, Tensor};

use super::concat_channels;
use crate::KernelError;
use crate::probe::{bits, check, random, refused, same_on_any_threads};

#[test]
fn it_is_the_concatenation_and_its_gradient() {
    for (channels, others) in [(1, 1), (3, 5), (4, 2)] {
        let pair = [random(&[2, channels, 3, 4], 1), random(&[2, others, 3, 4], 2)];
        let expected = Tensor::cat(&pair, 1).unwrap();
        assert_eq!(bits(&concat_channels(&pair[0], &pair[1]).unwrap()), bits(&expected));
        check(&pair, |t| concat_channels(&t[0], &t[1]));
    }
    same_on_any_threads(&[random(&[3, 4, 5, 6], 1), random(&[3, 2, 5, 6], 2)], |t| {
        concat_channels(&t[0], &t[1])
    });
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let x = random(&[2, 3, 4, 4], 1);
    let error = refused(concat_channels(&x, &random(&[2, 3, 4, 5], 2)));
    assert!(matches!(error, KernelError::Shape { argument: "second", .. }), "{error}");
    let error = refused(concat_channels(&x, &random(&[3, 3, 4, 4], 2)));
    assert!(matches!(error, KernelError::Shape { argument: "second", .. }), "{error}");
    let error = refused(concat_channels(&x, &random(&[2, 3, 4], 2)));
    assert!(matches!(error, KernelError::Rank { argument: "second", .. }), "{error}");
    let single = Tensor::zeros((2, 3, 4, 4), DType::F32, &Device::Cpu).unwrap();
    let error = refused(concat_channels(&x, &single));
    assert!(matches!(error, KernelError::ElementType { .. }), "{error}");
}
