//! Parts in code and data that break their contract, refused before anything is trained.

use candle_core::Tensor;
use dartloom_data::{DataError, Dataset, ImageShape, Sample, Split, TargetSpec};
use dartloom_explore::{Domain, Evaluator as _, RandomGenotypes, explore};
use dartloom_net::Setting;
use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_ops::testkit::names_the_remedy;
use dartloom_record::{RunDir, Silent};
use dartloom_relax::{Progress, RelaxError, Relaxation, Softmax};
use dartloom_search::Choices;
use dartloom_space::testkit::unregistered;
use dartloom_space::{Build, Outputs};
use dartloom_train::testkit::small_fit;
use dartloom_verdict::{
    Comparison, MethodParts, RandomConfig, RandomSearch, Training, TrainingConfig, VerdictError,
};
use rand::RngCore;

use crate::tiny::{build, darts, first_digits, registry, small_comparison, space, task, two_ops};

/// A softmax without a gradient.
#[derive(Debug)]
struct Detach;

impl Relaxation for Detach {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Ok(Softmax::default().weights(logits, at, noise)?.detach())
    }
}

/// P6: the classes of the network must be those of the data, also where candidates are trained.
#[test]
fn a_training_for_other_classes_is_refused() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let right = build(&digits, 2);
    let training = Training {
        setting: Setting::new(&space, &registry, Build { outputs: Outputs::Vector(3), ..right }),
        task: &task(),
        data: &data,
        config: TrainingConfig::default(),
        noise: Noise::new(1),
        checkpoints: None,
    };
    assert!(
        training.check().unwrap_err().to_string().starts_with("the task asks for a vector of 10,")
    );
}

/// P8: a set that nobody registered is refused before anything is trained.
#[test]
fn a_set_that_is_not_registered_is_refused_before_the_search() {
    let space = space(unregistered(), 1);
    let registry = registry();
    let known = registry.clone().with_recipes(space.op_set().ops()).unwrap();

    let digits = first_digits(32);
    let error = comparison(&registry, vec![darts(&space)], &digits, &digits).unwrap_err();
    assert!(names_the_remedy(&error), "{error}");
    comparison(&known, vec![darts(&space)], &digits, &digits).unwrap();

    let data = Split::Halves.parts(&digits, 1).unwrap();
    let random = RandomSearch {
        setting: Setting::new(&space, &registry, build(&digits, 2)),
        task: &task(),
        data: &data,
        config: RandomConfig::default(),
        budget: 0,
        noise: Noise::new(1),
    };
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    let error = random.run(&"random".into(), &dir, &mut Silent).unwrap_err();
    assert!(names_the_remedy(&error), "{error}");

    let mut training = Training {
        setting: Setting::new(&space, &registry, build(&digits, 2)),
        task: &task(),
        data: &data,
        config: TrainingConfig::default(),
        noise: Noise::new(1),
        checkpoints: None,
    };
    let mut explorer = RandomGenotypes::new(Domain::top(space.clone(), 2), Noise::new(1));
    let error = explore(&mut explorer, &mut training, 3).unwrap_err();
    assert!(names_the_remedy(&error), "{error}");
}

fn comparison(
    registry: &Registry,
    methods: Vec<MethodParts<'_>>,
    train: &dyn Dataset,
    test: &dyn Dataset,
) -> Result<(), VerdictError> {
    let config = small_comparison(small_fit(), &[0]);
    let task = task();
    let comparison = Comparison::on(&task, train, test, registry).with_config(config);
    Comparison { methods, ..comparison }.check()
}

/// The second method's mistake is reported before the first method's search, not after it.
#[test]
fn a_comparison_tries_every_method_before_the_first_search() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let mut second = darts(&space);
    (second.key, second.name) = ("mine".to_owned(), "mine".to_owned());
    second.choices = Choices::of(Detach);
    let methods = vec![darts(&space), second];
    let error = comparison(&registry(), methods, &digits, &digits).unwrap_err();
    let place = "methods.1: logits of `normal`, relaxed by Detach";
    assert!(error.to_string().starts_with(place), "{error}");
}

/// P6: test images must be of the same task as the training images.
#[test]
fn test_images_of_another_task_are_refused_by_a_comparison() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let other = Stripes;
    let error = comparison(&registry(), vec![darts(&space)], &digits, &other).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("expected test images of 1x8x8, one of 10 classes"), "{error}");
}

/// Two classes of stripes.
#[derive(Debug)]
struct Stripes;

impl Dataset for Stripes {
    fn len(&self) -> usize {
        8
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 8, 8)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 2 }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.pixels.fill(index as f32);
        sample.target.put_class((index % 2) as u32)
    }
}
