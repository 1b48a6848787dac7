//! `dartloom count`.

use std::process::ExitCode;

use dartloom::space::{
    AuxHead, Blueprint, Build, Compat, Cost, Genotype, Layout, OpSet, SpaceError, Stem,
};
use serde::Serialize;

use crate::args::CountArguments;
use crate::error::CliError;
use crate::table::table;
use crate::{genotype, output};

/// Images of this many rows or more start with the ImageNet stem.
const LARGE: usize = 128;
/// Cells of DARTS' retrained networks.
const LAYERS: usize = 20;

/// What is counted, as JSON.
#[derive(Debug, Serialize)]
struct Counts {
    params: u64,
    aux_params: u64,
    unused_params: u64,
    macs: u64,
    aux_macs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    params_with_aux: Option<u64>,
}

/// Counts parameters and multiply-adds as the released networks of the DARTS family do.
pub(crate) fn run(arguments: &CountArguments) -> Result<ExitCode, CliError> {
    let genotype = genotype::resolve(&arguments.genotype)?;
    if *genotype.layout() == Layout::Space {
        return Err(CliError::NoChain { found: arguments.genotype.clone() });
    }
    let cost = cost(&genotype, arguments).map_err(CliError::input)?;
    let counts = Counts {
        params: cost.parameters,
        aux_params: cost.auxiliary_parameters,
        unused_params: cost.unused_parameters,
        macs: cost.macs,
        aux_macs: cost.auxiliary_macs,
        params_with_aux: arguments.aux.then(|| cost.parameters + cost.auxiliary_parameters),
    };
    output::print(&render(&counts, arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

fn cost(genotype: &Genotype, arguments: &CountArguments) -> Result<Cost, SpaceError> {
    let layers = arguments.layers.or(genotype.layers()).unwrap_or(LAYERS);
    let (stem, head) = match (arguments.input.height >= LARGE, genotype.layout()) {
        (false, _) => (Stem::cifar(3), AuxHead::Cifar),
        (true, Layout::TwoCells) => (Stem::imagenet(), AuxHead::ImageNet),
        (true, _) => (Stem::imagenet_quarter(), AuxHead::ImageNetNormed),
    };
    let chain = genotype.chain(layers, stem, arguments.reductions.clone(), Compat::Official)?;
    let build = Build {
        compat: Compat::Official,
        ..Build::new(arguments.channels, arguments.classes, arguments.input)
    };
    let network = chain.with_aux(head).network()?;
    Blueprint::derived(genotype, &network, &OpSet::builtin("all")?, build)?.cost()
}

fn render(counts: &Counts, json: bool) -> Result<String, CliError> {
    if json {
        return output::json(counts, "the counts");
    }
    let row = |what: &str, count: u64| vec![what.to_owned(), count.to_string()];
    let mut rows = vec![
        vec!["counted".to_owned(), "number".to_owned()],
        row("parameters", counts.params),
        row("of which unused", counts.unused_params),
        row("auxiliary head's parameters", counts.aux_params),
    ];
    rows.extend(counts.params_with_aux.map(|all| row("parameters with auxiliary head", all)));
    rows.push(row("multiply-adds", counts.macs));
    rows.push(row("auxiliary head's multiply-adds", counts.aux_macs));
    Ok(table(&rows))
}
