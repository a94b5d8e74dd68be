//! What belongs to the machine and not to a session: device, folders, recent sessions.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::frame::MonitorView;
use super::meter_settings::MeterSettings;
use crate::store;

/// Sessions remembered in the menu.
const MOST_RECENT: usize = 12;

/// Settings of this machine, kept as JSON in the user's configuration folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Audio host; `None` until one is chosen.
    pub host: Option<String>,
    /// Device id of that host; `None` for its default.
    pub device: Option<String>,
    /// The null device was chosen on purpose.
    pub no_device: bool,
    /// Frames a buffer.
    pub buffer_frames: u32,
    /// Monitor section as last left.
    pub monitor: MonitorView,
    /// Meters as last set.
    pub meters: MeterSettings,
    /// After stop, go back to where play began.
    pub return_on_stop: bool,
    /// Newest first.
    pub recent: Vec<PathBuf>,
    /// Largest size of the cache of converted audio, GiB.
    pub cache_limit_gib: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: None,
            device: None,
            no_device: false,
            buffer_frames: 512,
            monitor: MonitorView::default(),
            meters: MeterSettings::default(),
            return_on_stop: false,
            recent: Vec::new(),
            cache_limit_gib: 20.0,
        }
    }
}

impl Settings {
    /// The settings in a file; defaults where there is none or it does not read.
    pub fn load(path: &Path) -> Self {
        std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes them.
    ///
    /// # Errors
    /// Those of [`store::write_atomically`].
    pub fn save(&self, path: &Path) -> Result<(), store::StoreError> {
        let folder = store::safe_write::folder_of(path);
        std::fs::create_dir_all(folder).map_err(|e| store::StoreError::from_io(folder, e))?;
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|e| store::StoreError::Io { path: path.to_owned(), error: std::io::Error::other(e) })?;
        store::write_atomically(path, &bytes)
    }

    /// Largest size of the cache of converted audio.
    pub fn cache_limit_bytes(&self) -> u64 {
        (self.cache_limit_gib.max(0.0) * f64::from(1 << 30)) as u64
    }

    /// Puts a session on top of the recent ones.
    pub fn remember(&mut self, session: &Path) {
        let path = std::path::absolute(session).unwrap_or_else(|_| session.to_owned());
        self.recent.retain(|p| *p != path);
        self.recent.insert(0, path);
        self.recent.truncate(MOST_RECENT);
    }
}

/// Where the program keeps its own things on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Settings.
    pub config: PathBuf,
    /// Autosaves of sessions never saved, the demo album.
    pub data: PathBuf,
    /// Converted audio and overviews; may be deleted at any time.
    pub cache: PathBuf,
}

impl Folders {
    /// Those of the user (`XDG_*` on Linux). `GLASSMASTER_HOME` puts all of them under one folder.
    pub fn of_user() -> Self {
        if let Some(home) = std::env::var_os("GLASSMASTER_HOME") {
            return Self::under(Path::new(&home));
        }
        directories::ProjectDirs::from("org", "Glassmaster", "glassmaster").map_or_else(
            || Self::under(&std::env::temp_dir().join("glassmaster")),
            |d| Self {
                config: d.config_dir().to_owned(),
                data: d.data_dir().to_owned(),
                cache: d.cache_dir().to_owned(),
            },
        )
    }

    /// All under one folder.
    pub fn under(folder: &Path) -> Self {
        Self { config: folder.join("config"), data: folder.join("data"), cache: folder.join("cache") }
    }

    /// The folder of the user's presets.
    pub fn presets(&self) -> PathBuf {
        self.config.join("presets")
    }

    /// The folder of the user's curves for the spectrum.
    pub fn curves(&self) -> PathBuf {
        self.data.join("curves")
    }

    /// The settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_round_trip_and_foreign_or_broken_files_give_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let path = Folders::under(dir.path()).settings_file();
        let mut settings = Settings { buffer_frames: 128, ..Settings::default() };
        settings.remember(Path::new("/a/x.json"));
        settings.remember(Path::new("/a/y.json"));
        settings.remember(Path::new("/a/x.json"));
        assert_eq!(settings.recent, [Path::new("/a/x.json"), Path::new("/a/y.json")]);
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path), settings);
        std::fs::write(&path, "{nonsense").unwrap();
        assert_eq!(Settings::load(&path), Settings::default());
    }
}
