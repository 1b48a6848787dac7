//! Rows of a table, with columns that may have gaps.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use dartloom::search::explore::ExploreError;
use dartloom::space::Genotype;
use flate2::read::GzDecoder;

use crate::error::CliError;
use crate::score::Benchmark;

/// The column of architectures.
const ARCHITECTURE: &str = "arch";

/// An architecture and what some columns say of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) genotype: Genotype,
    /// `None` where the column is empty or has no finite number.
    pub(super) values: Vec<Option<f64>>,
}

/// The rows of a file, which is unpacked if its name ends in `.gz`.
pub(super) fn read(
    path: &Path,
    space: Benchmark,
    columns: &[String],
) -> Result<Vec<Row>, CliError> {
    let unread = |source| CliError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unread)?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let rows = if packed {
        parse(GzDecoder::new(file), space, columns)
    } else {
        parse(file, space, columns)
    };
    rows.map_err(|error| CliError::content(path, error))
}

fn parse(
    source: impl Read,
    space: Benchmark,
    columns: &[String],
) -> Result<Vec<Row>, ExploreError> {
    let mut reader = csv::Reader::from_reader(source);
    let header = reader.headers()?.clone();
    let find = |name: &str| {
        let known = || header.iter().map(str::to_owned).collect();
        let place = header.iter().position(|known| known == name);
        place.ok_or_else(|| ExploreError::NoColumn { column: name.to_owned(), known: known() })
    };
    let architecture = find(ARCHITECTURE)?;
    let places = columns.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(architecture).unwrap_or_default();
        let genotype = space.parse(text).map_err(|source| ExploreError::Architecture {
            line,
            column: architecture + 1,
            name: ARCHITECTURE.to_owned(),
            source,
        })?;
        let value = |&place: &usize| {
            let number = record.get(place).and_then(|text| text.parse().ok());
            number.filter(|value: &f64| value.is_finite())
        };
        rows.push(Row { genotype, values: places.iter().map(value).collect() });
    }
    if rows.is_empty() { Err(ExploreError::NoRows) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, columns: &[&str]) -> Result<Vec<Row>, ExploreError> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        parse(text.as_bytes(), Benchmark::NasbenchMacro, &columns)
    }

    #[test]
    fn gaps_are_no_numbers() {
        let text = "arch,a,b\n01221000,1.5,\n22222222,nan,-2\n";
        let rows = read(text, &["b", "a"]).unwrap();
        let values: Vec<_> = rows.into_iter().map(|row| row.values).collect();
        assert_eq!(values, [vec![None, Some(1.5)], vec![Some(-2.0), None]]);
    }

    #[test]
    fn damaged_tables_are_refused_where_they_are_wrong() {
        let error = |text: &str| read(text, &["a"]).unwrap_err().to_string();
        assert_eq!(error("arch,b\n"), "table: no column `a`; columns are arch, b");
        let expected = "table, line 3, column 2 (`arch`): line 1, column 8: expected";
        assert!(error("a,arch\n1,01221000\n2,0122100\n").starts_with(expected));
        assert!(error("a,arch\n").contains("at least one architecture"));
        assert!(error("a,arch\n1\n").contains("line: 2"));
    }
}
