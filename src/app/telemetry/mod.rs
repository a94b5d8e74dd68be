//! The meters of the window: blocks of the signal at the meter point in, one readable picture out.
//!
//! Runs on the meter worker, never on the audio thread. Once it runs, taking the signal and painting pictures allocate
//! nothing; other settings, a reset, another session and jumps at the point “as delivered” do.

mod delivered;
mod level;
mod loudness;
mod pictures;
mod places;
mod point;
mod spectrogram;
mod spectrum;
mod stereo;
mod trace;

use std::sync::Arc;

use super::command::MeterAct;
use super::frame::{MeterView, SpectrumView};
use super::meter_settings::{MeterPoint, MeterSettings};
use crate::engine::{MeterTap, SamplePlace};
use crate::meter::loudness_map::LoudnessMap;
use crate::model::Session;
use crate::units::SampleRate;
use delivered::Delivered;
use places::{Places, Step};

pub use pictures::{Pictures, Published};
pub use point::tap_of;
pub(super) use spectrum::{SPECTRUM_POINTS, display_of, points_of, stereo_trace};
pub(super) use trace::GainTrace;
pub use trace::{LevelTrace, TRACE_PER_SECOND, TRACE_POINTS, TracePoint};

/// Every meter at the meter point.
pub struct Meters {
    /// Of the session, and of the signal measured.
    session_rate: SampleRate,
    rate: SampleRate,
    settings: MeterSettings,
    levels: level::Levels,
    loudness: loudness::Loudness,
    stereo: stereo::Stereo,
    spectra: spectrum::Spectra,
    trace: trace::Trace,
    places: Places,
    delivered: Option<Delivered>,
    /// Where the signal it measures is taken.
    tap: MeterTap,
    /// Frames still on their way through the conversion that came before the reset.
    skip: usize,
    gap: bool,
}

impl Meters {
    /// For a session of a rate.
    pub fn new(session_rate: SampleRate, settings: &MeterSettings) -> Self {
        let is_delivered = settings.point == MeterPoint::Delivered;
        let rate = if is_delivered { SampleRate::CD } else { session_rate };
        Self {
            session_rate,
            rate,
            settings: settings.clone(),
            levels: level::Levels::new(rate, session_rate, &settings.level),
            loudness: loudness::Loudness::new(rate, &settings.loudness),
            stereo: stereo::Stereo::new(rate, &settings.stereo),
            spectra: spectrum::Spectra::new([rate, session_rate], &settings.spectrum),
            trace: trace::Trace::new(rate),
            places: Places::new(rate),
            delivered: is_delivered.then(|| Delivered::new(session_rate, None)),
            tap: tap_of(settings.point, None),
            skip: 0,
            gap: false,
        }
    }

    /// The rate it measures at: the session's, or 44.1 kHz where it measures what is delivered.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes other settings: only the meters they concern begin anew, and all of them at another point. Levels lose
    /// nothing: they all run, the settings choose what is shown. How loudness is shown concerns none.
    pub fn set(&mut self, settings: &MeterSettings) {
        if settings.point != self.settings.point {
            self.settings = settings.clone();
            return self.begin_anew();
        }
        if settings.level != self.settings.level {
            self.levels.set(&settings.level);
        }
        self.stereo.set(&settings.stereo);
        if settings.spectrum != self.settings.spectrum {
            self.spectra.set(&settings.spectrum);
        }
        self.settings = settings.clone();
    }

    /// The signal is another one: nothing measured holds.
    fn begin_anew(&mut self) {
        let mut new = Self::new(self.session_rate, &self.settings);
        std::mem::swap(&mut new.places, &mut self.places);
        new.places.begin_anew(new.rate);
        *self = new;
        self.follow_session();
    }

    /// The session that is wanted from now on, by the number the engine gave it, and the map of its album's loudness.
    pub fn set_session(&mut self, number: u64, session: &Arc<Session>, map: &Arc<LoudnessMap>) {
        self.places.lay_out(number, session, map);
        if tap_of(self.settings.point, Some(session)) == self.tap {
            self.follow_session();
        } else {
            // The slot it listened to is gone, or there again.
            self.begin_anew();
        }
    }

    /// A session that another has followed already: sound of it may come, but nothing is laid out for it. Call
    /// [`Self::set_session`] next.
    pub fn pass_session(&mut self, number: u64, session: &Arc<Session>) {
        self.places.pass(number, session);
    }

    fn follow_session(&mut self) {
        let session = self.places.session();
        self.tap = tap_of(self.settings.point, session.map(|s| &**s));
        if let (Some(delivered), Some(session)) = (&mut self.delivered, session)
            && delivered.follow(session)
        {
            self.places.cut();
        }
    }

    /// Does something to the meters.
    pub fn act(&mut self, act: &MeterAct) {
        match act {
            MeterAct::Reset => self.reset(),
            MeterAct::ResetSpectrum => self.spectra.reset(),
            MeterAct::Pause => self.loudness.set_running(false),
            MeterAct::Continue => self.loudness.set_running(true),
            MeterAct::ForgetPlaces => self.places.clear(),
        }
    }

    /// What was measured by place stays, and the waveform goes on.
    fn reset(&mut self) {
        let mut new = Self::new(self.session_rate, &self.settings);
        std::mem::swap(&mut new.places, &mut self.places);
        std::mem::swap(&mut new.delivered, &mut self.delivered);
        std::mem::swap(&mut new.trace, &mut self.trace);
        new.tap = self.tap;
        new.levels.go_on_after(&self.levels);
        new.spectra.go_on_after(&self.spectra);
        new.skip = new.delivered.as_ref().map_or(0, Delivered::pending);
        *self = new;
    }

    /// Takes a stretch of the signal that the engine took somewhere; where it was taken elsewhere than wanted, nothing
    /// happens.
    pub fn push_at(&mut self, place: &SamplePlace, left: &[f64], right: &[f64]) {
        if place.tap != self.tap {
            return;
        }
        let mut done = 0;
        while done < left.len() {
            let at = place.after(done);
            let (step, count) = self.places.step(&at, left.len() - done);
            if self.is_broken(step) {
                self.break_off();
            }
            if step != Step::On || self.delivered.is_none() {
                // What is delivered comes late, but in order from where its conversion began.
                let from = self.places.heard_from(count);
                self.levels.locate(from);
                self.spectra.locate(from);
            }
            let range = done..done + count;
            self.spectra.song_begins(self.places.current_song().map(|(_, song)| song));
            self.push_step(step, &left[range.clone()], &right[range]);
            done += count;
        }
    }

    /// Whether the signal does not go on from the frames before. Behind the renderer jumps are faded.
    fn is_broken(&self, step: Step) -> bool {
        let is_inside = matches!(self.tap, MeterTap::Inside(_)) || self.delivered.is_some();
        step == Step::Cut || step == Step::Jump && is_inside
    }

    fn push_step(&mut self, step: Step, left: &[f64], right: &[f64]) {
        let Some(mut delivered) = self.delivered.take() else {
            return self.push_where(step, left, right);
        };
        if matches!(step, Step::Jump | Step::Cut) {
            delivered.restart();
            self.skip = 0;
        }
        let (left, right) = delivered.push(left, right);
        self.push_where(step, left, right);
        self.delivered = Some(delivered);
    }

    fn push_where(&mut self, step: Step, left: &[f64], right: &[f64]) {
        if step != Step::Nowhere {
            self.places.measure(left, right);
        }
        let skipped = self.skip.min(left.len());
        self.skip -= skipped;
        self.push(&left[skipped..], &right[skipped..]);
    }

    /// Takes a stretch of the signal of no place.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.levels.push(left, right);
        self.loudness.push(left, right);
        self.stereo.push(left, right);
        self.spectra.push(left, right);
        self.trace.push(left, right);
    }

    /// The signal ends here: the wave behind its last frame counts too. Call once, before the last picture.
    pub fn finish(&mut self) {
        if let Some((left, right)) = self.delivered.as_mut().map(Delivered::flush) {
            self.push_where(Step::On, &left, &right);
        }
        self.levels.finish();
        self.loudness.finish();
        self.places.refresh(true);
    }

    /// Some of the signal was lost on the way: integrated readings have a hole.
    pub fn lost(&mut self) {
        self.gap = true;
    }

    /// The signal is broken: no wave, run or spectrum goes on across the break; what integrates and counts does.
    fn break_off(&mut self) {
        self.levels.break_off();
        self.loudness.break_off();
        self.stereo.restart();
        self.spectra.restart();
    }

    /// The readings.
    pub fn view(&mut self) -> MeterView {
        let mut view = MeterView::default();
        self.view_into(&mut view);
        view
    }

    /// The readings, over an older picture. Allocates nothing where that one is of these meters.
    pub fn view_into(&mut self, out: &mut MeterView) {
        self.places.refresh(false);
        let song = self.places.current_song().map(|(index, _)| index);
        let session = self.places.session().map(|s| &**s);
        point::describe(&mut out.point, self.settings.point, session, song);
        out.level = self.levels.view();
        self.loudness.view_into(&self.places, &mut out.loudness);
        self.stereo.view_into(&mut out.stereo);
        out.gap = self.gap || self.loudness.is_full();
    }

    /// The spectrum.
    pub fn spectrum(&mut self) -> SpectrumView {
        let mut view = SpectrumView::default();
        self.spectrum_into(&mut view);
        view
    }

    /// The spectrum, over an older picture.
    pub fn spectrum_into(&mut self, out: &mut SpectrumView) {
        self.spectra.view_into(out);
    }

    /// The waveform of the last minute, written on as long as these meters run.
    pub fn trace(&self) -> &std::sync::Arc<LevelTrace> {
        self.trace.ring()
    }

    /// Points of the goniometer as left and right, newest last.
    pub fn field(&self) -> Vec<[f32; 2]> {
        let mut points = Vec::new();
        self.field_into(&mut points);
        points
    }

    /// The same, over older ones.
    pub fn field_into(&self, out: &mut Vec<[f32; 2]>) {
        self.stereo.field_into(out);
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::frame::SpectrogramView;
    use crate::units::Frames;

    /// Meters at a point over an album of one song of a minute.
    fn meters_at(point: MeterPoint, rate: SampleRate) -> Meters {
        let mut meters = Meters::new(rate, &MeterSettings { point, ..MeterSettings::default() });
        let mut session = Session::new(rate);
        let source = crate::model::SourceRef {
            frames: 60 * u64::from(rate.0),
            sample_rate_hz: rate.0,
            ..Default::default()
        };
        session.songs.push(Arc::new(crate::model::Song::new(
            crate::model::SongId(1),
            source,
            rate,
            Frames::ZERO,
        )));
        meters.set_session(1, &Arc::new(session), &Arc::default());
        meters
    }

    fn place(at: i64, run: u32) -> SamplePlace {
        SamplePlace { position: Some(Frames(at)), session: 1, run, ..SamplePlace::default() }
    }

    #[test]
    fn no_wave_and_no_run_goes_on_across_a_break_and_what_integrates_does() {
        // A step from silence to 0.83 swings to 0.94, one from 0.83 to −0.83 to 1.06 (the exact wave of samples: 13.7 %).
        let wave = [vec![0.83; 4800], vec![-0.83; 4800]];
        // Two samples of 1.0 on each side would be a run of four.
        let mut run = [vec![0.0; 4800], vec![0.0; 4800]];
        run[0][4798..].fill(1.0);
        run[1][..2].fill(1.0);
        let heard = |point, second: SamplePlace, signal: &[Vec<f64>; 2]| {
            let mut meters = meters_at(point, SampleRate(48_000));
            for (at, x) in [(place(48_000, 0), &signal[0]), (second, &signal[1])] {
                meters.push_at(&SamplePlace { tap: meters.tap, ..at }, x, x);
            }
            meters.finish();
            meters.view()
        };
        let seek = place(480_000, 1);
        let lost = place(480_000, 0);
        for (point, second, is_broken) in [
            (MeterPoint::Source, seek, true),
            (MeterPoint::SongChain, seek, true),
            (MeterPoint::MasterTap, lost, true),
            // Here the engine has faded, so that what comes is one sound.
            (MeterPoint::MasterTap, seek, false),
            (MeterPoint::Source, place(52_800, 0), false),
        ] {
            let view = heard(point, second, &wave);
            assert_eq!(view.level.true_peak_overs[0] == 0, is_broken, "{point:?} {second:?}");
            let highest = view.loudness.max_true_peak_dbtp.unwrap();
            assert_eq!(highest < 0.0, is_broken, "{point:?}: {highest} dBTP");
            assert_eq!(view.loudness.measured_s, 0.2);
            let runs = heard(point, second, &run).level.overs;
            assert_eq!(runs[1] == 0, is_broken, "{point:?} {second:?}");
        }
    }

    #[test]
    fn the_spectrogram_lies_where_the_sound_does_also_as_delivered() {
        let rate = SampleRate(96_000);
        let mut meters = meters_at(MeterPoint::Delivered, rate);
        let noise = crate::dsp::noise::Noise::new(1, 0);
        // Ten seconds from 20 s on: noise, silence from 25 s.
        for block in 0..200i64 {
            let at = 1_920_000 + 4800 * block;
            let level = if block < 100 { 0.3 } else { 0.0 };
            let x: Vec<f64> = (at..at + 4800).map(|n| level * noise.triangular(n)).collect();
            meters.push_at(&place(at, 0), &x, &x);
        }
        let gram = meters.spectrum().gram;
        let mut seen = [0, 0];
        for n in gram.shown() {
            // Some 0.1 s about the end of the noise a spectrum has both, and a column may hold several.
            let Some(at) = gram.place(n).filter(|at| (at - 2_400_000).abs() > 24_000) else { continue };
            let highest = gram.column(n).iter().copied().max().map_or(0.0, SpectrogramView::level_db);
            assert_eq!(highest > -80.0, at < 2_400_000, "{highest} dB at {at}");
            seen[usize::from(at > 2_400_000)] += 1;
        }
        assert!(seen[0] > 50 && seen[1] > 50, "{seen:?}");
    }

    #[test]
    fn another_ceiling_begins_the_delivery_anew_and_places_stay_true() {
        let rate = SampleRate(96_000);
        let mut meters = meters_at(MeterPoint::Delivered, rate);
        let silence = vec![0.0; 9600];
        let mut click = silence.clone();
        click[4800..4900].fill(0.9);
        meters.push_at(&place(0, 0), &silence, &silence);
        let mut session = (**meters.places.session().unwrap()).clone();
        session.dither_seed += 1;
        meters.set_session(1, &Arc::new(session), &Arc::default());
        meters.push_at(&place(9600, 0), &click, &silence);
        (2..10).for_each(|block| meters.push_at(&place(9600 * block, 0), &silence, &silence));
        let at = meters.view().level.max_at[0].unwrap().0;
        assert!((14_400 - 40..14_500 + 40).contains(&at), "{at}");
    }

    #[test]
    fn maxima_and_overs_say_where_on_the_album_they_were_and_stay_when_it_jumps() {
        let mut meters = meters_at(MeterPoint::MasterTap, SampleRate(48_000));
        let mut x = vec![0.0; 1000];
        x[400..405].fill(1.0);
        let silence = vec![0.0; 1000];
        meters.push_at(&place(10_000, 0), &silence, &x);
        meters.push_at(&place(11_000, 0), &silence, &silence);
        meters.push_at(&place(500_000, 1), &x, &silence);
        let level = meters.view().level;
        assert_eq!((level.over_at, level.overs), ([Some(Frames(500_400)), Some(Frames(10_400))], [1, 1]));
        assert_eq!(level.max_at, level.over_at);
        meters.finish();
        let found = meters.view().level.true_peak_at.map(|at| at.map(|at| at.0));
        assert!(
            found.iter().zip([500_402, 10_402]).all(|(at, near)| at.is_some_and(|at| (at - near).abs() < 4)),
            "{found:?}"
        );
        // After a reset the same sound goes on.
        meters.act(&MeterAct::Reset);
        assert_eq!(meters.view().level.overs, [0, 0]);
        meters.push_at(&place(501_000, 1), &x, &x);
        assert_eq!(meters.view().level.over_at, [Some(Frames(501_400)); 2]);
    }

    #[test]
    fn a_calibrated_sine_reads_right_on_every_meter() {
        let rate = SampleRate(48_000);
        let mut meters = Meters::new(rate, &MeterSettings::default());
        let sine: Vec<f64> = (0..5 * 48_000)
            .map(|i| 0.1 * (std::f64::consts::TAU * 1000.0 * f64::from(i) / 48_000.0).sin())
            .collect();
        for part in sine.chunks(1000) {
            meters.push(part, part);
        }
        let view = meters.view();
        // -20 dBFS in both channels: -20 LUFS + 0.007 dB (loudness.md 3.3), AES17 RMS equals the peak of a sine.
        assert!((view.loudness.short_term_lufs.unwrap() + 20.0 - 0.007).abs() < 0.01);
        assert!((view.level.peak_dbfs[0].unwrap() + 20.0).abs() < 0.01);
        assert!((view.level.rms_dbfs[1].unwrap() + 20.0).abs() < 0.02);
        assert!((view.level.true_peak_dbtp[0].unwrap() + 20.0).abs() < 0.01);
        assert!(view.stereo.correlation.unwrap() > 0.9999);
        assert!((view.loudness.psr_db.unwrap() - 0.0).abs() < 0.02);
        let spectrum = meters.spectrum();
        let tone = spectrum.strongest.unwrap();
        assert!((tone.level_db + 20.0).abs() < 0.05 && (tone.hz - 1000.0).abs() < 0.5, "{tone:?}");
        let top = spectrum.now_db.iter().copied().fold(f32::MIN, f32::max);
        // The mean power of the bins in 1/12 octave: a Hann-windowed sine spreads over 1.5 bins of 48 000/8192 Hz.
        let bins = 1000.0 * (2f64.powf(1.0 / 24.0) - 2f64.powf(-1.0 / 24.0)) / (48_000.0 / 8192.0);
        let expected = -20.0 + 10.0 * (1.5 / bins).log10();
        assert!((f64::from(top) - expected).abs() < 0.3, "{top}, not {expected}");
        let field = meters.field();
        assert!(field.iter().all(|[l, r]| (l - r).abs() < 1e-6) && !field.is_empty());
    }
}
