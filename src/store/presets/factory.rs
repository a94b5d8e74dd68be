//! The presets the program brings along: the files under `assets/presets`, built in.
//!
//! Each is a preset file like those of the user; the tests hold the list and the folder to each other.

use std::sync::LazyLock;

use super::parse;
use crate::model::{PresetFor, PresetShelf};

/// Declares the built-in files by their place under `assets/presets`, in the order they are shown.
macro_rules! built_in {
    ($($path:literal,)*) => {
        const FILES: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../../assets/presets/", $path, ".json"))),)*];
    };
}

built_in! {
    "chains/acoustic",
    "chains/band",
    "chains/electronic",
    "chains/classical",
    "chains/voice",
    "chains/vinyl",
    "chains/loud",
    "chains/gentle",
    "eq/clean_lows",
    "eq/air",
    "eq/smile",
    "eq/presence",
    "eq/mid_side",
    "compressor/glue",
    "compressor/level_rider",
    "compressor/parallel",
    "compressor/peak_control",
    "multiband/three_bands",
    "multiband/bass_control",
    "multiband/tame_highs",
    "deesser/voice",
    "deesser/mix",
    "deesser/resonance",
    "expander/soft_noise",
    "expander/gate",
    "expander/more_dynamics",
    "transient/punch",
    "transient/soften",
    "transient/dry_room",
    "saturator/tape_warmth",
    "saturator/valve",
    "saturator/iron",
    "saturator/clip_peaks",
    "width/mono_bass",
    "width/vinyl",
    "width/wider",
    "width/narrower",
    "gain/headroom",
    "gain/flip_both",
    "dc_filter/dc",
    "dc_filter/rumble",
    "limiter/streaming",
    "limiter/cd",
    "limiter/broadcast",
    "limiter/safety",
}

static SHELF: LazyLock<PresetShelf> = LazyLock::new(|| {
    let mut shelf = PresetShelf::default();
    for (path, text) in FILES {
        let Some((folder, id)) = path.split_once('/') else { continue };
        let what = super::what_of(folder);
        // One that does not parse is not on the shelf; the tests do not let it come to that.
        if let Ok(preset) = parse(text, &what) {
            shelf.push(what, id.to_owned(), preset);
        }
    }
    shelf
});

/// The presets of the program.
pub fn factory() -> &'static PresetShelf {
    &SHELF
}

/// A factory preset by the name the command line uses: `band` is a chain, `eq/air` one slot.
pub fn find_factory(name: &str) -> Option<&'static crate::model::Preset> {
    let (what, id) = match name.split_once('/') {
        Some((kind, id)) => (PresetFor::Slot(kind.to_owned()), id),
        None => (PresetFor::Chain, name),
    };
    SHELF.get(&what, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_parses() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/presets");
        let mut found = Vec::new();
        for group in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            for file in std::fs::read_dir(&group).unwrap().map(|e| e.unwrap().path()) {
                let name = |p: &Path| p.file_stem().unwrap().to_string_lossy().into_owned();
                found.push(format!("{}/{}", name(&group), name(&file)));
            }
        }
        let mut listed: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
        for (path, text) in FILES {
            let what = super::super::what_of(path.split_once('/').unwrap().0);
            let preset = parse(text, &what).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert!(!preset.name.is_empty() && preset.about.len() > 15, "{path}");
        }
        assert_eq!(factory().iter().count(), FILES.len());
        assert!(find_factory("band").is_some() && find_factory("eq/air").is_some());
        assert!(find_factory("nothing").is_none() && find_factory("eq/nothing").is_none());
    }
}
