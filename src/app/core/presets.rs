//! The user's presets: read at the start and on request, kept, renamed, moved aside.

use super::Core;
use crate::app::log::Log;
use crate::app::presets::Presets;
use crate::app::settings::Folders;
use crate::model::{ChainRef, PresetFor, Slot, SlotId};
use crate::process::audition;
use crate::store::presets::{PresetError, PresetFolder};

/// The user's presets on disk and as last read.
pub(super) struct OwnPresets {
    folder: PresetFolder,
    shown: Presets,
    /// Files that did not read, so that each is said once.
    wrong: Vec<String>,
}

impl OwnPresets {
    pub(super) fn new(folders: &Folders) -> Self {
        Self { folder: PresetFolder::new(folders.presets()), shown: Presets::default(), wrong: Vec::new() }
    }

    /// As shown.
    pub(super) fn view(&self) -> Presets {
        self.shown.clone()
    }

    /// Reads the folder again; a file that does not read is a line in the log, once.
    pub(super) fn refresh(&mut self, log: &mut Log) {
        let (own, wrong) = self.folder.read();
        for line in wrong.iter().filter(|line| !self.wrong.contains(line)) {
            log.warn(format!("Preset left out: {line}"));
        }
        self.shown = Presets::with_own(own);
        self.wrong = wrong;
    }

    pub(super) fn rename(&mut self, what: &PresetFor, id: &str, name: &str, log: &mut Log) {
        let done = self.folder.rename(what, id, name);
        self.settle("Preset not renamed", done.map(|_| format!("Preset renamed to “{name}”")), log);
    }

    pub(super) fn remove(&mut self, what: &PresetFor, id: &str, log: &mut Log) {
        let done = self.folder.remove(what, id);
        let said = done.map(|aside| format!("Preset removed; it lies in {}", aside.display()));
        self.settle("Preset not removed", said, log);
    }

    /// Says how it went and shows what is there now.
    fn settle(&mut self, failed: &str, done: Result<String, PresetError>, log: &mut Log) {
        match done {
            Ok(text) => log.info(text),
            Err(error) => log.error(format!("{failed}: {error}")),
        }
        self.refresh(log);
    }
}

impl Core {
    /// Keeps a chain, or a slot of it, as a preset.
    pub(super) fn save_preset(&mut self, at: ChainRef, slot: Option<SlotId>, name: &str, overwrite: bool) {
        let Some(chain) = self.document.session().chain(at).cloned() else { return };
        // What is only for listening is no setting to keep, nor is what was measured on this song.
        let kept = |slot: &Slot| Slot { match_db: 0.0, ..audition::without(slot) };
        let (what, slots) = match slot {
            None => (PresetFor::Chain, chain.slots.iter().map(kept).collect()),
            Some(id) => {
                let Some(slot) = chain.slot(id) else { return };
                let mut slot = kept(slot);
                slot.enabled = true;
                (PresetFor::Slot(slot.kind.clone()), vec![slot])
            }
        };
        let done = self.presets.folder.save(&what, name, &slots, overwrite);
        self.presets.settle("Preset not kept", done.map(|_| format!("Preset “{name}” kept")), &mut self.log);
    }
}
