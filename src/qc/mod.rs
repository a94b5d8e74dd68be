//! Checks of delivered mixes and of masters.
//!
//! A check reads a file once: the caller decodes and feeds the same blocks to [`crate::meter::analysis::Analyzer`] and to
//! [`FaultScan`]; rules then look at the facts. [`check_file`] gives the verdict.

pub mod brief;
pub mod facts;
pub mod faults;
pub mod rules;

use serde::Serialize;

pub use brief::Brief;
pub use facts::{Album, DeliveredFile, Facts, ReadFault, ReadFaultKind};
pub use faults::{FaultScan, Faults};
pub use rules::{RULES, Rule, album_of};

use crate::meter::analysis::{Analysis, Measurements};
use crate::model::{Finding, Severity};

/// What comes out for a file, from its gravest finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing, or only information.
    Pass,
    /// Something wants a look.
    Warn,
    /// Something must be mended.
    Fail,
}

impl Verdict {
    /// Of a list of findings.
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|f| f.severity).max() {
            Some(Severity::Error) => Self::Fail,
            Some(Severity::Warning) => Self::Warn,
            Some(Severity::Info) | None => Self::Pass,
        }
    }
}

/// One file's entry in `check --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileCheck {
    /// As the user named it.
    pub path: String,
    /// From the gravest finding.
    pub verdict: Verdict,
    /// `None` if the file could not be read.
    pub measurements: Option<Measurements>,
    /// In the order of the rules, then of time.
    pub findings: Vec<Finding>,
}

/// Runs every rule over one file. `read` is what one pass over it gave; `None` if it could not be read.
pub fn check_file(
    file: &DeliveredFile,
    read: Option<(&Analysis, &Faults)>,
    album: &Album,
    brief: &Brief,
) -> FileCheck {
    let facts = Facts {
        file,
        measurements: read.map(|(a, _)| &a.measurements),
        true_peak_frame: read.map(|(a, _)| highest_frame(a)),
        faults: read.map(|(_, f)| f),
        album,
        brief,
    };
    let mut findings = Vec::new();
    RULES.iter().for_each(|rule| rule.check(&facts, &mut findings));
    FileCheck {
        path: file.path.clone(),
        verdict: Verdict::of(&findings),
        measurements: facts.measurements.cloned(),
        findings,
    }
}

/// Frame of the highest true peak of the louder channel.
fn highest_frame(analysis: &Analysis) -> u64 {
    let [left, right] = analysis.channel_true_peaks_dbtp.map(|p| p.unwrap_or(f64::NEG_INFINITY));
    analysis.true_peak_frames[usize::from(right > left)]
}

#[cfg(test)]
mod tests;
