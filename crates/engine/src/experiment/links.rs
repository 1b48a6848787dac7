//! The choice of links between cells as a file says it.

use dartloom::relax::{ConfiguredRelaxation, Ramp};
use dartloom::search::{Among, Distance, Incomplete, LinkChoices, LinkPenalties};
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
    /// Weight of the distance between the share of memory that they are expected to use and
    /// `share`; it grows in the same way.
    #[serde(default)]
    pub memory: f64,
    /// The share of memory that is aimed at: above 0, at most 1; `None` for that of DiNTS' code.
    #[serde(default)]
    pub share: Option<f64>,
    /// The measure of the distance.
    #[serde(default)]
    pub distance: Distance,
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
        let memory = ramp("links.memory", self.memory)?;
        let share = self.share.unwrap_or(LinkPenalties::default().share);
        let choices = LinkChoices::new(relaxation).among(self.among);
        let distance = self.distance;
        let penalties = LinkPenalties { entropy, topology, memory, share, distance };
        Ok(LinkChoices { incomplete: self.incomplete, ..choices.with_penalties(penalties) })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dartloom::search::Distance;

    use crate::Plan;
    use crate::experiment::read::parse;
    use crate::experiment::{Chosen, Experiment};

    fn read(method: &str) -> Experiment {
        let text = format!(
            "(data: Nuclei, scale: Small, layers: 2, method: (preset: \"dints\", {method}), \
             search: (epochs: 1, batch: 8), random: (fit: (epochs: 1, batch: 8)), \
             retrain: (fit: (epochs: 1, batch: 8)))"
        );
        parse(&text, Path::new("folder/trial.ron"), &Chosen::default()).unwrap()
    }

    #[test]
    fn a_budget_of_links_reaches_the_decoder_and_one_that_nothing_keeps_is_refused_with_the_least()
    {
        let at = "at: (channels: 4, classes: 2, input: (channels: 1, height: 16, width: 16))";
        let budget = |budget: &str| read(&format!("paths: FeasibleTopology(budget: {budget})"));
        for limit in ["Links(4)", &format!("Macs(most: 100000000, {at})")] {
            let plan = Plan::new(budget(limit), "trial.ron").unwrap();
            let shown = format!("{:?}", plan.comparison().methods[0].decoder);
            assert!(shown.contains(limit.split('(').next().unwrap()), "{shown}");
        }
        let error = |limit: &str| Plan::new(budget(limit), "trial.ron").unwrap_err().to_string();
        assert!(error("Links(1)").contains("within 1 links; the cheapest feasible one has 2"));
        let found = error(&format!("Bytes(most: 1, batch: 2, {at})"));
        assert!(found.contains("within 1 bytes; the cheapest feasible one has"), "{found}");
    }

    #[test]
    fn the_memory_of_links_is_a_term_of_the_loss_and_its_share_is_checked() {
        let links = |rest: &str| {
            read(&format!("links: (relaxation: SomeOn, among: Layer, memory: 0.5, {rest})"))
        };
        let plan = Plan::new(links("share: 0.3, distance: Squared"), "trial.ron").unwrap();
        let comparison = plan.comparison();
        let penalties = comparison.methods[0].choices.links.as_ref().unwrap().penalties;
        assert_eq!((penalties.share, penalties.distance), (0.3, Distance::Squared));
        let error = |rest: &str| Plan::new(links(rest), "trial.ron").unwrap_err().to_string();
        assert!(error("share: 1.5").contains("links.share"));
        assert!(error("entropy: -1.0").contains("links.entropy"));
    }
}
