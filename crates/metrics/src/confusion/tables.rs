//! Tables of a confusion matrix.

use super::{ClassRow, Confusion};
use crate::scorer::mean;
use crate::{Cell, Column, ImageMeans, Table};

/// Most classes of a matrix that is shown; of more, the confusions are listed.
const MOST: usize = 20;

impl Confusion {
    /// The table of classes of whole images: images, precision, recall and F1.
    pub(crate) fn label_table(&self) -> Table {
        let row = |row: ClassRow| {
            let shares = [row.precision, row.recall, row.dice].map(Cell::Share);
            [vec![Cell::Output(row.class), Cell::Count(row.pixels)], shares.to_vec()].concat()
        };
        Table {
            name: "classes",
            columns: Column::named(&[
                ("class", "class"),
                ("images", "images"),
                ("precision", "precision %"),
                ("recall", "recall %"),
                ("f1", "F1 %"),
            ]),
            rows: self.rows().into_iter().map(row).collect(),
        }
    }

    /// The table of classes of pixels, with the images in which a class is neither present nor
    /// predicted, and the means over the classes that have a value.
    pub(crate) fn pixel_table(&self, images: &ImageMeans) -> Table {
        let rows = self.rows();
        let shares = |row: &ClassRow| [row.iou, row.dice, row.precision, row.recall];
        let line = |row: &ClassRow| {
            let mut cells = vec![Cell::Output(row.class), Cell::Count(row.pixels)];
            cells.extend(shares(row).map(Cell::Share));
            cells.push(Cell::Count(images.images_without(row.class)));
            cells
        };
        let means = |name, first: usize| {
            let rows = rows.get(first..).unwrap_or_default();
            let mut cells = vec![Cell::Word(name), Cell::Number(None)];
            let column = |at: usize| mean(rows.iter().map(|row| shares(row)[at]));
            cells.extend((0..4).map(|at| Cell::Share(column(at))));
            cells.push(Cell::Number(None));
            cells
        };
        let mut lines: Vec<_> = rows.iter().map(line).collect();
        lines.push(means("mean", 0));
        lines.push(means("mean without background", 1));
        Table {
            name: "classes",
            columns: Column::named(&[
                ("class", "class"),
                ("pixels", "pixels"),
                ("iou", "IoU %"),
                ("dice", "Dice %"),
                ("precision", "precision %"),
                ("recall", "recall %"),
                ("images_without", "images without"),
            ]),
            rows: lines,
        }
    }

    /// The matrix, a row for each true class; of more than 20 classes the confusions, the most
    /// frequent first.
    pub(crate) fn matrix_table(&self) -> Table {
        if self.classes.count <= MOST { self.matrix() } else { self.confused() }
    }

    fn matrix(&self) -> Table {
        let classes = self.classes.count;
        let lines = self.counts.chunks_exact(classes + 1);
        // Rows without a prediction are those with a logit that is NaN.
        let none = lines.clone().any(|line| line[classes] > 0.0);
        let shown = classes + usize::from(none);
        let mut columns = Column::named(&[("true", "true \\ predicted")]);
        columns.extend((0..classes).map(Column::Output));
        if none {
            columns.extend(Column::named(&[("none", "none")]));
        }
        let row = |(class, line): (usize, &[f64])| {
            let counts = line[..shown].iter().map(|&count| Cell::Count(count));
            std::iter::once(Cell::Output(class)).chain(counts).collect()
        };
        Table { name: "confusion", columns, rows: lines.enumerate().map(row).collect() }
    }

    fn confused(&self) -> Table {
        let classes = self.classes.count;
        let lines = self.counts.chunks_exact(classes + 1).enumerate();
        let pairs = lines.flat_map(|(there, line)| {
            let wrong = line.iter().enumerate();
            wrong.filter(move |(said, count)| *said != there && **count > 0.0).map(
                move |(said, &count)| {
                    let said = if said < classes { Cell::Output(said) } else { Cell::Word("none") };
                    (count, vec![Cell::Output(there), said, Cell::Count(count)])
                },
            )
        });
        let mut pairs: Vec<(f64, Vec<Cell>)> = pairs.collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        Table {
            name: "confused",
            columns: Column::named(&[
                ("true", "true"),
                ("predicted", "predicted"),
                ("images", "images"),
            ]),
            rows: pairs.into_iter().map(|(_, row)| row).collect(),
        }
    }
}
