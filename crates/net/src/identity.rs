//! The identity of a network.

use std::sync::OnceLock;

use dartloom_ops::{OpError, Registry, Variables};
use dartloom_space::{Blueprint, Graph};
use sha2::{Digest as _, Sha256};

/// The identity of a network: its architecture and the weights it starts with. It is computed when
/// it is first asked for.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Digest of the architecture; `None` if an operation has no identity.
    architecture: Option<String>,
    whole: OnceLock<Option<String>>,
}

impl Identity {
    /// The identity of a network of this architecture.
    pub(crate) fn new(architecture: Option<String>) -> Self {
        Self { architecture, whole: OnceLock::new() }
    }

    /// The identity of a network laid out by hand.
    pub(crate) fn laid_out(graph: &Graph) -> Self {
        let text = graph.to_json().ok();
        Self::new(text.map(|text| hex(&Sha256::digest(text.as_bytes()))))
    }

    /// The identity of a blueprint whose operations are those of `registry`.
    ///
    /// # Errors
    /// The error of an operation that the registry does not have.
    pub(crate) fn planned(plan: &Blueprint, registry: &Registry) -> Result<Self, OpError> {
        let edges = plan.cells.iter().flat_map(|cell| &cell.edges);
        let candidates = edges.filter(|edge| edge.live).flat_map(|edge| &edge.candidates);
        // Operations with a recipe are in the blueprint, with all their layers.
        let code = candidates.filter(|candidate| candidate.layers.is_none());
        let code = registry.identities(code.map(|candidate| &*candidate.op.name))?;
        let said = code.values().all(Option::is_some);
        let text = said.then(|| serde_json::to_vec(&(plan, code)).ok()).flatten();
        Ok(Self::new(text.map(|text| hex(&Sha256::digest(&text)))))
    }

    /// Architecture and values of the variables, as they are when this is first asked.
    pub(crate) fn with(&self, variables: &Variables) -> Option<String> {
        let whole = || {
            let architecture = self.architecture.as_ref()?;
            Some(format!("{architecture} {}", variables.digest().ok()?))
        };
        self.whole.get_or_init(whole).clone()
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
