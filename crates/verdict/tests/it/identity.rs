//! Finished work is never used for other work: images, classes, operations in code, relaxations,
//! decoders and stop rules that differ.

use std::cell::Cell;

use candle_core::Tensor;
use dartloom_data::{DataError, Dataset, ImageShape, Sample, Split, TargetSpec};
use dartloom_decode::{DecodeError, Decoded, Decoder, TopK};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, OpCost, OpError, Operation, Registry, op_fn};
use dartloom_record::{Agreement, Event, Flow, RecordError, RunDir, observer_fn};
use dartloom_relax::{Progress, RelaxError, Relaxation, Softmax};
use dartloom_search::stop::{Effect, Observed, Reason, SkipCount, StopRule};
use dartloom_search::testkit::small_search;
use dartloom_search::{Choices, SearchConfig, SearchError, SearchParts, SupernetSearch};
use dartloom_space::{Build, Shape, Space, Stem, WeightTable};
use dartloom_task::usual;
use dartloom_train::testkit::small_fit;
use dartloom_train::{FitConfig, Stepper};
use dartloom_verdict::{Comparison, ComparisonConfig, MethodParts, RetrainConfig, VerdictError};
use rand::RngCore;

use crate::tiny::{DARTS, darts, small_comparison};

/// Bright squares or dark ones, at a place that the seed determines.
#[derive(Clone, Copy, Debug)]
struct Shapes {
    seed: u64,
    classes: usize,
}

impl Dataset for Shapes {
    fn len(&self) -> usize {
        16
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 4, 4)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: self.classes }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        if index >= self.len() {
            return Err(DataError::IndexOutOfRange { index, len: self.len() });
        }
        sample.check_pixels(self.shape())?;
        let mut noise = Noise::new(self.seed).stream("shape", index as u64);
        for pixel in &mut *sample.pixels {
            *pixel = noise.next_u32() as f32 / u32::MAX as f32;
        }
        sample.pixels[0] += (index % 2) as f32;
        sample.target.put_class((index % 2) as u32)
    }
}

/// `y = factor x`.
#[derive(Debug)]
struct Scale {
    factor: f64,
    stride: usize,
}

impl Operation for Scale {
    fn forward(&self, x: &Tensor, _: Mode) -> Result<Tensor, OpError> {
        Ok((x.avg_pool2d(self.stride)? * self.factor)?)
    }
}

/// A registry in which the code behind the name `scale` multiplies by `factor`.
fn registry(factor: f64, identity: Option<String>) -> Registry {
    let build = move |at: &dartloom_space::InputPlan, _: &mut dartloom_ops::Builder<'_>| {
        Ok(Box::new(Scale { factor, stride: at.stride }) as Box<dyn Operation>)
    };
    let cost = |at: &dartloom_space::InputPlan| OpCost { parameters: 0, macs: at.shape.elements() };
    let scale = op_fn("scale", build, cost);
    let standard = Registry::standard().unwrap();
    match identity {
        Some(identity) => standard.with_factory(scale.with_identity(identity)),
        None => standard.with_factory(scale),
    }
    .unwrap()
}

/// Softmax at a temperature that its debug form hides.
struct Hidden {
    temperature: f64,
    says: bool,
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

impl Relaxation for Hidden {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Softmax::new(self.temperature)?.weights(logits, at, noise)
    }

    fn identity(&self) -> Option<String> {
        self.says.then(|| format!("Hidden {}", self.temperature))
    }
}

/// Top-k without an identity.
#[derive(Debug)]
struct Nameless;

impl Decoder for Nameless {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        TopK::darts().decode(space, weights)
    }
}

/// The parts of a run.
struct Made {
    data: Shapes,
    registry: Registry,
    choices: Choices,
    decoder: &'static dyn Decoder,
}

fn made() -> Made {
    Made {
        data: Shapes { seed: 1, classes: 2 },
        registry: registry(1.0, Some("x1".to_owned())),
        choices: Choices::of(Softmax::default()),
        decoder: &DARTS,
    }
}

fn space(registry: &Registry) -> Space {
    let ops = registry.op_set("mine", &["scale", "skip_connect", "sep_conv_3x3"]).unwrap();
    Space::darts(ops, 2, 1, Stem::cifar(1)).unwrap()
}

/// Steps that were made, and notes, in `dir`.
#[derive(Debug, PartialEq)]
struct Ran {
    steps: usize,
    notes: Vec<String>,
}

fn run(dir: &RunDir, made: &Made) -> Result<Ran, VerdictError> {
    let fit = FitConfig { crop_padding: 0, ..small_fit() };
    let space = space(&made.registry);
    let method = MethodParts {
        key: "mine".to_owned(),
        name: "mine".to_owned(),
        choices: made.choices.clone(),
        decoder: made.decoder,
        channels: 1,
        search: SearchConfig { epochs: 1, batch: 4, crop_padding: 0, ..small_search() },
        ..darts(&space)
    };
    let retrain = RetrainConfig { channels: 1, layers: 2, fit: fit.clone() };
    let config = ComparisonConfig { retrain, ..small_comparison(fit, &[0]) };
    let mut ran = Ran { steps: 0, notes: Vec::new() };
    let mut observer = observer_fn(|event| {
        match event {
            Event::Step { .. } => ran.steps += 1,
            Event::Note { text } => ran.notes.push(text.clone()),
            _ => {}
        }
        Ok(Flow::Continue)
    });
    let seconds = Cell::new(0.0);
    let clock = || {
        seconds.set(seconds.get() + 1.0);
        seconds.get()
    };
    let task = usual(made.data.targets()).unwrap();
    let comparison = Comparison::on(&*task, &made.data, &made.data, &made.registry);
    comparison.with_config(config).method(method).timed(&clock).run(dir, &mut observer)?;
    Ok(ran)
}

/// A directory in which `first` has run.
fn finished(first: &Made) -> (tempfile::TempDir, RunDir) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    assert!(run(&dir, first).unwrap().steps > 0);
    (temporary, dir)
}

#[track_caller]
fn refused(first: &Made, second: &Made, what: &str) {
    let (_keep, dir) = finished(first);
    let error = run(&dir, second).unwrap_err();
    let typed = matches!(error, VerdictError::Record(RecordError::OtherWork { .. }));
    assert!(typed && error.to_string().contains(what), "{what}: {error}");
    // The first is there as it was.
    let again = run(&dir, first).unwrap();
    assert_eq!(again.steps, 0);
    assert_eq!(again.notes, ["5 legs of seed 0 were there already"]);
}

#[test]
fn other_images_of_equal_number_and_size_are_refused() {
    let other = Made { data: Shapes { seed: 50, classes: 2 }, ..made() };
    refused(&made(), &other, "training images: expected");
}

#[test]
fn other_classes_are_refused() {
    let other = Made { data: Shapes { seed: 1, classes: 3 }, ..made() };
    refused(&made(), &other, "training images: expected");
}

#[test]
fn an_operation_whose_code_has_changed_is_refused() {
    let other = Made { registry: registry(3.0, Some("x3".to_owned())), ..made() };
    refused(&made(), &other, r#"operation `scale`: expected "x3", found "x1""#);
}

#[test]
fn a_relaxation_is_what_it_says_and_not_what_its_debug_form_shows() {
    let hidden =
        |temperature| Made { choices: Choices::of(Hidden { temperature, says: true }), ..made() };
    refused(&hidden(1.0), &hidden(0.1), r#"relaxation: expected "Hidden 0.1", found "Hidden 1""#);
}

#[test]
fn work_with_a_part_that_says_nothing_is_done_again_and_a_note_says_why() {
    type Make = fn() -> Made;
    let unsaid: [(&str, Make); 3] = [
        ("the operation `scale` (`OpFactory::identity`)", || Made {
            registry: registry(1.0, None),
            ..made()
        }),
        ("the relaxation (`Relaxation::identity`)", || Made {
            choices: Choices::of(Hidden { temperature: 1.0, says: false }),
            ..made()
        }),
        ("the decoder (`Decoder::identity`)", || Made { decoder: &Nameless, ..made() }),
    ];
    for (what, make) in unsaid {
        let temporary = tempfile::tempdir().unwrap();
        let dir = RunDir::open(temporary.path()).unwrap();
        let first = run(&dir, &make()).unwrap();
        // Told before there is anything to lose.
        assert!(
            first.notes[0].contains("seed 0 search/mine: ") && first.notes[0].contains(what),
            "{first:?}"
        );
        let second = run(&dir, &make()).unwrap();
        assert!(second.steps > 0, "{what}: {second:?}");
        let told = "seed 0 search/mine: its result is made again: ";
        assert!(second.notes[0].contains(told) && second.notes[0].contains(what), "{second:?}");
        // Once it says what it is, this is done once more and then kept.
        assert!(run(&dir, &made()).is_ok_and(|ran| ran.steps > 0), "{what}");
        assert_eq!(run(&dir, &made()).unwrap().steps, 0, "{what}");
    }
}

/// Never holds.
#[derive(Debug)]
struct Never(Option<&'static str>);

impl StopRule for Never {
    fn verdict(&self, _: &Space, _: &[Observed]) -> Result<Option<Reason>, SearchError> {
        Ok(None)
    }

    fn identity(&self) -> Option<String> {
        self.0.map(str::to_owned)
    }
}

#[test]
fn a_search_is_its_space_numbers_parts_seed_images_and_rules() {
    let data = Shapes { seed: 1, classes: 2 };
    let registry = registry(1.0, Some("x1".to_owned()));
    let space = space(&registry);
    let halves = Split::Halves.parts(&data, 1).unwrap();
    let task = usual(data.targets()).unwrap();
    let search = |choices: Choices, seed: u64, rule: Option<Box<dyn StopRule>>| {
        let parts = SearchParts {
            space: &space,
            registry: &registry,
            choices,
            decoder: &DARTS,
            build: Build::new(1, 2, Shape::new(1, 4, 4)),
            data: &halves,
            task: &*task,
        };
        let plain = SearchConfig { crop_padding: 0, flip: false, ..SearchConfig::default() };
        let config = SearchConfig { epochs: 1, batch: 4, ..plain };
        let search = SupernetSearch::new("search", parts, config, Noise::new(seed)).unwrap();
        match rule {
            Some(rule) => search.with_stop_rule(Effect::Warn, rule),
            None => search,
        }
        .identity()
        .unwrap()
    };
    let softmax = |temperature| Choices::of(Softmax::new(temperature).unwrap());
    let one = search(softmax(1.0), 0, None);
    assert_eq!(one.agreement(&search(softmax(1.0), 0, None)), Agreement::Same);
    let differs = |other, what: &str| {
        let Agreement::Differs(found) = one.agreement(&other) else { panic!("{what}") };
        let found: Vec<String> = found.into_iter().map(|difference| difference.part).collect();
        assert_eq!(found, [what]);
    };
    differs(search(softmax(0.1), 0, None), "relaxation");
    differs(search(softmax(1.0), 9, None), "seed");
    differs(search(softmax(1.0), 0, Some(Box::new(SkipCount::default()))), "stop rule 0");
    differs(search(softmax(1.0), 0, Some(Box::new(Never(Some("never"))))), "stop rule 0");
    let unsaid = search(softmax(1.0), 0, Some(Box::new(Never(None))));
    assert_eq!(unsaid.agreement(&unsaid), Agreement::Unsaid);
}
