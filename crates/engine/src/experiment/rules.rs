//! The rules by which a method's logits become weights and its weights a genotype.

use std::sync::Arc;

use dartloom::decode::{Argmax, ConfiguredPaths, DecodeError, Decoder, Linked};
use dartloom::noise::Noise;
use dartloom::presets::{Method, Scale};
use dartloom::relax::{
    AuxiliarySkip, Constraint, Penalties, Progress, Relaxation, Simplex, Softmax,
};
use dartloom::search::{Architecture, Choices, LogitStep, SHARE};
use dartloom::space::Space;

use super::inside::Inside;
use super::method::MethodSpec;
use super::plan::refused;
use super::stop::MadeRule;
use super::{Named, Penalty};
use crate::catalog::{Catalog, Place};
use crate::error::EngineError;

/// The rules of a preset, with those of the experiment in their place where it has any.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) choices: Choices,
    pub(super) decoder: Linked<ConfiguredPaths, Box<dyn Decoder>>,
    pub(super) stop: Vec<MadeRule>,
}

impl Rules {
    /// The rules of `spec`, checked together and with its space.
    pub(super) fn of(
        spec: &MethodSpec,
        space: &Space,
        scale: Scale,
        (catalog, origin): (&Catalog, &str),
    ) -> Result<Self, EngineError> {
        Self::beginning((spec, scale), space, None, (catalog, origin))
    }

    /// The rules of a search inside a network laid out by hand, at which it begins. Every block
    /// becomes its strongest operation unless the file says another decoder.
    pub(super) fn inside(
        spec: &MethodSpec,
        inside: &Inside,
        scale: Scale,
        (catalog, origin): (&Catalog, &str),
    ) -> Result<Self, EngineError> {
        Self::beginning((spec, scale), &inside.space, Some(inside), (catalog, origin))
    }

    fn beginning(
        (spec, scale): (&MethodSpec, Scale),
        space: &Space,
        inside: Option<&Inside>,
        (catalog, origin): (&Catalog, &str),
    ) -> Result<Self, EngineError> {
        let method = spec.preset.method()?.scaled(scale);
        let Method { choices, decoder: Linked { links, cells }, .. } = method;
        check_links(spec, space, origin)?;
        let mut choices = replaced(spec, choices, (catalog, origin))?;
        if let Some(inside) = inside {
            let share = spec.inside.as_ref().map_or(SHARE, |own| own.share);
            choices = inside.begun(choices, share, origin)?;
        } else if let Some(start) = spec.topology.start(space).map_err(refused(origin))? {
            choices = choices.with_start(start);
        }
        check_step(spec, &choices, origin)?;
        for penalty in spec.penalties.iter().flatten() {
            check_penalty(spec, penalty, &*choices.relaxation, origin)?;
        }
        let cells = match &spec.decoder {
            Some(part) => catalog.make_decoder(part, Place { origin, field: "decoder" })?,
            None if inside.is_some() => Box::new(Argmax::default()),
            None => cells,
        };
        let decoder = Linked { links: spec.paths.or(links), cells };
        let stop = spec.rules.iter().map(|rule| rule.made(catalog, origin));
        let rules = Self { choices, decoder, stop: stop.collect::<Result<_, _>>()? };
        rules.check(space, origin)?;
        Ok(rules)
    }

    /// Goes from the first logits to a genotype: what does not fit the space, and rules that do not
    /// fit each other, show before hours of work.
    fn check(&self, space: &Space, origin: &str) -> Result<(), EngineError> {
        let mut noise = Noise::new(0).stream("check", 0);
        let place = dartloom::ops::Place::default();
        let logits = Architecture::new(space, self.choices.clone(), &place, &mut noise);
        let logits = logits.map_err(refused(origin))?;
        let table = logits.table(Progress::start(1), &mut noise).map_err(refused(origin))?;
        match self.decoder.decode(space, &table) {
            // The first weights decide nothing yet, and may leave nothing.
            Ok(_) | Err(DecodeError::EmptyNode { .. } | DecodeError::EmptyCell { .. }) => Ok(()),
            Err(error) => Err(refused(&format!("{origin}: decoder"))(error)),
        }
    }
}

fn replaced(
    spec: &MethodSpec,
    own: Choices,
    (catalog, origin): (&Catalog, &str),
) -> Result<Choices, EngineError> {
    let mut choices = own;
    if let Some(part) = &spec.relaxation {
        choices.relaxation =
            catalog.make_relaxation(part, Place { origin, field: "relaxation" })?;
    }
    let edges: Arc<dyn Relaxation> = match (choices.edges.take(), choices.relaxation.domain()) {
        // One rule moves both: weights of edges go where those of operations go.
        (Some(edges), domain) if edges.domain() == domain => edges,
        (_, Constraint::Simplex) => Arc::new(Simplex),
        _ => Arc::new(Softmax::default()),
    };
    choices.edges = spec.edge_weights.then_some(edges);
    if let Some(links) = &spec.links {
        choices.links = Some(links.choices((catalog, origin))?);
    }
    if let Some(terms) = &spec.penalties {
        choices.penalties = Arc::new(penalties(terms, (catalog, origin))?);
        choices.cell_penalties.clear();
    }
    if spec.auxiliary_skip != choices.auxiliary_skip.is_some() {
        choices.auxiliary_skip = spec.auxiliary_skip.then(AuxiliarySkip::default);
    }
    Ok(choices)
}

/// Refuses rules for links in a space that leaves no choice of them.
fn check_links(spec: &MethodSpec, space: &Space, origin: &str) -> Result<(), EngineError> {
    let field = match (&spec.links, &spec.paths) {
        _ if space.network().choices().next().is_some() => return Ok(()),
        (Some(_), _) => "links",
        (None, Some(_)) => "paths",
        (None, None) => return Ok(()),
    };
    let expected = "nothing, since the topology leaves no choice of links";
    let found = format!("a rule in `{}`", spec.title);
    Err(EngineError::Field { origin: origin.to_owned(), field, expected, found })
}

/// Refuses a rule that would take logits out of where they live.
fn check_step(spec: &MethodSpec, choices: &Choices, origin: &str) -> Result<(), EngineError> {
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
    Err(EngineError::Field { origin: origin.to_owned(), field, expected, found })
}

fn check_penalty(
    spec: &MethodSpec,
    penalty: &Penalty,
    relaxation: &dyn Relaxation,
    origin: &str,
) -> Result<(), EngineError> {
    // What a term of somebody else's fits is not known.
    let Named::Known(kind) = &penalty.kind else { return Ok(()) };
    let Some(expected) = kind.misfit(relaxation) else { return Ok(()) };
    let found = format!("{kind:?} beside {relaxation:?} in `{}`", spec.title);
    Err(EngineError::Field { origin: origin.to_owned(), field: "penalties", expected, found })
}

/// The terms of a loss.
fn penalties(
    all: &[Penalty],
    (catalog, origin): (&Catalog, &str),
) -> Result<Penalties, EngineError> {
    let at = Place { origin, field: "penalties" };
    all.iter().try_fold(Penalties::new(), |terms, penalty| {
        let ramp = penalty.ramp().map_err(refused(&format!("{origin}: penalties")))?;
        Ok(terms.with(catalog.make_regulariser(&penalty.kind, at)?, ramp))
    })
}
