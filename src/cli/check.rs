//! `glassmaster check`: the delivered-mix check, one verdict a file.

use std::path::Path;

use serde_json::json;

use super::args::CheckArgs;
use super::machine;
use super::output::{CHECK_FAILED, CliError, INPUT, print, print_json, unread_because};
use crate::jobs::JobContext;
use crate::jobs::check::check;
use crate::jobs::parallel::thread_count;
use crate::model::{Finding, Severity};
use crate::qc::{Brief, FileCheck, Verdict};

pub fn run(args: &CheckArgs) -> Result<u8, CliError> {
    let brief = args.brief.as_deref().map_or_else(|| Ok(Brief::default()), read_brief)?;
    let (paths, _unpacked) = machine::audio_files(&args.paths)?;
    let (threads, cx) = (thread_count(args.threads), JobContext::detached());
    let checks = machine::with_progress("checking", &cx, || check(&paths, &brief, threads, &cx))
        .map_err(CliError::input)?;
    if args.json {
        print_json(&json!({ "files": checks, "album": { "findings": [] } }))?;
    } else {
        print(&checks.iter().map(as_text).collect::<String>())?;
    }
    let unreadable = checks.iter().all(|c| c.measurements.is_none());
    let failed = checks.iter().any(|c| c.verdict == Verdict::Fail);
    Ok(match (unreadable, failed) {
        (true, _) => INPUT,
        (false, true) => CHECK_FAILED,
        (false, false) => 0,
    })
}

fn read_brief(path: &Path) -> Result<Brief, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        CliError::input_text(format!("{shown}: the brief cannot be read: {}", unread_because(&e)))
    })?;
    serde_json::from_str(&text).map_err(|e| CliError::input_text(format!("{shown}: not a brief: {e}")))
}

/// Verdict, name and findings of one file.
pub fn as_text(check: &FileCheck) -> String {
    let verdict = match check.verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "WARN",
        Verdict::Fail => "FAIL",
    };
    let findings: String = check.findings.iter().map(finding_text).collect();
    format!("{verdict}  {}\n{findings}", check.path)
}

/// One line: gravity, rule, place, sentence.
pub fn finding_text(finding: &Finding) -> String {
    let gravity = match finding.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let place =
        finding.start_s.map_or_else(String::new, |s| format!(" at {}", crate::units::hms_from_seconds(s)));
    format!("      {gravity:8}{}{place}: {}\n", finding.rule, finding.text)
}
