//! Chain files: `{"slots": [...]}` as in a session, and `factory:NAME` for a preset of the program. Here an unknown kind,
//! an unknown parameter or a value outside its range is an error that names the slot, the parameter and the range.

use std::path::Path;

use super::output::{CliError, unread_because};
use crate::model::{Chain, PresetFor};
use crate::process;
use crate::store::presets::{factory, find_factory};

/// How a preset of the program is named where a chain file can be.
const FACTORY: &str = "factory:";

/// The chain of a file, or of a factory preset (`factory:band`, `factory:eq/air`).
///
/// # Errors
/// An error in one line.
pub fn read(chain: &Path) -> Result<Chain, CliError> {
    match chain.to_str().and_then(|text| text.strip_prefix(FACTORY)) {
        Some(name) => of_factory(name),
        None => of_file(chain),
    }
}

fn of_factory(name: &str) -> Result<Chain, CliError> {
    let preset = find_factory(name).ok_or_else(|| {
        let known: Vec<_> = factory().of(&PresetFor::Chain).iter().map(|p| p.id.as_str()).collect();
        CliError::usage(format!(
            "--chain cannot be {FACTORY}{name}; there are {}, and KIND/NAME for one processor (`glassmaster processors --chains` lists all)",
            known.join(", ")
        ))
    })?;
    check(&preset.chain).map_err(|wrong| CliError::input_text(format!("{FACTORY}{name}: {wrong}")))?;
    Ok(preset.to_chain())
}

fn of_file(path: &Path) -> Result<Chain, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        CliError::input_text(format!("{shown}: the chain file cannot be read: {}", unread_because(&e)))
    })?;
    let chain: Chain = serde_json::from_str(&text).map_err(|e| {
        CliError::input_text(format!("{shown}: not a chain file ({e}); it is {{\"slots\": [...]}}"))
    })?;
    if !chain.extra.is_empty() && chain.slots.is_empty() {
        return Err(CliError::input_text(format!("{shown}: not a chain file; it has no \"slots\"")));
    }
    check(&chain).map_err(|wrong| CliError::input_text(format!("{shown}: {wrong}")))?;
    Ok(chain)
}

/// What is wrong with the first slot that is not right.
fn check(chain: &Chain) -> Result<(), String> {
    for (i, slot) in chain.slots.iter().enumerate() {
        let place = format!("slot {} ({})", i + 1, slot.kind);
        let kind = process::find(&slot.kind).ok_or_else(|| {
            let known: Vec<_> = process::kinds().iter().map(|k| k.id()).collect();
            format!("{place}: no such processor; there are {}", known.join(", "))
        })?;
        let (_, errors) = process::values_of(kind, &slot.params);
        if let Some(error) = errors.first() {
            return Err(format!("{place}: {error}"));
        }
        if !(0.0..=1.0).contains(&slot.wet) {
            return Err(format!("{place}: wet cannot be {}; allowed: 0 to 1", slot.wet));
        }
    }
    Ok(())
}
