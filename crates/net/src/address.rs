//! The names of variables in a network, by place.

use std::collections::BTreeMap;
use std::fmt;

/// A cell by its place in the chain: `cells.{place}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellAddress {
    pub(crate) place: usize,
}

/// An edge by its row in the plan of a cell, within that cell: `edges.{row}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EdgeRow {
    pub(crate) row: usize,
}

/// An edge of a network: `cells.{place}.edges.{row}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EdgeAddress {
    pub(crate) place: usize,
    pub(crate) row: usize,
}

/// An operation on an edge of a network: `cells.{place}.edges.{row}.{op}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpAddress<'a> {
    pub(crate) edge: EdgeAddress,
    pub(crate) op: &'a str,
}

impl fmt::Display for CellAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cells.{}", self.place)
    }
}

impl fmt::Display for EdgeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edges.{}", self.row)
    }
}

impl fmt::Display for EdgeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, row } = *self;
        write!(f, "{}.{}", CellAddress { place }, EdgeRow { row })
    }
}

impl fmt::Display for OpAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.edge, self.op)
    }
}

/// The entries of `all` below an address, each with the rest of its name.
pub(crate) fn below<'a, T>(
    all: &'a BTreeMap<String, T>,
    address: &impl fmt::Display,
) -> impl Iterator<Item = (&'a str, &'a T)> {
    let prefix = format!("{address}.");
    let own = all.range(prefix.clone()..);
    own.map_while(move |(name, value)| Some((name.strip_prefix(&prefix)?, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_what_is_named_below_it() {
        let names = ["1.conv", "1.conv.weight", "1.conv_5.weight", "1.pool.mean", "10.conv.weight"];
        let all: BTreeMap<String, usize> =
            names.iter().zip(0..).map(|(name, i)| (format!("cells.2.edges.{name}"), i)).collect();
        let edge = EdgeAddress { place: 2, row: 1 };
        let found: Vec<_> = below(&all, &edge).collect();
        let expected =
            [("conv", &0), ("conv.weight", &1), ("conv_5.weight", &2), ("pool.mean", &3)];
        assert_eq!(found, expected);
        let found: Vec<_> = below(&all, &OpAddress { edge, op: "conv" }).collect();
        assert_eq!(found, [("weight", &1)]);
        assert_eq!(below(&all, &EdgeAddress { place: 0, row: 1 }).count(), 0);
    }
}
