//! `dartloom decode`.

mod logits;

use std::path::Path;
use std::process::ExitCode;

use dartloom::decode::{
    ConfiguredDecoder, ConfiguredPaths, DecodeError, Decoded, Decoder as _, PathDecoder as _,
    decode_network,
};
use dartloom::space::text::ron_message;
use dartloom::space::{Space, WeightTable};
use ron::extensions::Extensions;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use logits::Logits;

use crate::args::DecodeArguments;
use crate::error::CliError;
use crate::output;
use crate::say::say;
use dartloom_engine::{input, spaces};

/// For `--help`.
pub(crate) const DECODER_HELP: &str = "\
A rule by name, or with settings in RON. What settings leave out is as in the named rule.

  darts               TopK(edges: 2)
  pc_darts            EdgeWeighted(edges: 2)
  argmax              Argmax()
  two_skips           Constrained(edges: 2, skips: 2)
  threshold_sparse    SparseThreshold(threshold: 0.85, edges: 2)
  threshold_edge      EdgeThreshold(threshold: 0.85, ops: 2)
  threshold_complete  EdgeThreshold(ops: None)

TopK, EdgeWeighted, Argmax and the thresholds also take
  ties: LowestIndex, HighestIndex or Seeded(7)
  none: Exclude, ExcludeFromRank or Include
  empty: Error, KeepBest or Skip
and the thresholds dead: Drop or Keep. Constrained also takes
  parameter_free: 3
  budget: (parameters: 1000000, macs: 100000000, channels: 16, layers: 8, classes: 10,
           input: (channels: 3, height: 32, width: 32))";

/// For `--help`.
pub(crate) const PATHS_HELP: &str = "\
Which links between cells stay, for spaces that leave choices: a rule by name, or with settings in
RON. The weights must have a row for every choice.

  best_path   BestPath(entry: LastPort, transitions: LinksOut, ties: LowestIndex)
  multi_path  MultiPath(entry: AnyPort, count: Deviations(factor: 3, spread: Population))
  feasible_topology  FeasibleTopology(cost: Exact)

entry is LastPort or AnyPort, transitions LinksIn or LinksOut, count also Fixed(3), Share(0.1) or
AtLeast(-0.7). MultiPath also takes mean: WeightedLinks or AllLinks.";

/// Turns a weight table into a genotype.
pub(crate) fn run(arguments: &DecodeArguments) -> Result<ExitCode, CliError> {
    check_files(arguments)?;
    let decoder = rule("--decoder", &arguments.decoder, ConfiguredDecoder::named)?;
    let paths = arguments.paths.as_deref();
    let paths = paths.map(|text| rule("--paths", text, ConfiguredPaths::named)).transpose()?;
    let space = spaces::resolve(&arguments.space)?;
    let path = &arguments.weights;
    let weights = WeightTable::from_json(&input::read(path)?)
        .map_err(|error| CliError::content(path, error))?;
    let weights = match arguments.logits {
        Some(rule) => {
            rule.weights(&space, &weights).map_err(|error| CliError::content(path, error))?
        }
        None => weights,
    };
    let scale = decoder.scale();
    let off = scale.off(&space, &weights).map_err(|error| CliError::content(path, error))?;
    let rows = weights.cells().iter().map(|cell| cell.edges.len()).sum();
    let warning = logits::warning(scale, &off, rows);
    let Choice { kept, decoded, notes } =
        decode(&space, &weights, decoder, paths).map_err(|error| CliError::content(path, error))?;
    let genotype = json("the genotype", &decoded.genotype)?;
    if let Some(path) = &arguments.space_out {
        output::write(path, &json("the space", &kept)?)?;
    }
    match &arguments.out {
        Some(path) => output::write(path, &genotype)?,
        None => output::print(&genotype)?,
    }
    // Behind the result, which is worth more.
    if let Some(warning) = warning {
        say!("{}: {warning}", path.display());
    }
    let decoded = decoded.notes.iter().map(ToString::to_string);
    notes.into_iter().chain(decoded).for_each(|note| say!("{note}"));
    Ok(ExitCode::SUCCESS)
}

/// Refuses results that would overwrite each other or what they are made of.
fn check_files(arguments: &DecodeArguments) -> Result<(), CliError> {
    // What is built in is no file.
    let space = Some(Path::new(&arguments.space)).filter(|space| space.is_file());
    let read = || space.into_iter().chain([arguments.weights.as_path()]);
    if let Some(out) = &arguments.out {
        output::check_apart(out, read().chain(arguments.space_out.as_deref()))?;
    }
    if let Some(out) = &arguments.space_out {
        output::check_apart(out, read())?;
    }
    Ok(())
}

/// The result of a decoder.
struct Choice {
    /// The space of the links that stay.
    kept: Space,
    decoded: Decoded,
    /// Remarks on the links.
    notes: Vec<String>,
}

/// The space of the links that stay, and its architecture.
fn decode(
    space: &Space,
    weights: &WeightTable,
    decoder: ConfiguredDecoder,
    paths: Option<ConfiguredPaths>,
) -> Result<Choice, DecodeError> {
    if let Some(paths) = paths {
        let notes = paths.paths(space, weights)?.notes.iter().map(ToString::to_string).collect();
        let decoded = decode_network(space, weights, &paths, &decoder)?;
        let network = decoded.genotype.network_in(space).map_err(DecodeError::Genotype)?;
        let kept = space.with_network(network).map_err(DecodeError::Genotype)?;
        return Ok(Choice { kept, decoded, notes });
    }
    let choices = space.network().choices().count();
    let note = format!("the network leaves {choices} choices of links, which --paths would make");
    let notes = if choices > 0 { vec![note] } else { Vec::new() };
    Ok(Choice { kept: space.clone(), decoded: decoder.decode(space, weights)?, notes })
}

/// A rule by name, or with settings where there is a parenthesis.
fn rule<T: DeserializeOwned>(
    option: &'static str,
    text: &str,
    named: impl FnOnce(&str) -> Result<T, DecodeError>,
) -> Result<T, CliError> {
    if !text.contains('(') {
        return named(text).map_err(CliError::input);
    }
    // As in experiment files: `Some` and inner parentheses may be left out.
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES;
    let options = ron::Options::default().with_default_extension(extensions);
    options.from_str(text).map_err(|error| CliError::OptionText {
        option,
        column: error.span.start.col,
        message: ron_message(&error),
    })
}

fn json(what: &'static str, value: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n")
        .map_err(|error| CliError::Encode { what, message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use dartloom::decode::builtin_names;

    use super::*;

    fn decoder(text: &str) -> Result<ConfiguredDecoder, CliError> {
        rule("--decoder", text, ConfiguredDecoder::named)
    }

    /// The help shows every rule, and what it shows is true.
    #[test]
    fn names_are_the_settings_that_the_help_gives_them() {
        let rows = |help: &'static str| {
            let pairs = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
            pairs.filter(|(name, _)| !name.is_empty()).collect::<Vec<_>>()
        };
        let shown = rows(DECODER_HELP);
        assert_eq!(shown.iter().map(|(name, _)| *name).collect::<Vec<_>>(), {
            builtin_names().collect::<Vec<_>>()
        });
        for (name, settings) in shown {
            assert_eq!(decoder(settings).unwrap(), decoder(name).unwrap(), "{settings}");
        }
        let path = |text: &str| rule("--paths", text, ConfiguredPaths::named).unwrap();
        let shown = rows(PATHS_HELP);
        assert_eq!(shown.len(), ConfiguredPaths::names().count());
        for (name, settings) in shown {
            assert_eq!(path(settings), path(name), "{settings}");
        }
    }

    #[test]
    fn the_budget_of_the_help_is_read() {
        let start = DECODER_HELP.find("budget:").unwrap();
        let text = format!("Constrained({})", &DECODER_HELP[start..]);
        let ConfiguredDecoder::Constrained(rule) = decoder(&text).unwrap() else { panic!() };
        assert_eq!(rule.budget.unwrap().parameters, Some(1_000_000));
    }

    #[test]
    fn what_is_no_rule_lists_what_is_allowed() {
        for (text, parts) in [
            ("viterbi", &["viterbi", "two_skips"][..]),
            ("Viterbi()", &["--decoder", "Viterbi", "TopK", "Constrained"]),
            ("TopK(edge: 2)", &["--decoder", "edge", "edges", "ties"]),
            ("TopK(ties: First)", &["First", "LowestIndex"]),
            ("Constrained(budget: (parameters: 1))", &["channels"]),
            ("TopK(edges: -1)", &["column"]),
            ("TopK(", &["--decoder", "column"]),
        ] {
            let error = decoder(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
