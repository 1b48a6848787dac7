//! The fields of a written genotype, in any order.

use std::collections::BTreeMap;

use super::lexer::Token;
use crate::SpaceError;
use crate::genotype::tuples::{GeneList, Written};
use crate::text::nearest;

/// The name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keyword {
    Normal,
    NormalConcat,
    Reduce,
    ReduceConcat,
    Genes,
    Seq,
    Concat,
    Reductions,
    /// `connectN` and `connects`, which some repositories have and leave at `None`.
    Connections,
}

const KEYWORDS: [(&str, Keyword); 10] = [
    ("normal", Keyword::Normal),
    ("normal_concat", Keyword::NormalConcat),
    ("reduce", Keyword::Reduce),
    ("reduce_concat", Keyword::ReduceConcat),
    ("genes", Keyword::Genes),
    ("seq", Keyword::Seq),
    ("concat", Keyword::Concat),
    ("reductions", Keyword::Reductions),
    ("connectN", Keyword::Connections),
    ("connects", Keyword::Connections),
];

impl Keyword {
    /// The order of fields that are given without their names.
    pub(super) const ORDER: [Self; 4] =
        [Self::Normal, Self::NormalConcat, Self::Reduce, Self::ReduceConcat];

    pub(super) fn of(name: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(known, _)| *known == name).map(|&(_, keyword)| keyword)
    }

    fn name(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |&(name, _)| name)
    }

    /// A description, for errors, of the fields that could stand in place of one that does not
    /// exist.
    pub(super) fn expected(found: Option<&str>) -> String {
        let known =
            || KEYWORDS.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("connect"));
        let near = nearest(found.unwrap_or_default(), known());
        match near.first() {
            Some(near) => format!("one of the fields, such as `{near}`"),
            None => format!("one of {}", known().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// The values that the text gives to its keywords.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) lists: BTreeMap<Keyword, GeneList>,
    /// Numbers with the place where they begin.
    pub(super) numbers: BTreeMap<Keyword, (Token, Vec<usize>)>,
    pub(super) genes: Option<Vec<GeneList>>,
    empty: Vec<Keyword>,
}

impl Fields {
    /// Refuses a field that was there already.
    pub(super) fn once(&self, keyword: Keyword, token: &Token) -> Result<(), SpaceError> {
        let known = self.lists.contains_key(&keyword)
            || self.numbers.contains_key(&keyword)
            || (keyword == Keyword::Genes && self.genes.is_some())
            || (keyword != Keyword::Connections && self.empty.contains(&keyword));
        if known {
            return Err(token.instead_of(format!("`{}` only once", keyword.name())));
        }
        Ok(())
    }

    /// Notes a field without a value, which counts as left out.
    pub(super) fn nothing(&mut self, keyword: Keyword) {
        self.empty.push(keyword);
    }

    fn knows(&self, keyword: Keyword) -> bool {
        self.lists.contains_key(&keyword) || self.numbers.contains_key(&keyword)
    }

    fn take(&mut self, keyword: Keyword) -> Option<Vec<usize>> {
        self.numbers.remove(&keyword).map(|(_, numbers)| numbers)
    }

    /// `close` is the bracket at which a missing field is noticed.
    pub(super) fn written(mut self, close: &Token) -> Result<Written, SpaceError> {
        if let Some(genes) = self.genes.take() {
            return self.cells(genes, close);
        }
        for stray in [Keyword::Seq, Keyword::Reductions, Keyword::Concat] {
            if self.knows(stray) {
                return Err(close.instead_of("`genes=` with `seq`, `concat` or `reductions`"));
            }
        }
        let missing = |keyword: Keyword| close.instead_of(format!("`{}=`", keyword.name()));
        let mut list = |keyword| self.lists.remove(&keyword).ok_or_else(|| missing(keyword));
        let normal = list(Keyword::Normal)?;
        let reduce = list(Keyword::Reduce)?;
        let mut concats = [None, None];
        for (concat, (keyword, list)) in concats
            .iter_mut()
            .zip([(Keyword::NormalConcat, &normal), (Keyword::ReduceConcat, &reduce)])
        {
            if list.has_pairs() {
                let (place, numbers) =
                    self.numbers.get(&keyword).ok_or_else(|| missing(keyword))?;
                check_output(keyword, place, numbers, list)?;
            }
            *concat = self.take(keyword);
        }
        Ok(Written::TwoCells { normal, reduce, concats })
    }

    fn cells(mut self, genes: Vec<GeneList>, close: &Token) -> Result<Written, SpaceError> {
        let flat_pairs = |list: &GeneList| matches!(list, GeneList::Flat(_)) && list.has_pairs();
        if let Some(index) = genes.iter().position(flat_pairs) {
            return Err(SpaceError::Text {
                line: close.line,
                column: close.column,
                expected: "genes (op, to, from)".to_owned(),
                found: format!("(op, from) in gene list {index}"),
            });
        }
        for stray in Keyword::ORDER {
            if self.knows(stray) {
                return Err(close.instead_of(format!("no `{}` beside `genes`", stray.name())));
            }
        }
        let seq = self.take(Keyword::Seq);
        let reductions = self.take(Keyword::Reductions);
        Ok(Written::Cells { genes, seq, reductions })
    }
}

/// Refuses an output that names nodes nothing is computed for.
fn check_output(
    keyword: Keyword,
    place: &Token,
    output: &[usize],
    list: &GeneList,
) -> Result<(), SpaceError> {
    let nodes = list.nodes();
    match output.iter().find(|node| !nodes.contains(node)) {
        Some(node) => Err(SpaceError::Text {
            line: place.line,
            column: place.column,
            expected: format!("nodes with genes in `{}`, {nodes:?}", keyword.name()),
            found: format!("node {node}, which has no genes"),
        }),
        None => Ok(()),
    }
}
