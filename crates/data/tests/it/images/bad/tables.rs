//! Tables.

use super::*;

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        table(
            "row without a file",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n9.png,2\n"),
            &["train/counts.csv, line 3, column `file`: expected an image file", "found `9.png`"],
        ),
        table(
            "row twice",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n0.png,1\n"),
            &[
                "train/counts.csv, line 3, column `file`: expected one row for each image",
                "found `0.png` in line 2, too",
            ],
        ),
        table(
            "column twice",
            |f| f.write("train/counts.csv", b"file,count,count\n0.png,1,2\n"),
            &["train/counts.csv, line 1: expected columns of different names, found `count` twice"],
        ),
        table(
            "no such column",
            |f| f.write("test/counts.csv", b"file,number\n0.png,1\n"),
            &["test/counts.csv, line 1: expected a column `count`, found the columns file, number"],
        ),
        table(
            "no column of files",
            |f| f.write("test/counts.csv", b"id,count\n0.png,1\n"),
            &["expected a column with the names of the images", "`image: \"COLUMN\"`"],
        ),
        table(
            "words for numbers",
            |f| f.write("train/counts.csv", b"file,count\n0.png,many\n"),
            &["train/counts.csv, line 2, column `count`: expected a finite number, found `many`"],
        ),
        table(
            "NaN to learn",
            |f| f.write("train/counts.csv", b"file,count\n0.png,nan\n"),
            &["line 2, column `count`: expected a finite number, found `nan`"],
        ),
        table(
            "short row",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n1.png\n"),
            &[
                "train/counts.csv, line 3: expected rows as long as the header, found 1 cells below 2",
            ],
        ),
        table(
            "table that is no text",
            |f| f.write("train/counts.csv", b"file,count\n\xff.png,1\n"),
            &["train/counts.csv, line 2: expected text in UTF-8"],
        ),
        table(
            "table without rows",
            |f| f.write("train/counts.csv", b"file,count\n"),
            &["train/counts.csv, line 1: expected a header and rows, found no row"],
        ),
        table(
            "no table",
            |f| fs::remove_file(f.path("test/counts.csv")).unwrap(),
            &["test/counts.csv: expected a file that can be read"],
        ),
        table(
            "one value for all",
            |f| {
                f.write("train/counts.csv", b"file,count\n0.png,2\n1.png,2\n2.png,2\n");
            },
            &["column `count`: expected different values, found 2 in every row"],
        ),
        case(
            "labels of 2",
            (Folder::table(), |_| {}),
            |files| {
                counts(files, Columns::Labels(vec!["count".to_owned()]));
            },
            &["line 3, column `count`: expected 0 or 1, found `2.5`"],
        ),
        case(
            "unknown class in a table",
            (Folder::table(), |f| {
                f.write("test/counts.csv", b"file,count\n0.png,9\n");
            }),
            |files| counts(files, Columns::Class("count".to_owned())),
            &["test/counts.csv, line 2, column `count`: expected one of the classes", "found `9`"],
        ),
    ]
}
