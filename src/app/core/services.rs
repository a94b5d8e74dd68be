//! Listening at a service's level: its gain in the monitor path, never in a file.
//!
//! By song the gain follows the song that sounds, by album it stays. Until the figures it is taken from are measured, 0 dB
//! are heard and the lamp says so. The gain is part of the monitor section ([`crate::engine::Monitor`]). A raise is heard as
//! far as the true peak stays under the service's ceiling and under full scale ([`Playback::heard_db`]): a limiter of the
//! service is not imitated, and the converters are not clipped. The lamp says where it is less than the service's gain.

use super::Core;
use super::album_table::read_services;
use crate::app::command::MeterAct;
use crate::app::frame::{Mode, MonitorService, ServicePlay};
use crate::app::meter_settings::MeterPoint;
use crate::engine::monitor::SERVICE_RANGE_DB;
use crate::meter::services::{Playback, Service};
use crate::store::services::FILE_NAME;
use crate::store::write_atomically;

/// What the user's file holds when it is made.
const EMPTY_FILE: &str = "{\n  \"services\": []\n}\n";

/// Whether this is the service of an id, and it turns that way.
fn turns(service: &Service, id: &str, mode: Mode) -> bool {
    service.id == id && service.turns_by(mode)
}

impl Core {
    /// Plays at a service's level from now on, or as it is.
    pub(super) fn play_at_service(&mut self, chosen: Option<(String, Mode)>) {
        let known = chosen.and_then(|(id, mode)| {
            let service = self.album.view.services.iter().find(|s| turns(s, &id, mode))?;
            let name = service.name.clone();
            Some(ServicePlay { id, name, mode, gain_db: None, held: None })
        });
        if known.is_some() {
            // Its gain comes from the figures.
            self.watch_album(true);
        }
        self.album.view.playing = known;
        self.follow_service();
        if self.settings.meters.point == MeterPoint::Monitor {
            // What was heard so far had another gain.
            self.live.tell_meters(MeterAct::ForgetPlaces);
        }
    }

    /// Sets the gain that is due now; call often.
    pub(super) fn follow_service(&mut self) {
        let now = self.album.view.playing.as_ref().map(|play| self.playback_now(&play.id, play.mode));
        if let (Some(play), Some(playback)) = (&mut self.album.view.playing, now) {
            let [least, most] = SERVICE_RANGE_DB;
            play.gain_db = playback.map(|p| p.map_or(0.0, |p| p.heard_db.clamp(least, most)));
            play.held = playback.flatten().map(|p| p.held);
        }
        let service = self
            .album
            .view
            .playing
            .as_ref()
            .map(|play| MonitorService { gain_db: play.gain_db.unwrap_or(0.0), mode: play.mode });
        if self.settings.monitor.service != service {
            self.settings.monitor.service = service;
            self.live.set_monitor(self.settings.monitor);
        }
    }

    /// What the service does at this moment: `None` while that is not measured, `Some(None)` where it turns nothing.
    fn playback_now(&self, id: &str, mode: Mode) -> Option<Option<Playback>> {
        let view = &self.album.view;
        let service = view.services.iter().find(|s| s.id == id)?;
        let figures = match mode {
            Mode::Album => view.whole,
            Mode::Track => {
                let at = if self.live.is_playing() { self.live.position() } else { self.cursor };
                view.row(self.timeline.song_at(at)?.id)?.figures
            }
        }?;
        Some(figures.integrated_lufs.and_then(|lufs| service.playback(lufs, figures.true_peak_dbtp)))
    }

    /// Reads the table of services again.
    pub(super) fn reload_services(&mut self) {
        let path = self.folders.config.join(FILE_NAME);
        let (services, fault) = read_services(&path);
        match fault {
            Some(fault) => self.log.warn(fault),
            None if path.exists() => {
                self.log.info(format!("Services: {} rows, with those of {}", services.len(), path.display()));
            }
            None => self.log.info(format!("Services: {} built-in rows", services.len())),
        }
        self.album.set_services(services);
        let playing = self.album.view.playing.take();
        let again = playing.filter(|p| self.album.view.services.iter().any(|s| turns(s, &p.id, p.mode)));
        self.play_at_service_again(again);
    }

    fn play_at_service_again(&mut self, playing: Option<ServicePlay>) {
        self.album.view.playing = playing;
        self.follow_service();
    }

    /// Makes the user's file where there is none, and says where it is.
    pub(super) fn make_services_file(&mut self) {
        let path = self.folders.config.join(FILE_NAME);
        if !path.exists() {
            let made = std::fs::create_dir_all(&self.folders.config)
                .map_err(|e| e.to_string())
                .and_then(|()| write_atomically(&path, EMPTY_FILE.as_bytes()).map_err(|e| e.to_string()));
            if let Err(error) = made {
                return self.log.error(format!("{}: {error}", path.display()));
            }
        }
        self.log.info(format!(
            "Services: write your own rows into {} ({{\"id\": \"spotify\", \"target_lufs\": -13}} changes one, a new id adds one), then reload them",
            path.display()
        ));
    }
}
