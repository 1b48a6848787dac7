//! CSV into a table.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Read;

use csv::StringRecord;
use dartloom_space::{Cost, Genotype, OpSet, SpaceError};

use super::super::{ExploreError, Key};
use super::{Column, Row, Table, TableColumns};

impl Table {
    /// Reads a table with a header line; `parse` reads the architectures, such as
    /// [`nasbench201::parse`](dartloom_space::nasbench201::parse), and `ops` are the operations of
    /// their space.
    ///
    /// # Errors
    /// [`ExploreError::Csv`] for what is no CSV (with its line, as lines of another length),
    /// [`ExploreError::NoColumn`], [`ExploreError::Field`] and [`ExploreError::Architecture`] with
    /// line and column, [`ExploreError::Twice`] with both lines, [`ExploreError::NoRows`].
    pub fn read(
        source: impl Read,
        columns: &TableColumns,
        ops: OpSet,
        parse: impl Fn(&str) -> Result<Genotype, SpaceError>,
    ) -> Result<Self, ExploreError> {
        let mut reader = csv::Reader::from_reader(source);
        let places = Places::of(reader.headers()?, columns)?;
        let mut rows = BTreeMap::new();
        let mut record = StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let genotype = places.architecture(&record, line, &parse)?;
            let row = places.row(&record, line)?;
            match rows.entry(Key::of(&genotype, &ops)) {
                Entry::Vacant(entry) => {
                    entry.insert(row);
                }
                Entry::Occupied(entry) => {
                    return Err(ExploreError::Twice { line, first: entry.get().line });
                }
            }
        }
        if rows.is_empty() { Err(ExploreError::NoRows) } else { Ok(Self { ops, rows }) }
    }
}

/// Where the columns stand.
struct Places {
    architecture: Column,
    quality: Column,
    reported: Column,
    parameters: Option<Column>,
    macs: Option<Column>,
}

impl Places {
    fn of(header: &StringRecord, columns: &TableColumns) -> Result<Self, ExploreError> {
        let find = |name: &String| {
            let position = header.iter().position(|known| known == name);
            let known = || header.iter().map(str::to_owned).collect();
            position
                .map(|index| Column { position: index + 1, name: name.clone() })
                .ok_or_else(|| ExploreError::NoColumn { column: name.clone(), known: known() })
        };
        Ok(Self {
            architecture: find(&columns.architecture)?,
            quality: find(&columns.quality)?,
            reported: find(&columns.reported)?,
            parameters: columns.parameters.as_ref().map(find).transpose()?,
            macs: columns.macs.as_ref().map(find).transpose()?,
        })
    }

    fn architecture(
        &self,
        record: &StringRecord,
        line: u64,
        parse: impl Fn(&str) -> Result<Genotype, SpaceError>,
    ) -> Result<Genotype, ExploreError> {
        let Column { position, name } = &self.architecture;
        parse(field(record, &self.architecture)).map_err(|source| ExploreError::Architecture {
            line,
            column: *position,
            name: name.clone(),
            source,
        })
    }

    fn row(&self, record: &StringRecord, line: u64) -> Result<Row, ExploreError> {
        let value = |column: &Column| {
            let text = field(record, column);
            let value = text.parse().ok().filter(|value: &f64| value.is_finite());
            value.ok_or_else(|| refused(record, line, column, "a finite number"))
        };
        let count = |column: &Option<Column>| match column {
            Some(column) => field(record, column)
                .parse()
                .map_err(|_| refused(record, line, column, "a whole number")),
            None => Ok(0),
        };
        let (parameters, macs) = (count(&self.parameters)?, count(&self.macs)?);
        let cost = Cost { parameters, macs, ..Cost::default() };
        Ok(Row { quality: value(&self.quality)?, reported: value(&self.reported)?, cost, line })
    }
}

/// All records are as long as the header, or the reader has refused them.
fn field<'a>(record: &'a StringRecord, column: &Column) -> &'a str {
    record.get(column.position - 1).unwrap_or_default()
}

fn refused(
    record: &StringRecord,
    line: u64,
    column: &Column,
    expected: &'static str,
) -> ExploreError {
    let Column { position, name } = column.clone();
    let found = field(record, column).to_owned();
    ExploreError::Field { line, column: position, name, expected, found }
}
