//! Peaks and levels at the meter point: every meter runs, the settings choose what is shown.

use crate::app::frame::LevelView;
use crate::app::meter_settings::{HoldMode, LevelSettings};
use crate::meter::level::{ChannelLevels, TruePeakBars, dbfs};
use crate::units::{Frames, SampleRate};

/// The level meters.
pub(super) struct Levels {
    channels: [ChannelLevels; 2],
    true_peak: TruePeakBars,
    settings: LevelSettings,
    /// Of the signal measured, and of the session whose album has the places.
    rates: [SampleRate; 2],
    /// Where the next frame lies on the album in frames of the signal, where that is known.
    next: Option<Frames>,
}

/// A place in frames of another rate.
pub(super) fn at_rate(place: Frames, from: SampleRate, to: SampleRate) -> Frames {
    if from == to { place } else { Frames((place.0 as f64 * to.hz() / from.hz()).round() as i64) }
}

impl Levels {
    /// For a signal of a rate, of a session of a rate.
    pub(super) fn new(rate: SampleRate, session_rate: SampleRate, settings: &LevelSettings) -> Self {
        let channel = || ChannelLevels::new(rate.0);
        let mut levels = Self {
            channels: [channel(), channel()],
            true_peak: TruePeakBars::new(rate.0),
            settings: LevelSettings::default(),
            rates: [rate, session_rate],
            next: None,
        };
        levels.set(settings);
        levels
    }

    /// Takes other settings; nothing held or counted is lost.
    pub(super) fn set(&mut self, settings: &LevelSettings) {
        self.settings = settings.clone();
        if let Some(seconds) = settings.hold.seconds() {
            self.channels.iter_mut().for_each(|c| c.bar.set_hold_s(seconds));
        }
    }

    /// The next frame lies here on the album of the session, or nowhere.
    pub(super) fn locate(&mut self, next: Option<Frames>) {
        let [own, session] = self.rates;
        self.next = next.map(|place| at_rate(place, session, own));
    }

    /// The same sound goes on after a reset.
    pub(super) fn go_on_after(&mut self, before: &Self) {
        self.next = before.next;
    }

    /// The sound ends here: the wave behind its last frame counts too.
    pub(super) fn finish(&mut self) {
        self.true_peak.finish();
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        self.true_peak.push(left, right, self.next);
        self.channels[0].push(left, self.next);
        self.channels[1].push(right, self.next);
        self.next = self.next.map(|next| next + Frames(left.len() as i64));
    }

    /// The sound jumps: no wave and no run goes on across the break; maxima and counts stay.
    pub(super) fn break_off(&mut self) {
        self.true_peak.break_off();
        self.channels.iter_mut().for_each(ChannelLevels::break_off);
        self.next = None;
    }

    pub(super) fn view(&self) -> LevelView {
        let run = self.settings.run_length();
        let each = [&self.channels[0], &self.channels[1]];
        let [own, session] = self.rates;
        let on_album = |place: Option<Frames>| place.map(|place| at_rate(place, own, session));
        let true_peak = [0, 1].map(|c| self.true_peak.reading(c));
        let rms = each.map(|c| c.rms_300.needle());
        let overs = each.map(|c| c.runs.count(run));
        LevelView {
            peak_dbfs: each.map(|c| dbfs(c.bar.bar())),
            hold_dbfs: each.map(|c| match self.settings.hold {
                HoldMode::Off => None,
                HoldMode::UntilReset => dbfs(c.bar.max()),
                HoldMode::OneSecond | HoldMode::ThreeSeconds | HoldMode::TenSeconds => dbfs(c.bar.mark()),
            }),
            max_dbfs: each.map(|c| dbfs(c.bar.max())),
            max_at: each.map(|c| on_album(c.bar.max_at())),
            rms_dbfs: rms.map(|n| n.now_dbfs),
            max_rms_dbfs: rms.map(|n| n.max_dbfs),
            rms_600: each.map(|c| c.rms_600.needle()),
            vu: each.map(|c| c.vu.needle()),
            ppm_1: each.map(|c| c.ppm_1.needle()),
            ppm_2: each.map(|c| c.ppm_2.needle()),
            true_peak_now_dbtp: true_peak.map(|t| t.now_dbtp),
            true_peak_dbtp: true_peak.map(|t| t.max_dbtp),
            true_peak_at: true_peak.map(|t| on_album(t.max_at)),
            true_peak_overs: true_peak.map(|t| t.overs),
            full_scale_runs: overs.iter().sum(),
            overs,
            over_at: each.map(|c| on_album(c.runs.last_at(run))),
            dc: each.map(|c| c.dc.offset()),
            bits: each.map(|c| c.bits.reading()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::meter_settings::LevelScale;

    const RATE: SampleRate = SampleRate(48_000);

    fn heard() -> Levels {
        let mut levels = Levels::new(RATE, RATE, &LevelSettings::default());
        let mut left: Vec<f64> = (0..48_000).map(|i| 0.9 * (f64::from(i) * 0.1).sin()).collect();
        let right: Vec<f64> = left.iter().map(|x| 0.5 * x).collect();
        left[30_000..30_005].fill(1.0);
        levels.locate(Some(Frames(1_000_000)));
        for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
            levels.push(l, r);
        }
        levels
    }

    #[test]
    fn other_settings_show_other_things_and_lose_nothing() {
        let mut levels = heard();
        let before = levels.view();
        assert_eq!((before.overs, before.over_at[0]), ([1, 0], Some(Frames(1_030_000))));
        assert_eq!(before.max_at[0], Some(Frames(1_030_000)));
        assert_eq!(before.full_scale_runs, 1);
        for scale in LevelScale::ALL {
            levels.set(&LevelSettings { scale, vu_reference_dbfs: -14.0, ..LevelSettings::default() });
            assert_eq!(levels.view(), before);
        }
        levels.set(&LevelSettings {
            over_samples: 6,
            hold: HoldMode::UntilReset,
            ..LevelSettings::default()
        });
        let after = levels.view();
        assert_eq!((after.overs, after.over_at), ([0, 0], [None; 2]), "there was no run of six");
        assert_eq!(after.hold_dbfs, before.max_dbfs);
        levels.set(&LevelSettings { hold: HoldMode::Off, ..LevelSettings::default() });
        assert_eq!(levels.view(), LevelView { hold_dbfs: [None; 2], ..before });
    }

    #[test]
    fn a_jump_keeps_what_was_found_and_where() {
        let mut levels = heard();
        let before = levels.view();
        levels.break_off();
        levels.push(&[1.0; 2], &[1.0; 2]);
        let after = levels.view();
        assert_eq!((after.overs, after.over_at), (before.overs, before.over_at));
        assert_eq!(after.max_at[0], before.max_at[0]);
        assert_eq!(after.max_at[1], None, "a new maximum whose place is not known");
        assert!(after.true_peak_at[0].is_some_and(|at| (at.0 - 1_030_002).abs() < 20));
    }

    #[test]
    fn places_are_the_sessions_where_another_rate_is_measured() {
        let mut levels = Levels::new(SampleRate(44_100), SampleRate(96_000), &LevelSettings::default());
        levels.locate(Some(Frames(960_000)));
        let mut second = vec![0.0; 44_100];
        second[22_050] = 0.5;
        levels.push(&second, &second);
        assert_eq!(levels.view().max_at, [Some(Frames(1_008_000)); 2]);
    }

    #[test]
    fn at_rest_maxima_and_counts_stay_and_pointers_lie_down() {
        let view = heard().view();
        let still = view.at_rest();
        assert_eq!(
            (still.peak_dbfs, still.vu[0].now_dbfs, still.bits[0].activity[3]),
            ([None; 2], None, 0.0)
        );
        assert_eq!((still.overs, still.vu[0].max_dbfs, still.dc), (view.overs, view.vu[0].max_dbfs, view.dc));
    }
}
