//! `dartloom count`.

use std::process::ExitCode;

use dartloom::space::{
    AuxHead, Blueprint, Build, Genotype, Layout, NodeOrder, OpSet, Repeats, Space, SpaceError, Stem,
};
use serde::Serialize;

use crate::args::CountArguments;
use crate::error::CliError;
use crate::option;
use crate::output;
use dartloom_engine::genotype::Subject;
use dartloom_engine::{genotype, spaces};
use dartloom_report::table;

/// Images of this many rows or more start with the ImageNet stem.
const LARGE: usize = 128;
/// Cells of DARTS' retrained networks.
const LAYERS: usize = 20;

/// Counts, as JSON.
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

/// Counts parameters and multiply-adds as the released networks do.
pub(crate) fn run(arguments: &CountArguments) -> Result<ExitCode, CliError> {
    let subject = genotype::subject(&arguments.genotype)?;
    option::classes(arguments.classes)?;
    check(&subject, arguments)?;
    let plan = match (&arguments.space, subject.benchmark) {
        (Some(space), _) => in_space(&subject.genotype, &spaces::resolve(space)?, arguments)?,
        (None, Some(benchmark)) => benchmark
            .plan(&subject.genotype, build(arguments, NodeOrder::FirstNamed))
            .map_err(CliError::input)?,
        (None, None) => chain(&subject.genotype, arguments).map_err(CliError::input)?,
    };
    if arguments.aux && plan.aux.is_none() {
        return Err(CliError::OptionValue {
            option: "--aux",
            expected: "a network with an auxiliary head",
            found: "one without".to_owned(),
        });
    }
    check_ops(&plan)?;
    let cost = plan.cost().map_err(CliError::input)?;
    let all = cost.parameters.checked_add(cost.auxiliary_parameters);
    let counts = Counts {
        params: cost.parameters,
        aux_params: cost.auxiliary_parameters,
        unused_params: cost.unused_parameters,
        macs: cost.macs,
        aux_macs: cost.auxiliary_macs,
        params_with_aux: all.filter(|_| arguments.aux),
    };
    output::print(&render(&counts, arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses options that the network leaves no choice of, and genotypes that say no network.
fn check(subject: &Subject, arguments: &CountArguments) -> Result<(), CliError> {
    let fixed = match (&arguments.space, subject.benchmark) {
        (Some(_), _) => Some("the network of the space"),
        (None, Some(_)) => Some("the network of the benchmark"),
        (None, None) => None,
    };
    if fixed.is_none() && *subject.genotype.layout() == Layout::Space {
        return Err(CliError::NoSpace { found: arguments.genotype.to_string_lossy().into_owned() });
    }
    let given = [
        ("--layers", arguments.layers.map(|layers| layers.to_string())),
        ("--reductions", arguments.reductions.as_ref().map(|list| format!("{list:?}"))),
    ];
    match (fixed, given.into_iter().find_map(|(option, value)| Some((option, value?)))) {
        (Some(network), Some((option, value))) => Err(CliError::OptionValue {
            option,
            expected: "nothing, where the network is given",
            found: format!("{value} beside {network}"),
        }),
        _ => Ok(()),
    }
}

/// An operation in code would count as nothing.
fn check_ops(plan: &Blueprint) -> Result<(), CliError> {
    let edges = plan.cells.iter().flat_map(|cell| &cell.edges);
    let mut candidates = edges.flat_map(|edge| &edge.candidates);
    match candidates.find(|candidate| candidate.layers.is_none()) {
        Some(candidate) => Err(CliError::NoCost { op: candidate.op.name.clone() }),
        None => Ok(()),
    }
}

fn build(arguments: &CountArguments, order: NodeOrder) -> Build {
    Build { order, ..Build::new(arguments.channels, arguments.classes, arguments.input) }
}

/// The network of a genotype in its space.
fn in_space(
    genotype: &Genotype,
    space: &Space,
    arguments: &CountArguments,
) -> Result<Blueprint, CliError> {
    let network = genotype.network_in(space).map_err(CliError::input)?;
    let build = build(arguments, NodeOrder::Listed).for_network(&network);
    Blueprint::derived(genotype, &network, space.op_set(), build).map_err(CliError::input)
}

/// The chain of a genotype, as released with it.
fn chain(genotype: &Genotype, arguments: &CountArguments) -> Result<Blueprint, SpaceError> {
    let layers = arguments.layers.or(genotype.layers()).unwrap_or(LAYERS);
    let (stem, head) = match (arguments.input.height >= LARGE, genotype.layout()) {
        (false, _) => (Stem::cifar(3), AuxHead::Cifar),
        (true, Layout::TwoCells) => (Stem::imagenet(), AuxHead::ImageNet),
        (true, _) => (Stem::imagenet_quarter(), AuxHead::ImageNetNormed),
    };
    let chain = genotype.chain(layers, stem, arguments.reductions.clone(), Repeats::MostlyFirst)?;
    let network = chain.with_aux(head).network()?;
    Blueprint::derived(
        genotype,
        &network,
        &OpSet::builtin("all")?,
        build(arguments, NodeOrder::FirstNamed),
    )
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
