//! How the meters are set: kept with the machine, not with a session, and changed by
//! [`crate::app::Command::SetMeters`].

mod layout;
mod level;
mod loudness;
mod spectrum;
mod stereo;

use serde::{Deserialize, Serialize};

pub use crate::meter::spectrum::{Channel, FftSize, Smoothing, WindowKind};
pub use layout::{Arrangement, BuiltIn, LayoutSettings, USUAL_WIDTH, ViewPlace, WIDTHS, WindowPlace};
pub use level::{
    HoldMode, LevelScale, LevelSettings, OVER_SAMPLES_RANGE, RmsKind, RmsTime, VU_REFERENCE_RANGE_DBFS,
};
pub use loudness::{
    BANDS_LU, EBU_TARGET_LUFS, LoudnessPart, LoudnessScale, LoudnessSettings, LoudnessUnit, TARGETS_LUFS,
};
pub use spectrum::{AverageOver, Difference, Slope, SpectrumSettings, TraceRef, USUAL_DIFFERENCE_DB};
pub use stereo::{CorrelationBands, CorrelationTime, FieldGain, FieldPicture, Persistence, StereoSettings};

use crate::model::SlotId;

/// Where the meters listen.
///
/// Every frame is measured under the album frame it is heard at, whatever delay the chains behind the point still add,
/// so that loudness by place means the same place at every point. Of several songs that sound at once (an overlap, a
/// tail in a gap) the song points take the last in running order. Where two neighbours' chains differ in delay, as many
/// frames are skipped or heard twice at the seam between them, and by-place measuring begins anew there.
///
/// The time at which a reading is *shown* is not aligned: a point before a chain with delay is up to that delay ahead of
/// what the loudspeakers play, `Delivered` lags by the length of the rate conversion (some 50 ms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterPoint {
    /// The song sounding as it comes from its file: after rate conversion, before gain, chain and fades. In gaps silence.
    Source,
    /// The output of a slot, of a song's chain or of the album's. A song's slot is silent while its song is. A slot that
    /// is not in the session any more gives way to the master tap.
    AfterSlot(SlotId),
    /// What leaves the song's strand: after chain, fades and level, before the sum of the album.
    SongChain,
    /// The end of the album chain: what every export is made of.
    #[default]
    MasterTap,
    /// The master tap as a CD gets it: through the resampler and dither of the deliverables, 44.1 kHz and 16 bit.
    Delivered,
    /// What goes to the loudspeakers: after monitor section and output guard.
    Monitor,
}

/// All settings of the meters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeterSettings {
    /// Where they listen.
    pub point: MeterPoint,
    /// Peaks and levels.
    pub level: LevelSettings,
    /// Loudness.
    pub loudness: LoudnessSettings,
    /// Correlation, goniometer.
    pub stereo: StereoSettings,
    /// Spectrum, spectrogram.
    pub spectrum: SpectrumSettings,
    /// What stands where.
    pub layout: LayoutSettings,
}
