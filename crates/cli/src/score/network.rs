//! The network that is meant.

use dartloom::space::{Blueprint, Build, Genotype, Layout, OpSet, Repeats, SpaceError, Stem};
use dartloom_engine::{Benchmark, genotype, spaces};

use super::ScoreArguments;
use crate::error::CliError;

/// Cells of DARTS' retrained networks.
const LAYERS: usize = 20;

/// The network to score.
pub(super) fn plan(arguments: &ScoreArguments, build: Build) -> Result<Blueprint, CliError> {
    if let Some(name) = &arguments.space {
        no_layers(arguments, || "a space, which says itself how many cells it has".to_owned())?;
        return Blueprint::supernet(&spaces::resolve(name)?, build).map_err(CliError::input);
    }
    let name = arguments.genotype.as_deref().unwrap_or_default();
    let text = name.to_string_lossy();
    if let Some(benchmark) = Benchmark::of(&text) {
        let subject = || format!("architectures of {}, whose network is given", benchmark.title());
        no_layers(arguments, subject)?;
        let build = benchmark.build(arguments.probe.channels, build);
        let genotype = benchmark.parse(&text).map_err(CliError::input)?;
        return benchmark.plan(&genotype, build).map_err(CliError::input);
    }
    let genotype = genotype::resolve(name)?;
    if *genotype.layout() == Layout::Space {
        return Err(CliError::NoChain { found: text.into_owned() });
    }
    chain(&genotype, arguments.layers, build).map_err(CliError::input)
}

/// Refuses `--layers` where it would say nothing.
fn no_layers(arguments: &ScoreArguments, subject: impl FnOnce() -> String) -> Result<(), CliError> {
    match arguments.layers {
        None => Ok(()),
        Some(_) => Err(CliError::NoEffect { option: "--layers", subject: subject(), hint: "" }),
    }
}

fn chain(
    genotype: &Genotype,
    layers: Option<usize>,
    build: Build,
) -> Result<Blueprint, SpaceError> {
    let layers = layers.or(genotype.layers()).unwrap_or(LAYERS);
    let network = genotype.chain(layers, Stem::cifar(3), None, Repeats::InTurn)?.network()?;
    Blueprint::derived(genotype, &network, &OpSet::builtin("all")?, build)
}
