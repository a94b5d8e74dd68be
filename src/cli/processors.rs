//! `glassmaster processors`: every kind with its parameters, or every factory preset, as text or JSON.

use serde_json::{Value, json};

use super::args::ProcessorsArgs;
use super::output::{CliError, print, print_json};
use crate::model::{PresetFor, ShelvedPreset};
use crate::process::{self, Kind, ParamDesc, ParamKind, Setup, Taper, Values};
use crate::store::presets::factory;
use crate::units::{SESSION_RATES_HZ, SampleRate};

pub fn run(args: &ProcessorsArgs) -> Result<u8, CliError> {
    if args.chains {
        return chains(args.json);
    }
    if args.json {
        let kinds: Vec<Value> = process::kinds().iter().map(|k| kind_json(*k)).collect();
        print_json(&json!({ "processors": kinds }))?;
    } else {
        print(&process::kinds().iter().map(|k| kind_text(*k)).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(0)
}

/// The factory presets: chains first, then those of single processors in the order of the processors.
fn chains(as_json: bool) -> Result<u8, CliError> {
    let presets = || {
        let kinds = process::kinds().iter().map(|k| PresetFor::Slot(k.id().to_owned()));
        std::iter::once(PresetFor::Chain)
            .chain(kinds)
            .flat_map(|what| factory().of(&what).iter().map(move |p| (what.clone(), p)))
    };
    if as_json {
        let listed: Vec<Value> = presets().map(|(what, p)| preset_json(&what, p)).collect();
        print_json(&json!({ "presets": listed }))?;
    } else {
        let listed = presets().map(|(what, p)| {
            format!("factory:{} – {}\n  {}\n", name_of(&what, p), p.preset.name, p.preset.about)
        });
        print(&listed.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(0)
}

/// As `--chain factory:…` takes it.
fn name_of(what: &PresetFor, preset: &ShelvedPreset) -> String {
    match what {
        PresetFor::Chain => preset.id.clone(),
        PresetFor::Slot(kind) => format!("{kind}/{}", preset.id),
    }
}

fn preset_json(what: &PresetFor, preset: &ShelvedPreset) -> Value {
    json!({
        "chain": format!("factory:{}", name_of(what, preset)),
        "name": preset.preset.name,
        "about": preset.preset.about,
        "slots": preset.preset.chain.slots,
    })
}

/// Latency in frames with default settings at every session rate.
fn latencies(kind: &dyn Kind) -> Vec<(u32, i64)> {
    let values = Values::defaults(kind.params());
    let at = |hz| kind.build(&values, &Setup { sample_rate: SampleRate(hz) }).latency().0;
    SESSION_RATES_HZ.iter().map(|&hz| (hz, at(hz))).collect()
}

fn kind_json(kind: &dyn Kind) -> Value {
    let latency: serde_json::Map<String, Value> =
        latencies(kind).into_iter().map(|(hz, frames)| (hz.to_string(), frames.into())).collect();
    json!({
        "kind": kind.id(),
        "name": kind.name(),
        "version": kind.version(),
        "deterministic": kind.deterministic(),
        "latency_frames": latency,
        "parameters": kind.params().iter().map(param_json).collect::<Vec<_>>(),
    })
}

fn param_json(param: &ParamDesc) -> Value {
    let mut out =
        json!({ "id": param.id, "name": param.name, "unit": param.unit.symbol(), "help": param.help });
    match &param.kind {
        ParamKind::Number { min, max, default, taper } => {
            out["type"] = "number".into();
            out["min"] = (*min).into();
            out["max"] = (*max).into();
            out["default"] = (*default).into();
            out["taper"] = if *taper == Taper::Log { "log" } else { "linear" }.into();
        }
        ParamKind::Switch { default } => {
            out["type"] = "switch".into();
            out["default"] = (*default).into();
        }
        ParamKind::Choice { words, default } => {
            out["type"] = "choice".into();
            out["words"] = json!(words);
            out["default"] = words[*default].into();
        }
    }
    out["structural"] = param.structural.into();
    out["audition"] = param.audition.into();
    out
}

fn kind_text(kind: &dyn Kind) -> String {
    let latency = latencies(kind);
    let at: Vec<String> =
        latency.iter().map(|(hz, frames)| format!("{frames} at {}", SampleRate(*hz))).collect();
    let mut text = format!("{} – {}\n  latency in frames: {}\n", kind.id(), kind.name(), at.join(", "));
    let mut bands_hidden = 0;
    for param in kind.params() {
        // The bands of an equaliser are alike: the first says it for all.
        if param.id.starts_with("band") && !param.id.starts_with("band1_") {
            bands_hidden += 1;
            continue;
        }
        text.push_str(&param_text(param));
    }
    if bands_hidden > 0 {
        text.push_str(&format!("  … and {bands_hidden} more like those of band 1 (--json lists all)\n"));
    }
    text
}

fn param_text(param: &ParamDesc) -> String {
    let unit = param.unit.symbol();
    let range = match &param.kind {
        ParamKind::Number { min, max, default, .. } => format!("{min} to {max} {unit}, default {default}"),
        ParamKind::Switch { default } => format!("true or false, default {default}"),
        ParamKind::Choice { words, default } => format!("{}, default {}", words.join(" | "), words[*default]),
    };
    let help = if param.help.is_empty() { String::new() } else { format!("  – {}", param.help) };
    format!("  {:28} {range}{help}\n", param.id)
}
