//! The text form of the repositories of the DARTS family, read without evaluating anything.

mod fields;
mod lexer;
mod parser;
mod writer;

use super::Genotype;
use crate::SpaceError;

/// `true` if a dictionary with this key is a genotype in the text form.
pub(crate) fn is_field(key: &str) -> bool {
    fields::Keyword::of(key).is_some()
}

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
    /// Genes are `(op, from)`, two per node, or `(op, to, from)`; `(op, from)` may also stand node
    /// by node, in a list for each, as many as a node has. A weight with a decimal point may follow
    /// in any gene; it says how clearly the gene was chosen and is not kept. Fields stand in any
    /// order, or without names in the order above, in `Genotype(...)`, in `dict(...)`, in an
    /// `OrderedDict`, in a dictionary as Python or JSON print it, or by themselves. `NAME = ` may
    /// stand before, comments, blanks, both kinds of quotes, trailing commas, `range(...)`,
    /// `list(...)` and `None` anywhere they make sense. Missing `reductions` are the thirds. With
    /// three-number genes the output is every node that has genes, whatever the written concat
    /// says: that is what the networks released with them do. The text is data, never code.
    ///
    /// # Errors
    /// [`SpaceError::Text`] with line, column, what was expected and what was found, an output that
    /// names a node without genes included; otherwise as [`Genotype::new`].
    pub fn from_text(text: &str) -> Result<Self, SpaceError> {
        let named = parser::Parser::new(lexer::tokens(text)?).genotype()?;
        let genotype = named.written.genotype()?;
        Ok(match named.name {
            Some(name) => genotype.named(name),
            None => genotype,
        })
    }

    /// Writes the form that [`Genotype::from_text`] reads, on one line.
    ///
    /// # Errors
    /// [`SpaceError::NoTextForm`] when the form cannot express it, so that something else would be
    /// read back: cells in a space's own network, cells without exactly two inputs, three-number
    /// genes with an output that leaves nodes out or has them in another order, names of cells
    /// other than `normal` and `reduce` or `cell_0`, `cell_1`, ..., a name of the genotype that is
    /// not an identifier ([`Genotype::unnamed`] has none).
    pub fn to_text(&self) -> Result<String, SpaceError> {
        writer::write(self)
    }
}
