//! Names of variables: how the released code calls them and how we do.
//!
//! Positions of layers inside an operation are the same in both, as are edges and genes; the rest
//! is prefixes.

use dartloom_space::CellPlan;

/// The place in our network of a variable of the released code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Under this name.
    Ours(String),
    /// Nowhere: the released code allocates genes that start at an absent node but never runs
    /// them.
    Dead,
}

/// `op.1.weight`, `1.weight`, `conv_1.weight` or `bn.bias` as position and variable.
pub(crate) fn stage(name: &str) -> Option<String> {
    let (first, rest) = name.split_once('.')?;
    match (first, rest) {
        ("op", rest) => stage(rest),
        ("conv_1", "weight") => Some("1.even".to_owned()),
        ("conv_2", "weight") => Some("1.odd".to_owned()),
        ("bn", rest) => Some(format!("2.{rest}")),
        (position, _) if is_number(position) => Some(name.to_owned()),
        _ => None,
    }
}

/// A variable of a cell; `edge` knows what follows `_ops.`.
pub(crate) fn in_cell(name: &str, edge: &dyn Fn(&str) -> Option<Place>) -> Option<Place> {
    if let Some(rest) = name.strip_prefix("_ops.") {
        return edge(rest);
    }
    let (port, rest) = name.strip_prefix("preprocess")?.split_once('.')?;
    is_number(port).then_some(())?;
    Some(Place::Ours(format!("ports.{port}.0.{}", stage(rest)?)))
}

/// A variable of a network; `edge` knows what follows `_ops.` in a cell.
pub(crate) fn in_network(name: &str, edge: &dyn Fn(usize, &str) -> Option<Place>) -> Option<Place> {
    let (first, rest) = name.split_once('.')?;
    let ours = |name: String| Some(Place::Ours(name));
    match first {
        "cells" => {
            let (index, rest) = rest.split_once('.')?;
            let number = index.parse().ok()?;
            match in_cell(rest, &|rest| edge(number, rest))? {
                Place::Ours(name) => ours(format!("cells.{number}.{name}")),
                Place::Dead => Some(Place::Dead),
            }
        }
        "stem" => ours(format!("stem.0.{rest}")),
        "classifier" => ours(format!("head.0.1.{rest}")),
        "auxiliary_head" => ours(format!("auxiliary.{}", in_auxiliary(rest)?)),
        _ => {
            let part = first.strip_prefix("stem").filter(|part| is_number(part))?;
            ours(format!("stem.{part}.{rest}"))
        }
    }
}

/// A variable of an auxiliary head: its features, then the fully connected layer at position 8.
pub(crate) fn in_auxiliary(name: &str) -> Option<String> {
    match name.split_once('.')? {
        ("features", rest) => Some(rest.to_owned()),
        ("classifier", rest) => Some(format!("8.{rest}")),
        _ => None,
    }
}

/// `{edge}._ops.{candidate}.{stage}`, as in search cells.
pub(crate) fn candidate(name: &str, ops: &[String]) -> Option<Place> {
    let (edge, rest) = name.split_once("._ops.")?;
    is_number(edge).then_some(())?;
    let at = one_candidate(rest, ops)?;
    Some(Place::Ours(format!("edges.{edge}.{at}")))
}

/// `{candidate}.{stage}`, as in a mixed operation.
pub(crate) fn one_candidate(name: &str, ops: &[String]) -> Option<String> {
    let (column, rest) = name.split_once('.')?;
    let op = ops.get(column.parse::<usize>().ok()?)?;
    Some(format!("{op}.{}", stage(rest)?))
}

/// `{gene}.{stage}`, or `{to}.{from}.{repetition}.{stage}` where the released code files genes by
/// their edge.
pub(crate) fn gene(name: &str, plan: &CellPlan) -> Option<Place> {
    let parts: Vec<&str> = name.split('.').collect();
    let numbers: Vec<usize> = parts.iter().map_while(|part| part.parse().ok()).collect();
    // Operations without an `op.` of their own begin with one more number, their position.
    let (gene, used) = match *numbers.as_slice() {
        [gene] | [gene, _] => (gene, 1),
        [to, from, repetition] | [to, from, repetition, _] => {
            let same = plan.edges.iter().enumerate();
            let mut same = same.filter(|(_, edge)| edge.to == to && edge.from == from);
            (same.nth(repetition)?.0, 3)
        }
        _ => return None,
    };
    let edge = plan.edges.get(gene)?;
    if !edge.live {
        return Some(Place::Dead);
    }
    let op = &edge.candidates.first()?.op.name;
    Some(Place::Ours(format!("edges.{gene}.{op}.{}", stage(&parts[used..].join("."))?)))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{Place, candidate, in_network, stage};

    #[test]
    fn stages_keep_their_positions() {
        assert_eq!(stage("op.5.weight").unwrap(), "5.weight");
        assert_eq!(stage("1.running_mean").unwrap(), "1.running_mean");
        assert_eq!(stage("conv_2.weight").unwrap(), "1.odd");
        assert_eq!(stage("bn.bias").unwrap(), "2.bias");
        assert_eq!(stage("other.weight"), None);
    }

    #[test]
    fn networks_differ_in_prefixes() {
        let ops = ["none".to_owned(), "skip_connect".to_owned()];
        let name = |name: &str| in_network(name, &|_, rest| candidate(rest, &ops));
        let ours = |name: &str| Some(Place::Ours(name.to_owned()));
        assert_eq!(name("stem.0.weight"), ours("stem.0.0.weight"));
        assert_eq!(name("stem1.2.bias"), ours("stem.1.2.bias"));
        assert_eq!(name("classifier.bias"), ours("head.0.1.bias"));
        assert_eq!(name("cells.3.preprocess0.bn.weight"), ours("cells.3.ports.0.0.2.weight"));
        let odd = ours("cells.0.edges.13.skip_connect.1.odd");
        assert_eq!(name("cells.0._ops.13._ops.1.conv_2.weight"), odd);
        assert_eq!(name("cells.0._ops.13._ops.2.op.1.weight"), None);
        assert_eq!(name("stem2x.0.weight"), None);
    }
}
