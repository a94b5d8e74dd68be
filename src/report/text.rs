//! A paper as plain text: UTF-8, lines of at most [`WIDTH`] characters where words allow it, columns padded by spaces.
//!
//! Tables keep their lines whole, as wide as they are: a sheet of times is read across. Control characters in texts
//! become spaces, so that no title can forge a line.

use super::document::{Align, Block, Document, Table};

/// Where running text is wrapped, characters.
pub const WIDTH: usize = 100;

/// The paper as text, its last line ended.
pub fn render(document: &Document) -> String {
    let title = one_line(&document.title);
    let mut out = format!("{title}\n{}\n", "=".repeat(title.chars().count()));
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading { text } => {
                let text = one_line(text);
                out.push_str(&format!("{text}\n{}\n", "-".repeat(text.chars().count())));
            }
            Block::Paragraph { text } => text.lines().for_each(|line| wrap(&mut out, line)),
            Block::Facts { rows } => facts(&mut out, rows),
            Block::Table(table) => lines_of(&mut out, table),
        }
    }
    out
}

fn facts(out: &mut String, rows: &[(String, String)]) {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in rows {
        out.push_str(&format!("{:width$}  {}\n", one_line(name), one_line(value)));
    }
}

fn lines_of(out: &mut String, table: &Table) {
    let cells: Vec<Vec<String>> = (0..table.rows.len())
        .map(|r| (0..table.columns.len()).map(|c| one_line(table.cell(r, c))).collect())
        .collect();
    let names: Vec<String> = table.columns.iter().map(|c| one_line(&c.name)).collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|c| cells.iter().map(|row| &row[c]).chain([&names[c]]).map(|t| t.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    line(out, &names, &widths, table);
    line(out, &widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>(), &widths, table);
    for row in &cells {
        line(out, row, &widths, table);
    }
}

fn line(out: &mut String, cells: &[String], widths: &[usize], table: &Table) {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .zip(&table.columns)
        .map(|((cell, &width), column)| match column.align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        })
        .collect();
    out.push_str(padded.join("  ").trim_end());
    out.push('\n');
}

fn wrap(out: &mut String, text: &str) {
    let mut used = 0;
    for word in text.split_whitespace().map(one_line) {
        let long = word.chars().count();
        if used > 0 && used + 1 + long > WIDTH {
            out.push('\n');
            used = 0;
        }
        if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(&word);
        used += long;
    }
    out.push('\n');
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_empty_ones_are_left_out() {
        let mut document = Document::new("Sheet");
        let mut table = Table::new(&[("No", Align::Right), ("Title", Align::Left), ("ISRC", Align::Left)]);
        table.rows = vec![vec!["1".into(), "Über\nalles".into()], vec!["10".into(), "B".into()]];
        document.table(table);
        document.facts([("Label", "X"), ("Catalogue", "")]);
        let want = "Sheet\n=====\n\nNo  Title\n--  ----------\n 1  Über alles\n10  B\n\nLabel  X\n";
        assert_eq!(render(&document), want);
    }

    #[test]
    fn running_text_is_wrapped_between_words() {
        let mut document = Document::new("T");
        document.paragraph("word ".repeat(50));
        let text = render(&document);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH));
        assert_eq!(text.split_whitespace().filter(|w| *w == "word").count(), 50);
    }
}
