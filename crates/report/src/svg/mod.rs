//! Drawings as SVG.
//!
//! Nodes stand in columns, so that every edge leads to the right; an operation stands in a box of
//! its own on its edge. Edges pass columns as level lines and change their height between columns
//! alone, where no box stands: no line crosses a box. The time grows with the number of edges times
//! the columns they pass.

mod edge;
pub(crate) mod kind;
mod layers;
mod order;
mod place;

use std::cmp::Ordering;

use dartloom_space::{DrawnEdge, DrawnPart, EdgeLabel};

use kind::Operations;
use layers::{Item, Kind, LINE, Layers};
use place::Places;

/// Height of a title.
const TITLE: f64 = 28.0;
const MARGIN: f64 = 10.0;

/// The weight of an edge in a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weighed {
    /// The weight of its operation, 0 to 1: the width of the line.
    pub(crate) weight: f64,
    /// The weight by which its operation leads the next one on this edge; negative where it does
    /// not lead.
    pub(crate) margin: Option<f64>,
    /// `true` for a link that an architecture keeps, among others that it does not.
    pub(crate) kept: bool,
}

/// The weights of edges, by their position in the part.
pub(crate) type Weights<'a> = &'a dyn Fn(usize, &DrawnEdge) -> Option<Weighed>;

/// The drawing of one part under its title.
pub fn one(part: &DrawnPart) -> String {
    all(std::slice::from_ref(part))
}

/// The drawings of parts, each under its title, one below the other.
pub fn all(parts: &[DrawnPart]) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    let mut width = 0.0_f64;
    for part in parts {
        let canvas = Canvas::of(part, &|_, _| None);
        let baseline = y + TITLE - 10.0;
        let title = escaped(&part.title);
        body.push_str(&format!(
            "<text x=\"{MARGIN}\" y=\"{baseline:.1}\" font-size=\"18\" font-weight=\"bold\">{title}\
             </text>\n"
        ));
        y += TITLE;
        body.push_str(&format!("<g transform=\"translate({MARGIN},{y:.1})\">\n"));
        canvas.draw(&mut body);
        body.push_str("</g>\n");
        y += canvas.places.height + MARGIN;
        let title = part.title.chars().count() as f64 * 11.0;
        width = width.max(canvas.places.width).max(title);
    }
    let width = width + 2.0 * MARGIN;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         width=\"{width:.1}\" height=\"{y:.1}\" viewBox=\"0 0 {width:.1} {y:.1}\" \
         font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// The drawing of a part as a piece of a page, with a title and a description for those who do not
/// see it; its colours are those of the page.
pub(crate) fn inline(part: &DrawnPart, title: &str, weights: Weights<'_>) -> String {
    let canvas = Canvas::of(part, weights);
    let mut body = String::new();
    canvas.draw(&mut body);
    let width = canvas.places.width + 2.0 * MARGIN;
    let height = canvas.places.height + 2.0 * MARGIN;
    format!(
        "<svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"-{MARGIN} -{MARGIN} \
         {width:.1} {height:.1}\" role=\"img\"><title>{}</title><desc>{}</desc>{body}</svg>",
        escaped(title),
        escaped(&described(part))
    )
}

/// The edges of a part in words.
fn described(part: &DrawnPart) -> String {
    let one_line = |node: usize| part.nodes[node].label.replace('\n', ", ");
    let edges = part.edges.iter().map(|edge| {
        let by = match &edge.label {
            Some(EdgeLabel::Op(op)) => format!(" by {op}"),
            _ => String::new(),
        };
        format!("{} to {}{by}", one_line(edge.from), one_line(edge.to))
    });
    edges.collect::<Vec<_>>().join("; ")
}

/// A part whose items have their places.
struct Canvas<'a> {
    part: &'a DrawnPart,
    layers: Layers,
    places: Places,
    /// Half the width of each column.
    halves: Vec<f64>,
    operations: Operations,
    weighed: Vec<Option<Weighed>>,
    /// For each edge the number of those before it that lead straight between the same boxes.
    twins: Vec<usize>,
}

/// A place where an edge leaves or enters an item.
#[derive(Clone, Copy, Debug)]
struct Point {
    x: f64,
    y: f64,
}

impl<'a> Canvas<'a> {
    fn of(part: &'a DrawnPart, weights: Weights<'_>) -> Self {
        let edges = part.edges.iter().enumerate();
        let weighed: Vec<Option<Weighed>> =
            edges.map(|(index, edge)| weights(index, edge)).collect();
        let mut layers = Layers::of(part, weighed.iter().any(Option::is_some));
        order::order(&mut layers);
        let places = place::place(&layers);
        let half = |column: &Vec<usize>| {
            column.iter().map(|&item| layers.items[item].width / 2.0).fold(0.0, f64::max)
        };
        let halves = layers.columns.iter().map(half).collect();
        let ways = || layers.ways.iter();
        let twins = ways().enumerate().map(|(index, way)| {
            ways().take(index).filter(|other| way.len() == 2 && *other == way).count()
        });
        let twins = twins.collect();
        Self { part, layers, places, halves, operations: Operations::new(), weighed, twins }
    }

    fn draw(&self, out: &mut String) {
        for (index, (edge, way)) in self.part.edges.iter().zip(&self.layers.ways).enumerate() {
            self.edge(edge, way, index).draw(out);
        }
        for (index, item) in self.layers.items.iter().enumerate() {
            self.item(index, item, out);
        }
        for (index, (edge, way)) in self.part.edges.iter().zip(&self.layers.ways).enumerate() {
            if let (Some(EdgeLabel::Port(port)), [.., before, to]) = (&edge.label, &way[..]) {
                port_number(out, *port, self.entering(*to, *before, self.twins[index]));
            }
        }
    }

    fn item(&self, index: usize, item: &Item, out: &mut String) {
        let x = self.places.x[index];
        let y = self.places.y[index];
        let corner = Point { x: x - item.width / 2.0, y: y - item.height / 2.0 };
        match item.kind {
            Kind::Bend => {}
            Kind::Node(node) => {
                rectangle(out, corner, item, "class=\"dn\" fill=\"white\" stroke=\"black\"");
                let lines: Vec<&str> = self.part.nodes[node].label.lines().collect();
                texts(out, &lines, 14.0, Point { x: x + item.shift, y });
            }
            Kind::Label(edge) => {
                let Some(EdgeLabel::Op(op)) = &self.part.edges[edge].label else { return };
                let look = self.operations.kind(op).look();
                let attributes = format!(
                    "rx=\"{}\" class=\"dl {}\" fill=\"{}\" stroke=\"#4d5661\"{}",
                    look.corner,
                    look.class,
                    look.fill,
                    dashed(look.dashes)
                );
                rectangle(out, corner, item, &attributes);
                match self.weighed[edge].map(said) {
                    None => texts(out, &[op], 13.0, Point { x, y }),
                    Some(said) => {
                        texts(out, &[op], 13.0, Point { x, y: y - LINE * 0.4 });
                        texts(out, &[&said], 11.0, Point { x, y: y + LINE * 0.45 });
                    }
                }
            }
        }
    }

    /// The point at which an edge to `next` leaves an item, behind so many of its twins.
    fn leaving(&self, item: usize, next: usize, twin: usize) -> Point {
        let own = &self.layers.items[item];
        let y = self.places.y[item] + self.shift(&own.right, next, twin);
        Point { x: self.places.x[item] + self.half(item), y }
    }

    /// The point at which an edge from `before` enters an item, behind so many of its twins.
    fn entering(&self, item: usize, before: usize, twin: usize) -> Point {
        let own = &self.layers.items[item];
        let y = self.places.y[item] + self.shift(&own.left, before, twin);
        Point { x: self.places.x[item] - self.half(item), y }
    }

    /// Half the width of an item; a bend has none.
    fn half(&self, item: usize) -> f64 {
        self.layers.items[item].width / 2.0
    }

    /// Half the width of the column of an item.
    fn half_column(&self, item: usize) -> f64 {
        self.halves[self.layers.items[item].rank]
    }

    /// The distance from the middle of a box to the end of the edge to `other`: in the order of the
    /// other ends.
    fn shift(&self, others: &[usize], other: usize, twin: usize) -> f64 {
        let height = |item: usize| self.places.y[item];
        let own = height(other);
        let count = |side: Ordering| {
            others.iter().filter(|&&item| height(item).total_cmp(&own) == side).count()
        };
        let above = count(Ordering::Less);
        let level = count(Ordering::Equal);
        let same = others.iter().filter(|&&item| item == other).count();
        // Edges between the same boxes lie beside each other.
        let among = if same > 1 { twin as f64 } else { (level as f64 - 1.0) / 2.0 };
        let place = above as f64 + among;
        (place - (others.len() as f64 - 1.0) / 2.0) * self.layers.end
    }
}

/// The number of the port that an edge enters, inside the box.
fn port_number(out: &mut String, port: usize, Point { x, y }: Point) {
    out.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\">{port}</text>\n",
        x + 3.0,
        y + 3.5
    ));
}

/// The weight and the margin of an edge as text.
fn said(weighed: Weighed) -> String {
    let margin = weighed.margin.map(|margin| format!(" ({margin:+.3})"));
    format!("{:.3}{}", weighed.weight, margin.unwrap_or_default())
}

fn rectangle(out: &mut String, corner: Point, item: &Item, attributes: &str) {
    out.push_str(&format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" {attributes}/>\n",
        corner.x, corner.y, item.width, item.height
    ));
}

/// Lines of text around a point.
fn texts(out: &mut String, lines: &[&str], size: f64, Point { x, y }: Point) {
    let above = (lines.len() as f64 - 1.0) / 2.0;
    for (line, text) in lines.iter().enumerate() {
        let baseline = y + (line as f64 - above) * LINE + size * 0.35;
        out.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\" font-size=\"{size}\" text-anchor=\"middle\">{}\
             </text>\n",
            escaped(text)
        ));
    }
}

fn dashed(dashes: &str) -> String {
    if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") }
}

/// A text between tags or in quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no other control characters.
            letter if letter.is_control() && letter != '\n' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
