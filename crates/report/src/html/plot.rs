//! Plots of lines and points as inline SVG, with the colours of the page's style.
//!
//! Each line has a colour, a dash pattern and a mark of its own, so that it is known without
//! colour; the legend stands beside the picture, where it flows with the page.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::axis::Axis;

/// A plot.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    /// Ends of the values' axis; around the values where there are none.
    pub(super) range: Option<[f64; 2]>,
    /// The numbers of the horizontal axis.
    pub(super) numbers: Numbers,
    pub(super) lines: Vec<Line>,
}

/// The numbers of a horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Whole ones: epochs.
    Whole,
    /// Sizes, by their ratios where these are large.
    Sizes,
}

/// A line or a set of points.
pub(super) struct Line {
    pub(super) name: String,
    /// The position of its colour, pattern and mark.
    pub(super) kind: usize,
    /// Values by place; one that is not finite breaks the line.
    pub(super) points: Vec<[f64; 2]>,
    /// Place, least and most of a band around the line.
    pub(super) band: Vec<[f64; 3]>,
    /// `true` where points are joined.
    pub(super) joined: bool,
}

/// Kinds of lines that differ in colour, pattern or mark.
pub(super) const KINDS: usize = 8;

/// The sizes of a picture.
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    top: f64,
    bottom: f64,
    /// About so many numbers along an axis.
    ticks: usize,
    /// `true` where every point has its mark and axes have names.
    full: bool,
}

const RIGHT: f64 = 12.0;
const LARGE: Frame = Frame {
    width: 380.0,
    height: 230.0,
    left: 48.0,
    top: 24.0,
    bottom: 36.0,
    ticks: 5,
    full: true,
};
/// One of many: its lines are marked at their ends alone.
const SMALL: Frame = Frame {
    width: 210.0,
    height: 140.0,
    left: 32.0,
    top: 8.0,
    bottom: 22.0,
    ticks: 3,
    full: false,
};
/// More points than this have no marks of their own.
const MARKED: usize = 30;

impl Plot<'_> {
    /// The plot under its title, with a legend.
    pub(super) fn figure(&self) -> Markup {
        html! {
            figure.plot {
                figcaption { (self.title) }
                (self.legend())
                (PreEscaped(self.svg(&LARGE)))
            }
        }
    }

    /// The plot alone, small.
    pub(super) fn picture(&self) -> Markup {
        PreEscaped(self.svg(&SMALL))
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for line in &self.lines {
                    li { (sample(line.kind, line.joined)) " " (line.name) }
                }
            }
        }
    }

    fn svg(&self, frame: &Frame) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let bands = || self.lines.iter().flat_map(|line| &line.band);
        let places = points().map(|point| point[0]);
        let x = match self.numbers {
            Numbers::Whole => Axis::whole(places, frame.ticks + 1),
            Numbers::Sizes => Axis::sizes(places, frame.ticks),
        };
        let values = points().map(|point| point[1]);
        let y = match self.range {
            Some([least, most]) => Axis::between(least, most, frame.ticks),
            None => {
                Axis::of(values.chain(bands().flat_map(|band| [band[1], band[2]])), frame.ticks)
            }
        };
        let mut out = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" class=\"chart\"><title>{}</title>\
             <desc>{}</desc>",
            frame.width,
            frame.height,
            crate::svg::escaped(self.title),
            crate::svg::escaped(&self.described())
        );
        let place = Place { frame, x, y };
        place.axes(&mut out, [self.x, self.y]);
        for line in &self.lines {
            place.draw(&mut out, line);
        }
        out.push_str("</svg>");
        out
    }

    /// The lines in words: their first and last values.
    fn described(&self) -> String {
        let said = self.lines.iter().map(|line| {
            let finite = || line.points.iter().filter(|point| point[1].is_finite());
            match (finite().next(), finite().next_back()) {
                (Some(first), Some(last)) if line.joined => format!(
                    "{}: {} at {}, {} at {}",
                    line.name,
                    crate::page::short(first[1]),
                    crate::page::short(first[0]),
                    crate::page::short(last[1]),
                    crate::page::short(last[0])
                ),
                (Some(_), _) => format!("{}: {} points", line.name, finite().count()),
                _ => format!("{}: no finite value", line.name),
            }
        });
        format!("{} against {}. {}.", self.y, self.x, said.collect::<Vec<_>>().join("; "))
    }
}

/// A picture with its axes.
struct Place<'a> {
    frame: &'a Frame,
    x: Axis,
    y: Axis,
}

impl Place<'_> {
    fn across(&self, value: f64) -> f64 {
        let Frame { left, width, .. } = self.frame;
        left + self.x.share(value) * (width - left - RIGHT)
    }

    fn down(&self, value: f64) -> f64 {
        let Frame { height, top, bottom, .. } = self.frame;
        height - bottom - self.y.share(value) * (height - top - bottom)
    }

    /// Grid, numbers and names of the axes. Writing to a string cannot fail.
    fn axes(&self, out: &mut String, [below, beside]: [&str; 2]) {
        let left = self.frame.left;
        let right = self.frame.width - RIGHT;
        let bottom = self.frame.height - self.frame.bottom;
        for tick in &self.y.ticks {
            let at = self.down(*tick);
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{left},{at:.1}H{right}\"/><text class=\"tick\" \
                 x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 5.0,
                at + 4.0,
                self.y.text(*tick)
            );
        }
        for tick in &self.x.ticks {
            let at = self.across(*tick);
            let _ = write!(
                out,
                "<path class=\"axis\" d=\"M{at:.1},{bottom}v4\"/><text class=\"tick\" \
                 x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                self.x.text(*tick)
            );
        }
        let _ = write!(out, "<path class=\"axis\" d=\"M{left},{bottom}H{right}\"/>");
        if self.frame.full {
            let _ = write!(
                out,
                "<text class=\"name\" x=\"2\" y=\"13\">{}</text><text class=\"name\" \
                 x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                crate::svg::escaped(beside),
                self.frame.height - 4.0,
                crate::svg::escaped(below)
            );
        }
    }

    fn draw(&self, out: &mut String, line: &Line) {
        let kind = line.kind % KINDS;
        if line.band.len() > 1 {
            let mut path = String::new();
            for (index, [at, _, most]) in line.band.iter().enumerate() {
                let word = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{word}{:.1},{:.1}", self.across(*at), self.down(*most));
            }
            for [at, least, _] in line.band.iter().rev() {
                let _ = write!(path, "L{:.1},{:.1}", self.across(*at), self.down(*least));
            }
            let _ = write!(out, "<path class=\"band f{kind}\" d=\"{path}z\"/>");
        }
        if line.joined {
            let _ = write!(out, "<path class=\"line s{kind}\" d=\"{}\"/>", self.path(line));
        }
        let mut finite = line.points.iter().filter(|point| point[1].is_finite());
        let few = line.points.len() <= MARKED && self.frame.full;
        let marked: Vec<&[f64; 2]> = if !line.joined || few {
            finite.collect()
        } else {
            finite.next_back().into_iter().collect()
        };
        for [at, value] in marked {
            out.push_str(&mark(kind, [self.across(*at), self.down(*value)]));
        }
    }

    /// The way through the points that are finite, with gaps where they are not.
    fn path(&self, line: &Line) -> String {
        let mut path = String::new();
        let mut begun = false;
        for [at, value] in &line.points {
            if value.is_finite() {
                let word = if begun { 'L' } else { 'M' };
                let _ = write!(path, "{word}{:.1},{:.1}", self.across(*at), self.down(*value));
            }
            begun = value.is_finite();
        }
        path
    }
}

/// The mark of a kind: a circle, a square, a triangle or a diamond, full or empty.
pub(super) fn mark(kind: usize, [x, y]: [f64; 2]) -> String {
    let class = if kind % KINDS < KINDS / 2 { "f" } else { "e" };
    let kind = kind % KINDS;
    let shape = match kind % 4 {
        0 => {
            return format!(
                "<circle class=\"mark {class}{kind}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>"
            );
        }
        1 => "m-3,-3h6v6h-6z",
        2 => "m0,-4l4,7h-8z",
        _ => "m0,-4.3l4.3,4.3l-4.3,4.3l-4.3,-4.3z",
    };
    format!("<path class=\"mark {class}{kind}\" d=\"M{x:.1},{y:.1}{shape}\"/>")
}

/// A short piece of a line, for legends.
pub(super) fn sample(kind: usize, joined: bool) -> Markup {
    let kind = kind % KINDS;
    let line = if joined {
        format!("<path class=\"line s{kind}\" d=\"M1,7H27\"/>")
    } else {
        String::new()
    };
    let mark = mark(kind, [14.0, 7.0]);
    PreEscaped(format!(
        "<svg class=\"sample\" width=\"28\" height=\"14\" viewBox=\"0 0 28 14\" \
         aria-hidden=\"true\">{line}{mark}</svg>"
    ))
}
