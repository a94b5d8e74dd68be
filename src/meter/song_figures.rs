//! The figures of one song of an album: those readings of [`super::analysis`] that songs are compared by.

use std::sync::Arc;

use serde::Serialize;

use super::analysis::{Analysis, Analyzer, FileFacts};
use super::spectrum::BandCurve;
use crate::units::db_from_power;

/// The readings of a song or an album. What silence or shortness has no reading of is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SongFigures {
    /// Length, seconds.
    pub duration_s: f64,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Highest short-term loudness, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Highest momentary loudness, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Loudness range, LU.
    pub loudness_range_lu: Option<f64>,
    /// True peak, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Sample peak, dBFS.
    pub sample_peak_dbfs: Option<f64>,
    /// AES17 RMS, dBFS.
    pub rms_dbfs: Option<f64>,
    /// True peak over integrated loudness, dB.
    pub plr_db: Option<f64>,
    /// Smallest distance of the true peak of 3 s from their loudness, dB.
    pub min_psr_db: Option<f64>,
    /// TT DR.
    pub dr: Option<f64>,
    /// Power below 120 Hz, between, and above 2 kHz, dB against the whole.
    pub balance_db: Option<[f64; 3]>,
    /// Of left and right, −1..1.
    pub correlation: Option<f64>,
    /// Short-term loudness of the first 3 s that sound, LUFS.
    pub start_lufs: Option<f64>,
    /// Short-term loudness of the last 3 s that sound, LUFS.
    pub end_lufs: Option<f64>,
}

/// A measured song: its figures, and what the figures of its album are made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeasuredSong {
    /// The readings.
    pub figures: SongFigures,
    /// Powers of the gating blocks, one each 100 ms.
    pub gating_powers: Vec<f64>,
    /// Short-term powers, one each 100 ms.
    pub short_term_powers: Vec<f64>,
    /// Power in the three parts of the spectrum, summed over the song.
    pub band_powers: [f64; 3],
    /// ΣL², ΣR², ΣLR.
    pub products: [f64; 3],
    /// Average spectrum over the song; `None` in silence.
    pub curve: Option<Arc<BandCurve>>,
    /// Frames measured.
    pub frames: u64,
}

/// Measures a stereo song in one pass: feed blocks, then [`Self::finish`].
pub struct SongMeter(Analyzer);

impl SongMeter {
    /// For a stereo song of about `frames` frames at a rate in hertz.
    pub fn new(rate_hz: u32, frames: u64) -> Self {
        let facts = FileFacts { sample_rate_hz: rate_hz, channels: 2, ..FileFacts::default() };
        Self(Analyzer::for_frames(facts, frames))
    }

    /// Takes a block of both channels, of equal length. Samples that are no numbers count as silence.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.0.push(left, right);
    }

    /// The figures.
    pub fn finish(self) -> MeasuredSong {
        self.0.finish().into()
    }
}

impl From<Analysis> for MeasuredSong {
    fn from(analysis: Analysis) -> Self {
        let m = &analysis.measurements;
        let figures = SongFigures {
            duration_s: m.duration_s,
            integrated_lufs: m.integrated_lufs,
            max_short_term_lufs: m.max_short_term_lufs,
            max_momentary_lufs: m.max_momentary_lufs,
            loudness_range_lu: m.loudness_range_lu,
            true_peak_dbtp: m.true_peak_dbtp,
            sample_peak_dbfs: m.sample_peak_dbfs,
            rms_dbfs: m.rms_dbfs,
            plr_db: m.plr_db,
            min_psr_db: m.min_psr_db,
            dr: m.dr,
            balance_db: balance_db(analysis.band_powers),
            correlation: m.correlation,
            start_lufs: m.start_short_term_lufs,
            end_lufs: m.end_short_term_lufs,
        };
        Self {
            figures,
            frames: m.frames,
            gating_powers: analysis.gating_powers,
            short_term_powers: analysis.short_term_powers,
            band_powers: analysis.band_powers,
            products: analysis.products,
            curve: analysis.curve.map(Arc::new),
        }
    }
}

/// The powers of the three parts in dB against their sum; `None` in silence.
pub fn balance_db(powers: [f64; 3]) -> Option<[f64; 3]> {
    let whole: f64 = powers.iter().sum();
    // A part without any power stands at the foot of 64-bit arithmetic, not at minus infinity.
    (whole > 0.0).then(|| powers.map(|p| db_from_power((p / whole).max(1e-20))))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    const RATE: u32 = 48_000;

    fn tone(hz: f64, amplitude: f64, seconds: f64) -> Vec<f64> {
        let frames = (seconds * f64::from(RATE)) as u32;
        (0..frames).map(|n| amplitude * (TAU * hz * f64::from(n) / f64::from(RATE)).sin()).collect()
    }

    fn measured(left: &[f64], right: &[f64], block: usize) -> MeasuredSong {
        let mut meter = SongMeter::new(RATE, left.len() as u64);
        for (l, r) in left.chunks(block).zip(right.chunks(block)) {
            meter.push(l, r);
        }
        meter.finish()
    }

    #[test]
    fn the_balance_of_three_tones_is_that_of_their_squares() {
        // Amplitudes 0.1, 0.2, 0.1: powers 1 : 4 : 1.
        let parts = [tone(60.0, 0.1, 4.0), tone(500.0, 0.2, 4.0), tone(5000.0, 0.1, 4.0)];
        let sum: Vec<f64> = (0..parts[0].len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect();
        let balance = measured(&sum, &sum, 1000).figures.balance_db.unwrap();
        let want = [1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0].map(|p: f64| 10.0 * p.log10());
        for (is, want) in balance.iter().zip(want) {
            assert!((is - want).abs() < 0.02, "{is} for {want}");
        }
    }

    #[test]
    fn start_and_end_are_the_first_and_last_three_seconds_that_sound() {
        // 997 Hz in both channels at amplitude a reads 20·log10(a) LUFS (BS.1770-5).
        let mut x = vec![0.0; RATE as usize];
        x.extend(tone(997.0, 0.1, 5.0));
        x.extend(tone(997.0, 0.01, 5.0));
        x.extend(vec![0.0; 2 * RATE as usize]);
        let figures = measured(&x, &x, 777).figures;
        let near = |value: Option<f64>, want: f64| (value.unwrap() - want).abs() < 0.02;
        assert!(near(figures.start_lufs, -20.0), "{:?}", figures.start_lufs);
        assert!(near(figures.end_lufs, -40.0), "{:?}", figures.end_lufs);
    }

    #[test]
    fn the_smallest_psr_of_a_steady_sine_is_its_peak_over_its_loudness() {
        let x = tone(997.0, 0.25, 6.0);
        let figures = measured(&x, &x, 480).figures;
        assert!(figures.min_psr_db.unwrap().abs() < 0.02, "{:?}", figures.min_psr_db);
        assert!((figures.rms_dbfs.unwrap() + 12.04).abs() < 0.01);
    }

    #[test]
    fn the_way_of_feeding_changes_no_bit_and_silence_reads_nothing() {
        let (x, y) = (tone(313.0, 0.3, 4.0), tone(2712.0, 0.2, 4.0));
        assert_eq!(measured(&x, &y, 64), measured(&x, &y, 5000));
        let nothing = vec![0.0; 200_000];
        let figures = measured(&nothing, &nothing, 4096).figures;
        let duration_s = figures.duration_s;
        assert_eq!(figures, SongFigures { duration_s, ..SongFigures::default() });
    }
}
