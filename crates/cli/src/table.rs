//! Columns for the eye: as wide as their widest cell, measured in characters.

/// Rows as aligned lines; the first row is the head. Two spaces between columns, none at the end of a line.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn columns_line_up() {
        let rows =
            [vec!["AGENT".to_owned(), "24h".to_owned()], vec!["researcher".to_owned(), "0.00 / 10.00".to_owned()]];
        assert_eq!(aligned(&rows), "AGENT       24h\nresearcher  0.00 / 10.00");
    }
}
