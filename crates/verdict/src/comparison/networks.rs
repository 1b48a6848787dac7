//! The networks of a comparison as blueprints.

use dartloom_data::Parts;
use dartloom_net::{NetError, NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Model;
use dartloom_record::Refused;
use dartloom_search::SearchParts;
use dartloom_space::{Blueprint, Build, Gene, Genotype, Graph, Layer, Network, Space, SpaceError};

use super::{Comparison, MethodParts};
use crate::VerdictError;

impl<'a> Comparison<'a> {
    /// Base channels, outputs and images of networks with so many channels.
    pub fn build(&self, channels: usize) -> Build {
        dartloom_task::build(channels, self.task, self.train)
    }

    /// The parts of a method's search on its shares of the training images.
    pub fn search_parts<'s>(&self, method: &MethodParts<'s>, data: &'s Parts<'_>) -> SearchParts<'s>
    where
        'a: 's,
    {
        SearchParts {
            space: method.space,
            registry: self.registry,
            choices: method.choices.clone(),
            decoder: method.decoder,
            build: Build { partial: method.partial, ..self.build(method.channels) },
            data,
            task: self.task,
        }
    }

    /// Everything about networks of a space that stays the same while architectures change.
    pub fn setting<'s>(&self, space: &'s Space, channels: usize) -> Setting<'s>
    where
        'a: 's,
    {
        Setting::new(space, self.registry, self.build(channels)).at(self.place.clone())
    }

    /// The size of the networks that are trained from the beginning, with an auxiliary head where
    /// [`FitConfig::auxiliary`](dartloom_train::FitConfig::auxiliary) gives it a weight.
    pub fn size(&self) -> NetworkSize {
        let retrain = &self.config.retrain;
        NetworkSize {
            channels: Some(retrain.channels),
            layers: Some(retrain.layers),
            auxiliary: retrain.fit.auxiliary > 0.0,
        }
    }

    /// The network that a genotype of `space` is retrained in.
    ///
    /// # Errors
    /// When the genotype has no such network.
    pub fn retrained_network(
        &self,
        genotype: &Genotype,
        space: &Space,
    ) -> Result<Network, VerdictError> {
        let setting = Setting::new(space, self.registry, self.build(1));
        setting.network(genotype, &self.size()).map_err(|error| self.explained_head(error))
    }

    /// The layers of that network.
    ///
    /// # Errors
    /// When it cannot be laid out for these images.
    pub fn retrained(&self, genotype: &Genotype, space: &Space) -> Result<Blueprint, VerdictError> {
        let setting = Setting::new(space, self.registry, self.build(1));
        setting.plan(genotype, &self.size()).map_err(|error| self.explained_head(error))
    }

    /// The hand-made network as a graph, if it is one.
    ///
    /// # Errors
    /// When there is no such network for these images or this task.
    pub fn hand_made_graph(&self) -> Result<Option<Graph>, VerdictError> {
        Ok(self.hand_made().graph(self.build(self.config.retrain.channels))?)
    }

    /// The hand-made network of a seed, `noise` being the seed's.
    pub(super) fn hand_made_network(&self, noise: Noise) -> Result<Box<dyn Model>, VerdictError> {
        let build = self.build(self.config.retrain.channels);
        let mut rng = noise.child("baseline").stream("weights", 0);
        Ok(self.hand_made().network(build, self.registry, &self.place, &mut rng)?)
    }

    /// The field that asks for an auxiliary head, where there can be none.
    pub(super) fn explained_head(&self, error: NetError) -> VerdictError {
        let weight = self.config.retrain.fit.auxiliary;
        match error {
            NetError::NoAuxiliary { .. } => {
                let expected = "0, since the networks of this space have no auxiliary head";
                no_head(expected, weight.to_string())
            }
            NetError::AuxiliaryInput { after, found } => {
                let expected = "0, since the auxiliary head needs planes of about 8x8";
                no_head(expected, format!("{weight} with {found} behind cell {after}"))
            }
            NetError::Space(error) => error.into(),
            other => other.into(),
        }
    }

    /// Lays out all networks of a space: the supernet, and a candidate and a retrained network with
    /// every operation on every edge, which stand for all genotypes. Returns the supernet.
    pub(super) fn check_networks(
        &self,
        space: &Space,
        channels: usize,
        partial: usize,
    ) -> Result<Blueprint, VerdictError> {
        let setting = Setting::new(space, self.registry, self.build(channels));
        let all = everything(space)?;
        let halved = |error| self.explained(error, space.network());
        let supernet = Build { partial, ..setting.build };
        let supernet = Blueprint::supernet(space, supernet).map_err(halved)?;
        let candidate = setting.plan(&all, &NetworkSize::default());
        let candidate = candidate.map_err(|error| match error {
            NetError::Space(error) => halved(error),
            other => other.into(),
        })?;
        let deep = self.retrained_network(&all, space)?;
        let retrained = self.retrained(&all, space).map_err(|error| match error {
            VerdictError::Space(error) => self.explained(error, &deep),
            other => other,
        });
        let retrained = retrained.map_err(|error| error.within("retrain"))?;
        for plan in [&supernet, &candidate, &retrained] {
            // An operation that has neither recipe nor factory has no cost.
            self.registry.cost(plan)?;
        }
        Ok(supernet)
    }

    /// Adds the sides that images may have, if the reason is that theirs cannot be halved as often
    /// as needed.
    fn explained(&self, source: SpaceError, network: &Network) -> VerdictError {
        let shape = self.train.shape();
        let levels = network.placements().iter().map(|placement| placement.level);
        let halvings = levels.max().unwrap_or(0);
        let step = 1_usize.checked_shl(halvings as u32).unwrap_or(usize::MAX);
        if shape.height.is_multiple_of(step) && shape.width.is_multiple_of(step) {
            return source.into();
        }
        let height = shape.height;
        let width = shape.width;
        let source = Box::new(source);
        VerdictError::Halvings { height, width, halvings, step, source }
    }
}

/// Values of the smallest plane that a batch norm of the network normalises.
pub(super) fn smallest_plane(plan: &Blueprint) -> Result<usize, SpaceError> {
    let ports = plan.cells.iter().flat_map(|cell| &cell.ports).flat_map(|port| &port.links);
    let ports = ports.map(|link| (&link.layers, link.input));
    let edges = plan.cells.iter().flat_map(|cell| &cell.edges).flat_map(|edge| {
        let layers = edge.candidates.iter().filter_map(|own| own.layers.as_ref());
        layers.map(|layers| (layers, edge.input.shape))
    });
    let stem = plan.stem.iter().map(|part| (&part.layers, part.input));
    let mut smallest = usize::MAX;
    for (layers, input) in stem.chain(ports).chain(edges) {
        let mut shape = input;
        for layer in layers {
            if let Layer::Norm { .. } = layer {
                smallest = smallest.min(shape.height.saturating_mul(shape.width));
            }
            shape = layer.output(shape)?;
        }
    }
    Ok(smallest)
}

fn no_head(expected: &'static str, found: String) -> VerdictError {
    VerdictError::Config(Refused::new("fit.auxiliary", expected, found))
}

/// Every operation on every edge, and every link.
fn everything(space: &Space) -> Result<Genotype, SpaceError> {
    let cells = space.cells().iter().map(|spec| {
        let edges = spec.graph.edges().iter();
        let genes = edges.flat_map(|edge| {
            let gene = move |op: &str| Gene { op: op.to_owned(), from: edge.from, to: edge.to };
            space.op_set().names().map(gene)
        });
        spec.genotype(genes.collect())
    });
    space.genotype(cells.collect())?.with_links(space.network().all_links())
}
