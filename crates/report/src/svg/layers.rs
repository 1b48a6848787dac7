//! Layers: boxes, labels and bends of edges, each in one column, edges between neighbouring
//! columns.

use dartloom_space::{DrawnEdge, DrawnPart, EdgeLabel};

/// Something that takes room in a column.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) rank: usize,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Distance of its text from its middle: beside numbers of ports.
    pub(super) shift: f64,
    /// Items of the column before that an edge connects it with, once per edge.
    pub(super) left: Vec<usize>,
    /// Those of the column behind.
    pub(super) right: Vec<usize>,
}

/// The kind of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The node of that position.
    Node(usize),
    /// The operation of the edge of that position.
    Label(usize),
    /// The place where an edge passes a column.
    Bend,
}

/// The items of a part, the way of every edge and the columns.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub(super) items: Vec<Item>,
    /// Items that each edge passes, its ends included.
    pub(super) ways: Vec<Vec<usize>>,
    /// Items of each column, from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    /// Room at a box for each edge that ends there.
    pub(super) end: f64,
    /// `true` where labels have a second line, for weights.
    weighed: bool,
}

/// Height of a line of text.
pub(super) const LINE: f64 = 18.0;
/// Room that a passing edge needs.
const BEND: f64 = 8.0;
/// Room at a box for each edge that ends there, and for one with a number.
const END: f64 = 6.0;
const NUMBERED_END: f64 = 11.0;
const WEIGHED_END: f64 = 9.0;
/// Room for the number of a port.
const PORT: f64 = 10.0;

/// Room for a weight and a margin.
const WEIGHT: f64 = 96.0;

/// Width of a text in a font of that size, about.
fn width(text: &str, size: f64) -> f64 {
    let letters = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    letters as f64 * size * 0.6
}

impl Layers {
    /// The items of a part; columns have them in the order in which they came. Labels have a
    /// second line where there are weights.
    pub(super) fn of(part: &DrawnPart, weighed: bool) -> Self {
        let ranks = ranks(part);
        let numbered = |edge: &DrawnEdge| matches!(edge.label, Some(EdgeLabel::Port(_)));
        let end = match part.edges.iter().any(numbered) {
            true => NUMBERED_END,
            // Heavy edges are wide.
            false if weighed => WEIGHED_END,
            false => END,
        };
        let items = part.nodes.iter().zip(&ranks).enumerate().map(|(index, (node, &rank))| {
            let ends = |end: fn(&DrawnEdge) -> usize| {
                part.edges.iter().filter(|edge| end(edge) == index).count()
            };
            let most = ends(|edge| edge.from).max(ends(|edge| edge.to));
            let lines = node.label.lines().count().max(1);
            let ports = part.edges.iter().any(|edge| edge.to == index && numbered(edge));
            let room = if ports { PORT } else { 0.0 };
            Item {
                kind: Kind::Node(index),
                rank,
                width: width(&node.label, 14.0) + 24.0 + room,
                height: (lines as f64 * LINE + 16.0).max(most as f64 * end + 8.0),
                shift: room / 2.0,
                left: Vec::new(),
                right: Vec::new(),
            }
        });
        let items = items.collect();
        let mut layers = Self { items, ways: Vec::new(), columns: Vec::new(), end, weighed };
        let last = ranks.iter().copied().max().unwrap_or(0);
        let mut load = vec![0.0; last + 1];
        for item in &layers.items {
            load[item.rank] += item.height;
        }
        // Short edges have no choice where their labels stand, so they come first.
        let mut order: Vec<usize> = (0..part.edges.len()).collect();
        let span = |edge: usize| ranks[part.edges[edge].to] - ranks[part.edges[edge].from];
        order.sort_by_key(|&edge| span(edge));
        layers.ways = vec![Vec::new(); part.edges.len()];
        for edge in order {
            layers.ways[edge] = layers.way(part, edge, &mut load);
        }
        layers.columns = vec![Vec::new(); last + 1];
        for (index, item) in layers.items.iter().enumerate() {
            layers.columns[item.rank].push(index);
        }
        layers
    }

    fn label_width(&self, op: &str) -> f64 {
        let least = if self.weighed { WEIGHT } else { 0.0 };
        (width(op, 13.0) + 12.0).max(least)
    }

    fn label_height(&self) -> f64 {
        if self.weighed { 2.0 * LINE } else { LINE + 4.0 }
    }

    /// Adds what stands on the way of an edge.
    fn way(&mut self, part: &DrawnPart, edge: usize, load: &mut [f64]) -> Vec<usize> {
        let from = part.edges[edge].from;
        let to = part.edges[edge].to;
        let between = self.items[from].rank + 1..self.items[to].rank;
        let label = match &part.edges[edge].label {
            Some(EdgeLabel::Op(op)) => least_laden(between.clone(), load).map(|rank| (rank, op)),
            _ => None,
        };
        let mut way = vec![from];
        for rank in between {
            let (kind, width, height) = match label {
                Some((own, op)) if own == rank => {
                    (Kind::Label(edge), self.label_width(op), self.label_height())
                }
                _ => (Kind::Bend, 0.0, BEND),
            };
            load[rank] += height;
            way.push(self.items.len());
            let shift = 0.0;
            self.items.push(Item { kind, rank, width, height, shift, left: vec![], right: vec![] });
        }
        way.push(to);
        for pair in way.windows(2) {
            self.items[pair[0]].right.push(pair[1]);
            self.items[pair[1]].left.push(pair[0]);
        }
        way
    }
}

/// The column with most room, of equal ones that nearest to the middle.
fn least_laden(between: std::ops::Range<usize>, load: &[f64]) -> Option<usize> {
    let middle = between.start + between.end;
    between.min_by(|&a, &b| {
        let far = |rank: usize| (2 * rank + 1).abs_diff(middle);
        load[a].total_cmp(&load[b]).then(far(a).cmp(&far(b)))
    })
}

/// The column of every node: behind all that lead to it, with a column between where operations
/// are to be written.
fn ranks(part: &DrawnPart) -> Vec<usize> {
    let labelled = part.edges.iter().any(|edge| matches!(edge.label, Some(EdgeLabel::Op(_))));
    let step = if labelled { 2 } else { 1 };
    let mut ranks = vec![0; part.nodes.len()];
    // The longest way has fewer edges than there are nodes.
    for _ in 0..part.nodes.len() {
        let mut changed = false;
        for edge in &part.edges {
            let least = ranks[edge.from] + step;
            if ranks[edge.to] < least {
                ranks[edge.to] = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // What nothing leads to moves to its first reader.
    for node in 0..ranks.len() {
        let readers = part.edges.iter().filter(|edge| edge.from == node);
        let first = readers.map(|edge| ranks[edge.to]).min();
        if part.edges.iter().all(|edge| edge.to != node) {
            ranks[node] = first.map_or(ranks[node], |first| first - step);
        }
    }
    ranks
}
