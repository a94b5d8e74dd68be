//! What the slot whose editor is open does to the sound: quanta of its input and output in, one readable picture out.
//!
//! Both sides are measured by the same meters on the same frames, the input delayed by the latency of the slot, so that
//! curves may be laid over each other. With `M = (L+R)/2` and `S = (L−R)/2`, `|M|² + |S|² = (|L|² + |R|²)/2` and
//! `Re(L·R*) = |M|² − |S|²`: width and correlation of a band of the spectrum come from the powers of left, right and mid.
//! Runs on a worker of its own, never on the audio thread.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::{BandField, FocusPoint, FocusView, SideReading};
use super::telemetry::{SPECTRUM_POINTS, display_of, points_of, stereo_trace};
use crate::audio::QUANTUM;
use crate::meter::stereo::{Goniometer, StereoMeter};
use crate::meter::loudness::LoudnessMeter;
use crate::meter::peak::LevelMeter;
use crate::meter::spectrum::{SpectrumAnalyzer, SpectrumView};
use crate::meter::true_peak::{Keep, TruePeakMeter, dbtp};
use crate::model::SlotId;
use crate::render::SlotProbe;
use crate::render::watch::stronger_db;
use crate::units::{SampleRate, db_from_power};

/// Time constant of the spectra, seconds.
const SPECTRUM_S: f64 = 0.3;

/// Points of each goniometer.
const FIELD_POINTS: usize = 1024;

/// Points of the history: one each 10 ms for ten seconds.
const HISTORY_POINTS: usize = 1000;

/// Points of the history in a second.
const HISTORY_PER_S: u32 = 100;

/// A signal that begins in its middle is faded in over this long, as it is heard, seconds.
const FADE_S: f64 = 0.005;

/// Middle of the lowest band of the field, Hz; ten octaves from there.
const LOWEST_BAND_HZ: f64 = 31.25;

/// Bands of the field.
const FIELD_BANDS: i32 = 10;

/// Power of a band under which it has no width (−100 dBFS).
const SILENCE: f64 = 1e-10;

/// Side against mid is shown between these, dB.
const WIDTH_RANGE_DB: f64 = 60.0;

/// Meters of one side of the slot.
struct Side {
    levels: [LevelMeter; 2],
    true_peak: TruePeakMeter,
    /// Highest before the true-peak meter last began anew, linear.
    held_peak: f64,
    loudness: LoudnessMeter,
    stereo: StereoMeter,
    field: Goniometer,
    /// Left and right.
    spectra: [SpectrumAnalyzer; 2],
    mid: SpectrumAnalyzer,
}

impl Side {
    fn new(rate: SampleRate) -> Self {
        let hz = rate.0;
        let spectrum = || SpectrumAnalyzer::new(hz, SPECTRUM_S);
        Self {
            levels: [LevelMeter::new(hz, 1), LevelMeter::new(hz, 1)],
            true_peak: TruePeakMeter::new(Keep::Maximum),
            held_peak: 0.0,
            // Nothing integrated is shown.
            loudness: LoudnessMeter::new(hz, 2, 0.0),
            stereo: StereoMeter::new(hz),
            field: Goniometer::new(hz, FIELD_POINTS),
            spectra: [spectrum(), spectrum()],
            mid: spectrum(),
        }
    }

    fn push(&mut self, left: &[f64; QUANTUM], right: &[f64; QUANTUM]) {
        let mid: [f64; QUANTUM] = std::array::from_fn(|i| 0.5 * (left[i] + right[i]));
        self.levels[0].push(left);
        self.levels[1].push(right);
        self.true_peak.push(left, right);
        self.loudness.push(left, right);
        self.stereo.push(left, right);
        self.field.push(left, right);
        self.spectra[0].push(left);
        self.spectra[1].push(right);
        self.mid.push(&mid);
    }

    /// The signal does not go on: no wave is drawn across the break.
    fn break_off(&mut self) {
        self.held_peak = self.highest();
        self.true_peak.reset();
    }

    fn highest(&self) -> f64 {
        let [left, right] = self.true_peak.highest();
        self.held_peak.max(left.value).max(right.value)
    }

    fn reading(&self) -> SideReading {
        SideReading {
            peak_dbfs: [self.levels[0].reading().peak_dbfs, self.levels[1].reading().peak_dbfs],
            max_true_peak_dbtp: dbtp(self.highest()),
            momentary_lufs: self.loudness.momentary_lufs(),
            short_term_lufs: self.loudness.short_term_lufs(),
            correlation: self.stereo.reading().correlation,
        }
    }

    /// Side against mid in dB and correlation between two frequencies; `None` in silence.
    fn width(&self, low_hz: f64, high_hz: f64) -> (Option<f32>, Option<f32>) {
        let bins = |hz: f64| (hz / self.mid.bin_hz()).ceil() as usize;
        let (first, last) = (bins(low_hz), bins(high_hz).min(self.mid.powers().len()));
        let sum = |a: &SpectrumAnalyzer| a.powers().get(first..last).map_or(0.0, |p| p.iter().sum::<f64>());
        let [left, right] = [sum(&self.spectra[0]), sum(&self.spectra[1])];
        let both = 0.5 * (left + right);
        if both < SILENCE {
            return (None, None);
        }
        let mid = sum(&self.mid).min(both);
        let side = both - mid;
        let floor = both * 1e-9;
        let width_db = db_from_power(side.max(floor) / mid.max(floor)).clamp(-WIDTH_RANGE_DB, WIDTH_RANGE_DB);
        let correlation = (left > SILENCE && right > SILENCE)
            .then(|| ((mid - side) / (left * right).sqrt()).clamp(-1.0, 1.0) as f32);
        (Some(width_db as f32), correlation)
    }

    fn trace(&self, display: &SpectrumView) -> Vec<f32> {
        stereo_trace(&self.spectra, display, SPECTRUM_POINTS, SpectrumAnalyzer::trace_db)
    }
}

/// Every meter of the probed slot.
pub struct Focus {
    rate: SampleRate,
    slot: Option<SlotId>,
    run: u32,
    before: Side,
    after: Side,
    display: SpectrumView,
    history: VecDeque<FocusPoint>,
    point: FocusPoint,
    /// Frames until the point of the history is complete.
    to_point: u32,
    /// Frames since the signal began anew.
    since_break: usize,
    bands_db: Vec<f32>,
}

impl Focus {
    /// For a rate.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            slot: None,
            run: 0,
            before: Side::new(rate),
            after: Side::new(rate),
            display: display_of(rate),
            history: VecDeque::with_capacity(HISTORY_POINTS),
            point: FocusPoint::default(),
            to_point: rate.0 / HISTORY_PER_S,
            since_break: 0,
            bands_db: Vec::new(),
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Takes the next quantum; of another slot than before, everything begins anew.
    pub fn push(&mut self, probe: &SlotProbe) {
        if self.slot != Some(probe.slot) {
            self.reset();
            self.slot = Some(probe.slot);
            self.run = probe.run.wrapping_sub(1);
        }
        if self.run != probe.run {
            self.run = probe.run;
            self.since_break = 0;
            self.before.break_off();
            self.after.break_off();
        }
        let gains = self.fade();
        let faded = |samples: &[f64; QUANTUM]| std::array::from_fn(|i| samples[i] * gains[i]);
        self.before.push(&faded(probe.before.left()), &faded(probe.before.right()));
        self.after.push(&faded(probe.after.left()), &faded(probe.after.right()));
        self.bands_db.clear();
        self.bands_db.extend_from_slice(&probe.bands_db[..probe.bands]);
        self.note_history(probe);
    }

    /// The fade after a break, for the next quantum.
    fn fade(&mut self) -> [f64; QUANTUM] {
        let length = FADE_S * self.rate.hz();
        let from = self.since_break;
        self.since_break = self.since_break.saturating_add(QUANTUM);
        std::array::from_fn(|i| {
            let part = ((from + i) as f64 / length).min(1.0);
            0.5 - 0.5 * (std::f64::consts::PI * part).cos()
        })
    }

    fn note_history(&mut self, probe: &SlotProbe) {
        let gain_db = probe.gain_db.unwrap_or(0.0);
        for [before_left, before_right, left, right] in probe.frames() {
            let point = &mut self.point;
            point.before = point.before.max(before_left.abs().max(before_right.abs()) as f32);
            point.after = point.after.max(left.abs().max(right.abs()) as f32);
            point.gain_db = stronger_db(point.gain_db, gain_db);
            self.to_point -= 1;
            if self.to_point == 0 {
                self.to_point = self.rate.0 / HISTORY_PER_S;
                if self.history.len() == HISTORY_POINTS {
                    self.history.pop_front();
                }
                self.history.push_back(std::mem::take(&mut self.point));
            }
        }
    }

    /// The picture while sound runs through the slot; [`FocusView::at_rest`] when none does.
    pub fn view(&self) -> FocusView {
        FocusView {
            slot: self.slot,
            freqs_hz: points_of(&self.display, SPECTRUM_POINTS),
            before_db: self.before.trace(&self.display),
            after_db: self.after.trace(&self.display),
            history: Arc::new(self.history.iter().copied().collect()),
            bands_db: self.bands_db.clone(),
            before: self.before.reading(),
            after: self.after.reading(),
            field_before: Arc::new(left_and_right(&self.before.field)),
            field_after: Arc::new(left_and_right(&self.after.field)),
            field_bands: self.field_bands(),
        }
    }

    fn field_bands(&self) -> Vec<BandField> {
        let nyquist = self.rate.nyquist_hz();
        let edges = (0..FIELD_BANDS).map(|k| LOWEST_BAND_HZ * 2f64.powf(f64::from(k) - 0.5));
        let bands = edges.filter(|low| *low < nyquist).map(|low| {
            let high = (2.0 * low).min(nyquist);
            let (side_before_db, correlation_before) = self.before.width(low, high);
            let (side_after_db, correlation_after) = self.after.width(low, high);
            BandField {
                low_hz: low as f32,
                high_hz: high as f32,
                side_before_db,
                side_after_db,
                correlation_before,
                correlation_after,
            }
        });
        bands.collect()
    }
}

impl std::fmt::Debug for Focus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Focus").field("rate", &self.rate).field("slot", &self.slot).finish_non_exhaustive()
    }
}

fn left_and_right(field: &Goniometer) -> Vec<[f32; 2]> {
    // The meter plots x = (R − L)/√2, y = (L + R)/√2.
    let half = std::f32::consts::FRAC_1_SQRT_2;
    field.points().map(|p| [(p.y - p.x) * half, (p.y + p.x) * half]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATE: SampleRate = SampleRate(48_000);

    /// Two seconds of a signal before and after, the slot making `after` of it.
    fn focus_of(signal: impl Fn(f64) -> [f64; 2], after: impl Fn([f64; 2]) -> [f64; 2]) -> Focus {
        let mut focus = Focus::new(RATE);
        for quantum in 0..1500 {
            let mut probe = SlotProbe { slot: SlotId(7), run: 3, ..SlotProbe::default() };
            for i in 0..QUANTUM {
                let before = signal((quantum * QUANTUM + i) as f64 / RATE.hz());
                let after = after(before);
                for c in 0..2 {
                    probe.before.channels_mut()[c][i] = before[c];
                    probe.after.channels_mut()[c][i] = after[c];
                }
            }
            focus.push(&probe);
        }
        focus
    }

    fn sine(hz: f64, seconds: f64) -> f64 {
        (TAU * hz * seconds).sin()
    }

    #[test]
    fn width_and_correlation_are_told_for_each_band() {
        // 100 Hz in the middle, 1 kHz at the sides, 6.3 kHz on the left alone; the slot makes it mono.
        let signal = |t: f64| {
            let (mid, side, left) = (0.3 * sine(100.0, t), 0.2 * sine(1_000.0, t), 0.1 * sine(6_300.0, t));
            [mid + side + left, mid - side]
        };
        let focus = focus_of(signal, |[l, r]| [0.5 * (l + r), 0.5 * (l + r)]);
        let view = focus.view();
        assert_eq!(view.field_bands.len(), 10);
        let band = |hz: f32| view.field_bands.iter().find(|b| (b.low_hz..b.high_hz).contains(&hz)).unwrap();
        assert_eq!(band(100.0).side_before_db, Some(-60.0));
        assert!(band(100.0).correlation_before.unwrap() > 0.999);
        assert_eq!(band(1_000.0).side_before_db, Some(60.0));
        assert!(band(1_000.0).correlation_before.unwrap() < -0.999);
        assert!(band(6_300.0).side_before_db.unwrap().abs() < 0.01, "one channel is mid and side alike");
        for hz in [100.0, 6_300.0] {
            assert_eq!(band(hz).side_after_db, Some(-60.0), "{hz} Hz");
        }
        assert_eq!(band(1_000.0).side_after_db, None, "nothing is left of the sides");
        let silence = focus_of(|_| [0.0; 2], |lr| lr).view();
        assert!(
            silence.field_bands.iter().all(|b| b.side_before_db.is_none() && b.correlation_after.is_none())
        );
    }

    #[test]
    fn both_sides_are_measured_alike() {
        let focus = focus_of(|t| [0.1 * sine(1_000.0, t); 2], |[l, r]| [0.5 * l, 0.5 * r]);
        let view = focus.view();
        // -20 dBFS in both channels: -20 LUFS + 0.007 dB (loudness.md 3.3), one half is 6.0206 dB less.
        assert!((view.before.momentary_lufs.unwrap() + 20.0 - 0.007).abs() < 0.01);
        assert!((view.after.momentary_lufs.unwrap() + 26.0206 - 0.007).abs() < 0.01);
        assert!((view.before.max_true_peak_dbtp.unwrap() + 20.0).abs() < 0.01);
        assert!((view.after.peak_dbfs[1].unwrap() + 26.0206).abs() < 0.02);
        for (hz, (before, after)) in view.freqs_hz.iter().zip(view.before_db.iter().zip(&view.after_db)) {
            if *before > -100.0 {
                assert!((before - after - 6.0206).abs() < 0.01, "{hz} Hz");
            }
        }
        assert_eq!(view.history.len(), 200);
        let last = view.history[199];
        assert!((last.before - 0.1).abs() < 1e-6 && (last.after - 0.05).abs() < 1e-6);
        assert!(view.field_after.iter().all(|[l, r]| (l - r).abs() < 1e-6) && !view.field_after.is_empty());
        let rest = view.at_rest();
        assert!(
            rest.before_db.is_empty() && rest.before.momentary_lufs.is_none() && rest.history.len() == 200
        );
    }

    #[test]
    fn a_seek_makes_no_true_peak_of_its_own() {
        let mut focus = Focus::new(RATE);
        for run in 0..50 {
            let mut probe = SlotProbe { slot: SlotId(7), run, ..SlotProbe::default() };
            let level = if run % 2 == 0 { 0.9 } else { -0.9 };
            for _ in 0..4 {
                probe.before.channels_mut().iter_mut().for_each(|c| c.fill(level));
                focus.push(&probe);
            }
        }
        let highest = focus.view().before.max_true_peak_dbtp.unwrap();
        assert!((highest - 20.0 * 0.9f64.log10()).abs() < 0.01, "{highest}");
    }
}
