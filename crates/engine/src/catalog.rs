//! Names of parts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use dartloom::data::Splits;
use dartloom::decode::{ConfiguredDecoder, Decoder};
use dartloom::relax::{ConfiguredRegulariser, ConfiguredRelaxation, Regulariser, Relaxation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::EngineError;
use crate::experiment::{Data, Named, Settings, known};

/// The reason for which a part cannot be made of its settings.
pub type PartError = Box<dyn std::error::Error + Send + Sync>;

type Make<P> = Arc<dyn Fn(&Settings) -> Result<P, PartError> + Send + Sync>;

/// Names to parts: what an experiment file may ask for.
///
/// The parts that come with dartloom are rows like all others; a program adds its own and plans
/// experiments with them ([`Plan::with`](crate::Plan::with)). A name is a word of letters, digits and
/// `_`, and is written like those of dartloom: `relaxation: Mine(power: 2.0)`.
///
/// ```
/// use std::sync::Arc;
/// use dartloom::relax::Softmax;
/// use dartloom_engine::Catalog;
///
/// let catalog = Catalog::standard().relaxation("Warm", |settings| {
///     Ok(Arc::new(Softmax::new(settings.read::<f64>()?)?))
/// });
/// assert!(catalog.relaxations().any(|name| name == "Warm"));
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    relaxations: Shelf<Arc<dyn Relaxation>>,
    regularisers: Shelf<Box<dyn Regulariser>>,
    decoders: Shelf<Box<dyn Decoder>>,
    data: Shelf<Splits>,
}

impl Catalog {
    /// The parts that come with dartloom.
    pub fn standard() -> Self {
        Self {
            relaxations: Shelf::of(|part: ConfiguredRelaxation| Ok(part.relaxation()?)),
            regularisers: Shelf::of(|part: ConfiguredRegulariser| Ok(part.regulariser()?)),
            decoders: Shelf::of(|part: ConfiguredDecoder| Ok(Box::new(part) as Box<dyn Decoder>)),
            data: Shelf::of(|part: Data| Ok(part.read("data")?)),
        }
    }

    /// The same with a relaxation, or with another one of that name.
    #[must_use]
    pub fn relaxation(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Arc<dyn Relaxation>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.relaxations.add(name, make);
        self
    }

    /// The same with a regulariser, or with another one of that name.
    #[must_use]
    pub fn regulariser(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn Regulariser>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.regularisers.add(name, make);
        self
    }

    /// The same with a decoder, or with another one of that name.
    #[must_use]
    pub fn decoder(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn Decoder>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.decoders.add(name, make);
        self
    }

    /// The same with a source of images, or with another one of that name. Relative directories in its
    /// settings are its own business.
    #[must_use]
    pub fn data(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Splits, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.data.add(name, make);
        self
    }

    /// Names of relaxations, in order.
    pub fn relaxations(&self) -> impl Iterator<Item = &str> {
        self.relaxations.names()
    }

    /// Names of regularisers, in order.
    pub fn regularisers(&self) -> impl Iterator<Item = &str> {
        self.regularisers.names()
    }

    /// Names of decoders, in order.
    pub fn decoders(&self) -> impl Iterator<Item = &str> {
        self.decoders.names()
    }

    /// Names of sources of images, in order.
    pub fn data_names(&self) -> impl Iterator<Item = &str> {
        self.data.names()
    }

    pub(crate) fn make_relaxation(
        &self,
        part: &Named<ConfiguredRelaxation>,
        at: Place<'_>,
    ) -> Result<Arc<dyn Relaxation>, EngineError> {
        self.relaxations.make(part, at)
    }

    pub(crate) fn make_regulariser(
        &self,
        part: &Named<ConfiguredRegulariser>,
        at: Place<'_>,
    ) -> Result<Box<dyn Regulariser>, EngineError> {
        self.regularisers.make(part, at)
    }

    pub(crate) fn make_decoder(
        &self,
        part: &Named<ConfiguredDecoder>,
        at: Place<'_>,
    ) -> Result<Box<dyn Decoder>, EngineError> {
        self.decoders.make(part, at)
    }

    pub(crate) fn make_data(
        &self,
        part: &Named<Data>,
        at: Place<'_>,
    ) -> Result<Splits, EngineError> {
        match part {
            // Its errors say which of the settings is meant.
            Named::Known(data) => data.read(at.origin),
            Named::Other(_) => self.data.make(part, at),
        }
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::standard()
    }
}

/// The place of a part in an experiment, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The file, and the method where there are several.
    pub(crate) origin: &'a str,
    /// Path of the field.
    pub(crate) field: &'static str,
}

/// Parts of one kind.
struct Shelf<P> {
    rows: BTreeMap<String, Make<P>>,
}

impl<P> Shelf<P> {
    /// A row for every variant of `T`.
    fn of<T: DeserializeOwned + 'static>(
        make: impl Fn(T) -> Result<P, PartError> + Send + Sync + Copy + 'static,
    ) -> Self {
        let mut shelf = Self { rows: BTreeMap::new() };
        for name in known::<T>() {
            shelf.add(name, move |settings| make(settings.whole::<T>()?));
        }
        shelf
    }

    fn add(
        &mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<P, PartError> + Send + Sync + 'static,
    ) {
        self.rows.insert(name.to_owned(), Arc::new(make));
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    fn make<T: Serialize>(&self, part: &Named<T>, at: Place<'_>) -> Result<P, EngineError> {
        let refuse = |source: PartError| EngineError::Part {
            origin: at.origin.to_owned(),
            field: at.field,
            source,
        };
        let settings = part.settings().map_err(|error| refuse(error.into()))?;
        let Some(make) = self.rows.get(settings.name()) else {
            return Err(EngineError::UnknownPart {
                origin: at.origin.to_owned(),
                field: at.field,
                found: settings.name().to_owned(),
                known: self.names().map(str::to_owned).collect(),
            });
        };
        make(&settings).map_err(refuse)
    }
}

impl<P> Clone for Shelf<P> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone() }
    }
}

impl<P> fmt::Debug for Shelf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.rows.keys()).finish()
    }
}
