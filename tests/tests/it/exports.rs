//! The table of what exports, in `docs/onnx.md`, is that of the cases.

use std::fmt::Write as _;
use std::path::Path;

use dartloom_tests::onnx::{Case, ExportCaseError, cases};

/// The line behind which the table stands.
const MARK: &str = "<!-- The rest is written by the test `exports`. -->\n";

fn row(table: &mut String, case: &Case) {
    let models = case.models.iter().map(|(what, _)| if what.is_empty() { "yes" } else { what });
    let models = models.collect::<Vec<_>>().join(", ");
    writeln!(table, "| {} | {} | {models} |", case.kind, case.name).unwrap();
}

#[test]
fn the_table_says_what_exports() {
    let mut table = "\n| kind | of | exports |\n| --- | --- | --- |\n".to_owned();
    cases(&mut |case| {
        row(&mut table, &case);
        Ok::<(), ExportCaseError>(())
    })
    .unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/onnx.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (_, found) = text.split_once(MARK).unwrap();
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx-table.md");
    std::fs::write(&fresh, &table).unwrap();
    assert!(found == table, "{} is stale: put {} into it", page.display(), fresh.display());
}
