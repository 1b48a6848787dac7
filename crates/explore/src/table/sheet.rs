//! The fields of a CSV text by line and column.

use std::io::Read;

use csv::StringRecord;
use dartloom_space::{Genotype, SpaceError};

use super::super::ExploreError;
use super::Column;

/// The whole text of a table, without a byte order mark.
pub(super) fn text(mut source: impl Read) -> Result<String, ExploreError> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(csv::Error::from)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let whole = error.as_bytes();
        let valid = error.utf8_error().valid_up_to();
        ExploreError::NoText { line: 1 + ends(&whole[..valid]) }
    })?;
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// A table that is read row by row.
pub(super) struct Sheet<'a> {
    reader: csv::Reader<&'a [u8]>,
    header: StringRecord,
    text: &'a [u8],
    /// The byte up to which lines have been counted, and their number.
    counted: (usize, u64),
}

/// A row with as many fields as the header.
pub(super) struct Record {
    /// Line in which it begins, from 1.
    pub(super) line: u64,
    fields: StringRecord,
}

impl<'a> Sheet<'a> {
    /// The table in `text`, whose first line names the columns.
    pub(super) fn new(text: &'a str) -> Result<Self, ExploreError> {
        let text = text.as_bytes();
        // Lengths are compared here, so that the line of a wrong one is right.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let header = reader.headers()?.iter().map(str::trim).collect::<StringRecord>();
        if header.iter().all(str::is_empty) {
            return Err(ExploreError::NoHeader);
        }
        Ok(Self { reader, header, text, counted: (0, 0) })
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Result<Column, ExploreError> {
        let mut places = self.header.iter().enumerate().filter(|(_, known)| *known == name);
        let Some((index, _)) = places.next() else {
            let known = self.header.iter().map(str::to_owned).collect();
            return Err(ExploreError::NoColumn { column: name.to_owned(), known });
        };
        match places.next() {
            None => Ok(Column { position: index + 1, name: name.to_owned() }),
            Some((second, _)) => {
                let first = index + 1;
                let second = second + 1;
                Err(ExploreError::ColumnTwice { column: name.to_owned(), first, second })
            }
        }
    }

    /// The next row; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Record>, ExploreError> {
        let mut fields = StringRecord::new();
        if !self.reader.read_record(&mut fields)? {
            return Ok(None);
        }
        let start = fields.position().map_or(0, csv::Position::byte);
        let line = self.line(usize::try_from(start).unwrap_or(usize::MAX));
        let expected = self.header.len();
        let found = fields.len();
        if found != expected {
            return Err(ExploreError::Length { line, expected, found });
        }
        Ok(Some(Record { line, fields }))
    }

    /// The line of the row read from byte `start` on. Before it stand lines without a field, and
    /// the second byte of the line end before it if that has two.
    fn line(&mut self, start: usize) -> u64 {
        let rest = self.text.get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (from, lines) = self.counted;
        let to = start.saturating_add(blank).min(self.text.len());
        let lines = lines + ends(self.text.get(from..to).unwrap_or_default());
        self.counted = (to, lines);
        lines + 1
    }
}

/// The number of line ends; an end of two bytes counts once.
fn ends(text: &[u8]) -> u64 {
    let next = text.iter().skip(1).map(Some).chain([None]);
    let end = |(byte, next): &(&u8, Option<&u8>)| match byte {
        b'\n' => true,
        b'\r' => *next != Some(&b'\n'),
        _ => false,
    };
    text.iter().zip(next).filter(end).count() as u64
}

impl Record {
    fn field(&self, column: &Column) -> &str {
        self.fields.get(column.position - 1).unwrap_or_default().trim()
    }

    /// The line in which a field begins: quoted fields before it may contain line ends.
    fn line_of(&self, column: &Column) -> u64 {
        let before = self.fields.iter().take(column.position - 1);
        self.line + before.map(|field| ends(field.as_bytes())).sum::<u64>()
    }

    /// Parses an architecture.
    pub(super) fn architecture(
        &self,
        column: &Column,
        parse: impl Fn(&str) -> Result<Genotype, SpaceError>,
    ) -> Result<Genotype, ExploreError> {
        parse(self.field(column)).map_err(|source| ExploreError::Architecture {
            line: self.line_of(column),
            column: column.position,
            name: column.name.clone(),
            source,
        })
    }

    /// Parses a finite number.
    pub(super) fn number(&self, column: &Column) -> Result<f64, ExploreError> {
        let number = self.field(column).parse().ok().filter(|value: &f64| value.is_finite());
        number.ok_or_else(|| self.refused(column, "a finite number"))
    }

    /// Parses a finite number; `None` for a field that is empty or `nan`.
    pub(super) fn number_or_gap(&self, column: &Column) -> Result<Option<f64>, ExploreError> {
        let expected = "a finite number, or nothing or `nan` where there is none";
        match self.field(column) {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_nan() => Ok(None),
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.refused(column, expected)),
            },
        }
    }

    /// Parses a whole number.
    pub(super) fn count(&self, column: &Column) -> Result<u64, ExploreError> {
        self.field(column).parse().map_err(|_| self.refused(column, "a whole number"))
    }

    fn refused(&self, column: &Column, expected: &'static str) -> ExploreError {
        let Column { position, name } = column.clone();
        let found = shown(self.field(column));
        ExploreError::Field { line: self.line_of(column), column: position, name, expected, found }
    }
}

/// A field as messages show it, shortened: an open quote makes everything behind it one field.
fn shown(field: &str) -> String {
    let first = field.lines().next().unwrap_or_default();
    let short: String = first.chars().take(MOST_SHOWN).collect();
    if short == field { short } else { short + "..." }
}

const MOST_SHOWN: usize = 60;
