//! Rows of a table, with columns that may have gaps.

use std::io::Read;
use std::path::Path;

use dartloom::search::explore::ExploreError;
use dartloom::space::Genotype;

use crate::error::CliError;
use crate::input;
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
    parse(path, input::table(path)?, space, columns)
}

fn parse(
    path: &Path,
    source: impl Read,
    space: Benchmark,
    columns: &[String],
) -> Result<Vec<Row>, CliError> {
    let refused = |error| CliError::content(path, error);
    let broken = |source| refused(ExploreError::Csv { source });
    let mut reader = csv::Reader::from_reader(source);
    let header = reader.headers().map_err(broken)?.clone();
    let find = |column: &str| {
        let place = header.iter().position(|known| known == column);
        let known = || header.iter().map(str::to_owned).collect();
        let missing = || ExploreError::NoColumn { column: column.to_owned(), known: known() };
        place.ok_or_else(|| refused(missing()))
    };
    let architecture = find(ARCHITECTURE)?;
    let places = columns.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let (column, name) = (architecture + 1, ARCHITECTURE.to_owned());
        let text = record.get(architecture).unwrap_or_default();
        let genotype = space.parse(text);
        let genotype = genotype
            .map_err(|source| ExploreError::Architecture { line, column, name, source })
            .map_err(refused)?;
        let value = |&place: &usize| {
            let number = record.get(place).and_then(|text| text.parse().ok());
            number.filter(|value: &f64| value.is_finite())
        };
        rows.push(Row { genotype, values: places.iter().map(value).collect() });
    }
    if rows.is_empty() { Err(refused(ExploreError::NoRows)) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, columns: &[&str]) -> Result<Vec<Row>, CliError> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        parse(Path::new("some.csv"), text.as_bytes(), Benchmark::NasbenchMacro, &columns)
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
        assert_eq!(error("arch,b\n"), "some.csv: table: no column `a`; columns are arch, b");
        let expected = "some.csv: table, line 3, column 2 (`arch`): line 1, column 8: expected";
        assert!(error("a,arch\n1,01221000\n2,0122100\n").starts_with(expected));
        assert!(error("a,arch\n").contains("at least one architecture"));
        assert!(error("a,arch\n1\n").contains("line: 2"));
    }
}
