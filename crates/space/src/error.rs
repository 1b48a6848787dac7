//! Errors in a space, a genotype or a weight table.

use thiserror::Error;

use crate::Shape;
use crate::text::suggestion;

/// The reason for which a value could not be made, read or lowered.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A shape that is not written as `CxHxW` with positive numbers.
    #[error("expected a shape such as 3x32x32, found `{found}`")]
    ShapeText {
        /// The text.
        found: String,
    },
    /// A layer that cannot take its input.
    #[error("layer {layer} needs {expected}, found an input of {found}")]
    LayerInput {
        /// Name of the layer.
        layer: String,
        /// The input that it needs.
        expected: String,
        /// The input's shape.
        found: Shape,
    },
    /// A stage that makes no sense in its place.
    #[error("stage {position}: {reason}")]
    Stage {
        /// Position in the recipe.
        position: usize,
        /// The reason.
        reason: String,
    },
    /// An operation set without operations.
    #[error("operation set `{set}` is empty: at least one operation is needed")]
    EmptyOpSet {
        /// Name of the set.
        set: String,
    },
    /// Two operations of one name.
    #[error("operation set `{set}` has operation `{op}` twice")]
    DuplicateOp {
        /// Name of the set.
        set: String,
        /// Name of the operation.
        op: String,
    },
    /// An operation name that text forms could not carry.
    #[error("operation name `{op}` must be letters, digits, `_`, `-` or `+`")]
    OpName {
        /// The name.
        op: String,
    },
    /// A stage of an operation with a number out of range.
    #[error("operation `{op}`, stage {position}: {reason}")]
    OpStage {
        /// Name of the operation.
        op: String,
        /// Position of the stage.
        position: usize,
        /// The reason.
        reason: String,
    },
    /// An operation set that is not built in.
    #[error("unknown operation set `{found}`; {}", suggestion(found, known))]
    UnknownOpSet {
        /// The name.
        found: String,
        /// Built-in names.
        known: Vec<String>,
    },
    /// An operation that the set does not have.
    #[error("unknown operation `{op}`; {}", suggestion(op, known))]
    UnknownOp {
        /// The name.
        op: String,
        /// Known names.
        known: Vec<String>,
    },
    /// A cell with too few or too many nodes.
    #[error("a cell has 1 to {most} inputs and nodes, found {inputs} inputs and {nodes} nodes")]
    CellSize {
        /// Inputs found.
        inputs: usize,
        /// Nodes found.
        nodes: usize,
        /// Most allowed of each.
        most: usize,
    },
    /// An edge that is repeated or does not lead from a lower to a higher node.
    #[error(
        "edge {from}->{to} is repeated or does not lead from a lower node to one of nodes \
         {inputs}..{}", inputs + nodes
    )]
    CellEdge {
        /// Source.
        from: usize,
        /// Target.
        to: usize,
        /// Inputs of the cell.
        inputs: usize,
        /// Own nodes of the cell.
        nodes: usize,
    },
    /// A node that no edge reaches.
    #[error("node {node} has no incoming edge")]
    NodeWithoutInput {
        /// The node.
        node: usize,
    },
    /// An output list that is empty, repeats a node or names an unknown one.
    #[error("concat must list distinct nodes among {first}..{end}, found {found:?}")]
    Concat {
        /// The list.
        found: Vec<usize>,
        /// First allowed node.
        first: usize,
        /// End of the allowed nodes.
        end: usize,
    },
    /// A residual cell that halves the plane: its input cannot be added to its nodes.
    #[error("a residual cell adds its input to its nodes and cannot be a reduction")]
    ResidualReduction,
    /// A placement that cannot stand.
    #[error("placement {index}: {reason}")]
    Placement {
        /// Index of the placement.
        index: usize,
        /// The reason.
        reason: String,
    },
    /// A network without cells, or with too many.
    #[error("a network has 1 to {most} cells, found {found}")]
    NetworkSize {
        /// Cells found.
        found: usize,
        /// Most allowed.
        most: usize,
    },
    /// A head that reads a source that does not exist.
    #[error("the head reads {found}, which the network does not have")]
    HeadSource {
        /// The source that it reads.
        found: String,
    },
    /// A stem without layers.
    #[error("a stem needs at least one part, and every part at least one stage")]
    Stem,
    /// A cell name that is empty or repeated.
    #[error("cell name `{found}` is empty or repeated")]
    CellName {
        /// The name.
        found: String,
    },
    /// A placement of a cell that does not exist.
    #[error("placement {placement} uses cell {found}, but there are {cells} cells")]
    CellIndex {
        /// Index of the placement.
        placement: usize,
        /// The cell it names.
        found: usize,
        /// Cells there are.
        cells: usize,
    },
    /// A placement whose ports do not fit its cell.
    #[error("placement {placement} has {found} ports, its cell {expected} inputs")]
    Ports {
        /// Index of the placement.
        placement: usize,
        /// Inputs of the cell.
        expected: usize,
        /// Ports of the placement.
        found: usize,
    },
    /// A text form of another version.
    #[error("{what} of version {found} cannot be read: this program knows version {known}")]
    Version {
        /// The kind of text.
        what: &'static str,
        /// Its version.
        found: u32,
        /// The version this crate writes.
        known: u32,
    },
    /// A row of weights of the wrong length.
    #[error("cell `{cell}`, row {row}: expected {expected} weights, found {found}")]
    WeightRow {
        /// Name of the cell.
        cell: String,
        /// Row in the cell's edge order.
        row: usize,
        /// Weights expected.
        expected: usize,
        /// Weights found.
        found: usize,
    },
    /// A weight that is not finite.
    #[error("cell `{cell}`, row {row}, column {column}: weight {found} is not finite")]
    Weight {
        /// Name of the cell.
        cell: String,
        /// Row in the cell's edge order.
        row: usize,
        /// Column.
        column: usize,
        /// The weight.
        found: f64,
    },
    /// Two values that belong together differ.
    #[error("{place}: expected {expected}, found {found}")]
    Mismatch {
        /// The place of the difference.
        place: String,
        /// The expected value.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A gene that leads nowhere.
    #[error(
        "cell `{cell}`, gene {index} (`{gene}`) does not lead from a lower to a higher own node"
    )]
    Gene {
        /// Name of the cell.
        cell: String,
        /// Position of the gene.
        index: usize,
        /// The gene.
        gene: String,
    },
    /// An output list that names a node nothing is computed for.
    #[error("cell `{cell}`: concat names node {node}, which has no genes")]
    OutputWithoutGenes {
        /// Name of the cell.
        cell: String,
        /// The node.
        node: usize,
    },
    /// A cell without any output node.
    #[error("cell `{cell}` has no node with a gene in its output")]
    EmptyCell {
        /// Name of the cell.
        cell: String,
    },
    /// A layout that does not fit its cells.
    #[error("genotype layout: {reason}")]
    Layout {
        /// The reason.
        reason: String,
    },
    /// A genotype that has no chain of that length.
    #[error("the genotype stands in {}, not in a chain of {found} cells",
        match expected { Some(n) => format!("a chain of {n} cells"), None => "its own space".into() })]
    Layers {
        /// Length it was made for, if any.
        expected: Option<usize>,
        /// Length asked for.
        found: usize,
    },
    /// A reduction cell beyond the end of its chain, or named twice.
    #[error("reductions must be distinct and below {layers}, the number of cells, found {found}")]
    Reductions {
        /// Cells of the chain.
        layers: usize,
        /// The position.
        found: usize,
    },
    /// Larger networks cannot be derived from so few cells.
    #[error("{layers} layers cannot be derived from {cells} cells: a third of them is empty")]
    Derivation {
        /// Searched cells.
        cells: usize,
        /// Layers asked for.
        layers: usize,
    },
    /// A place of a blueprint whose shapes do not fit.
    #[error("{place}: {source}")]
    At {
        /// Cell, edge and operation.
        place: String,
        /// The error at this place.
        #[source]
        source: Box<SpaceError>,
    },
    /// Images that cannot be halved as often as the network halves them.
    #[error(
        "images of {height}x{width} cannot be halved {times} times; sides that are multiples of \
         {multiple} can, such as {}x{} ({place})",
        height.next_multiple_of(*multiple), width.next_multiple_of(*multiple)
    )]
    Halvings {
        /// Rows of the image.
        height: usize,
        /// Columns of the image.
        width: usize,
        /// The number of times that the network halves its images.
        times: usize,
        /// Sides that are multiples of this can be halved so often.
        multiple: usize,
        /// Cell, edge and operation that found an odd side.
        place: String,
    },
    /// A count of parameters, multiply-adds or activations beyond 64 bits.
    #[error("the network is too large: its {what} do not fit into 64 bits")]
    Uncountable {
        /// The quantity.
        what: &'static str,
    },
    /// Values of different shapes that meet in a node or port.
    #[error("{place}: expected shape {expected}, found {found}")]
    Meeting {
        /// The node or port where they meet.
        place: String,
        /// Shape of the first.
        expected: Shape,
        /// Shape of the other.
        found: Shape,
    },
    /// A probability of dropout that is none.
    #[error("dropout: expected a probability of at least 0 and less than 1, found {found}")]
    Dropout {
        /// The number.
        found: String,
    },
    /// Pyramids before a head that pools.
    #[error("expected a head per pixel for pyramids of the rates {found:?}, found one that pools")]
    Pyramids {
        /// The rates.
        found: Vec<usize>,
    },
    /// Hidden layers for a head that has none.
    #[error("hidden layers ({found}): expected a head that pools, found one per pixel")]
    HiddenLayers {
        /// Their widths.
        found: String,
    },
    /// A number of a build that is out of range.
    #[error("{what} must be 1 to {most}, found {found}")]
    Range {
        /// The name of the number.
        what: &'static str,
        /// Most allowed.
        most: usize,
        /// The number.
        found: usize,
    },
    /// An edge whose channels cannot be split for partial channel connections.
    #[error("partial channels need a multiple of {groups} channels, found {found}")]
    PartialChannels {
        /// K: one in so many channels goes through the operations.
        groups: usize,
        /// Channels of the edge.
        found: usize,
    },
    /// Partial channels in a derived network, which has none.
    #[error("a derived network has no partial channels: expected a K of 1, found {found}")]
    PartialDerived {
        /// K found.
        found: usize,
    },
    /// A genotype that is not built in.
    #[error("unknown genotype `{found}`; {}", suggestion(found, known))]
    UnknownGenotype {
        /// The name.
        found: String,
        /// Published names.
        known: Vec<String>,
    },
    /// A place of the Python text form that cannot be read.
    #[error("line {line}, column {column}: expected {expected}, found {found}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The text that could stand there.
        expected: String,
        /// The text that stands there.
        found: String,
    },
    /// A genotype that the Python text form cannot express.
    #[error("the genotype has no text form: {reason}")]
    NoTextForm {
        /// The reason.
        reason: String,
    },
    /// A place of a JSON text that cannot be read.
    #[error("JSON, line {line}, column {column}: {message}")]
    Json {
        /// Line, from 1; 0 when a value could not be written.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The message of the JSON reader.
        message: String,
    },
    /// A place of a RON text that cannot be read.
    #[error("RON, line {line}, column {column}: {message}")]
    Ron {
        /// Line, from 1; 0 when a value could not be written.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The message of the RON reader.
        message: String,
    },
    /// A gene on an edge that its cell does not have.
    #[error("cell `{cell}`, gene {index} (`{gene}`): the space has no such edge")]
    UnknownEdge {
        /// Name of the cell.
        cell: String,
        /// Position of the gene.
        index: usize,
        /// The gene.
        gene: String,
    },
    /// A selection of links that cannot be made.
    #[error(
        "placement {placement}, port {port}: expected distinct positions among {links} links, \
         found {found:?}"
    )]
    Links {
        /// Index of the placement.
        placement: usize,
        /// The port.
        port: usize,
        /// Links there are.
        links: usize,
        /// The selection.
        found: Vec<usize>,
    },
    /// Links of a port that has nothing to choose, or is named out of order.
    #[error(
        "placement {placement}, port {port}: expected the ports that choose among links, in the \
         network's order"
    )]
    NoChoice {
        /// Index of the placement.
        placement: usize,
        /// The port.
        port: usize,
    },
    /// A selection of a head's sources that cannot be made.
    #[error(
        "head: expected ascending positions{}, found {found:?}",
        sources.map_or_else(String::new, |sources| format!(" among {sources} sources"))
    )]
    HeadLinks {
        /// The number of sources; `None` where the network is not known.
        sources: Option<usize>,
        /// The selection.
        found: Vec<usize>,
    },
    /// An operation without a score.
    #[error("operation `{op}` has no score; {}", suggestion(op, known))]
    NoScore {
        /// The operation.
        op: String,
        /// Operations that have one.
        known: Vec<String>,
    },
    /// A score that is not a weight.
    #[error("the score of operation `{op}` must be a finite number above 0, found {found}")]
    Score {
        /// The operation.
        op: String,
        /// The score.
        found: f64,
    },
    /// Scores without any operation.
    #[error("expected the score of at least one operation, found no operation")]
    NoScores,
    /// A network whose head has other outputs than those asked for.
    #[error("{place}: expected {expected}, found {found} as `Build::outputs`")]
    Outputs {
        /// The name of the head.
        place: &'static str,
        /// The outputs of this kind of head.
        expected: crate::Outputs,
        /// The outputs that are asked for.
        found: crate::Outputs,
    },
    /// A node of a graph that cannot stand.
    #[error("node `{node}`: expected {expected}, found {found}")]
    Node {
        /// Name of the node.
        node: String,
        /// The expectation.
        expected: String,
        /// The finding.
        found: String,
    },
    /// A setting of a baseline that is out of range.
    #[error("baseline `{baseline}`, {field}: expected {expected}, found {found}")]
    Baseline {
        /// Name of the baseline.
        baseline: &'static str,
        /// The setting.
        field: &'static str,
        /// The allowed values.
        expected: String,
        /// The value.
        found: String,
    },
    /// A baseline for outputs of another kind.
    #[error(
        "{baseline} needs a task whose networks put out {expected}, found {found}; baselines that \
         fit are {}", fitting.join(", ")
    )]
    BaselineOutputs {
        /// Name of the baseline.
        baseline: &'static str,
        /// The outputs that it has.
        expected: &'static str,
        /// The outputs that are asked for.
        found: crate::Outputs,
        /// Names of baselines that have such outputs.
        fitting: Vec<&'static str>,
    },
    /// Facts about data of which no plan can be made.
    #[error("{what}: expected {expected}, found {found}")]
    Facts {
        /// The fact.
        what: &'static str,
        /// The expectation.
        expected: String,
        /// The finding.
        found: String,
    },
    /// A network that still leaves a choice of links.
    #[error("placement {placement}, port {port} still chooses among {links} links")]
    OpenChoice {
        /// Index of the placement.
        placement: usize,
        /// The port.
        port: usize,
        /// Links it chooses among.
        links: usize,
    },
}

impl SpaceError {
    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        Self::At { place: place.into(), source: Box::new(self) }
    }
}
