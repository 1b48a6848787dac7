//! How a method's logits become weights and its weights a genotype.

use std::sync::Arc;

use dartloom::decode::Decoder;
use dartloom::presets::Method;
use dartloom::relax::{AuxiliarySkip, Constraint, Relaxation, Simplex, Softmax};
use dartloom::search::{Architecture, Choices, LogitStep};
use dartloom::space::Space;
use dartloom::train::Noise;
use dartloom::{DType, Device};

use super::method::MethodSpec;
use super::penalty::{Penalty, penalties};
use super::plan::refused;
use crate::error::CliError;

/// The rules of a preset, with those of the experiment in their place where it has any.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) choices: Choices,
    pub(super) decoder: Box<dyn Decoder>,
}

impl Rules {
    /// The rules of `spec`, checked together and with its space.
    pub(super) fn of(spec: &MethodSpec, space: &Space, origin: &str) -> Result<Self, CliError> {
        let method = spec.preset.method().map_err(refused(origin))?.on_digits();
        let Method { choices, decoder, .. } = method;
        let choices = replaced(spec, choices, origin)?;
        check_step(spec, &choices, origin)?;
        for penalty in spec.penalties.iter().flatten() {
            check_penalty(spec, penalty, &*choices.relaxation, origin)?;
        }
        // Logits are small; with them a part of the choices that is not the space's shows now.
        let mut noise = Noise::new(0).stream("check", 0);
        Architecture::new(space, choices.clone(), &Device::Cpu, DType::F32, &mut noise)
            .map_err(refused(origin))?;
        let decoder = spec.decoder.map_or(decoder, |kind| kind.decoder());
        Ok(Self { choices, decoder })
    }
}

fn replaced(spec: &MethodSpec, own: Choices, origin: &str) -> Result<Choices, CliError> {
    let mut choices = own;
    if let Some(kind) = spec.relaxation {
        choices.relaxation = kind.relaxation().map_err(refused(&format!("{origin}: relaxation")))?;
    }
    let edges: Arc<dyn Relaxation> = match (choices.edges.take(), choices.relaxation.domain()) {
        // One rule moves both: weights of edges go where those of operations go.
        (Some(edges), domain) if edges.domain() == domain => edges,
        (_, Constraint::Simplex) => Arc::new(Simplex),
        _ => Arc::new(Softmax::default()),
    };
    choices.edges = spec.edge_weights.then_some(edges);
    if let Some(terms) = &spec.penalties {
        choices.penalties = Arc::new(penalties(terms).map_err(refused(&format!("{origin}: penalties")))?);
        choices.cell_penalties.clear();
    }
    if spec.auxiliary_skip != choices.auxiliary_skip.is_some() {
        choices.auxiliary_skip = spec.auxiliary_skip.then(AuxiliarySkip::default);
    }
    Ok(choices)
}

/// Refuses a rule that would take logits out of where they live.
fn check_step(spec: &MethodSpec, choices: &Choices, origin: &str) -> Result<(), CliError> {
    let step = spec.search.bilevel.logit_step;
    let simplex = choices.relaxation.domain() == Constraint::Simplex;
    if simplex == (step == LogitStep::ExponentiatedGradient) {
        return Ok(());
    }
    let expected = if simplex {
        "`ExponentiatedGradient`, since the relaxation's logits live on the simplex"
    } else {
        "`Adam`, since the relaxation's logits are free"
    };
    let found = format!("{step:?} beside {:?} in `{}`", choices.relaxation, spec.title);
    let field = "search.bilevel.logit_step";
    Err(CliError::Field { origin: origin.to_owned(), field, expected, found })
}

fn check_penalty(
    spec: &MethodSpec,
    penalty: &Penalty,
    relaxation: &dyn Relaxation,
    origin: &str,
) -> Result<(), CliError> {
    let Some(expected) = penalty.misfit(relaxation) else { return Ok(()) };
    let found = format!("{:?} beside {relaxation:?} in `{}`", penalty.kind, spec.title);
    Err(CliError::Field { origin: origin.to_owned(), field: "penalties", expected, found })
}
