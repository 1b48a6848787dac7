use std::sync::atomic::{AtomicU32, Ordering};

use candle_core::Var;
use dartloom_space::{OpSet, Stage, Stride};

use super::*;
use crate::{Init, op_fn};

type Built = Result<Box<dyn Operation>, OpError>;

/// Every built-in operation in the standard cases.
fn check_built_in_operations(device: &Device) {
    let cases = Case::standard();
    for spec in OpSet::builtin("all").unwrap().ops() {
        check_operation(&recipe(spec.clone()), &cases, device).unwrap();
    }
}

#[test]
fn every_built_in_operation_is_lawful() {
    check_built_in_operations(&Device::Cpu);
}

/// Fails where there is no GPU: whoever builds the tests with the feature `cuda` asks for one.
#[cfg(feature = "cuda")]
#[test]
fn every_built_in_operation_is_lawful_on_a_gpu() {
    let gpu = Device::new_cuda(0).expect("the feature `cuda` is on, so the tests need a GPU");
    check_built_in_operations(&gpu);
}

#[test]
fn other_widths_and_odd_planes_are_lawful() {
    let at = |stride, phase| InputPlan { shape: Shape::new(3, 5, 3), width: 4, stride, phase };
    let cases = [at(1, Phase::Search), at(2, Phase::Retrain)].map(|at| Case { at, batch: 3 });
    for op in ["simple_conv_3x3", "sep_conv_3x3", "dil_conv_5x5", "conv_7x1_1x7"] {
        let spec = OpSet::builtin("all").unwrap().get(op).unwrap().clone();
        match check_operation(&recipe(spec), &cases, &Device::Cpu) {
            Ok(()) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Attention over channels: `y = x * sigmoid(W mean(x))`, each plane weighed as a whole.
#[derive(Debug)]
struct Attention {
    weight: Tensor,
    stride: usize,
    flaw: Flaw,
    calls: AtomicU32,
    mean: Option<Var>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    Shape,
    ElementType,
    LostInputGradient,
    LostParameterGradient,
    WrongParameterGradient,
    Noise,
    ProbeChangesBuffer,
    TrainingChangesParameter,
    StaleStatistics,
    Cost,
    UnseededBuild,
}

impl Operation for Attention {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let x = if self.stride > 1 && self.flaw != Flaw::Shape {
            x.avg_pool2d(self.stride)?
        } else {
            x.clone()
        };
        let weight = match self.flaw {
            Flaw::LostParameterGradient => self.weight.detach(),
            Flaw::WrongParameterGradient => {
                ((&self.weight * 1.001)? - (self.weight.detach() * 0.001)?)?
            }
            _ => self.weight.clone(),
        };
        let mean = x.flatten_from(2)?.mean(2)?;
        let gate = (mean.matmul(&weight.t()?)?.neg()?.exp()? + 1.0)?.recip()?;
        let x = if self.flaw == Flaw::LostInputGradient { x.detach() } else { x };
        let y = x.broadcast_mul(&gate.unsqueeze(2)?.unsqueeze(3)?)?;
        if let Some(var) = &self.mean
            && (mode == Mode::train() || self.flaw == Flaw::ProbeChangesBuffer)
        {
            var.set(&mean.mean(0)?.detach())?;
        }
        match self.flaw {
            Flaw::ElementType => Ok(y.to_dtype(DType::F32)?),
            Flaw::Noise => Ok((y + f64::from(call))?),
            _ => Ok(y),
        }
    }
}

/// Changes the parameter it was given while training.
#[derive(Debug)]
struct Meddler {
    inner: Attention,
}

impl Operation for Meddler {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        let y = self.inner.forward(x, mode)?;
        if mode == Mode::train() {
            let weight = &self.inner.weight;
            let doubled = (weight.detach() * 2.0)?;
            weight.slice_set(&doubled.contiguous()?, 0, 0)?;
        }
        Ok(y)
    }
}

fn attention(flaw: Flaw) -> impl OpFactory {
    let builds = AtomicU32::new(0);
    let build = move |at: &InputPlan, vars: &mut Builder<'_>| -> Built {
        let channels = at.shape.channels;
        let weight = vars.parameter("weight", &[channels; 2], Init::FanIn(channels))?;
        let statistics = matches!(flaw, Flaw::ProbeChangesBuffer | Flaw::StaleStatistics);
        let mean = match flaw {
            _ if !statistics => None,
            Flaw::StaleStatistics => {
                vars.buffer("running_mean", &[channels], 0.0)?;
                None
            }
            _ => Some(vars.buffer("running_mean", &[channels], 0.0)?),
        };
        if flaw == Flaw::UnseededBuild {
            vars.buffer("build", &[1], f64::from(builds.fetch_add(1, Ordering::Relaxed)))?;
        }
        let inner = Attention { weight, stride: at.stride, flaw, calls: AtomicU32::new(0), mean };
        Ok(if flaw == Flaw::TrainingChangesParameter {
            Box::new(Meddler { inner })
        } else {
            Box::new(inner)
        })
    };
    let cost = move |at: &InputPlan| {
        let channels = at.shape.channels as u64;
        let parameters = channels * channels + u64::from(flaw == Flaw::Cost);
        OpCost { parameters, macs: channels * channels }
    };
    op_fn("attention", build, cost)
}

fn broken(flaw: Flaw) -> LawError {
    match check_operation(&attention(flaw), &Case::standard(), &Device::Cpu) {
        Err(LawError::Case { op, source, .. }) => {
            assert_eq!(op, "attention");
            *source
        }
        other => panic!("{flaw:?}: {other:?}"),
    }
}

#[test]
fn a_third_party_operation_is_lawful() {
    check_operation(&attention(Flaw::None), &Case::standard(), &Device::Cpu).unwrap();
}

#[test]
fn a_kept_size_at_stride_two_is_found() {
    let error =
        check_operation(&attention(Flaw::Shape), &Case::standard(), &Device::Cpu).unwrap_err();
    let LawError::Case { at, source, .. } = error else { panic!("{error}") };
    assert_eq!(at.stride, 2);
    let LawError::Shape { expected, found } = *source else { panic!("{source}") };
    assert_eq!((expected, found), (vec![2, 2, 2, 3], vec![2, 2, 4, 6]));
}

#[test]
fn a_changed_element_type_is_found() {
    let error = broken(Flaw::ElementType);
    assert!(matches!(error, LawError::ElementType { expected: DType::F64, found: DType::F32 }));
}

#[test]
fn wrong_gradients_are_found() {
    assert!(matches!(broken(Flaw::LostInputGradient), LawError::InputGradient { .. }));
    let lost = broken(Flaw::LostParameterGradient);
    assert!(matches!(lost, LawError::Unreached { name } if name == "op.weight"));
    let wrong = broken(Flaw::WrongParameterGradient);
    assert!(matches!(wrong, LawError::ParameterGradient { .. }), "{wrong}");
}

#[test]
fn unseeded_numbers_are_found() {
    assert!(matches!(broken(Flaw::Noise), LawError::Repeat { .. }));
    let built = broken(Flaw::UnseededBuild);
    assert!(matches!(built, LawError::Creation { name } if name == "op.build"));
}

#[test]
fn changed_and_stale_state_is_found() {
    let changed = broken(Flaw::ProbeChangesBuffer);
    let LawError::Changed { mode, name } = changed else { panic!("{changed}") };
    assert_eq!((mode, name.as_str()), (Mode::probe(), "op.running_mean"));
    let stale = broken(Flaw::StaleStatistics);
    assert!(matches!(stale, LawError::Stale { name } if name == "op.running_mean"));
}

#[test]
fn a_changed_parameter_is_found() {
    let error = broken(Flaw::TrainingChangesParameter);
    let LawError::Changed { mode, name } = error else { panic!("{error}") };
    assert_eq!((mode, name.as_str()), (Mode::train(), "op.weight"));
}

#[test]
fn a_wrong_count_is_found() {
    let error = broken(Flaw::Cost);
    assert!(matches!(error, LawError::ParameterCount { expected: 4, found: 5 }));
}

#[test]
fn a_recipe_that_forgets_the_stride_is_found() {
    let conv = Stage::Pointwise { out: dartloom_space::Width::Same, stride: Stride::Unit };
    let error =
        check_operation(&recipe(OpSpec::new("flat", [conv])), &Case::standard(), &Device::Cpu);
    let Err(LawError::Case { op, at, source }) = error else { panic!("{error:?}") };
    assert_eq!((op.as_str(), at.stride), ("flat", 2));
    assert!(matches!(*source, LawError::Shape { .. }));
}

#[test]
fn a_custom_operation_is_no_recipe() {
    let error = check_operation(&recipe(OpSpec::custom("mine")), &Case::standard(), &Device::Cpu);
    let Err(LawError::Case { source, .. }) = error else { panic!("{error:?}") };
    assert!(matches!(*source, LawError::Operation(OpError::NoFactory { op }) if op == "mine"));
}
