//! `glassmaster measure`: loudness, peaks and dynamics of any audio file.

use serde_json::json;

use super::args::MeasureArgs;
use super::machine;
use super::output::{CliError, INPUT, print, print_json, say};
use crate::jobs::JobContext;
use crate::jobs::inspect::{Inspected, inspect_all};
use crate::jobs::parallel::thread_count;
use crate::meter::analysis::Measurements;
use crate::units::hms_from_seconds;

pub fn run(args: &MeasureArgs) -> Result<u8, CliError> {
    let (threads, cx) = (thread_count(args.threads), JobContext::detached());
    let results = machine::with_progress("measuring", &cx, || inspect_all(&args.paths, threads, &cx));
    let mut code = 0;
    let mut measured = Vec::new();
    for result in results {
        match result {
            Ok(inspected) => {
                for fault in faults(&inspected) {
                    say(&CliError::input_text(fault).line(false));
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

/// What is wrong with a file that was measured all the same.
fn faults(inspected: &Inspected) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(damage) = &inspected.damage {
        // A file with a hole goes on behind it; one that was cut does not.
        let is_whole =
            inspected.facts.truncation().is_none() && inspected.decoded_frames >= inspected.facts.frames;
        let measured = if is_whole { "the rest was measured" } else { "measured up to there" };
        faults.push(format!("{damage}; {measured}"));
    }
    let m = &inspected.analysis.measurements;
    if m.non_finite_samples > 0 {
        faults.push(format!(
            "{}: {} samples are no numbers and were measured as silence; ask for the file again",
            m.path, m.non_finite_samples
        ));
    }
    faults
}

/// A value with its unit, or a dash where there is none.
fn shown(value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$} {unit}"))
}

/// A value and where it stands.
fn placed(value: Option<f64>, unit: &str, at_s: Option<f64>) -> String {
    let at = at_s.map_or_else(String::new, |s| format!(" at {}", hms_from_seconds(s)));
    shown(value, 2, unit) + &at
}

fn as_text(m: &Measurements) -> String {
    let parts = [m.balance_low_db, m.balance_mid_db, m.balance_high_db];
    let balance = parts.map(|part| shown(part, 1, "dB")).join(", ");
    let full_scale: u64 = m.per_channel.iter().map(|c| c.full_scale_runs).sum();
    let bits = m.effective_bits.map_or_else(|| "–".to_owned(), |b| b.to_string());
    let lines = [
        ("format", format!("{}, {} Hz, {} channels", m.format, m.sample_rate_hz, m.channels)),
        ("length", format!("{} ({} frames)", hms_from_seconds(m.duration_s), m.frames)),
        ("integrated", shown(m.integrated_lufs, 2, "LUFS")),
        ("loudness range", shown(m.loudness_range_lu, 2, "LU")),
        ("max momentary", placed(m.max_momentary_lufs, "LUFS", m.max_momentary_at_s)),
        ("max short-term", placed(m.max_short_term_lufs, "LUFS", m.max_short_term_at_s)),
        ("true peak", placed(m.true_peak_dbtp, "dBTP", m.true_peak_at_s)),
        ("sample peak", shown(m.sample_peak_dbfs, 2, "dBFS")),
        ("RMS (AES17)", shown(m.rms_dbfs, 2, "dBFS")),
        ("PLR", shown(m.plr_db, 2, "dB")),
        ("min PSR", placed(m.min_psr_db, "dB", m.min_psr_at_s)),
        ("DR", shown(m.dr, 0, "")),
        ("loudest 600 ms", shown(m.max_rms_600_ms_dbfs, 2, "dBFS")),
        ("start", shown(m.start_short_term_lufs, 2, "LUFS")),
        ("end", shown(m.end_short_term_lufs, 2, "LUFS")),
        ("low, mid, high", balance),
        ("DC offset", shown(m.dc_offset, 6, "of full scale")),
        ("correlation", shown(m.correlation, 3, "")),
        ("mono loss", shown(m.mono_loss_db, 2, "dB")),
        ("full-scale runs", full_scale.to_string()),
        ("bits used", bits),
        ("bandwidth", shown(m.bandwidth_hz, 0, "Hz")),
    ];
    let body: String =
        lines.iter().map(|(label, value)| format!("  {label:15} {}\n", value.trim_end())).collect();
    format!("{}\n{body}", m.path)
}
