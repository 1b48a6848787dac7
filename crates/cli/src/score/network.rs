//! Which network is meant.

use std::io::Read;

use clap::ValueEnum;
use dartloom::search::explore::{Domain, ExploreError, Measured, Table, TableColumns};
use dartloom::space::{
    Blueprint, Build, Genotype, Layout, OpSet, Repeats, SpaceError, Stem, nasbench_macro,
    nasbench201,
};

use super::ScoreArguments;
use crate::error::CliError;
use crate::{genotype, spaces};

/// Cells of DARTS' retrained networks.
const LAYERS: usize = 20;

/// The column of architectures.
const ARCHITECTURE: &str = "arch";

/// A benchmark with architecture strings and a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// NAS-Bench-201.
    Nasbench201,
    /// NAS-Bench-Macro.
    NasbenchMacro,
}

impl Benchmark {
    /// The benchmark that a text looks like an architecture of.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.chars().all(|letter| letter.is_ascii_digit());
        match text {
            _ if text.starts_with('|') => Some(Self::Nasbench201),
            _ if digits => Some(Self::NasbenchMacro),
            _ => None,
        }
    }

    /// Its name.
    fn title(self) -> &'static str {
        match self {
            Self::Nasbench201 => "NAS-Bench-201",
            Self::NasbenchMacro => "NAS-Bench-Macro",
        }
    }

    /// The architecture of a string.
    pub(crate) fn parse(self, text: &str) -> Result<Genotype, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::parse(text),
            Self::NasbenchMacro => nasbench_macro::parse(text),
        }
    }

    /// The network that was measured.
    pub(crate) fn plan(self, genotype: &Genotype, build: Build) -> Result<Blueprint, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::blueprint(genotype, build),
            Self::NasbenchMacro => nasbench_macro::blueprint(genotype, build),
        }
    }

    /// All of its architectures.
    pub(crate) fn domain(self) -> Result<Domain, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::space().map(Domain::every_edge),
            Self::NasbenchMacro => nasbench_macro::space().map(Domain::every_edge),
        }
    }

    /// A table of them, of which a search sees `quality`.
    pub(crate) fn table(
        self,
        source: impl Read,
        quality: &str,
        reported: &str,
    ) -> Result<Table, ExploreError> {
        let ops = self.domain()?.space().op_set().clone();
        let columns = TableColumns::nasbench201(quality, reported);
        Table::read(source, &columns, ops, |text| self.parse(text))
    }

    /// The rows of a table of them, with the numbers of some columns.
    pub(crate) fn rows(
        self,
        source: impl Read,
        columns: &[String],
    ) -> Result<Vec<Measured>, ExploreError> {
        let domain = self.domain()?;
        let ops = domain.space().op_set();
        Measured::read(source, (ARCHITECTURE, columns), ops, |text| self.parse(text))
    }

    /// What was asked for, with the benchmark's channels where none were.
    pub(crate) fn build(self, channels: Option<usize>, build: Build) -> Build {
        let own = match self {
            Self::Nasbench201 => 16,
            Self::NasbenchMacro => 32,
        };
        Build { channels: channels.unwrap_or(own), ..build }
    }
}

/// The network to score.
pub(super) fn plan(arguments: &ScoreArguments, build: Build) -> Result<Blueprint, CliError> {
    if let Some(name) = &arguments.space {
        no_layers(arguments, || "a space, which says itself how many cells it has".to_owned())?;
        return Blueprint::supernet(&spaces::resolve(name)?, build).map_err(CliError::input);
    }
    let text = arguments.genotype.as_deref().unwrap_or_default();
    if let Some(benchmark) = Benchmark::of(text) {
        let subject = || format!("architectures of {}, whose network is given", benchmark.title());
        no_layers(arguments, subject)?;
        let build = benchmark.build(arguments.probe.channels, build);
        let genotype = benchmark.parse(text).map_err(CliError::input)?;
        return benchmark.plan(&genotype, build).map_err(CliError::input);
    }
    let genotype = genotype::resolve(text)?;
    if *genotype.layout() == Layout::Space {
        return Err(CliError::NoChain { found: text.to_owned() });
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
