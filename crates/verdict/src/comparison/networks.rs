//! The networks of a comparison as blueprints.

use dartloom_data::TargetSpec;
use dartloom_space::{
    AuxHead, Blueprint, Build, Chain, Gene, Genotype, Layer, Layout, Network, Repeats, Shape,
    Space, SpaceError,
};

use super::Comparison;
use crate::VerdictError;

impl Comparison<'_> {
    /// Base channels, classes and images of networks with this many channels.
    ///
    /// # Errors
    /// [`VerdictError::Task`] when images do not have one class each.
    pub fn build(&self, channels: usize) -> Result<Build, VerdictError> {
        let shape = self.train.shape();
        let classes = match self.train.targets() {
            TargetSpec::Class { classes } => classes,
            other => return Err(VerdictError::Task { found: format!("{other:?}") }),
        };
        let input = Shape::new(shape.channels, shape.height, shape.width);
        Ok(Build::new(channels, classes, input))
    }

    /// The network that a genotype of `space` is retrained in, with an auxiliary head where
    /// [`FitConfig::auxiliary`](dartloom_train::FitConfig::auxiliary) gives it a weight: the one of
    /// CIFAR behind a stem that keeps the size of images, that of ImageNet behind one that halves
    /// it.
    ///
    /// # Errors
    /// When the genotype has no such network.
    pub fn retrained_network(
        &self,
        genotype: &Genotype,
        space: &Space,
    ) -> Result<Network, VerdictError> {
        let retrain = &self.config.retrain;
        let wanted = retrain.fit.auxiliary > 0.0;
        if *genotype.layout() == Layout::Space {
            let network = genotype.network_in(space)?;
            if wanted && network.aux().is_none() {
                let expected = "0, since the networks of this space have no auxiliary head";
                return Err(no_head(expected, retrain.fit.auxiliary.to_string()));
            }
            return Ok(network);
        }
        let stem = space.network().stem().clone();
        let halves = stem.level(stem.parts().len().saturating_sub(1)) > 0;
        let thirds = Some(Chain::thirds(retrain.layers));
        let chain = genotype.chain(retrain.layers, stem, thirds, Repeats::InTurn)?;
        let head = if halves { AuxHead::ImageNet } else { AuxHead::Cifar };
        Ok(if wanted { chain.with_aux(head) } else { chain }.network()?)
    }

    /// The layers of that network.
    ///
    /// # Errors
    /// When it cannot be laid out for these images.
    pub fn retrained(&self, genotype: &Genotype, space: &Space) -> Result<Blueprint, VerdictError> {
        let retrain = &self.config.retrain;
        let network = self.retrained_network(genotype, space)?;
        let build = self.build(retrain.channels)?;
        let plan = Blueprint::derived(genotype, &network, self.registry.catalog(), build)?;
        if let Some(aux) = plan.aux.as_ref().filter(|aux| !aux.fits && retrain.fit.auxiliary > 0.0)
        {
            let found =
                format!("{} with {} behind cell {}", retrain.fit.auxiliary, aux.input, aux.after);
            let expected = "0, since the auxiliary head needs planes of about 8x8";
            return Err(no_head(expected, found));
        }
        Ok(plan)
    }

    /// Lays out all networks of a space: the supernet, and a candidate and a retrained network with
    /// every operation on every edge, which stand for all genotypes. Returns the supernet.
    pub(super) fn check_networks(
        &self,
        space: &Space,
        channels: usize,
        partial: usize,
    ) -> Result<Blueprint, VerdictError> {
        let build = self.build(channels)?;
        let ops = self.registry.catalog();
        let all = everything(space)?;
        let network = all.network_in(space)?;
        let halved = |error| self.explained(error, &network);
        let supernet = Blueprint::supernet(space, Build { partial, ..build }).map_err(halved)?;
        let candidate = Blueprint::derived(&all, &network, ops, build).map_err(halved)?;
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
        let (height, width, source) = (shape.height, shape.width, Box::new(source));
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
    VerdictError::Config { field: "fit.auxiliary", expected, found }
}

/// Every operation on every edge.
fn everything(space: &Space) -> Result<Genotype, SpaceError> {
    let cells = space.cells().iter().map(|spec| {
        let edges = spec.graph.edges().iter();
        let genes = edges.flat_map(|edge| {
            let gene = move |op: &str| Gene { op: op.to_owned(), from: edge.from, to: edge.to };
            space.op_set().names().map(gene)
        });
        spec.genotype(genes.collect())
    });
    space.genotype(cells.collect())
}
