//! Genotypes and their drawings, as a search finds them.

use dartloom_record::{RunLayout, Where};
use dartloom_space::Genotype;
use serde_json::Value;

use crate::drawn::DrawnFile;
use crate::error::ReportError;
use crate::svg;

/// The genotype as JSON, and each of its cells as DOT and SVG.
pub(crate) fn files(
    phase: &Where,
    epoch: usize,
    value: &Value,
) -> Result<Vec<DrawnFile>, ReportError> {
    let refuse =
        |error: serde_json::Error| ReportError::Genotype { epoch, found: error.to_string() };
    let name = format!("{}-epoch-{epoch:03}", file_name(phase));
    let text = serde_json::to_string_pretty(value).map_err(refuse)? + "\n";
    let mut files = vec![DrawnFile { name: format!("{}/{name}.json", RunLayout::GENOTYPES), text }];
    let genotype: Genotype = serde_json::from_value(value.clone()).map_err(refuse)?;
    for cell in genotype.drawing().parts {
        // Cell names are free text.
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let title: String = cell.title.chars().map(safe).collect();
        let place = format!("{}/{name}-{title}", RunLayout::CELLS);
        files.push(DrawnFile { name: format!("{place}.dot"), text: cell.to_dot() });
        files.push(DrawnFile { name: format!("{place}.svg"), text: svg::one(&cell) });
    }
    Ok(files)
}

/// A phase as part of a file's name.
pub(crate) fn file_name(phase: &Where) -> String {
    phase.to_string().replace([' ', '/'], "-")
}
