//! Genotypes as sequences of choices.

use dartloom_space::{Edge, Gene, Genotype, SpaceError};

use dartloom_explore::Domain;

use super::links::LinkTokens;

/// One choice of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The choice of an in-edge, among those after the last one of the node; `later` more are still
    /// to be chosen.
    Source { edges: usize, later: usize, first: bool },
    /// The choice of an operation.
    Op { ops: usize },
    /// The decision on a link.
    Link,
}

/// The choices of a domain, and what is allowed of those among links.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) all: Vec<Token>,
    pub(super) links: LinkTokens,
}

impl Token {
    /// The largest number of choices.
    pub(super) fn choices(self) -> usize {
        match self {
            Self::Source { edges, .. } => edges,
            Self::Op { ops } => ops,
            Self::Link => 2,
        }
    }

    /// Choices that are allowed after `last`, the in-edge chosen before, as far as a token alone
    /// can say.
    ///
    /// In-edges ascend, so that a genotype is one sequence and no other, and enough of them remain
    /// for the choices that are still to come.
    pub(super) fn allowed(self, last: usize) -> std::ops::Range<usize> {
        match self {
            Self::Source { edges, later, first } => {
                (if first { 0 } else { last + 1 })..edges - later
            }
            Self::Op { ops } => 0..ops,
            Self::Link => 0..2,
        }
    }
}

/// The choices of a domain in their order: node by node, for each in-edge that is kept its source
/// (if not all are kept) and its operation; then link by link, off or on.
pub(super) fn tokens(domain: &Domain) -> Tokens {
    let ops = domain.ops().len();
    let mut tokens = Vec::new();
    for spec in domain.space().cells() {
        for node in spec.graph.own_nodes() {
            let edges = spec.graph.rows_into(node).count();
            let kept = domain.kept(edges);
            for index in 0..kept {
                if kept < edges {
                    let later = kept - 1 - index;
                    tokens.push(Token::Source { edges, later, first: index == 0 });
                }
                tokens.push(Token::Op { ops });
            }
        }
    }
    let links = LinkTokens::of(domain);
    tokens.resize(tokens.len() + links.count(), Token::Link);
    Tokens { all: tokens, links }
}

/// The genotype of a sequence of choices.
///
/// # Errors
/// None in practice: the choices are those of the domain.
pub(super) fn decode(domain: &Domain, choices: &[usize]) -> Result<Genotype, SpaceError> {
    let mut choices = choices.iter().copied();
    let mut next = || choices.next().unwrap_or_default();
    let mut cells = Vec::new();
    for spec in domain.space().cells() {
        let mut genes = Vec::new();
        for node in spec.graph.own_nodes() {
            let rows: Vec<usize> = spec.graph.rows_into(node).collect();
            let kept = domain.kept(rows.len());
            for index in 0..kept {
                let source = if kept < rows.len() { next() } else { index };
                let Edge { from, to } = spec.graph.edges()[rows[source]];
                genes.push(Gene { op: domain.ops()[next()].clone(), from, to });
            }
        }
        cells.push(spec.genotype(genes));
    }
    let decided: Vec<bool> = choices.map(|choice| choice == 1).collect();
    domain.space().genotype(cells)?.with_links(LinkTokens::of(domain).links(&decided))
}

/// The choices that lead to a genotype of the domain; `None` for another one.
pub(super) fn encode(domain: &Domain, genotype: &Genotype) -> Option<Vec<usize>> {
    if !domain.contains(genotype) {
        return None;
    }
    let mut choices = Vec::new();
    for (spec, cell) in domain.space().cells().iter().zip(genotype.cells()) {
        for node in spec.graph.own_nodes() {
            let rows: Vec<usize> = spec.graph.rows_into(node).collect();
            let whole = domain.kept(rows.len()) == rows.len();
            for (source, &row) in rows.iter().enumerate() {
                let Edge { from, to } = spec.graph.edges()[row];
                let on_edge = |gene: &&Gene| (gene.from, gene.to) == (from, to);
                let Some(gene) = cell.genes.iter().find(on_edge) else { continue };
                if !whole {
                    choices.push(source);
                }
                choices.push(domain.ops().iter().position(|op| *op == gene.op)?);
            }
        }
    }
    let decided = LinkTokens::of(domain).decisions(genotype.links())?;
    choices.extend(decided.into_iter().map(usize::from));
    Some(choices)
}
