//! CSV into a table, and into columns that may have gaps.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Read;

use dartloom_space::{Cost, Genotype, OpSet, SpaceError};

use super::super::{ExploreError, Key};
use super::sheet::{Record, Sheet, text};
use super::{Column, Measured, Row, Table, TableColumns};

impl Table {
    /// Reads a table with a header line. `parse` reads the architectures, for example
    /// [`nasbench201::parse`](dartloom_space::nasbench201::parse), and `ops` are the operations of
    /// their space. Spaces around fields and a byte order mark are ignored.
    ///
    /// # Errors
    /// [`ExploreError::Csv`] for a file that cannot be read, [`ExploreError::NoText`] for bytes
    /// that are not UTF-8, [`ExploreError::NoHeader`], [`ExploreError::NoColumn`],
    /// [`ExploreError::ColumnTwice`], [`ExploreError::Length`] for a row that is shorter or longer
    /// than the header, [`ExploreError::Field`] and [`ExploreError::Architecture`] with line and
    /// column, [`ExploreError::Twice`] with both lines, [`ExploreError::NoRows`].
    pub fn read(
        source: impl Read,
        columns: &TableColumns,
        ops: OpSet,
        parse: impl Fn(&str) -> Result<Genotype, SpaceError>,
    ) -> Result<Self, ExploreError> {
        let text = text(source)?;
        let mut sheet = Sheet::new(&text)?;
        let places = Places::of(&sheet, columns)?;
        let mut rows = BTreeMap::new();
        while let Some(record) = sheet.next()? {
            let genotype = record.architecture(&places.architecture, &parse)?;
            let row = places.row(&record)?;
            match rows.entry(Key::of(&genotype, &ops)) {
                Entry::Vacant(entry) => {
                    entry.insert(row);
                }
                Entry::Occupied(entry) => {
                    let line = record.line;
                    let first = entry.get().line;
                    return Err(ExploreError::Twice { line, first });
                }
            }
        }
        if rows.is_empty() { Err(ExploreError::NoRows) } else { Ok(Self { ops, rows }) }
    }
}

impl Measured {
    /// Reads the rows of a table in their order: the architecture of one column and the numbers of
    /// others, which may have gaps. `parse` and `ops` are as in [`Table::read`].
    ///
    /// # Errors
    /// As [`Table::read`]; an empty field and `nan` are gaps, anything else that is not a finite
    /// number is an [`ExploreError::Field`].
    pub fn read(
        source: impl Read,
        (architecture, columns): (&str, &[String]),
        ops: &OpSet,
        parse: impl Fn(&str) -> Result<Genotype, SpaceError>,
    ) -> Result<Vec<Self>, ExploreError> {
        let text = text(source)?;
        let mut sheet = Sheet::new(&text)?;
        let architecture = sheet.column(architecture)?;
        let places =
            columns.iter().map(|name| sheet.column(name)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        let mut lines = BTreeMap::new();
        while let Some(record) = sheet.next()? {
            let genotype = record.architecture(&architecture, &parse)?;
            if let Some(first) = lines.insert(Key::of(&genotype, ops), record.line) {
                return Err(ExploreError::Twice { line: record.line, first });
            }
            let values = places.iter().map(|place| record.number_or_gap(place));
            let values = values.collect::<Result<_, _>>()?;
            rows.push(Self { genotype, values, line: record.line });
        }
        if rows.is_empty() { Err(ExploreError::NoRows) } else { Ok(rows) }
    }
}

/// The places of the columns.
struct Places {
    architecture: Column,
    quality: Column,
    reported: Column,
    parameters: Option<Column>,
    macs: Option<Column>,
}

impl Places {
    fn of(sheet: &Sheet<'_>, columns: &TableColumns) -> Result<Self, ExploreError> {
        let find = |name: &String| sheet.column(name);
        Ok(Self {
            architecture: find(&columns.architecture)?,
            quality: find(&columns.quality)?,
            reported: find(&columns.reported)?,
            parameters: columns.parameters.as_ref().map(find).transpose()?,
            macs: columns.macs.as_ref().map(find).transpose()?,
        })
    }

    fn row(&self, record: &Record) -> Result<Row, ExploreError> {
        let count = |column: &Option<Column>| column.as_ref().map_or(Ok(0), |c| record.count(c));
        let parameters = count(&self.parameters)?;
        let macs = count(&self.macs)?;
        let cost = Cost { parameters, macs, ..Cost::default() };
        let quality = record.number(&self.quality)?;
        let reported = record.number(&self.reported)?;
        Ok(Row { quality, reported, cost, line: record.line })
    }
}
