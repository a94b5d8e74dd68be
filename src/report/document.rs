//! The tree every paper is: a title, and blocks in reading order.

use serde::Serialize;

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Document {
    /// Its title, one line.
    pub title: String,
    /// Its blocks in reading order.
    pub blocks: Vec<Block>,
}

/// One part of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A heading below the title.
    Heading {
        /// One line.
        text: String,
    },
    /// Running text.
    Paragraph {
        /// Wrapped as the output needs; line breaks in it are kept.
        text: String,
    },
    /// Names and what they stand for.
    Facts {
        /// Name and value, in order.
        rows: Vec<(String, String)>,
    },
    /// Rows and columns.
    Table(Table),
}

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Words.
    Left,
    /// Numbers and times.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Side its cells stand on.
    pub align: Align,
}

/// Rows and columns. A row may be shorter than the columns; cells beyond them are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table of named columns.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|&(name, align)| Column { name: name.to_owned(), align }).collect();
        Self { columns, rows: Vec::new() }
    }

    /// The cell at a place; empty where the row is shorter.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|r| r.get(column)).map_or("", String::as_str)
    }
}

impl Document {
    /// A paper without blocks.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading { text: text.into() });
    }

    /// Adds running text; nothing if it is empty.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph { text });
        }
    }

    /// Adds names and values; a pair without a value is left out, and with no pair nothing is added.
    pub fn facts<N: Into<String>, V: Into<String>>(&mut self, rows: impl IntoIterator<Item = (N, V)>) {
        let rows: Vec<(String, String)> =
            rows.into_iter().map(|(n, v)| (n.into(), v.into())).filter(|(_, v)| !v.is_empty()).collect();
        if !rows.is_empty() {
            self.blocks.push(Block::Facts { rows });
        }
    }

    /// Adds a table. A column that is empty in every row is left out.
    pub fn table(&mut self, table: Table) {
        let used: Vec<usize> = (0..table.columns.len())
            .filter(|&c| (0..table.rows.len()).any(|r| !table.cell(r, c).is_empty()))
            .collect();
        let rows = (0..table.rows.len())
            .map(|r| used.iter().map(|&c| table.cell(r, c).to_owned()).collect())
            .collect();
        let columns = used.iter().filter_map(|&c| table.columns.get(c).cloned()).collect();
        self.blocks.push(Block::Table(Table { columns, rows }));
    }
}
