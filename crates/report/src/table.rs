//! Tables of plain text.

/// A table with a line under its first row; the first column is aligned to the left, the others to
/// the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        line(&mut text, row.iter().map(String::as_str), &widths);
        if index == 0 {
            let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
            line(&mut text, rules.iter().map(String::as_str), &widths);
        }
    }
    text
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
    let mut line = String::new();
    for (column, (cell, &width)) in cells.zip(widths).enumerate() {
        if column == 0 {
            line.push_str(&format!("{cell:<width$}"));
        } else {
            line.push_str(&format!("  {cell:>width$}"));
        }
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [["name", "value"], ["a", "1.0 ± 0.5"], ["longer name", "12"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let expected = "name             value\n\
                        -----------  ---------\n\
                        a            1.0 ± 0.5\n\
                        longer name         12\n";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn an_empty_table_is_empty() {
        assert_eq!(table(&[]), "");
    }
}
