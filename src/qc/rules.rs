//! The rules of the delivered-mix check: one small type each, listed in [`RULES`]. A rule reads facts already gathered
//! and never touches samples. Ids are a public interface.

use super::facts::{Album, Facts, ReadFaultKind};
use super::faults::ClipRun;
use crate::model::{Finding, Severity};
use crate::units::db_from_gain;

/// A check of one delivered file.
pub trait Rule: Sync {
    /// Stable id.
    fn id(&self) -> &'static str;
    /// Adds what it finds. Finds nothing where the facts it needs are missing.
    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>);
}

/// Every rule, in the order of the report.
pub static RULES: &[&dyn Rule] = &[
    &Unreadable,
    &Truncated,
    &Empty,
    &Format,
    &Channels,
    &RateMismatch,
    &DepthMismatch,
    &Clipping,
    &Headroom,
    &TruePeak,
    &LeadingSilence,
    &TrailingSilence,
];

/// Nothing could be decoded.
struct Unreadable;

impl Rule for Unreadable {
    fn id(&self) -> &'static str {
        "unreadable"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some(fault) = &facts.file.read_fault else { return };
        if fault.kind == ReadFaultKind::Damaged && facts.file.frames_decoded > 0 {
            return; // `truncated` says it.
        }
        out.push(Finding::new(
            self.id(),
            Severity::Error,
            format!("The file cannot be read: {}", fault.text),
        ));
    }
}

/// It ends, or breaks, before its length.
struct Truncated;

impl Rule for Truncated {
    fn id(&self) -> &'static str {
        "truncated"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let file = facts.file;
        let got_s = facts.seconds(file.frames_decoded);
        let damaged =
            file.read_fault.as_ref().filter(|f| f.kind == ReadFaultKind::Damaged && file.frames_decoded > 0);
        match (file.frames_expected, damaged) {
            (Some(expected), _) if file.frames_decoded < expected && facts.is_read() => {
                let whole_s = facts.seconds(expected);
                let text = format!(
                    "The file should last {whole_s:.3} s but ends after {got_s:.3} s; ask for it again"
                );
                out.push(
                    Finding::new(self.id(), Severity::Error, text)
                        .measured(got_s, whole_s, "s")
                        .at(got_s, whole_s),
                );
            }
            (_, Some(fault)) => {
                let text = format!("The file is damaged at {got_s:.3} s: {}; ask for it again", fault.text);
                out.push(Finding::new(self.id(), Severity::Error, text).at(got_s, got_s));
            }
            _ => {}
        }
    }
}

/// No frames, or silence only.
struct Empty;

impl Rule for Empty {
    fn id(&self) -> &'static str {
        "empty"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        if !facts.is_read() {
            return;
        }
        if facts.file.frames_decoded == 0 {
            out.push(Finding::new(self.id(), Severity::Error, "The file holds no audio"));
        } else if facts.faults.is_some_and(|f| f.sounding.is_none()) {
            out.push(Finding::new(self.id(), Severity::Error, "The file holds nothing but digital silence"));
        } else if facts.faults.is_some_and(|f| f.audible.is_none()) {
            let text = format!("Nothing in the file is louder than {} dBFS", facts.brief.silence_dbfs);
            out.push(Finding::new(self.id(), Severity::Error, text));
        }
    }
}

/// Not a format that was agreed on, or a lossy one.
struct Format;

impl Rule for Format {
    fn id(&self) -> &'static str {
        "format"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let file = facts.file;
        if !facts.is_read() {
            return;
        }
        if let Some(wanted) = &facts.brief.formats {
            if !wanted.iter().any(|w| w.eq_ignore_ascii_case(&file.format)) {
                let text = format!("{} was delivered, {} was agreed on", file.format, wanted.join(" or "));
                out.push(Finding::new(self.id(), Severity::Error, text));
            }
        } else if file.lossy {
            let text = format!("{} is a lossy format; ask for WAV or AIFF", file.format);
            out.push(Finding::new(self.id(), Severity::Error, text));
        }
    }
}

/// Neither mono nor stereo, or not what was agreed on.
struct Channels;

impl Rule for Channels {
    fn id(&self) -> &'static str {
        "channels"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let channels = facts.file.channels;
        let value = f64::from(channels);
        let finding = match facts.brief.channels {
            _ if channels == 0 => None,
            _ if channels > 2 => {
                let text = format!("{channels} channels; mono and stereo mixes are mastered here");
                Some(Finding::new(self.id(), Severity::Error, text).measured(value, 2.0, "channels"))
            }
            Some(wanted) if wanted != channels => {
                let text = format!("{channels} channel(s) delivered, {wanted} agreed on");
                Some(Finding::new(self.id(), Severity::Error, text).measured(
                    value,
                    f64::from(wanted),
                    "channels",
                ))
            }
            None if channels == 1 => Some(Finding::new(self.id(), Severity::Info, "The file is mono")),
            _ => None,
        };
        out.extend(finding);
    }
}

/// Not the rate that was agreed on, or not that of the others.
struct RateMismatch;

impl Rule for RateMismatch {
    fn id(&self) -> &'static str {
        "rate_mismatch"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let rate = facts.file.sample_rate_hz;
        let (expected, severity, of_whom) = match facts.brief.sample_rate_hz {
            Some(hz) => (Some(hz), Severity::Error, "agreed on"),
            None => (facts.album.sample_rate_hz, Severity::Warning, "the rate of most files"),
        };
        if let Some(hz) = expected.filter(|&hz| hz != rate && rate > 0) {
            let text = format!("The sample rate is {rate} Hz; {hz} Hz is {of_whom}");
            out.push(Finding::new(self.id(), severity, text).measured(f64::from(rate), f64::from(hz), "Hz"));
        }
    }
}

/// Not the depth that was agreed on, or not that of the others. More bits than agreed on are no fault.
struct DepthMismatch;

impl Rule for DepthMismatch {
    fn id(&self) -> &'static str {
        "depth_mismatch"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some(bits) = facts.file.bits else { return };
        let (expected, lower, of_whom) = match facts.brief.bits {
            Some(b) => (Some(b), Severity::Error, "agreed on"),
            None => (facts.album.bits, Severity::Warning, "the depth of most files"),
        };
        if let Some(b) = expected.filter(|&b| b != bits) {
            let severity = if bits < b { lower } else { Severity::Info };
            let text = format!("The file has {bits} bits; {b} bits is {of_whom}");
            out.push(Finding::new(self.id(), severity, text).measured(f64::from(bits), f64::from(b), "bit"));
        }
    }
}

/// Flat tops, each region with its place.
struct Clipping;

/// Runs closer than this are one place.
const REGION_GAP_S: f64 = 0.5;
/// Places named for each channel.
const REGIONS_NAMED: usize = 20;
/// Flat tops below this were turned down after clipping.
const ATTENUATED_DBFS: f64 = -1.0;

impl Rule for Clipping {
    fn id(&self) -> &'static str {
        "clipping"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some(faults) = facts.faults else { return };
        for (c, clips) in faults.clips.iter().enumerate() {
            // A mono file has no side to name.
            let channel = (faults.clips.len() > 1).then_some(if c == 0 { "left" } else { "right" });
            let regions = regions(&clips.runs, f64::from(faults.sample_rate_hz.max(1)));
            for region in regions.iter().take(REGIONS_NAMED) {
                out.push(self.finding(region, channel, f64::from(facts.brief.clip_run_samples)));
            }
            if regions.len() > REGIONS_NAMED {
                let text =
                    format!("{} clipped runs in all; further places are not named one by one", clips.count);
                out.push(on(Finding::new(self.id(), Severity::Error, text), channel));
            }
        }
    }
}

impl Clipping {
    fn finding(&self, region: &Region, channel: Option<&str>, limit: f64) -> Finding {
        let level_dbfs = db_from_gain(region.level);
        let (id, text) = if level_dbfs < ATTENUATED_DBFS {
            let how = "flat tops below full scale: clipped, then turned down";
            (
                "attenuated_clipping",
                format!("{} {how} ({level_dbfs:.2} dBFS), longest {} samples", region.runs, region.longest),
            )
        } else {
            let runs = if region.runs == 1 { "clipped run" } else { "clipped runs" };
            (
                self.id(),
                format!("{} {runs} at {level_dbfs:.2} dBFS, longest {} samples", region.runs, region.longest),
            )
        };
        let finding = Finding::new(id, Severity::Error, text)
            .measured(region.longest as f64, limit, "samples")
            .at(region.start_s, region.end_s);
        on(finding, channel)
    }
}

fn on(finding: Finding, channel: Option<&str>) -> Finding {
    match channel {
        Some(name) => finding.on(name),
        None => finding,
    }
}

/// Clipped runs that belong together.
struct Region {
    start_s: f64,
    end_s: f64,
    runs: u64,
    longest: u64,
    level: f64,
}

fn regions(runs: &[ClipRun], rate_hz: f64) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for run in runs {
        let (start_s, end_s) = (run.frame as f64 / rate_hz, (run.frame + run.samples) as f64 / rate_hz);
        match regions.last_mut().filter(|r| start_s - r.end_s < REGION_GAP_S) {
            Some(region) => {
                region.end_s = region.end_s.max(end_s);
                region.runs += 1;
                region.longest = region.longest.max(run.samples);
                region.level = region.level.max(run.level.abs());
            }
            None => {
                regions.push(Region { start_s, end_s, runs: 1, longest: run.samples, level: run.level.abs() })
            }
        }
    }
    regions
}

/// Too little room above the mix, or no dynamics left to work with.
struct Headroom;

impl Rule for Headroom {
    fn id(&self) -> &'static str {
        "headroom"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some(m) = facts.measurements else { return };
        let limit_dbfs = -facts.brief.headroom_db;
        if let Some(peak) = m.sample_peak_dbfs.filter(|&p| p > limit_dbfs) {
            let text = format!(
                "The highest sample is {peak:.2} dBFS; {} dB of headroom are wanted",
                facts.brief.headroom_db
            );
            out.push(Finding::new(self.id(), Severity::Warning, text).measured(peak, limit_dbfs, "dBFS"));
        }
        if let Some(plr) = m.plr_db.filter(|&p| p < facts.brief.plr_min_db) {
            let text = format!("PLR is {plr:.1} dB: this looks limited; ask for the mix without its limiter");
            out.push(Finding::new(self.id(), Severity::Warning, text).measured(
                plr,
                facts.brief.plr_min_db,
                "dB",
            ));
        }
    }
}

/// The wave goes over between the samples.
struct TruePeak;

impl Rule for TruePeak {
    fn id(&self) -> &'static str {
        "true_peak"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let limit = facts.brief.true_peak_max_dbtp;
        let Some(peak) = facts.measurements.and_then(|m| m.true_peak_dbtp).filter(|&p| p > limit) else {
            return;
        };
        let text = format!("The wave reaches {peak:.2} dBTP between the samples; {limit} dBTP is the limit");
        let mut finding = Finding::new(self.id(), Severity::Warning, text).measured(peak, limit, "dBTP");
        if let Some(frame) = facts.true_peak_frame {
            let seconds = facts.seconds(frame);
            finding = finding.at(seconds, seconds);
        }
        out.push(finding);
    }
}

/// Long silence before the sound.
struct LeadingSilence;

impl Rule for LeadingSilence {
    fn id(&self) -> &'static str {
        "leading_silence"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some((first, _)) = facts.faults.and_then(|f| f.audible) else { return };
        let limit = facts.brief.leading_silence_max_s;
        let seconds = facts.seconds(first);
        if seconds > limit {
            let text = format!("{seconds:.2} s of silence before the sound begins");
            out.push(
                Finding::new(self.id(), Severity::Warning, text)
                    .measured(seconds, limit, "s")
                    .at(0.0, seconds),
            );
        }
    }
}

/// Long silence after the sound.
struct TrailingSilence;

impl Rule for TrailingSilence {
    fn id(&self) -> &'static str {
        "trailing_silence"
    }

    fn check(&self, facts: &Facts<'_>, out: &mut Vec<Finding>) {
        let Some(faults) = facts.faults else { return };
        let Some((_, last)) = faults.audible else { return };
        let limit = facts.brief.trailing_silence_max_s;
        let (from, to) = (facts.seconds(last + 1), facts.seconds(faults.frames));
        if to - from > limit {
            let text = format!("{:.2} s of silence after the sound ends", to - from);
            out.push(
                Finding::new(self.id(), Severity::Warning, text).measured(to - from, limit, "s").at(from, to),
            );
        }
    }
}

/// The rate and depth most files have; on a tie the higher. `None` without files.
pub fn album_of<'a>(files: impl Iterator<Item = &'a super::DeliveredFile> + Clone) -> Album {
    Album {
        sample_rate_hz: most_common(files.clone().map(|f| f.sample_rate_hz).filter(|&r| r > 0)),
        bits: most_common(files.filter_map(|f| f.bits)),
    }
}

fn most_common(values: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts = std::collections::BTreeMap::new();
    values.for_each(|v| *counts.entry(v).or_insert(0u32) += 1);
    counts.into_iter().max_by_key(|&(value, count)| (count, value)).map(|(value, _)| value)
}
