//! Presets as the window sees them: those of the program and those of the user.

use std::sync::Arc;

use crate::model::{Preset, PresetFor, PresetShelf};
use crate::store::presets::factory;

/// Where a preset comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It came with the program and cannot be changed.
    Factory,
    /// The user kept it.
    Own,
}

impl Origin {
    /// In the order they are shown.
    pub const ALL: [Self; 2] = [Self::Factory, Self::Own];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Factory => "Factory",
            Self::Own => "Own",
        }
    }
}

/// Every preset on offer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Presets {
    factory: &'static PresetShelf,
    own: Arc<PresetShelf>,
}

impl Default for Presets {
    fn default() -> Self {
        Self::with_own(PresetShelf::default())
    }
}

impl Presets {
    /// Those of the program and these.
    pub fn with_own(own: PresetShelf) -> Self {
        Self { factory: factory(), own: Arc::new(own) }
    }

    /// Those of one origin.
    pub fn shelf(&self, origin: Origin) -> &PresetShelf {
        match origin {
            Origin::Factory => self.factory,
            Origin::Own => &self.own,
        }
    }

    /// One of the user's whose name is written like this.
    pub fn own_named(&self, what: &PresetFor, name: &str) -> Option<&Preset> {
        let id = crate::store::presets::file_stem_of(name)?;
        self.own.get(what, &id)
    }
}
