//! The times of a run.

use dartloom_record::Where;
use serde::Serialize;

use super::names::Names;
use super::told::Told;

/// A part of a run in time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Its place.
    pub place: Where,
    /// The place in words.
    pub what: String,
    /// Seconds from the first event of the run to its beginning.
    pub begin: f64,
    /// Seconds from the first event of the run to its end.
    pub end: f64,
    /// `true` if it is complete.
    pub complete: bool,
}

/// The parts of a run, in order; candidates are in the parts that they belong to. Empty where the
/// events have no times.
pub(crate) fn timeline(told: &Told, names: &Names) -> Vec<Span> {
    let Some([origin, _]) = told.clock else { return Vec::new() };
    let mut spans: Vec<Span> = Vec::new();
    for (place, phase) in &told.phases {
        let whole = Where { candidate: None, ..place.clone() };
        for &[begin, end] in &phase.spans {
            let begin = begin - origin;
            let end = end - origin;
            let complete = phase.end.is_some() && place.candidate.is_none();
            match spans.iter_mut().rfind(|span| span.place == whole) {
                // Random search has events of its candidates, and one of its own at the end.
                Some(span) if place.candidate.is_some() || phase.length == 0 => {
                    span.begin = span.begin.min(begin);
                    span.end = span.end.max(end);
                    span.complete |= complete;
                }
                _ => spans.push(Span {
                    what: names.place(&whole),
                    place: whole.clone(),
                    begin,
                    end,
                    complete,
                }),
            }
        }
    }
    spans.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    spans
}
