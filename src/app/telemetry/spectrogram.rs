//! The spectrogram: spectra as columns of levels, a ring of them.
//!
//! A column is the highest of the spectra in its time; a row is the highest bin under it, so that lines stay lines. Levels have
//! steps of half a decibel and no slope: the slope of the spectrum is added where they are coloured.

use crate::app::frame::{GRAM_COLUMNS, GRAM_HIGH_HZ, GRAM_LOW_HZ, GRAM_ROWS, SpectrogramView};
use crate::units::SampleRate;

/// The ring. Nothing is allocated after `new`.
pub(super) struct Spectrogram {
    /// Spectra in a column.
    spectra: f64,
    /// Spectra until the column is complete.
    until: f64,
    columns_per_s: f64,
    across: usize,
    written: u64,
    run: u64,
    levels: Vec<u8>,
    places: Vec<Option<i64>>,
    /// The column in work, powers.
    column: [f64; GRAM_ROWS],
}

/// Counts rings, so that the pictures of two of them are told apart.
static RUNS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

impl Spectrogram {
    /// With so many seconds across, and a spectrum each `hop` samples.
    pub(super) fn new(rate: SampleRate, seconds: u32, hop: usize) -> Self {
        let spectra_per_s = rate.hz() / hop.max(1) as f64;
        // Never more columns than spectra.
        let columns_per_s = (GRAM_COLUMNS as f64 / f64::from(seconds.max(1))).min(spectra_per_s);
        let spectra = spectra_per_s / columns_per_s;
        let across = (f64::from(seconds.max(1)) * columns_per_s).round() as usize;
        Self {
            across: across.clamp(1, GRAM_COLUMNS),
            spectra,
            until: spectra,
            columns_per_s,
            written: 0,
            run: RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            levels: vec![0; GRAM_COLUMNS * GRAM_ROWS],
            places: vec![None; GRAM_COLUMNS],
            column: [0.0; GRAM_ROWS],
        }
    }

    /// Takes a spectrum whose middle lies at an album frame.
    pub(super) fn take(&mut self, powers: &[f64], bin_hz: f64, place: Option<i64>) {
        let step = (GRAM_HIGH_HZ / GRAM_LOW_HZ).powf(1.0 / (GRAM_ROWS - 1) as f64);
        let half = step.sqrt();
        let mut hz = GRAM_LOW_HZ;
        for value in &mut self.column {
            *value = value.max(highest(powers, hz / half / bin_hz, hz * half / bin_hz));
            hz *= step;
        }
        self.until -= 1.0;
        if self.until < 0.5 {
            self.until += self.spectra;
            self.write(place);
        }
    }

    fn write(&mut self, place: Option<i64>) {
        let at = (self.written % GRAM_COLUMNS as u64) as usize;
        let bytes = &mut self.levels[at * GRAM_ROWS..(at + 1) * GRAM_ROWS];
        for (byte, power) in bytes.iter_mut().zip(&mut self.column) {
            *byte = SpectrogramView::byte((10.0 * power.max(1e-15).log10()) as f32);
            *power = 0.0;
        }
        self.places[at] = place.filter(|p| *p >= 0);
        self.written += 1;
    }

    /// The picture, over an older one.
    pub(super) fn view_into(&self, slope_db_oct: f32, out: &mut SpectrogramView) {
        (out.written, out.run) = (self.written, self.run);
        (out.columns_per_s, out.slope_db_oct) = (self.columns_per_s, slope_db_oct);
        out.across = self.across;
        out.levels.clear();
        out.places.clear();
        out.levels.reserve(self.levels.len());
        out.places.reserve(self.places.len());
        if self.written > 0 {
            out.levels.extend_from_slice(&self.levels);
            out.places.extend_from_slice(&self.places);
        }
    }
}

/// Highest bin between two places; between bins a straight line of power.
fn highest(powers: &[f64], low: f64, high: f64) -> f64 {
    let (first, last) = (low.ceil() as usize, high.floor() as usize);
    if let Some(bins) = powers.get(first..=last).filter(|b| !b.is_empty()) {
        return bins.iter().fold(0.0, |a, &b| a.max(b));
    }
    let middle = 0.5 * (low + high);
    let at = |k: usize| powers.get(k).copied().unwrap_or(0.0);
    let k = middle as usize;
    at(k) + middle.fract() * (at(k + 1) - at(k))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of −20 dB is one line at its frequency, columns follow time and know their place.
    #[test]
    fn columns_show_tones_at_their_row_and_their_place() {
        let rate = SampleRate(48_000);
        let mut gram = Spectrogram::new(rate, 60, 1600);
        let bin_hz = 48_000.0 / 8192.0;
        let mut powers = vec![1e-14; 4097];
        powers[512] = 0.01;
        for i in 0..300 {
            gram.take(&powers, bin_hz, Some(i * 1600));
        }
        let mut view = SpectrogramView::default();
        gram.view_into(0.0, &mut view);
        // 1024 columns in 60 s, of spectra 30 times a second: 17.07 columns a second, 10 s of them.
        assert!((view.columns_per_s - 1024.0 / 60.0).abs() < 1e-9);
        assert!((169..=172).contains(&view.written), "{}", view.written);
        let column = view.column(100);
        let row = (0..GRAM_ROWS).max_by_key(|r| column[*r]).unwrap();
        assert!(
            (SpectrogramView::row_hz(row) / 3000.0).log2().abs() < 0.03,
            "{}",
            SpectrogramView::row_hz(row)
        );
        assert!((SpectrogramView::level_db(column[row]) + 20.0).abs() < 0.26);
        let (first, last) = (view.place(10).unwrap(), view.place(169).unwrap());
        let seconds = (last - first) as f64 / rate.hz();
        assert!((seconds - 159.0 / view.columns_per_s).abs() < 0.05, "{seconds}");
        // A ring: only the last 1024 are there.
        for i in 0..4000 {
            gram.take(&powers, bin_hz, Some(i));
        }
        gram.view_into(0.0, &mut view);
        assert_eq!(view.shown().end - view.shown().start, 1024);
        assert_eq!(view.levels.len(), GRAM_COLUMNS * GRAM_ROWS);
        // Ten seconds have no more columns than spectra: 300 across.
        let mut short = Spectrogram::new(rate, 10, 1600);
        (0..400).for_each(|i| short.take(&powers, bin_hz, Some(i)));
        short.view_into(0.0, &mut view);
        assert_eq!((view.across, view.shown()), (300, 100..400));
    }

    #[test]
    fn a_byte_holds_a_level_within_a_quarter_of_a_decibel() {
        for tenth in -1200..75 {
            let db = tenth as f32 / 10.0;
            assert!((SpectrogramView::level_db(SpectrogramView::byte(db)) - db).abs() <= 0.2501);
        }
        assert_eq!(SpectrogramView::byte(-300.0), 0);
        assert_eq!(SpectrogramView::byte(20.0), 255);
    }
}
