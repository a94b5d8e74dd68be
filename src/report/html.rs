//! A paper as one HTML file: nothing is fetched, everything is escaped, and it prints on A4 and Letter.

use super::document::{Align, Block, Document, Table};

/// Dark on light in print and on bright screens; the reverse where the reader asked for it.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:14px/1.45 system-ui,sans-serif;max-width:72em;margin:2.5em auto;padding:0 1.5em;color:#222;background:#fff}\
h1{font-size:1.5em;font-weight:600;margin:0 0 1em}\
h2{font-size:1.1em;font-weight:600;margin:2em 0 .5em}\
p{max-width:48em}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.5em;margin:1em 0}\
dt{color:#666}dd{margin:0;overflow-wrap:anywhere}\
table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}\
th,td{padding:.3em .9em .3em 0;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}\
th{color:#666;font-weight:500;border-bottom-color:#999}\
.r{text-align:right;white-space:nowrap}\
thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}\
@media screen and (prefers-color-scheme:dark){body{color:#ddd;background:#1b1c1e}dt,th{color:#999}\
th,td{border-bottom-color:#3a3b3e}}\
@page{margin:15mm}\
@media print{body{margin:0;padding:0;max-width:none;font-size:9.5pt}}";

/// The paper as a whole HTML file.
pub fn render(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for block in &document.blocks {
        match block {
            Block::Heading { text } => out.push_str(&format!("<h2>{}</h2>\n", escaped(text))),
            Block::Paragraph { text } => {
                out.push_str(&format!("<p>{}</p>\n", escaped(text).replace('\n', "<br>\n")));
            }
            Block::Facts { rows } => facts(&mut out, rows),
            Block::Table(table) => rows_of(&mut out, table),
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn facts(out: &mut String, rows: &[(String, String)]) {
    out.push_str("<dl>\n");
    for (name, value) in rows {
        out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value)));
    }
    out.push_str("</dl>\n");
}

fn rows_of(out: &mut String, table: &Table) {
    let class = |column: usize| match table.columns.get(column).map(|c| c.align) {
        Some(Align::Right) => " class=\"r\"",
        _ => "",
    };
    out.push_str("<table>\n<thead><tr>");
    for (c, column) in table.columns.iter().enumerate() {
        out.push_str(&format!("<th{}>{}</th>", class(c), escaped(&column.name)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for r in 0..table.rows.len() {
        out.push_str("<tr>");
        for c in 0..table.columns.len() {
            out.push_str(&format!("<td{}>{}</td>", class(c), escaped(table.cell(r, c))));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Text that is safe as content and inside quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_type_stays_text() {
        let nasty = "<script>alert('x')</script> & \"y\"\u{0}";
        let mut document = Document::new(nasty);
        document.heading(nasty);
        document.paragraph(nasty);
        document.facts([(nasty, nasty)]);
        let mut table = Table::new(&[(nasty, Align::Right)]);
        table.rows.push(vec![nasty.to_owned()]);
        document.table(table);
        let html = render(&document);
        assert!(!html.contains("<script") && !html.contains('\0'));
        let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot; ";
        assert_eq!(html.matches(safe).count(), 8);
        assert!(!html.contains("http"), "nothing is fetched");
    }
}
