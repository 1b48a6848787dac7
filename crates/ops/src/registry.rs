//! The operations a program knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use dartloom_record::Identity;
use dartloom_space::{Blueprint, Candidate, Cost, InputPlan, OpSet, OpSpec};

use crate::{Builder, OpError, OpFactory, Operation, Sequence};

/// An ordered value that maps operation names to recipes or factories; never a global.
#[derive(Clone, Debug)]
pub struct Registry {
    catalog: OpSet,
    factories: BTreeMap<String, Arc<dyn OpFactory>>,
}

impl Registry {
    /// Every built-in operation.
    ///
    /// # Errors
    /// None in practice: the built-in table is tested.
    pub fn standard() -> Result<Self, OpError> {
        Ok(Self { catalog: OpSet::builtin("all")?, factories: BTreeMap::new() })
    }

    /// The same registry with `specs` added, or in place of operations of the same name. A RON file
    /// adds operations and changes default parameters in this way.
    ///
    /// # Errors
    /// [`SpaceError`](dartloom_space::SpaceError) when a recipe is out of range.
    pub fn with_recipes(mut self, specs: &[OpSpec]) -> Result<Self, OpError> {
        self.catalog = self.catalog.overridden_by(specs)?;
        Ok(self)
    }

    /// The same registry with an operation from code.
    ///
    /// A name that op sets mention without a recipe ([`OpSpec::custom`]) is not taken.
    ///
    /// # Errors
    /// [`OpError::Registered`] when the name has a recipe or a factory already.
    pub fn with_factory(mut self, factory: impl OpFactory + 'static) -> Result<Self, OpError> {
        let op = factory.name().to_owned();
        let recipe = self.catalog.get(&op).is_ok_and(|spec| spec.recipe.is_some());
        if recipe || self.factories.contains_key(&op) {
            return Err(OpError::Registered { op });
        }
        self.catalog = self.catalog.overridden_by(&[OpSpec::custom(&op)])?;
        self.factories.insert(op, Arc::new(factory));
        Ok(self)
    }

    /// All operations, in order of registration.
    pub fn catalog(&self) -> &OpSet {
        &self.catalog
    }

    /// A set of known operations by name, in the given order.
    ///
    /// # Errors
    /// [`UnknownOp`](dartloom_space::SpaceError::UnknownOp) with the known names.
    pub fn op_set(&self, name: &str, ops: &[&str]) -> Result<OpSet, OpError> {
        Ok(self.catalog.subset(name, ops)?)
    }

    /// Refuses a set with an operation that is not registered, or has another recipe here: then the
    /// searched and the retrained network would differ.
    ///
    /// A search needs the operations of its space twice: those of the space make the supernet,
    /// those of the registry make the network of the found architecture.
    ///
    /// # Errors
    /// [`OpError::Unregistered`], [`OpError::OtherRecipe`], and [`OpError::NoFactory`] for an
    /// operation that has neither recipe nor factory.
    pub fn check(&self, ops: &OpSet) -> Result<(), OpError> {
        for spec in ops.ops() {
            let op = spec.name.clone();
            let set = ops.name().to_owned();
            match self.catalog.get(&op) {
                Err(_) if spec.recipe.is_none() => return Err(OpError::NoFactory { op }),
                Err(_) => {
                    let known = self.catalog.names().map(str::to_owned).collect();
                    return Err(OpError::Unregistered { op, set, known });
                }
                Ok(own) if own != spec => return Err(OpError::OtherRecipe { op, set }),
                Ok(own) if own.recipe.is_none() => {
                    self.factory(&op)?;
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Makes a candidate runnable.
    ///
    /// # Errors
    /// [`OpError::NoFactory`] for an operation that has neither recipe nor factory,
    /// [`OpError::Counted`] for a factory that creates another number of parameters than its cost
    /// states, or the factory's error.
    pub fn build(
        &self,
        candidate: &Candidate,
        at: &InputPlan,
        vars: &mut Builder<'_>,
    ) -> Result<Box<dyn Operation>, OpError> {
        match &candidate.layers {
            Some(layers) => Ok(Box::new(Sequence::new(layers, vars)?)),
            None => build_counted(self.factory(&candidate.op.name)?, at, vars),
        }
    }

    /// Cost of a blueprint, parameters and multiply-adds of custom operations included (their
    /// activations are not known).
    ///
    /// # Errors
    /// [`OpError::NoFactory`] for an operation that has neither recipe nor factory.
    pub fn cost(&self, blueprint: &Blueprint) -> Result<Cost, OpError> {
        let mut cost = blueprint.cost()?;
        for edge in blueprint.cells.iter().flat_map(|cell| &cell.edges) {
            for candidate in edge.candidates.iter().filter(|c| c.layers.is_none()) {
                let own = self.factory(&candidate.op.name)?.cost(&edge.input);
                cost.parameters = cost.parameters.saturating_add(own.parameters);
                if edge.live {
                    cost.macs = cost.macs.saturating_add(own.macs);
                } else {
                    cost.unused_parameters = cost.unused_parameters.saturating_add(own.parameters);
                }
            }
        }
        Ok(cost)
    }

    /// The identity of each of these operations: its recipe as JSON, or the text that its factory
    /// gives ([`OpFactory::identity`]); `None` for a factory that gives none.
    ///
    /// # Errors
    /// [`UnknownOp`](dartloom_space::SpaceError::UnknownOp) with the known names,
    /// [`OpError::NoFactory`] for an operation that has neither recipe nor factory.
    pub fn identities<'n>(
        &self,
        ops: impl IntoIterator<Item = &'n str>,
    ) -> Result<BTreeMap<String, Option<String>>, OpError> {
        let identity = |op: &'n str| {
            let spec = self.catalog.get(op)?;
            let identity = match spec.recipe {
                Some(_) => serde_json::to_string(spec).ok(),
                None => self.factory(op)?.identity(),
            };
            Ok((op.to_owned(), identity))
        };
        ops.into_iter().map(identity).collect()
    }

    /// `identity` with the computation of each of these operations.
    ///
    /// # Errors
    /// As [`identities`](Self::identities).
    pub fn identified<'n>(
        &self,
        mut identity: Identity,
        ops: impl IntoIterator<Item = &'n str>,
    ) -> Result<Identity, OpError> {
        for (op, said) in self.identities(ops)? {
            let part = format!("operation `{op}`");
            identity = identity.with_code(&part, "OpFactory::identity", said);
        }
        Ok(identity)
    }

    fn factory(&self, op: &str) -> Result<&dyn OpFactory, OpError> {
        let factory = self.factories.get(op).map(AsRef::as_ref);
        factory.ok_or_else(|| OpError::NoFactory { op: op.to_owned() })
    }
}

/// Builds an operation in code and counts its parameters: comparisons at equal cost, limits and
/// memory depend on the number that its factory states.
fn build_counted(
    factory: &dyn OpFactory,
    at: &InputPlan,
    vars: &mut Builder<'_>,
) -> Result<Box<dyn Operation>, OpError> {
    let before = vars.parameter_count();
    let built = factory.build(at, vars)?;
    let created = vars.parameter_count() - before;
    let counted = factory.cost(at).parameters;
    if created == counted {
        return Ok(built);
    }
    Err(OpError::Counted { op: factory.name().to_owned(), created, counted })
}

#[cfg(test)]
mod tests;
