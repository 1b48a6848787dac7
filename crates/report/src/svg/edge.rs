//! The lines of edges: level within columns, curved between them.

use std::fmt::Write as _;

use dartloom_space::{DrawnEdge, Line};

use super::layers::Kind;
use super::{Canvas, Point, dashed};

/// A line from box to box, by way of the label of its operation.
pub(super) struct Drawn {
    /// Pieces between columns and within them.
    pub(super) pieces: Vec<Piece>,
    dashes: &'static str,
    width: f64,
    kept: bool,
}

/// A piece of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from: Point,
    pub(super) to: Point,
    /// `true` where a box is left.
    begins: bool,
}

/// Length of an arrow's head.
const HEAD: f64 = 7.0;

impl Canvas<'_> {
    /// The line of an edge.
    pub(super) fn edge(&self, edge: &DrawnEdge, way: &[usize], index: usize) -> Drawn {
        let weighed = self.weighed[index];
        let twin = self.twins[index];
        let dashes = match edge.line {
            Line::Solid => "",
            Line::Dashed => "6,4",
            Line::Dotted => "2,3",
        };
        let mut pieces = Vec::new();
        for pair in way.windows(2) {
            let from = pair[0];
            let to = pair[1];
            let begin = self.leaving(from, to, twin);
            let end = self.entering(to, from, twin);
            let is_box = self.layers.items[from].kind != Kind::Bend;
            // The column is left, and entered, as a level line.
            let left = Point { x: self.places.x[from] + self.half_column(from), y: begin.y };
            let right = Point { x: self.places.x[to] - self.half_column(to), y: end.y };
            pieces.push(Piece { from: begin, to: left, begins: is_box });
            pieces.push(Piece { from: left, to: right, begins: false });
            pieces.push(Piece { from: right, to: end, begins: false });
        }
        // From a line as thin as others to four times that.
        let width = weighed.map_or(1.0, |own| 1.0 + 3.0 * own.weight.clamp(0.0, 1.0));
        let kept = weighed.is_some_and(|own| own.kept);
        Drawn { pieces, dashes: if kept { "" } else { dashes }, width, kept }
    }
}

impl Drawn {
    pub(super) fn draw(&self, out: &mut String) {
        let mut path = String::new();
        let mut at = None;
        for Piece { from, to, begins } in &self.pieces {
            // Writing to a string cannot fail.
            if at.is_none() || *begins {
                let _ = write!(path, "M{:.1},{:.1}", from.x, from.y);
            }
            if (from.y - to.y).abs() < 0.05 {
                let _ = write!(path, "H{:.1}", to.x);
            } else {
                let middle = f64::midpoint(from.x, to.x);
                let _ = write!(
                    path,
                    "C{middle:.1},{:.1} {middle:.1},{:.1} {:.1},{:.1}",
                    from.y, to.y, to.x, to.y
                );
            }
            at = Some(to);
        }
        let [line, head, colour] =
            if self.kept { ["de kept", "da keptarrow", "#0060a8"] } else { ["de", "da", "black"] };
        out.push_str(&format!(
            "<path class=\"{line}\" d=\"{path}\" fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"{:.2}\"{}/>\n",
            self.width,
            dashed(self.dashes)
        ));
        if let Some(Point { x, y }) = at {
            let half = 3.0 + self.width / 2.0;
            out.push_str(&format!(
                "<path class=\"{head}\" fill=\"{colour}\" \
                 d=\"M{:.1},{:.1}L{x:.1},{y:.1}L{:.1},{:.1}z\"/>\n",
                x - HEAD,
                y - half,
                x - HEAD,
                y + half
            ));
        }
    }
}
