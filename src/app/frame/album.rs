//! The album table and the services, as views see them.

use std::sync::Arc;

pub use crate::meter::album::{Outlier, Reading, Standing};
pub use crate::meter::services::{Confidence, Direction, Grade, Held, Mode, Playback, Service, Verdict};
pub use crate::meter::song_figures::SongFigures;
use crate::model::SongId;

/// How far the figures of a song are those of the session now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RowState {
    /// Nothing measured yet.
    #[default]
    Waiting,
    /// Measured as it is now.
    Fresh,
    /// Measured before the last change; being measured again, or waiting for it.
    Stale,
    /// Cannot be measured: why, and what to do.
    Failed(String),
}

/// A song of the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlbumRow {
    /// Which.
    pub song: SongId,
    /// Its figures, those of before a change too.
    pub figures: Option<SongFigures>,
    /// Where it stands among those shown.
    pub standing: Standing,
    /// Whether they are those of now.
    pub state: RowState,
    /// It is being rendered at this moment.
    pub measuring: bool,
}

/// The service whose level is heard.
#[derive(Debug, Clone, PartialEq)]
pub struct ServicePlay {
    /// Its id.
    pub id: String,
    /// As shown.
    pub name: String,
    /// By song or by album.
    pub mode: Mode,
    /// Gain in the monitor path, dB; `None` until what it is taken from is measured: 0 dB are heard. Where `held` is
    /// [`Held::Limiter`] or [`Held::Unknown`] less than the service's own: no more than leaves peaks under the ceiling.
    pub gain_db: Option<f64>,
    /// What held the gain back.
    pub held: Option<Held>,
}

/// The album table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlbumView {
    /// Whether the songs are measured in the background.
    pub watched: bool,
    /// In running order.
    pub rows: Arc<Vec<AlbumRow>>,
    /// The whole, once every song has figures.
    pub whole: Option<SongFigures>,
    /// Every row is measured as the session is now.
    pub fresh: bool,
    /// Every row comes from a render of the whole album; else some were rendered alone, with a run-in.
    pub exact: bool,
    /// Services and specifications.
    pub services: Arc<Vec<Service>>,
    /// The one whose level is heard.
    pub playing: Option<ServicePlay>,
}

impl AlbumView {
    /// The row of a song.
    pub fn row(&self, song: SongId) -> Option<&AlbumRow> {
        self.rows.iter().find(|r| r.song == song)
    }
}
