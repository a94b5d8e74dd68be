//! The spectrum at the meter point, and with the same transforms its spectrogram.

use std::sync::Arc;

use super::level::at_rate;
use super::spectrogram::Spectrogram;
use crate::app::frame::{SpectrumView, ToneView};
use crate::app::meter_settings::{AverageOver, SpectrumSettings};
use crate::meter::spectrum::{
    self, Channel, Smoothing, SpectrumAnalyzer, StereoSpectrum, Traces, strongest_tone,
};
use crate::model::SongId;
use crate::units::{Frames, SampleRate, db_from_power, gain_from_db};

/// Points of the spectrum's curves: 46 an octave.
const POINTS: usize = 512;

/// The finest reading of mean power, for densities where tones are shown.
const MEAN_POWER: Smoothing = Smoothing::Octave(48);

/// Points of the curves of an editor.
pub(in crate::app) const SPECTRUM_POINTS: usize = 320;

/// The strongest tone is looked for from here on, Hz.
const LOWEST_TONE_HZ: f64 = 15.0;

/// The analyser.
pub(super) struct Spectra {
    /// Of the signal measured, and of the session whose album has the places.
    rates: [SampleRate; 2],
    settings: SpectrumSettings,
    /// The settings in words.
    label: String,
    spectrum: StereoSpectrum,
    first: Traces,
    second: Option<Traces>,
    gram: Spectrogram,
    song: Option<SongId>,
    /// Where the next frame lies on the album in frames of the signal, where that is known.
    place: Option<Frames>,
}

impl Spectra {
    /// For a signal of a rate, of a session of a rate.
    pub(super) fn new(rates: [SampleRate; 2], settings: &SpectrumSettings) -> Self {
        let rate = rates[0];
        let spectrum = StereoSpectrum::new(rate.0, settings.size, settings.window);
        let traces = || Traces::new(spectrum.bin_count());
        Self {
            rates,
            first: traces(),
            second: settings.second.map(|_| traces()),
            gram: Spectrogram::new(rate, settings.gram_seconds, spectrum.hop()),
            spectrum,
            label: settings.in_words(),
            settings: settings.clone(),
            song: None,
            place: None,
        }
    }

    /// Other settings: what is only drawn otherwise goes on being measured.
    pub(super) fn set(&mut self, settings: &SpectrumSettings) {
        if !self.settings.measures_like(settings) {
            *self = Self { song: self.song, place: self.place, ..Self::new(self.rates, settings) };
            return;
        }
        if self.settings.average != settings.average {
            self.restart_averages();
        }
        self.label = settings.in_words();
        self.settings = settings.clone();
    }

    /// Averages and holds begin anew.
    pub(super) fn reset(&mut self) {
        self.restart_averages();
        self.traces().for_each(Traces::reset_holds);
    }

    fn traces(&mut self) -> impl Iterator<Item = &mut Traces> {
        std::iter::once(&mut self.first).chain(&mut self.second)
    }

    fn restart_averages(&mut self) {
        self.traces().for_each(Traces::restart_average);
    }

    /// Another song is heard: its average begins.
    pub(super) fn song_begins(&mut self, song: Option<SongId>) {
        if self.song != song {
            self.song = song;
            if self.settings.average == AverageOver::Song {
                self.restart_averages();
            }
        }
    }

    /// The next frame lies here on the album of the session, or nowhere.
    pub(super) fn locate(&mut self, next: Option<Frames>) {
        let [own, session] = self.rates;
        self.place = next.map(|place| at_rate(place, session, own));
    }

    /// The same sound goes on after a reset.
    pub(super) fn go_on_after(&mut self, before: &Self) {
        (self.song, self.place) = (before.song, before.place);
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        let step = match self.settings.average.seconds() {
            s if s.is_finite() => self.spectrum.step_for(s),
            _ => 0.0,
        };
        let hop_s = self.spectrum.hop() as f64 / self.rates[0].hz();
        let fall = 10f64.powf(-0.1 * self.settings.peak_fall_db_per_s.max(0.0) * hop_s);
        let half = self.spectrum.length() as i64 / 2;
        let bin_hz = self.spectrum.bin_hz();
        let Self { rates: [own, session], spectrum, first, second, gram, settings, place, .. } = self;
        let total = left.len() as i64;
        spectrum.push(left, right, &mut |bins, left_over| {
            first.take(bins, settings.channel, step, fall);
            if let (Some(second), Some(channel)) = (&mut *second, settings.second) {
                second.take(bins, channel, step, fall);
            }
            let middle = place.map(|p| p + Frames(total - left_over as i64 - half));
            gram.take(&first.now, bin_hz, middle.map(|p| at_rate(p, *own, *session).0));
        });
        self.place = self.place.map(|p| p + Frames(total));
    }

    /// The signal is broken: no spectrum spans the break.
    pub(super) fn restart(&mut self) {
        self.spectrum.restart();
    }

    /// The picture, over an older one.
    pub(super) fn view_into(&self, out: &mut SpectrumView) {
        let settings = &self.settings;
        let display = spectrum::SpectrumView {
            smoothing: settings.smoothing,
            slope_db_per_octave: settings.slope.db_per_octave(),
            ..display_of(self.rates[0])
        };
        let trace = |powers: Option<&Vec<f64>>, out: &mut Vec<f32>| {
            let powers = powers.filter(|_| !self.first.is_empty());
            // There before the first spectrum is, which comes a second and more after the sound.
            out.reserve(POINTS.saturating_sub(out.len()));
            out.resize(if powers.is_some() { POINTS } else { 0 }, 0.0);
            if let Some(powers) = powers {
                self.spectrum.trace_db(powers, &display, out);
            }
        };
        let (first, second) = (&self.first, self.second.as_ref());
        trace(Some(&first.now), &mut out.now_db);
        trace(Some(&first.average), &mut out.average_db);
        let mean = spectrum::SpectrumView { smoothing: MEAN_POWER, ..display };
        let reads_tones = settings.smoothing == Smoothing::None && !first.is_empty();
        out.mean_power_db.resize(if reads_tones { POINTS } else { 0 }, 0.0);
        if reads_tones {
            self.spectrum.trace_db(&first.average, &mean, &mut out.mean_power_db);
        }
        let compares = settings.difference.is_some();
        trace(Some(&first.peak).filter(|_| settings.shows_peak || compares), &mut out.peak_db);
        trace(Some(&first.minimum).filter(|_| settings.shows_minimum || compares), &mut out.minimum_db);
        trace(second.map(|s| &s.now), &mut out.second_now_db);
        trace(second.map(|s| &s.average), &mut out.second_average_db);
        out.freqs_hz.clear();
        out.freqs_hz.extend((0..POINTS).map(|i| display.hz_at(i, POINTS) as f32));
        out.channels = [settings.channel.in_words(), settings.second.map_or("", Channel::in_words)];
        out.average_over = settings.average.in_words();
        out.label.clone_from(&self.label);
        out.slope_db_oct = settings.slope.db_per_octave() as f32;
        out.noise_db = db_from_power(self.spectrum.noise_hz()) as f32;
        let lobe = self.spectrum.lobe();
        let strongest = strongest_tone(&first.now, self.spectrum.bin_hz(), lobe, LOWEST_TONE_HZ);
        out.strongest = strongest.map(|t| ToneView { hz: t.hz, level_db: t.level_db });
        if Arc::get_mut(&mut out.gram).is_none() {
            out.gram = Arc::default();
        }
        if let Some(gram) = Arc::get_mut(&mut out.gram) {
            self.gram.view_into(settings.slope.db_per_octave() as f32, gram);
        }
    }
}

/// The grid every spectrum of the window is drawn on.
pub(in crate::app) fn display_of(rate: SampleRate) -> spectrum::SpectrumView {
    spectrum::SpectrumView {
        low_hz: 10.0,
        high_hz: 22_000f64.min(rate.nyquist_hz()),
        smoothing: Smoothing::Octave(12),
        slope_db_per_octave: 4.5,
    }
}

/// Frequencies of the points of a display, Hz.
pub(in crate::app) fn points_of(display: &spectrum::SpectrumView, points: usize) -> Vec<f32> {
    (0..points).map(|i| display.hz_at(i, points) as f32).collect()
}

/// Writes a curve of an analyser in dB on the grid of a display.
pub(in crate::app) type ReadTrace = fn(&SpectrumAnalyzer, &spectrum::SpectrumView, &mut [f32]);

/// Mean power of left and right in dB, so that a full-scale sine in both reads 0 dB.
pub(in crate::app) fn stereo_trace(
    pair: &[SpectrumAnalyzer; 2],
    display: &spectrum::SpectrumView,
    points: usize,
    read: ReadTrace,
) -> Vec<f32> {
    let [left, right] = pair.each_ref().map(|analyzer| {
        let mut side = vec![0.0f32; points];
        read(analyzer, display, &mut side);
        side
    });
    let power = |db: f32| gain_from_db(f64::from(db) * 2.0);
    left.iter().zip(&right).map(|(&l, &r)| db_from_power(0.5 * (power(l) + power(r))) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;

    /// The highest bins of noise stand over its mean power; the trace of mean power stays where it is.
    #[test]
    fn where_tones_are_shown_the_mean_power_is_there_too() {
        let rate = SampleRate(48_000);
        let settings = SpectrumSettings { smoothing: Smoothing::None, ..SpectrumSettings::default() };
        let mut spectra = Spectra::new([rate, rate], &settings);
        let noise = Noise::new(3, 0);
        let x: Vec<f64> = (0..96_000).map(|n| 0.1 * noise.triangular(n)).collect();
        spectra.push(&x, &x);
        let (mut tones, mut means) = (SpectrumView::default(), SpectrumView::default());
        spectra.view_into(&mut tones);
        spectra.set(&SpectrumSettings { smoothing: MEAN_POWER, ..settings });
        spectra.view_into(&mut means);
        assert_eq!(tones.mean_power_db, means.average_db);
        assert!(means.mean_power_db.is_empty(), "there it is the average itself");
        let above = |from: usize| {
            tones.average_db[from..].iter().sum::<f32>() - means.average_db[from..].iter().sum::<f32>()
        };
        assert!(above(400) / 112.0 > 1.0, "{}", above(400) / 112.0);
    }
}
