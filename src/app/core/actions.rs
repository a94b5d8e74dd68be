//! What each menu command does to the session or the transport. Commands of the window alone (zoom, dialogs) are done there.

use std::sync::Arc;

use super::Core;
use crate::app::Action;
use crate::app::command::MeterAct;
use crate::app::frame::{MonitorListen, song_under};
use crate::app::meter_settings::{MeterPoint, MeterSettings};
use crate::edit::Edit;
use crate::model::{ChainRef, PlacedSong, SongId};
use crate::units::Frames;

/// Seconds of music on each side of a joint.
const JOINT_SECONDS: f64 = 6.0;

/// Overlap of a crossfade made by key, seconds.
const CROSSFADE_SECONDS: f64 = 2.0;

impl Core {
    /// Does a command of the menus.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Save => self.save(None),
            Action::Revert => self.revert(),
            Action::Undo => {
                if self.document.undo(self.now_s) {
                    self.session_changed();
                }
            }
            Action::Redo => {
                if self.document.redo(self.now_s) {
                    self.session_changed();
                }
            }
            Action::SelectAll => {
                self.selection.songs = self.document.session().songs.iter().map(|s| s.id).collect();
            }
            Action::NudgeLeft => self.nudge(-1),
            Action::NudgeRight => self.nudge(1),
            Action::NudgeLeft10 => self.nudge(-10),
            Action::NudgeRight10 => self.nudge(10),
            Action::NudgeLeft75 => self.nudge(-75),
            Action::NudgeRight75 => self.nudge(75),
            Action::NudgeLeft750 => self.nudge(-750),
            Action::NudgeRight750 => self.nudge(750),
            Action::Ripple => self.edit(Edit::SetRipple(!self.document.session().ripple)),
            Action::Snap => self.edit(Edit::SetSnap(!self.document.session().snap_to_cd_frames)),
            Action::NextSong => self.step_song(1),
            Action::PreviousSong => self.step_song(-1),
            Action::TrimHead => self.at_cursor(|song, pos_source| Edit::SetTrimStart { song, pos_source }),
            Action::TrimTail => self.at_cursor(|song, pos_source| Edit::SetTrimEnd { song, pos_source }),
            Action::Split => self.at_cursor(|song, pos_source| Edit::SplitSong { song, pos_source }),
            Action::Crossfade => self.toggle_crossfade(),
            Action::MoveUp => self.move_current(-1),
            Action::MoveDown => self.move_current(1),
            Action::RemoveSong => self.remove_songs(),
            Action::BypassSlot => self.toggle_slot(),
            Action::BypassChain => self.toggle_chain(),
            Action::ResetSlot => self.with_slot(|chain, slot| Edit::ResetSlot { chain, slot }),
            Action::RemoveSlot => {
                self.with_slot(|chain, slot| Edit::RemoveSlot { chain, slot });
            }
            Action::CopyChain => {
                self.copied_chain =
                    self.document.session().chain(self.selection.chain).map(|c| (**c).clone());
            }
            Action::PasteChain => {
                if let Some(to) = self.copied_chain.clone() {
                    self.edit(Edit::SetChain { chain: self.selection.chain, to });
                }
            }
            Action::PlayStop => self.play_or_stop(),
            Action::PlaySong => {
                if let Some(song) = self.current_song() {
                    self.play(song.start, None);
                }
            }
            Action::PlayJoint => self.play_joint(),
            Action::Loop => self.toggle_loop(),
            Action::ReturnOnStop => {
                self.settings.return_on_stop = !self.settings.return_on_stop;
                self.save_settings();
            }
            Action::Dim => self.change_monitor(|m| m.dim = !m.dim),
            Action::Mono => self.toggle_listen(MonitorListen::Mono),
            Action::Side => self.toggle_listen(MonitorListen::Side),
            Action::ServiceOff => self.play_at_service(None),
            Action::ReloadServices => self.reload_services(),
            Action::ServicesFile => self.make_services_file(),
            Action::ResetMeters => self.live.tell_meters(MeterAct::Reset),
            Action::MetersSource
            | Action::MetersSong
            | Action::MetersMaster
            | Action::MetersDelivered
            | Action::MetersMonitor => self.listen_with_meters(action.meter_point()),
            // The window's own.
            Action::New
            | Action::Open
            | Action::Import
            | Action::SaveAs
            | Action::Devices
            | Action::Quit
            | Action::Relink
            | Action::Presets
            | Action::SavePreset
            | Action::SlotPresets
            | Action::SaveSlotPreset
            | Action::ExportReference
            | Action::ExportDdp
            | Action::Export
            | Action::Intake
            | Action::Master
            | Action::Review
            | Action::Deliver
            | Action::LayoutCalm
            | Action::LayoutLoudness
            | Action::LayoutSpectrum
            | Action::LayoutAlbum
            | Action::ResetLayout
            | Action::Layouts
            | Action::MeterColumn
            | Action::AlbumReport
            | Action::AlbumWindow
            | Action::ServicesWindow
            | Action::LevelWindow
            | Action::BitsWindow
            | Action::LoudnessWindow
            | Action::HistoryWindow
            | Action::HistogramWindow
            | Action::TraceWindow
            | Action::SpectrumWindow
            | Action::SpectrogramWindow
            | Action::FieldWindow
            | Action::CorrelationWindow
            | Action::Follow
            | Action::ZoomSong
            | Action::ZoomAlbum
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::Palette
            | Action::Log
            | Action::FullScreen
            | Action::Keys
            | Action::About => {}
        }
    }

    fn listen_with_meters(&mut self, point: Option<MeterPoint>) {
        if let Some(point) = point {
            self.set_meters(MeterSettings { point, ..self.settings.meters.clone() });
        }
    }

    /// The song the keys act on: the first selected, else the one at the cursor.
    pub(super) fn current_song(&self) -> Option<PlacedSong> {
        let selected = self.selection.songs.first().and_then(|id| self.timeline.song(*id));
        selected.or_else(|| self.timeline.song_at(self.cursor)).copied()
    }

    fn nudge(&mut self, cd_frames: i64) {
        let Some(id) = self.current_song().map(|s| s.id) else { return };
        let session = self.document.session();
        let step = Frames(cd_frames * session.sample_rate_hz.frames_per_cd_frame());
        let Some(gap) = session.song(id).map(|s| s.gap + step) else { return };
        self.edit(Edit::SetGap { song: id, gap });
    }

    fn step_song(&mut self, step: isize) {
        let songs = &self.timeline.songs;
        let now = self.current_song().and_then(|c| songs.iter().position(|s| s.id == c.id));
        let Some(to) = now.and_then(|i| i.checked_add_signed(step)).and_then(|i| songs.get(i)).copied()
        else {
            return;
        };
        self.select_song(to.id);
        self.seek(to.start);
    }

    fn select_song(&mut self, id: SongId) {
        self.select(self.selection.with_songs(vec![id]));
    }

    /// An edit at the cursor inside the song that lies there.
    fn at_cursor(&mut self, edit: impl FnOnce(SongId, Frames) -> Edit) {
        let Some(placed) = song_under(&self.timeline, &self.selection, self.cursor) else {
            self.log.info("The cursor is in no song");
            return;
        };
        let pos_source = self.cursor - placed.start + placed.source_start;
        self.edit(edit(placed.id, pos_source));
    }

    fn toggle_crossfade(&mut self) {
        let Some(id) = self.current_song().map(|s| s.id) else { return };
        let session = self.document.session();
        if session.song_index(id) == Some(0) {
            self.log.info("The first song has none before it to cross with");
            return;
        }
        let overlap = session.sample_rate_hz.frames_from_seconds(CROSSFADE_SECONDS);
        let crossed = session.song(id).is_some_and(|s| s.gap < Frames::ZERO);
        self.edit(Edit::SetGap { song: id, gap: if crossed { Frames::ZERO } else { -overlap } });
    }

    fn move_current(&mut self, step: isize) {
        let Some(id) = self.current_song().map(|s| s.id) else { return };
        let index = self.document.session().song_index(id);
        if let Some(to) = index.and_then(|i| i.checked_add_signed(step)) {
            self.edit(Edit::MoveSong { song: id, to });
        }
    }

    fn remove_songs(&mut self) {
        let mut songs = std::mem::take(&mut self.selection.songs);
        if songs.is_empty() {
            songs.extend(self.current_song().map(|s| s.id));
        }
        self.edit(Edit::RemoveSongs(songs));
    }

    fn with_slot(&mut self, edit: impl FnOnce(ChainRef, crate::model::SlotId) -> Edit) {
        if let Some(slot) = self.selection.slot {
            self.edit(edit(self.selection.chain, slot));
        }
    }

    fn toggle_slot(&mut self) {
        let chain = self.document.session().chain(self.selection.chain);
        let slot = self.selection.slot.and_then(|id| chain.and_then(|c| c.slot(id)));
        if let Some((slot, enabled)) = slot.map(|s| (s.id, !s.enabled)) {
            self.edit(Edit::SetSlotEnabled { chain: self.selection.chain, slot, enabled });
        }
    }

    /// All off if any is on, else all on; one undo step.
    fn toggle_chain(&mut self) {
        let at = self.selection.chain;
        let Some(chain) = self.document.session().chain(at).map(Arc::clone) else { return };
        let enabled = chain.slots.iter().all(|s| !s.enabled);
        let gesture = Some(self.next_gesture());
        for slot in chain.slots.iter().filter(|s| s.enabled != enabled) {
            self.edit_in(Edit::SetSlotEnabled { chain: at, slot: slot.id, enabled }, gesture);
        }
    }

    fn play_joint(&mut self) {
        let Some(current) = self.current_song() else { return };
        let Some(index) = self.timeline.songs.iter().position(|s| s.id == current.id) else { return };
        // Nearer to its end than to its start: the joint after it; the first has none before it.
        let nearer_end = (current.end - self.cursor).0.abs() < (self.cursor - current.start).0.abs();
        let second = if index == 0 || (nearer_end && index + 1 < self.timeline.songs.len()) {
            index + 1
        } else {
            index
        };
        let (Some(before), Some(after)) =
            (self.timeline.songs.get(second.saturating_sub(1)), self.timeline.songs.get(second))
        else {
            return;
        };
        let reach = self.document.session().sample_rate_hz.frames_from_seconds(JOINT_SECONDS);
        let from = (before.end - reach).max(before.start).min(after.start);
        let to = (after.start + reach).min(after.end);
        self.play(from, Some(to));
    }

    fn toggle_loop(&mut self) {
        let range = match self.live.loop_range() {
            Some(_) => None,
            None => self.current_song().map(|s| (s.start, s.end)),
        };
        self.live.set_loop(range);
    }

    fn toggle_listen(&mut self, listen: MonitorListen) {
        self.change_monitor(|m| m.listen = if m.listen == listen { MonitorListen::Stereo } else { listen });
    }
}
