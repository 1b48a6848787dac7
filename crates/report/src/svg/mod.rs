//! Drawings as SVG.
//!
//! Nodes stand in columns, so that every edge leads to the right; an operation stands in a box of
//! its own on its edge. The time grows with the number of edges times the columns they pass.

mod layers;
mod order;
mod place;

use std::cmp::Ordering;
use std::fmt::Write as _;

use dartloom_space::{DrawnEdge, DrawnPart, EdgeLabel, Line};

use layers::{Item, Kind, LINE, Layers};
use place::Places;

/// Height of a title.
const TITLE: f64 = 28.0;
const MARGIN: f64 = 10.0;

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
        let canvas = Canvas::of(part);
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
         <defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0,1 L10,5 L0,9 z\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// A part whose items have their places.
struct Canvas<'a> {
    part: &'a DrawnPart,
    layers: Layers,
    places: Places,
}

/// A place where an edge leaves or enters an item.
#[derive(Clone, Copy, Debug)]
struct Point {
    x: f64,
    y: f64,
}

impl<'a> Canvas<'a> {
    fn of(part: &'a DrawnPart) -> Self {
        let mut layers = Layers::of(part);
        order::order(&mut layers);
        let places = place::place(&layers);
        Self { part, layers, places }
    }

    fn draw(&self, out: &mut String) {
        for (edge, way) in self.part.edges.iter().zip(&self.layers.ways) {
            self.edge(edge, way, out);
        }
        for (index, item) in self.layers.items.iter().enumerate() {
            self.item(index, item, out);
        }
    }

    fn edge(&self, edge: &DrawnEdge, way: &[usize], out: &mut String) {
        let dashes = match edge.line {
            Line::Solid => "",
            Line::Dashed => " stroke-dasharray=\"6,4\"",
            Line::Dotted => " stroke-dasharray=\"2,3\"",
        };
        let mut path = String::new();
        let mut end = Point { x: 0.0, y: 0.0 };
        for (index, pair) in way.windows(2).enumerate() {
            let from = pair[0];
            let to = pair[1];
            let begin = self.leaving(from, to);
            end = self.entering(to, from);
            let middle = f64::midpoint(begin.x, end.x);
            let word = if index == 0 { "M" } else { "L" };
            // Writing to a string cannot fail.
            let _ = write!(
                path,
                "{word}{:.1},{:.1} C{middle:.1},{:.1} {middle:.1},{:.1} {:.1},{:.1} ",
                begin.x, begin.y, begin.y, end.y, end.x, end.y
            );
        }
        let path = path.trim_end();
        out.push_str(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"black\"{dashes} marker-end=\"url(#arrow)\"/>\n"
        ));
        if let Some(EdgeLabel::Port(port)) = edge.label {
            out.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"end\">{port}</text>\n",
                end.x - 9.0,
                end.y - 1.0
            ));
        }
    }

    fn item(&self, index: usize, item: &Item, out: &mut String) {
        let (text, size, colour) = match item.kind {
            Kind::Bend => return,
            Kind::Node(node) => (self.part.nodes[node].label.as_str(), 14.0, "black"),
            Kind::Label(edge) => match &self.part.edges[edge].label {
                Some(EdgeLabel::Op(op)) => (op.as_str(), 13.0, "lightgray"),
                _ => return,
            },
        };
        let x = self.places.x[index];
        let y = self.places.y[index];
        let left = x - item.width / 2.0;
        let top = y - item.height / 2.0;
        out.push_str(&format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"white\" \
             stroke=\"{colour}\"/>\n",
            item.width, item.height
        ));
        let lines: Vec<&str> = text.lines().collect();
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

    /// The point at which an edge to `next` leaves an item.
    fn leaving(&self, item: usize, next: usize) -> Point {
        let own = &self.layers.items[item];
        let y = self.places.y[item] + self.shift(&own.right, next);
        Point { x: self.places.x[item] + self.half(item), y }
    }

    /// The point at which an edge from `before` enters an item.
    fn entering(&self, item: usize, before: usize) -> Point {
        let own = &self.layers.items[item];
        let y = self.places.y[item] + self.shift(&own.left, before);
        Point { x: self.places.x[item] - self.half(item), y }
    }

    /// Half the width of an item; edges pass the whole column, so that no box is in their way.
    fn half(&self, item: usize) -> f64 {
        let own = &self.layers.items[item];
        if own.kind != Kind::Bend {
            return own.width / 2.0;
        }
        let column = self.layers.columns[own.rank].iter();
        column.map(|&item| self.layers.items[item].width).fold(0.0, f64::max) / 2.0
    }

    /// The distance from the middle of a box to the end of the edge to `other`: in the order of the
    /// other ends.
    fn shift(&self, others: &[usize], other: usize) -> f64 {
        let height = |item: usize| self.places.y[item];
        let own = height(other);
        let count = |side: Ordering| {
            others.iter().filter(|&&item| height(item).total_cmp(&own) == side).count()
        };
        let above = count(Ordering::Less);
        let level = count(Ordering::Equal);
        let place = above as f64 + (level as f64 - 1.0) / 2.0;
        (place - (others.len() as f64 - 1.0) / 2.0) * self.layers.end
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // XML has no other control characters.
            letter if letter.is_control() && letter != '\n' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
