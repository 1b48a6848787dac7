//! The numbers of a network for a task on a data set.

use dartloom_data::Dataset;
use dartloom_space::{Build, Shape};

use crate::Task;

/// The numbers of a network of so many base channels, with the outputs of a task, for the images of
/// a data set.
pub fn build(channels: usize, task: &dyn Task, data: &dyn Dataset) -> Build {
    let shape = data.shape();
    let outputs = task.outputs();
    let input = Shape::new(shape.channels, shape.height, shape.width);
    Build::new(channels, outputs.channels(), input).with_outputs(outputs)
}
