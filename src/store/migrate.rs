//! Lifts older session files to the version of today, one function a step.
//!
//! A step takes the JSON of its version and makes that of the next. Every step that is ever added gets a file of its old
//! version in `tests/golden/`, which must open for good.

use serde_json::Value;

use crate::model::session::FORMAT_VERSION;

/// `STEPS[n]` lifts version `n + 1` to `n + 2`.
const STEPS: &[fn(&mut Value)] = &[];

// Every version but the newest has its step.
const _: () = assert!(STEPS.len() + 1 == FORMAT_VERSION as usize);

/// Why a file cannot be lifted.
#[derive(Debug, PartialEq, Eq)]
pub enum MigrateError {
    /// It says no version, or nonsense.
    NoVersion,
    /// It is newer than this program.
    Newer(u64),
}

/// Brings parsed JSON to the version of today.
///
/// # Errors
/// [`MigrateError`].
pub fn migrate(json: &mut Value) -> Result<(), MigrateError> {
    let version = json.get("format_version").and_then(Value::as_u64).ok_or(MigrateError::NoVersion)?;
    if version > u64::from(FORMAT_VERSION) {
        return Err(MigrateError::Newer(version));
    }
    let first =
        usize::try_from(version).ok().and_then(|v| v.checked_sub(1)).ok_or(MigrateError::NoVersion)?;
    for step in &STEPS[first..] {
        step(json);
    }
    json["format_version"] = FORMAT_VERSION.into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_checked() {
        assert_eq!(migrate(&mut json!({"format_version": 99})), Err(MigrateError::Newer(99)));
        assert_eq!(migrate(&mut json!({"format_version": 0})), Err(MigrateError::NoVersion));
        assert_eq!(migrate(&mut json!({"songs": []})), Err(MigrateError::NoVersion));
        assert_eq!(migrate(&mut json!({"format_version": FORMAT_VERSION})), Ok(()));
    }
}
