//! The table of playback services: the program's own rows (`assets/services.json`), and over them the user's.
//!
//! The user's file is `services.json` in the configuration folder, of the same form: `{"services": [{"id": …}, …]}`. A row
//! whose id is known replaces the fields it names and leaves the others; a row with a new id is added at the end; a row with
//! `"hidden": true` takes one away. What a row means is known to `meter::services`; here it is only JSON, and whoever
//! loads it says what is wrong with a row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::bounded::read_text;

/// The rows the program brings along.
const BUILT_IN: &str = include_str!("../../assets/services.json");

/// Name of the user's file in the configuration folder.
pub const FILE_NAME: &str = "services.json";

/// Largest file that is read, bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Why the user's table was not taken. The program's own rows hold then.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// It cannot be read.
    #[error("{}: {error}; the built-in table of services is used", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It says something that is not understood.
    #[error("{}: {detail}; the built-in table of services is used", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What and where, in the parser's words.
        detail: String,
    },
}

#[derive(Deserialize)]
struct Table {
    services: Vec<Map<String, Value>>,
}

/// The program's rows.
///
/// # Errors
/// None but for a fault of the program; the text of the parser.
pub fn built_in<T: DeserializeOwned>() -> Result<Vec<T>, String> {
    typed(rows_of(BUILT_IN)?)
}

/// The program's rows with the user's over them; the program's alone where there is no such file. `fault` says what in a
/// row cannot be meant.
///
/// # Errors
/// [`ServicesError`]: take [`built_in`] then, and say so.
pub fn load<T: DeserializeOwned>(
    own: &Path,
    fault: impl Fn(&T) -> Option<String>,
) -> Result<Vec<T>, ServicesError> {
    let damaged = |detail: String| ServicesError::Damaged { path: own.to_owned(), detail };
    let mut rows = rows_of(BUILT_IN).map_err(damaged)?;
    if let Some(text) = read(own)? {
        for row in rows_of(&text).map_err(damaged)? {
            put(&mut rows, row);
        }
    }
    rows.retain(|row| row.get("hidden") != Some(&Value::Bool(true)));
    rows.iter_mut().for_each(|row| drop(row.remove("hidden")));
    let ids: Vec<String> = rows.iter().map(id_of).collect();
    let rows: Vec<T> = typed(rows).map_err(damaged)?;
    let wrong = ids.iter().zip(&rows).find_map(|(id, row)| Some(format!("service “{id}”: {}", fault(row)?)));
    wrong.map_or(Ok(rows), |detail| Err(damaged(detail)))
}

/// The text of the user's file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, ServicesError> {
    match read_text(path, MOST_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServicesError::Io { path: path.to_owned(), error }),
    }
}

/// The rows of a text, each with an id of its own.
fn rows_of(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let table: Table = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut ids = BTreeSet::new();
    for (row, number) in table.services.iter().zip(1..) {
        let id = row.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let Some(id) = id else { return Err(format!("row {number} of services has no id")) };
        if !ids.insert(id) {
            return Err(format!("the id “{id}” stands twice"));
        }
    }
    Ok(table.services)
}

/// Lays a row over the one of its id, or adds it.
fn put(rows: &mut Vec<Map<String, Value>>, row: Map<String, Value>) {
    match rows.iter_mut().find(|known| known.get("id") == row.get("id")) {
        Some(known) => known.extend(row),
        None => rows.push(row),
    }
}

fn id_of(row: &Map<String, Value>) -> String {
    row.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn typed<T: DeserializeOwned>(rows: Vec<Map<String, Value>>) -> Result<Vec<T>, String> {
    let one = |row: Map<String, Value>| {
        let id = id_of(&row);
        serde_json::from_value(Value::Object(row)).map_err(|e| format!("service “{id}”: {e}"))
    };
    rows.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        id: String,
        #[serde(default)]
        name: String,
        target_lufs: Option<f64>,
    }

    fn loaded(text: &str) -> Result<Vec<Row>, ServicesError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, text).unwrap();
        load(&path, |row: &Row| {
            let value = row.target_lufs.filter(|t| *t > 0.0)?;
            Some(format!("target_lufs is {value}"))
        })
    }

    #[test]
    fn own_rows_change_what_they_name_add_and_take_away() {
        let base: Vec<Row> = built_in().unwrap();
        let own = r#"{"services": [
            {"id": "spotify", "target_lufs": -13.5},
            {"id": "club", "name": "The club", "target_lufs": -9},
            {"id": "pandora", "hidden": true}]}"#;
        let rows = loaded(own).unwrap();
        let spotify = rows.iter().find(|r| r.id == "spotify").unwrap();
        assert_eq!((spotify.name.as_str(), spotify.target_lufs), ("Spotify (normal)", Some(-13.5)));
        assert_eq!(rows.last().unwrap().id, "club");
        assert!(rows.iter().all(|r| r.id != "pandora"));
        assert_eq!(rows.len(), base.len());
    }

    #[test]
    fn a_missing_file_is_no_fault_and_a_damaged_one_says_what_and_where() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load::<Row>(&dir.path().join("none"), |_| None).unwrap(), built_in::<Row>().unwrap());
        let good = r#"{"services": [{"id": "x", "target_lufs": -9.0}]}"#;
        for end in 0..good.len() {
            assert!(loaded(&good[..end]).is_err(), "{end}");
        }
        let error = loaded(r#"{"services": [{"id": "x", "target_lufs": "loud"}]}"#).unwrap_err().to_string();
        assert!(error.contains("service “x”"), "{error}");
        assert!(loaded(r#"{"services": [{"id": "x"}, {"id": "x"}]}"#).is_err());
        let error = loaded(r#"{"services": [{"id": "spotify", "target_lufs": 5}]}"#).unwrap_err().to_string();
        assert!(error.contains("service “spotify”: target_lufs is 5; the built-in"), "{error}");
        assert!(loaded(r#"{"services": [{"name": "x"}]}"#).is_err());
    }
}
