//! Parts of somebody else's, written on the facade and named in an experiment file.

mod data;
mod decoder;
mod relaxation;
mod task;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dartloom_engine::Catalog;

pub use data::corners;
pub use decoder::FirstEdges;
pub use relaxation::Squares;
pub use task::Margin;

/// A counter of the times that something was asked for.
#[derive(Clone, Debug, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    /// Once more.
    pub fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of times so far.
    #[must_use]
    pub fn value(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Uses of the parts of a [`catalog`].
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Data sets made.
    pub data: Count,
    /// Losses of the task.
    pub losses: Count,
    /// Scorers of the task.
    pub scorers: Count,
    /// Logits relaxed.
    pub relaxation: Count,
    /// Tables decoded.
    pub decoder: Count,
}

/// The parts that come with dartloom, and those of this crate: the data `Corners(images: 64)`, the
/// task `Margin(1.0)`, the relaxation `Squares` and the decoder `FirstEdges(1)`.
#[must_use]
pub fn catalog(uses: &Uses) -> Catalog {
    let Uses { data, losses, scorers, relaxation, decoder } = uses.clone();
    Catalog::standard()
        .data("Corners", move |settings| {
            data.one_more();
            Ok(corners(settings.read()?)?)
        })
        .task("Margin", move |settings, targets| {
            let counts = (losses.clone(), scorers.clone());
            Ok(Box::new(Margin::new(settings.read()?, targets)?.counted(counts)))
        })
        .relaxation("Squares", move |_| Ok(Arc::new(Squares { uses: relaxation.clone() })))
        .decoder("FirstEdges", move |settings| {
            Ok(Box::new(FirstEdges { edges: settings.read()?, uses: decoder.clone() }))
        })
}
