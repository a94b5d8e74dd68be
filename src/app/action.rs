//! The commands of the menus: each with a stable id, a name, a place, a key, and the reason why it cannot be done now.
//!
//! A command is listed here only when it works. Keys are those of the trade (workflow.md, part 3.2); the window maps them.

use super::frame::{Frame, SaveState};
use super::meter_settings::MeterPoint;

/// A menu of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    /// Sessions and files.
    File,
    /// Undo and selection.
    Edit,
    /// The running order.
    Album,
    /// The selected song.
    Song,
    /// Chains.
    Process,
    /// Listening.
    Monitor,
    /// Masters out.
    Deliver,
    /// The window.
    View,
    /// About and help.
    Help,
}

impl Menu {
    /// In the order of the menu bar.
    pub const ALL: [Self; 9] = [
        Self::File,
        Self::Edit,
        Self::Album,
        Self::Song,
        Self::Process,
        Self::Monitor,
        Self::Deliver,
        Self::View,
        Self::Help,
    ];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Album => "Album",
            Self::Song => "Song",
            Self::Process => "Process",
            Self::Monitor => "Monitor",
            Self::Deliver => "Deliver",
            Self::View => "View",
            Self::Help => "Help",
        }
    }
}

/// Declares the commands once: variant, id, name, menu, key.
macro_rules! actions {
    ($($variant:ident, $id:literal, $name:literal, $menu:ident, $key:literal, $about:literal;)*) => {
        /// A command without arguments.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $about] $variant,)*
        }

        impl Action {
            /// Every command, in menu order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Stable id, for key maps and scripts.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// As shown; an ellipsis says that a dialog follows.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where it stands.
            pub fn menu(self) -> Menu {
                match self { $(Self::$variant => Menu::$menu,)* }
            }

            /// Its key as written in a menu (`Ctrl+Shift+Z`), empty for none.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// One sentence of help.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

actions! {
    New, "file.new", "New session…", File, "Ctrl+N", "Starts an empty album.";
    Open, "file.open", "Open session…", File, "Ctrl+O", "Opens a session file.";
    Import, "file.import", "Import mixes…", File, "Ctrl+I", "Takes files, folders or zips into the album.";
    Save, "file.save", "Save", File, "Ctrl+S", "Writes the session to its file.";
    SaveAs, "file.save_as", "Save as…", File, "Ctrl+Shift+S", "Writes the session to another file.";
    Revert, "file.revert", "Revert to saved", File, "", "Goes back to the session as last saved; one undo step.";
    Devices, "file.devices", "Audio device…", File, "", "Chooses host, device and buffer.";
    Quit, "file.quit", "Quit", File, "Ctrl+Q", "Closes the program; asks where something could be lost.";

    Undo, "edit.undo", "Undo", Edit, "Ctrl+Z", "Takes the last step back.";
    Redo, "edit.redo", "Redo", Edit, "Ctrl+Shift+Z", "Does the step again.";
    SelectAll, "edit.select_all", "Select all songs", Edit, "Ctrl+A", "Selects every song.";
    NudgeLeft, "edit.nudge_left", "Nudge left 1 CD frame", Edit, ",", "Moves the selected song 1/75 s earlier.";
    NudgeRight, "edit.nudge_right", "Nudge right 1 CD frame", Edit, ".", "Moves the selected song 1/75 s later.";
    NudgeLeft10, "edit.nudge_left_10", "Nudge left 10 CD frames", Edit, "Shift+,", "Moves the selected song 10/75 s earlier.";
    NudgeRight10, "edit.nudge_right_10", "Nudge right 10 CD frames", Edit, "Shift+.", "Moves the selected song 10/75 s later.";
    NudgeLeft75, "edit.nudge_left_75", "Nudge left 1 second", Edit, "Ctrl+,", "Moves the selected song a second earlier.";
    NudgeRight75, "edit.nudge_right_75", "Nudge right 1 second", Edit, "Ctrl+.", "Moves the selected song a second later.";
    NudgeLeft750, "edit.nudge_left_750", "Nudge left 10 seconds", Edit, "Ctrl+Shift+,", "Moves the selected song ten seconds earlier.";
    NudgeRight750, "edit.nudge_right_750", "Nudge right 10 seconds", Edit, "Ctrl+Shift+.", "Moves the selected song ten seconds later.";

    Ripple, "album.ripple", "Ripple", Album, "", "Moving or trimming a song moves all after it.";
    Snap, "album.snap", "Snap to CD frames", Album, "", "Song starts keep to 1/75 s.";
    NextSong, "album.next", "Next song", Album, "PageDown", "Puts the cursor on the next song.";
    PreviousSong, "album.previous", "Previous song", Album, "PageUp", "Puts the cursor on the song before.";

    TrimHead, "song.trim_head", "Trim head to cursor", Song, "[", "The song begins at the cursor.";
    TrimTail, "song.trim_tail", "Trim tail to cursor", Song, "]", "The song ends at the cursor.";
    Split, "song.split", "Split at cursor", Song, "S", "Cuts the song in two at the cursor.";
    Crossfade, "song.crossfade", "Crossfade with the song before", Song, "X", "Overlaps the two by two seconds; again: takes the overlap away.";
    MoveUp, "song.move_up", "Move up", Song, "Alt+ArrowUp", "One place earlier in the running order.";
    MoveDown, "song.move_down", "Move down", Song, "Alt+ArrowDown", "One place later in the running order.";
    Relink, "song.relink", "Relink source…", Song, "", "Gives the song another file; all work stays.";
    RemoveSong, "song.remove", "Remove from album", Song, "Delete", "Takes the selected songs out; their files stay.";

    BypassSlot, "process.bypass", "Bypass processor", Process, "", "Switches the selected processor off or on.";
    BypassChain, "process.bypass_chain", "Bypass chain", Process, "", "Switches every processor of the chain off, or all on.";
    ResetSlot, "process.reset", "Reset processor", Process, "", "Every parameter to its default.";
    RemoveSlot, "process.remove", "Remove processor", Process, "", "Takes the selected processor out.";
    CopyChain, "process.copy_chain", "Copy chain", Process, "Ctrl+C", "Copies the chain.";
    PasteChain, "process.paste_chain", "Paste chain", Process, "Ctrl+V", "Replaces the chain by the copied one.";
    Presets, "process.presets", "Chain presets…", Process, "", "Whole chains to start from, the program's and your own.";
    SavePreset, "process.save_preset", "Save chain as preset…", Process, "", "Keeps the chain under a name.";
    SlotPresets, "process.slot_presets", "Processor presets…", Process, "", "Settings for the selected processor, the program's and your own.";
    SaveSlotPreset, "process.save_slot_preset", "Save processor as preset…", Process, "", "Keeps the settings of the selected processor under a name.";

    PlayStop, "monitor.play", "Play or stop", Monitor, "Space", "Starts or stops.";
    PlaySong, "monitor.play_song", "Play song from start", Monitor, "Shift+Space", "Plays the song from its start.";
    PlayJoint, "monitor.joint", "Play the joint", Monitor, "G", "Plays the last 6 s before and the first 6 s after the gap at the cursor.";
    Loop, "monitor.loop", "Loop song", Monitor, "L", "Repeats the song at the cursor; again: stops repeating.";
    ReturnOnStop, "monitor.return", "Return to start on stop", Monitor, "", "After stop the playhead goes back to where play began.";
    Dim, "monitor.dim", "Dim", Monitor, "", "Lowers the monitors by 20 dB.";
    Mono, "monitor.mono", "Mono", Monitor, "", "Plays the sum on both monitors.";
    Side, "monitor.side", "Side", Monitor, "", "Plays the difference on both monitors.";
    ServiceOff, "monitor.service_off", "Leave the service's level", Monitor, "", "Plays as it is again.";
    ReloadServices, "monitor.services_reload", "Reload services", Monitor, "", "Reads the table of services again, with your own rows.";
    ServicesFile, "monitor.services_file", "Make services file", Monitor, "", "Makes services.json for your own rows in the configuration folder and says where it is.";
    ResetMeters, "monitor.reset", "Reset meters", Monitor, "", "Clears holds, maxima and integrated readings.";

    ExportReference, "deliver.reference", "Export reference…", Deliver, "Ctrl+R", "Files of the round for the client to hear.";
    ExportDdp, "deliver.ddp", "Export DDP…", Deliver, "Ctrl+D", "The disc master for the plant, read back and checked.";
    AlbumReport, "deliver.album_report", "Album report…", Deliver, "", "The album table and what services make of it, measured exactly, as a page to print, CSV or JSON.";
    Export, "deliver.export", "Export…", Deliver, "Ctrl+E", "Any deliverables.";

    Intake, "view.intake", "Intake", View, "", "The delivered mixes, measured and checked.";
    Master, "view.master", "Master", View, "", "The chains and the editor of the chosen processor.";
    Review, "view.review", "Review", View, "", "The round and the client's notes.";
    Deliver, "view.deliver", "Deliver", View, "", "Titles, codes, deliverables and results.";
    Follow, "view.follow", "Follow playhead", View, "F", "The view follows the playhead.";
    ZoomSong, "view.zoom_song", "Zoom to song", View, "Z", "Shows the song at the cursor; again: the album.";
    ZoomAlbum, "view.zoom_album", "Zoom to album", View, "Shift+Z", "Shows the whole album.";
    ZoomIn, "view.zoom_in", "Zoom in", View, "+", "Closer.";
    ZoomOut, "view.zoom_out", "Zoom out", View, "-", "Farther.";
    Palette, "view.palette", "Search commands…", View, "Ctrl+K", "Finds any command by name.";
    LayoutCalm, "view.layout_calm", "Calm meters", View, "", "A column of meters and nothing else.";
    LayoutLoudness, "view.layout_loudness", "Loudness meters", View, "", "Loudness with its history and distribution.";
    LayoutSpectrum, "view.layout_spectrum", "Spectrum meters", View, "", "A wide spectrum in the lower panel.";
    LayoutAlbum, "view.layout_album", "Album meters", View, "", "The album as a whole in the lower panel.";
    ResetLayout, "view.reset_layout", "Reset meter layout", View, "", "Puts the meters back as the chosen layout has them.";
    Layouts, "view.layouts", "Meter layouts…", View, "", "Keeps, renames and deletes layouts of your own.";
    MeterColumn, "view.meter_column", "Meter column", View, "", "Shows or hides the column of meters.";
    MetersSource, "view.meters_source", "Meters listen at the source", View, "", "The meters show the song as it comes from its file.";
    MetersSong, "view.meters_song", "Meters listen after the song's chain", View, "", "The meters show the song after its chain, fades and level.";
    MetersMaster, "view.meters_master", "Meters listen at the master tap", View, "", "The meters show the end of the album chain: what every export is made of.";
    MetersDelivered, "view.meters_delivered", "Meters listen as delivered", View, "", "The meters show the master as a CD gets it: 44.1 kHz and 16 bit.";
    MetersMonitor, "view.meters_monitor", "Meters listen at the monitors", View, "", "The meters show what goes to the loudspeakers.";
    LevelWindow, "view.level_window", "Level in its own window", View, "", "The level meters as large as a second screen.";
    BitsWindow, "view.bits_window", "Bits in their own window", View, "", "The bits of the words as large as a second screen.";
    LoudnessWindow, "view.loudness_window", "Loudness in its own window", View, "", "Loudness as large as a second screen.";
    HistoryWindow, "view.history_window", "Loudness history in its own window", View, "", "Loudness over the album as large as a second screen.";
    HistogramWindow, "view.histogram_window", "Loudness distribution in its own window", View, "", "How often which loudness came, as large as a second screen.";
    TraceWindow, "view.trace_window", "Waveform in its own window", View, "", "Waveform and gain reduction as large as a second screen.";
    SpectrumWindow, "view.spectrum_window", "Spectrum in its own window", View, "", "The spectrum as large as a second screen.";
    SpectrogramWindow, "view.spectrogram_window", "Spectrogram in its own window", View, "", "The spectrum of the last minutes as a picture; a click goes there.";
    FieldWindow, "view.field_window", "Field in its own window", View, "", "Goniometer and correlation as large as a second screen.";
    AlbumWindow, "view.album_window", "Album table in its own window", View, "", "The mastered songs side by side.";
    ServicesWindow, "view.services_window", "Services in their own window", View, "", "What services make of the master.";
    CorrelationWindow, "view.correlation_window", "Correlation in its own window", View, "", "Correlation by band, balance and mono sum as large as a second screen.";
    Log, "view.log", "Log", View, "", "Shows or hides the log.";
    FullScreen, "view.full_screen", "Full screen", View, "F11", "The window fills the screen.";

    Keys, "help.keys", "Keys", Help, "F1", "Lists every key.";
    About, "help.about", "About Glassmaster", Help, "", "Version and licences.";
}

impl Action {
    /// Its key as shown: as it is written on a keyboard.
    pub fn key_text(self) -> String {
        self.key().replace("Arrow", "").replace("Page", "Page ")
    }

    /// The command of an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.id() == id)
    }

    /// Where the meters are to listen with it; `None` for a command that does something else.
    pub fn meter_point(self) -> Option<MeterPoint> {
        match self {
            Self::MetersSource => Some(MeterPoint::Source),
            Self::MetersSong => Some(MeterPoint::SongChain),
            Self::MetersMaster => Some(MeterPoint::MasterTap),
            Self::MetersDelivered => Some(MeterPoint::Delivered),
            Self::MetersMonitor => Some(MeterPoint::Monitor),
            _ => None,
        }
    }

    /// Why it cannot be done now; `None` if it can.
    pub fn refusal(self, frame: &Frame) -> Option<&'static str> {
        let no_songs = || frame.session.songs.is_empty().then_some("The album is empty");
        match self {
            Self::Save => (frame.save == SaveState::Saved).then_some("Everything is saved"),
            Self::ResetLayout => (!frame.meter_settings.layout.is_changed()).then_some("Nothing was moved"),
            Self::Undo => frame.undo_name.is_none().then_some("Nothing to undo"),
            Self::Redo => frame.redo_name.is_none().then_some("Nothing to redo"),
            Self::Revert => match (&frame.path, frame.save) {
                (None, _) => Some("The session was never saved"),
                (_, SaveState::Saved) => Some("Nothing changed since it was saved"),
                _ => None,
            },
            Self::BypassSlot
            | Self::ResetSlot
            | Self::RemoveSlot
            | Self::SlotPresets
            | Self::SaveSlotPreset => frame.selection.slot.is_none().then_some("No processor is selected"),
            Self::BypassChain | Self::CopyChain | Self::SavePreset => {
                let chain = frame.session.chain(frame.selection.chain);
                chain.is_none_or(|c| c.slots.is_empty()).then_some("The chain is empty")
            }
            Self::ServiceOff => frame.album.playing.is_none().then_some("No service's level is heard"),
            Self::PasteChain => (!frame.can_paste).then_some("No chain was copied"),
            Self::SelectAll
            | Self::NudgeLeft
            | Self::NudgeRight
            | Self::NudgeLeft10
            | Self::NudgeRight10
            | Self::NudgeLeft75
            | Self::NudgeRight75
            | Self::NudgeLeft750
            | Self::NudgeRight750
            | Self::Relink
            | Self::RemoveSong
            | Self::PlayStop
            | Self::PlaySong
            | Self::Loop
            | Self::ExportReference
            | Self::ExportDdp
            | Self::Export
            | Self::AlbumReport
            | Self::ZoomSong
            | Self::ZoomAlbum
            | Self::ZoomIn
            | Self::ZoomOut => no_songs(),
            Self::TrimHead | Self::TrimTail | Self::Split => no_songs()
                .or_else(|| frame.song_under_cursor().is_none().then_some("The cursor is in no song")),
            Self::PlayJoint => {
                let one = frame.session.songs.len() == 1;
                no_songs().or(one.then_some("An album of one song has no joint"))
            }
            Self::NextSong | Self::MoveDown => no_songs().or_else(|| {
                let last = frame.session.songs.last().map(|s| s.id);
                (frame.current_song() == last).then_some("This is the last song")
            }),
            Self::PreviousSong | Self::MoveUp | Self::Crossfade => no_songs().or_else(|| {
                let first = frame.session.songs.first().map(|s| s.id);
                (frame.current_song() == first).then_some("This is the first song")
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_and_keys_are_unique() {
        let ids: BTreeSet<_> = Action::ALL.iter().map(|a| a.id()).collect();
        assert_eq!(ids.len(), Action::ALL.len());
        let keys: Vec<_> = Action::ALL.iter().map(|a| a.key()).filter(|k| !k.is_empty()).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        assert!(Action::ALL.iter().all(|&a| Action::from_id(a.id()) == Some(a)));
    }

    #[test]
    fn an_empty_album_refuses_with_a_reason() {
        let session = crate::model::Session::new(crate::units::SampleRate::CD);
        let frame = Frame::still(std::sync::Arc::new(session));
        assert_eq!(Action::PlayStop.refusal(&frame), Some("The album is empty"));
        assert_eq!(Action::Open.refusal(&frame), None);
        assert_eq!(Action::Undo.refusal(&frame), Some("Nothing to undo"));
    }
}
