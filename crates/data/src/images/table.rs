//! Tables of labels and values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ImageError;
use super::findings::{Finding, Subject};
use super::folder::PartFolder;
use super::layout::{Entry, Kind, Layout, Target};
use super::source::{Columns, TableFile};
use super::split::{FileSplit, Group, Part};

/// Columns that hold names of images, where none is named.
pub(super) const IMAGE_COLUMNS: [&str; 5] = ["file", "image", "filename", "path", "name"];

/// The rows of a CSV file.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) path: PathBuf,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Row {
    /// Line in the file, counted from 1.
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

impl Rows {
    /// Reads a file: a header and rows as long as it. A byte order mark is skipped.
    pub(super) fn read(path: &Path) -> Result<Self, Finding> {
        let refuse = |place: String, expected: &str, found: String| {
            let finding = Finding::error(Subject::Table).at(path).place(place);
            finding.expected(expected).found(found)
        };
        let bytes = std::fs::read(path)
            .map_err(|source| Finding::of(&ImageError::Read { path: path.to_owned(), source }))?;
        let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&bytes);
        if let Some(line) = not_text(bytes) {
            return Err(refuse(format!("line {line}"), "text in UTF-8", "other bytes".to_owned()));
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let refused = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let found = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} cells below {expected_len} columns")
                }
                _ => error.to_string(),
            };
            refuse(format!("line {line}"), "rows as long as the header", found)
        };
        let header: Vec<String> =
            reader.headers().map_err(refused)?.iter().map(str::to_owned).collect();
        let twice = (0..header.len()).find(|&at| header[..at].contains(&header[at]));
        if let Some(at) = twice {
            let found = format!("`{}` twice", header[at]);
            return Err(refuse("line 1".to_owned(), "columns of different names", found));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(refused)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
        }
        if rows.is_empty() {
            return Err(refuse("line 1".to_owned(), "a header and rows", "no row".to_owned()));
        }
        Ok(Self { path: path.to_owned(), header, rows })
    }

    /// The position of a column.
    fn column(&self, name: &str) -> Result<usize, Finding> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            let finding = Finding::error(Subject::Table).at(&self.path).place("line 1");
            let finding = finding.expected(format!("a column `{name}`"));
            let finding = finding.found(format!("the columns {}", self.header.join(", ")));
            finding.remedy("name one of these in `targets`")
        })
    }

    /// The position of the column with names of images.
    pub(super) fn image_column(&self, asked: Option<&str>) -> Result<usize, Finding> {
        if let Some(name) = asked {
            return self.column(name);
        }
        let known = IMAGE_COLUMNS.iter();
        let found = known.filter_map(|name| self.header.iter().position(|column| column == name));
        found.min().ok_or_else(|| {
            let finding = Finding::error(Subject::Table).at(&self.path).place("line 1");
            let finding = finding.expected("a column with the names of the images");
            let finding = finding.found(format!("the columns {}", self.header.join(", ")));
            finding.remedy("`image: \"COLUMN\"` in `targets: Table(..)` names it")
        })
    }

    fn cell(&self, row: &Row, column: usize, expected: &str) -> Finding {
        let finding = Finding::error(Subject::Table).at(&self.path);
        let name = &self.header[column];
        let finding = finding.place(format!("line {}, column `{name}`", row.line));
        finding.expected(expected).found(format!("`{}`", row.cells[column]))
    }
}

/// The first line with bytes that are no UTF-8.
fn not_text(bytes: &[u8]) -> Option<usize> {
    let error = std::str::from_utf8(bytes).err()?;
    let before = &bytes[..error.valid_up_to()];
    Some(1 + before.iter().filter(|&&byte| byte == b'\n').count())
}

/// The positions of the columns that are read.
#[derive(Debug)]
struct Wanted {
    image: usize,
    learn: Vec<usize>,
    group: Option<usize>,
}

impl Wanted {
    fn of(rows: &Rows, table: &TableFile, split: &FileSplit) -> Result<Self, Finding> {
        let image = rows.image_column(table.image.as_deref())?;
        let learn = match &table.learn {
            Columns::Class(name) => vec![rows.column(name)?],
            Columns::Labels(names) | Columns::Values(names) => {
                names.iter().map(|name| rows.column(name)).collect::<Result<_, _>>()?
            }
        };
        let group = match split {
            FileSplit::Random(split) => match &split.by {
                Group::Column(name) => Some(rows.column(name)?),
                _ => None,
            },
            _ => None,
        };
        Ok(Self { image, learn, group })
    }
}

/// The layout of a table in the folder of each part.
pub(super) fn read(
    folders: &[PartFolder],
    table: &TableFile,
    split: &FileSplit,
) -> Result<Layout, ImageError> {
    let mut layout = Layout::new(match &table.learn {
        Columns::Class(_) => Kind::Class,
        Columns::Labels(_) => Kind::Labels,
        Columns::Values(_) => Kind::Values,
    });
    if let Columns::Labels(names) | Columns::Values(names) = &table.learn {
        layout.names.clone_from(names);
    }
    let mut tables = Vec::new();
    for folder in folders {
        let read = Rows::read(&folder.folder.join(&table.file));
        let read = read.and_then(|rows| Ok((Wanted::of(&rows, table, split)?, rows)));
        match read {
            Ok((wanted, rows)) => tables.push(TableOfPart { folder, wanted, rows }),
            Err(finding) => layout.findings.push(finding),
        }
    }
    if layout.kind == Kind::Class {
        layout.names = class_names(&tables);
    }
    for table_of_part in &tables {
        table_of_part.entries(table, &mut layout);
    }
    Ok(layout)
}

/// The table of a part.
struct TableOfPart<'a> {
    folder: &'a PartFolder,
    wanted: Wanted,
    rows: Rows,
}

/// The classes of the training tables: numbers in their order, other names by letter.
fn class_names(tables: &[TableOfPart<'_>]) -> Vec<String> {
    let train = tables.iter().filter(|table| table.folder.part == Part::Train);
    let names = train.flat_map(|table| {
        let column = table.wanted.learn[0];
        table.rows.rows.iter().map(move |row| row.cells[column].clone())
    });
    let mut names: Vec<String> =
        names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>().into_iter().collect();
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    names
}

impl TableOfPart<'_> {
    /// Adds an entry for each row.
    fn entries(&self, table: &TableFile, layout: &mut Layout) {
        let mut lines: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.rows.rows {
            let name = row.cells[self.wanted.image].as_str();
            if let Some(first) = lines.insert(name, row.line) {
                let finding = self.rows.cell(row, self.wanted.image, "one row for each image");
                let finding = finding.found(format!("`{name}` in line {first}, too"));
                layout.findings.push(finding.remedy("remove one of the rows"));
                continue;
            }
            let image = match self.image(name, table) {
                Ok(image) => image,
                Err(tried) => {
                    let expected = format!("an image file, such as {}", tried.display());
                    let finding = self.rows.cell(row, self.wanted.image, &expected);
                    let finding = Finding { subject: Subject::Pair, ..finding };
                    layout.findings.push(finding.remedy("add the file, or remove the row"));
                    continue;
                }
            };
            match self.target(row, layout) {
                Ok(target) => layout.entries.push(Entry {
                    image,
                    target,
                    group: self.wanted.group.map(|column| row.cells[column].clone()),
                    part: self.folder.part,
                }),
                Err(finding) => layout.findings.push(finding),
            }
        }
    }

    /// The file of an image: in the table's folder of images, or beside the table.
    fn image(&self, name: &str, table: &TableFile) -> Result<PathBuf, PathBuf> {
        let first = self.folder.folder.join(&table.images).join(name);
        if name.is_empty() {
            return Err(first);
        }
        let beside = self.folder.folder.join(name);
        match () {
            () if first.exists() => Ok(first),
            () if beside.exists() => Ok(beside),
            () => Err(first),
        }
    }

    fn target(&self, row: &Row, layout: &Layout) -> Result<Target, Finding> {
        let cell = |column: usize| row.cells[column].as_str();
        let number = |&column: &usize| {
            let value = cell(column).parse::<f32>().ok().filter(|value| value.is_finite());
            value.ok_or_else(|| self.rows.cell(row, column, "a finite number"))
        };
        Ok(match layout.kind {
            Kind::Labels => {
                let label = |column: &usize| match number(column) {
                    Ok(value) if [0.0, 1.0].contains(&value) => Ok(value),
                    _ => Err(self.rows.cell(row, *column, "0 or 1")),
                };
                let labels = self.wanted.learn.iter().map(label);
                Target::Numbers(labels.collect::<Result<_, _>>()?)
            }
            Kind::Values => {
                let values = self.wanted.learn.iter().map(number);
                Target::Numbers(values.collect::<Result<_, _>>()?)
            }
            Kind::Class | Kind::Mask => {
                let column = self.wanted.learn[0];
                let class = layout.names.iter().position(|name| name == cell(column));
                let class = class.ok_or_else(|| {
                    let names = layout.names.join(", ");
                    let expected = format!("one of the classes of the training table: {names}");
                    self.rows.cell(row, column, &expected)
                });
                Target::Class(class? as u32)
            }
        })
    }
}
