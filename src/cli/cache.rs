//! `glassmaster cache`: where the cache is and how large; `--clear` and `--shrink-to` make room. Nothing in it is needed:
//! converted sources and waveforms are made again from the mixes.

use serde_json::json;

use super::args::CacheArgs;
use super::machine;
use super::output::{CliError, print, print_json};

const GIB: f64 = (1u64 << 30) as f64;

pub fn run(args: &CacheArgs) -> Result<u8, CliError> {
    let library = machine::library();
    let at_most = match args.shrink_to {
        Some(gib) if gib.is_finite() && gib >= 0.0 => Some((gib * GIB) as u64),
        Some(gib) => {
            return Err(CliError::usage(format!("--shrink-to cannot be {gib}; it is a size in GiB")));
        }
        None => args.clear.then_some(0),
    };
    let freed = at_most.map_or(Ok(0), |bytes| library.clean(bytes)).map_err(CliError::output)?;
    let left = library.cache().size_bytes().map_err(CliError::output)?;
    let folder = library.cache().dir().display().to_string();
    if args.json {
        print_json(&json!({ "folder": folder, "bytes": left, "freed_bytes": freed }))?;
    } else {
        let freed = at_most.map_or_else(String::new, |_| format!(", {} freed", size(freed)));
        print(&format!("{folder}\n{} in use{freed}\n", size(left)))?;
    }
    Ok(0)
}

/// A size for reading, in MB of 10⁶ bytes.
fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
