//! The choice of links between cells as a file says it.

use dartloom::relax::{ConfiguredRelaxation, Ramp};
use dartloom::search::{Among, Incomplete, LinkChoices, LinkPenalties};
use serde::{Deserialize, Serialize};

use super::Named;
use crate::Catalog;
use crate::catalog::Place;
use crate::error::EngineError;

/// The relaxation of links: `links: (relaxation: Softmax, among: Source)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// The rule by which logits become weights.
    pub relaxation: Named<ConfiguredRelaxation>,
    /// The links that are candidates of one choice.
    #[serde(default)]
    pub among: Among,
    /// The factor of choices at the border of a lattice.
    #[serde(default)]
    pub incomplete: Incomplete,
    /// Weight of the entropy of links that are independent switches, in the last epoch; it grows
    /// from 0 in the second half of the search.
    #[serde(default)]
    pub entropy: f64,
    /// Weight of their topology loss, which grows in the same way.
    #[serde(default)]
    pub topology: f64,
}

impl LinkSpec {
    /// The choices.
    ///
    /// # Errors
    /// [`EngineError`] for a relaxation that the catalogue does not know, or a weight that is no
    /// number.
    pub(super) fn choices(
        &self,
        (catalog, origin): (&Catalog, &str),
    ) -> Result<LinkChoices, EngineError> {
        let place = Place { origin, field: "links.relaxation" };
        let relaxation = catalog.make_relaxation(&self.relaxation, place)?;
        let ramp = |field, to: f64| {
            if !(to.is_finite() && to >= 0.0) {
                return Err(EngineError::Field {
                    origin: origin.to_owned(),
                    field,
                    expected: "a finite number, 0 or more",
                    found: to.to_string(),
                });
            }
            let ramp = Ramp::new(0.0, to).between(0.5, 1.0);
            ramp.map_err(|error| EngineError::experiment(origin, error))
        };
        let entropy = ramp("links.entropy", self.entropy)?;
        let topology = ramp("links.topology", self.topology)?;
        let choices = LinkChoices::new(relaxation).among(self.among);
        let penalties = LinkPenalties { entropy, topology };
        Ok(LinkChoices { incomplete: self.incomplete, ..choices.with_penalties(penalties) })
    }
}
