//! Rows of a catalogue.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PartError, Place};
use crate::error::EngineError;
use crate::experiment::{Named, Settings, known};

type Make<P, A> = Arc<dyn Fn(&Settings, A) -> Result<P, PartError> + Send + Sync>;

/// Parts of one kind, which are made of their settings and of an argument, such as the targets that
/// a task is to be learnt from.
pub(super) struct Shelf<P, A = ()> {
    rows: BTreeMap<String, Make<P, A>>,
}

impl<P, A> Shelf<P, A> {
    /// A row for every variant of `T`.
    pub(super) fn of<T: DeserializeOwned + 'static>(
        make: impl Fn(T, A) -> Result<P, PartError> + Send + Sync + Copy + 'static,
    ) -> Self {
        let mut shelf = Self { rows: BTreeMap::new() };
        for name in known::<T>() {
            shelf.add(name, move |settings, argument| make(settings.whole::<T>()?, argument));
        }
        shelf
    }

    /// Adds a row, or replaces the one of that name.
    pub(super) fn add(
        &mut self,
        name: &str,
        make: impl Fn(&Settings, A) -> Result<P, PartError> + Send + Sync + 'static,
    ) {
        self.rows.insert(name.to_owned(), Arc::new(make));
    }

    /// Names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// Makes the part. An error of the engine's own says all of it; any other is told with its
    /// place.
    pub(super) fn make<T: Serialize>(
        &self,
        part: &Named<T>,
        argument: A,
        at: Place<'_>,
    ) -> Result<P, EngineError> {
        let settings = part.settings().map_err(|error| at.refuse(error.into()))?;
        let Some(make) = self.rows.get(settings.name()) else {
            return Err(EngineError::UnknownPart {
                origin: at.origin.to_owned(),
                field: at.field,
                found: settings.name().to_owned(),
                known: self.names().map(str::to_owned).collect(),
            });
        };
        make(&settings, argument).map_err(|error| at.refuse(error))
    }
}

impl<P, A> Clone for Shelf<P, A> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone() }
    }
}

impl<P, A> fmt::Debug for Shelf<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.rows.keys()).finish()
    }
}
