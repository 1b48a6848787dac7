//! The text form of the repositories of the DARTS family, read without evaluating anything.

mod lexer;
mod parser;
mod writer;

use super::Genotype;
use crate::SpaceError;

impl Genotype {
    /// Reads a genotype as the repositories of the DARTS family print it.
    ///
    /// ```text
    /// Genotype(normal=[('sep_conv_3x3', 1), ...], normal_concat=range(2, 6), reduce=[...], ...)
    /// Genotype(normal=[('sep_conv_3x3', 2, 0), ...], ...)
    /// Genotype_nested(genes=[[('skip_connect', 2, 0), ...], ...], concat=..., reductions=[2, 6])
    /// Genotype_opt(genes=[...], seq=[0, 0, 1, 0], concat=..., reductions=range(1, 4))
    /// ```
    ///
    /// Genes are `(op, from)`, two per node, or `(op, to, from)`. `NAME = ` may stand before,
    /// comments, blanks, both kinds of quotes, trailing commas, `range(...)` and `list(...)`
    /// anywhere they make sense. Missing `reductions` are the thirds. With three-number genes
    /// the output is every node that has genes, whatever the written concat says: that is what
    /// the networks released with them do. The text is data, never code.
    ///
    /// # Errors
    /// [`SpaceError::Text`] with line, column, what was expected and what was found; otherwise as
    /// [`Genotype::new`].
    pub fn from_text(text: &str) -> Result<Self, SpaceError> {
        let (name, written) = parser::Parser::new(lexer::tokens(text)?).genotype()?;
        let genotype = written.genotype()?;
        Ok(match name {
            Some(name) => genotype.named(name),
            None => genotype,
        })
    }

    /// Writes the form that [`Genotype::from_text`] reads, on one line.
    ///
    /// The name is written where it is an identifier; names of cells are not.
    ///
    /// # Errors
    /// [`SpaceError::NoTextForm`] when the form cannot say it: cells in a space's own network,
    /// cells without exactly two inputs, three-number genes with an output that leaves nodes out.
    pub fn to_text(&self) -> Result<String, SpaceError> {
        writer::write(self)
    }
}
