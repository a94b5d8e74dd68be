//! `glassmaster doctor`: what this machine lacks or could do better, each with its mend.

use serde_json::json;

use super::args::JsonOnly;
use super::output::{CliError, print, print_json};
use crate::app::doctor::{self, State};

pub fn run(args: &JsonOnly) -> Result<u8, CliError> {
    let checks = doctor::examine();
    if args.json {
        let list: Vec<_> = checks
            .iter()
            .map(|c| json!({ "id": c.id, "state": c.state.word(), "text": c.text, "mend": c.mend }))
            .collect();
        print_json(&json!({ "checks": list }))?;
    } else {
        let mut text = String::new();
        for check in &checks {
            text.push_str(&format!("{:8} {:16} {}\n", check.state.word(), check.id, check.text));
            if let Some(mend) = &check.mend {
                text.push_str(&format!("{:25} → {mend}\n", ""));
            }
        }
        print(&text)?;
    }
    let missing = checks.iter().any(|c| c.state == State::Missing);
    Ok(if missing { super::output::CHECK_FAILED } else { 0 })
}
