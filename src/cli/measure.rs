//! `glassmaster measure`: loudness, peaks and dynamics of any audio file.

use std::path::PathBuf;

use serde_json::json;

use super::args::MeasureArgs;
use super::output::{CliError, INPUT, print, print_json, say};
use crate::jobs::JobContext;
use crate::jobs::inspect::{Inspected, inspect};
use crate::jobs::parallel::{map_in_order, thread_count};
use crate::media::SourceError;
use crate::meter::analysis::Measurements;
use crate::units::hms_from_seconds;

pub fn run(args: &MeasureArgs) -> Result<u8, CliError> {
    let measure = |_: usize, path: &PathBuf| inspect(path, &JobContext::detached(), &mut |_, _| ());
    let results: Vec<Result<Inspected, SourceError>> =
        map_in_order(&args.paths, thread_count(args.threads), measure);
    let mut code = 0;
    let mut measured = Vec::new();
    for result in results {
        match result {
            Ok(inspected) => {
                if let Some(damage) = &inspected.damage {
                    say(&CliError::input_text(format!("{damage}; measured up to there")).line(false));
                    code = INPUT;
                }
                measured.push(inspected.analysis.measurements);
            }
            Err(error) => {
                say(&CliError::input(error).line(false));
                code = INPUT;
            }
        }
    }
    if args.json {
        print_json(&json!({ "files": measured }))?;
    } else {
        print(&measured.iter().map(as_text).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(code)
}

/// A value with its unit, or a dash where there is none.
fn shown(value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$} {unit}"))
}

fn as_text(m: &Measurements) -> String {
    let bits = m.effective_bits.map_or_else(|| "–".to_owned(), |b| b.to_string());
    let lines = [
        ("format", format!("{}, {} Hz, {} channels", m.format, m.sample_rate_hz, m.channels)),
        ("length", format!("{} ({} frames)", hms_from_seconds(m.duration_s), m.frames)),
        ("integrated", shown(m.integrated_lufs, 2, "LUFS")),
        ("loudness range", shown(m.loudness_range_lu, 2, "LU")),
        ("max momentary", shown(m.max_momentary_lufs, 2, "LUFS")),
        ("max short-term", shown(m.max_short_term_lufs, 2, "LUFS")),
        ("true peak", shown(m.true_peak_dbtp, 2, "dBTP")),
        ("sample peak", shown(m.sample_peak_dbfs, 2, "dBFS")),
        ("RMS (AES17)", shown(m.rms_dbfs, 2, "dBFS")),
        ("PLR", shown(m.plr_db, 2, "dB")),
        ("DR", shown(m.dr, 0, "")),
        ("DC offset", shown(m.dc_offset, 6, "of full scale")),
        ("correlation", shown(m.correlation, 3, "")),
        ("bits used", bits),
        ("bandwidth", shown(m.bandwidth_hz, 0, "Hz")),
    ];
    let body: String =
        lines.iter().map(|(label, value)| format!("  {label:15} {}\n", value.trim_end())).collect();
    format!("{}\n{body}", m.path)
}
