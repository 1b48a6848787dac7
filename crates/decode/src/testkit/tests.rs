use std::cell::Cell as Count;

use dartloom_space::{Genotype, Space, WeightTable};

use super::{Case, Law, cases, check_decoder, check_laws};
use crate::{
    Argmax, DecodeError, Decoded, Decoder, EdgeWeighted, EmptyPolicy, NonePolicy, TieBreak, TopK,
};

fn some() -> Vec<Case> {
    cases(11).unwrap()
}

fn broken_by(decoder: &dyn Decoder) -> Law {
    check_decoder(decoder, &some()).unwrap_err().law
}

#[test]
fn own_decoders_obey_under_every_policy() {
    let cases = some();
    let ties = [TieBreak::LowestIndex, TieBreak::HighestIndex, TieBreak::Seeded(5)];
    let nones = [NonePolicy::Exclude, NonePolicy::ExcludeFromRank, NonePolicy::Include];
    let empties = [EmptyPolicy::Error, EmptyPolicy::KeepBest, EmptyPolicy::Skip];
    for ties in ties {
        for none in nones {
            for empty in empties {
                check_decoder(&Argmax { ties, none, empty }, &cases).unwrap();
                for edges in 1..=3 {
                    let top = TopK { edges, ties, none, empty };
                    check_decoder(&top, &cases).unwrap();
                    check_decoder(&EdgeWeighted(top), &cases).unwrap();
                }
            }
        }
    }
}

#[test]
fn pointers_obey_too() {
    let boxed: Box<dyn Decoder> = crate::builtin("darts").unwrap();
    check_decoder(&boxed, &some()).unwrap();
    check_decoder(&&boxed, &some()).unwrap();
}

/// Reads nothing but the space.
#[derive(Debug)]
struct Deaf;

impl Decoder for Deaf {
    fn decode(&self, space: &Space, _: &WeightTable) -> Result<Decoded, DecodeError> {
        let ops = space.op_set().names().map(str::to_owned).collect();
        let cells = space.cells().iter().map(|cell| dartloom_space::CellTable {
            name: cell.name.clone(),
            edges: vec![vec![1.0; space.op_set().len()]; cell.graph.edges().len()],
            edge_weights: None,
        });
        let table = WeightTable::new(ops, cells.collect()).map_err(DecodeError::Table)?;
        TopK::darts().decode(space, &table)
    }
}

#[test]
fn a_decoder_that_accepts_any_table_is_found() {
    assert_eq!(broken_by(&Deaf), Law::Mismatch);
}

/// Changes its mind at every call.
#[derive(Debug, Default)]
struct Fickle(Count<u64>);

impl Decoder for Fickle {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        self.0.set(self.0.get() + 1);
        TopK { ties: TieBreak::Seeded(self.0.get()), ..TopK::darts() }.decode(space, weights)
    }
}

#[test]
fn a_decoder_with_hidden_state_is_found() {
    assert_eq!(broken_by(&Fickle::default()), Law::Deterministic);
}

/// Applies a change to a right result.
#[derive(Debug)]
struct Wrong(fn(&mut Vec<dartloom_space::Gene>));

impl Decoder for Wrong {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let Decoded { genotype, notes } = TopK::darts().decode(space, weights)?;
        let mut cells = genotype.cells().to_vec();
        self.0(&mut cells[0].genes);
        let genotype =
            Genotype::new(genotype.layout().clone(), cells).map_err(DecodeError::Genotype)?;
        Ok(Decoded { genotype, notes })
    }
}

#[test]
fn genes_that_are_none_of_the_space_are_found() {
    let changes: [fn(&mut Vec<dartloom_space::Gene>); 4] = [
        |genes| genes[0].op = "teleport".to_owned(),
        |genes| genes[0].to = 40,
        |genes| genes.push(genes[0].clone()),
        // Node 2 disappears; genes that start there are dead.
        |genes| {
            genes[2].from = 2;
            genes.retain(|gene| gene.to != 2);
        },
    ];
    for change in changes {
        assert_eq!(broken_by(&Wrong(change)), Law::Fits);
    }
}

/// Keeps only what weighs more than a fixed number.
#[derive(Debug)]
struct Threshold;

impl Decoder for Threshold {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let heaviest = weights.cells().iter().flat_map(|cell| cell.edges.iter().flatten());
        let heavy = heaviest.copied().fold(0.0, f64::max) > 3.0;
        TopK { edges: if heavy { 1 } else { 2 }, ..TopK::darts() }.decode(space, weights)
    }
}

#[test]
fn thresholds_break_the_scale_law_alone() {
    assert_eq!(broken_by(&Threshold), Law::Scale);
    let others = [Law::Deterministic, Law::Fits, Law::Mismatch];
    check_laws(&Threshold, &some(), &others).unwrap();
}

#[derive(Debug)]
struct Never;

impl Decoder for Never {
    fn decode(&self, _: &Space, _: &WeightTable) -> Result<Decoded, DecodeError> {
        Err(DecodeError::NoEdges { found: 0 })
    }
}

#[test]
fn a_decoder_that_never_decodes_is_found() {
    assert_eq!(broken_by(&Never), Law::Fits);
}
