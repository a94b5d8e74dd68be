//! A paper as JSON: the tree itself, for scripts.

use super::document::Document;

/// The paper as one JSON document, its last line ended.
///
/// # Errors
/// None in practice: the tree holds texts only.
pub fn render(document: &Document) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(document).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use crate::report::{Align, Document, Table};

    #[test]
    fn the_tree_is_kept() {
        let mut document = Document::new("T");
        let mut table = Table::new(&[("No", Align::Right)]);
        table.rows.push(vec!["1".to_owned()]);
        document.table(table);
        let json: serde_json::Value = serde_json::from_str(&super::render(&document).unwrap()).unwrap();
        assert_eq!(json["title"], "T");
        assert_eq!(json["blocks"][0]["type"], "table");
        assert_eq!(json["blocks"][0]["columns"][0]["align"], "right");
        assert_eq!(json["blocks"][0]["rows"][0][0], "1");
    }
}
