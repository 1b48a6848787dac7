//! Data and networks as small as possible.

use dartloom_data::{Dataset, InMemory, Subset, digits};
use dartloom_ops::Registry;
use dartloom_space::{Build, Shape};

pub(crate) fn registry() -> Registry {
    Registry::standard().unwrap()
}

pub(crate) fn first_digits(count: usize) -> Subset<InMemory> {
    Subset::new(digits().train, (0..count).collect()).unwrap()
}

pub(crate) fn build(data: &dyn Dataset, channels: usize) -> Build {
    let shape = data.shape();
    let input = Shape::new(shape.channels, shape.height, shape.width);
    Build::new(channels, 10, input)
}
