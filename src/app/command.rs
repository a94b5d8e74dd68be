//! What a user, a script or a test can ask of the program.

use std::path::PathBuf;

use super::Action;
use super::frame::{ExportRequest, JobId, MonitorView, Selection};
use super::meter_settings::MeterSettings;
use crate::edit::{Edit, GestureId};
pub use crate::jobs::matching::Goal;
use crate::model::{ChainRef, PresetFor, SlotId, SongId};
use crate::units::{Frames, SampleRate};

/// One request. Never fails in the caller's face: what cannot be done becomes a line in the log.
#[derive(Debug, Clone)]
pub enum Command {
    /// A command of the menus, by name.
    Do(Action),
    /// A change of the session; edits of one gesture are one undo step.
    Edit {
        /// What.
        edit: Edit,
        /// Part of which drag or ride.
        gesture: Option<GestureId>,
    },
    /// Starts at an album frame, or where the cursor is.
    Play {
        /// From where.
        from: Option<Frames>,
    },
    /// Moves the playhead (and the cursor), playing or not.
    Seek(Frames),
    /// Loops a range of the album, or stops looping.
    SetLoop(Option<(Frames, Frames)>),
    /// Sets the monitor section.
    SetMonitor(MonitorView),
    /// What is selected.
    Select(Selection),
    /// Takes files, folders and zips into the album at a place (the end if none).
    Import {
        /// What was dropped or chosen.
        paths: Vec<PathBuf>,
        /// Index of the first new song.
        at: Option<usize>,
    },
    /// Gives a song another file.
    Relink {
        /// Which.
        song: SongId,
        /// The file.
        path: PathBuf,
    },
    /// A new, empty session at a rate.
    New {
        /// Its rate.
        sample_rate: SampleRate,
    },
    /// Opens a session file.
    Open(PathBuf),
    /// Saves under a name.
    SaveAs(PathBuf),
    /// Takes up (or drops) the autosaved session that was offered.
    Recover(bool),
    /// Starts an export.
    Export(ExportRequest),
    /// Measures a slot and matches it by loudness: a job, then one edit.
    MatchSlot {
        /// In which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// What for.
        goal: Goal,
    },
    /// Stops a job.
    CancelJob(JobId),
    /// Puts a finished export's result page away.
    DismissResult,
    /// Chooses the audio device; `None` is the null device.
    SetDevice {
        /// Audio host (`ALSA`, `JACK` …); `None` for the null device.
        host: Option<String>,
        /// Device id as the host gives it; `None` for the host's default.
        device: Option<String>,
        /// Frames a buffer.
        buffer_frames: u32,
    },
    /// Looks for hosts and devices again.
    RefreshDevices,
    /// Keeps a chain, or one slot of it, as a preset of the user.
    SavePreset {
        /// Which chain.
        chain: ChainRef,
        /// The slot, for a slot preset.
        slot: Option<SlotId>,
        /// Its name.
        name: String,
        /// Over one of the same name.
        overwrite: bool,
    },
    /// Gives a preset of the user another name.
    RenamePreset {
        /// What it is for.
        what: PresetFor,
        /// Its id.
        id: String,
        /// Its new name.
        name: String,
    },
    /// Moves a preset of the user aside.
    RemovePreset {
        /// What it is for.
        what: PresetFor,
        /// Its id.
        id: String,
    },
    /// Reads the user's presets again.
    RefreshPresets,
    /// Sets the meters: point, ballistics, scales, analyser, layout.
    SetMeters(Box<MeterSettings>),
    /// Something done to the meters themselves.
    Meter(MeterAct),
    /// Something done to the curves behind the spectrum.
    Curve(CurveAct),
    /// Clears a lamp (dropouts, output guard).
    ClearLamps,
}

/// What is done to the curves behind the spectrum. Files are only read.
#[derive(Debug, Clone, PartialEq)]
pub enum CurveAct {
    /// Keeps the average as it is now as a frozen trace, 0 to 3.
    Freeze(usize),
    /// Names a frozen trace.
    NameFrozen(usize, String),
    /// Draws a frozen trace, or not.
    ShowFrozen(usize, bool),
    /// Forgets a frozen trace.
    ClearFrozen(usize),
    /// Measures audio files and keeps their curve: one is a reference, several are a genre.
    Measure {
        /// Its name; the file's where it is empty.
        name: String,
        /// The files.
        files: Vec<PathBuf>,
    },
    /// Gives a kept curve another name.
    Rename {
        /// Its id.
        id: String,
        /// Its new name.
        name: String,
    },
    /// Moves a kept curve aside.
    Remove(String),
}

/// What is done to the meters.
#[derive(Debug, Clone, PartialEq)]
pub enum MeterAct {
    /// The held maxima and minima of the spectrum begin anew, and its average.
    ResetSpectrum,
    /// Clears holds, maxima and integrated readings. What was measured by place stays.
    Reset,
    /// Integrated loudness, range, maxima, PLR and PSR since the reset stand still together (EBU Tech 3341); momentary and
    /// short-term loudness go on, and so does measuring by place.
    Pause,
    /// Goes on after [`Self::Pause`].
    Continue,
    /// Forgets what was measured by place: of the songs, of the album, and the map.
    ForgetPlaces,
}

impl Command {
    /// An edit that is a step of its own.
    pub fn edit(edit: Edit) -> Self {
        Self::Edit { edit, gesture: None }
    }
}
