//! Meters allocate nothing after `new`: every meter that may run beside the sound is fed inside an allocation guard.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};

use glassmaster::meter::analysis::{Analyzer, FileFacts};
use glassmaster::meter::dynamics::PsrMeter;
use glassmaster::meter::level::{ChannelLevels, TruePeakBars};
use glassmaster::meter::loudness::LoudnessMeter;
use glassmaster::meter::peak::LevelMeter;
use glassmaster::meter::spectrum::{
    BandMeter as ToneMeter, Channel, FftSize, SpectrumAnalyzer, SpectrumView, StereoSpectrum, Traces,
    WindowKind,
};
use glassmaster::meter::stereo::{
    BandMeter, BandSplit, FoldDown, Goniometer, LowSide, PolarLevel, Scope, StereoMeter,
};
use glassmaster::meter::true_peak::{Keep, TruePeakMeter};
use glassmaster::qc::{Brief, FaultScan};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

#[test]
fn meters_do_not_allocate() {
    let rate = 44_100;
    let tone: Vec<f64> =
        (0..rate * 8).map(|n| 1.3 * (f64::from(n) * 0.1).sin()).map(|x| x.clamp(-1.0, 1.0)).collect();
    let mut loudness = LoudnessMeter::new(rate, 2, 1.0);
    let mut peak = TruePeakMeter::new(Keep::Intervals);
    let mut psr = PsrMeter::new();
    let mut level = LevelMeter::new(rate, 3);
    let mut levels = ChannelLevels::new(rate);
    let mut bars = TruePeakBars::new(rate);
    let mut stereo = StereoMeter::new(rate);
    let mut scope = Goniometer::new(rate, 1000);
    let mut bands = [BandSplit::Three, BandSplit::Octaves, BandSplit::Thirds]
        .map(|split| BandMeter::new(rate, split, 0.3));
    let (mut fold_down, mut low_side) = (FoldDown::new(rate), LowSide::new(rate));
    let (mut points, mut polar) = (Scope::new(rate, 4096, 0.4), PolarLevel::new(rate, 0.2));
    let mut spectrum = SpectrumAnalyzer::new(rate, 1.0);
    let mut stereo_spectrum = StereoSpectrum::new(rate, FftSize::N4096, WindowKind::SevenTerm);
    let mut traces = Traces::new(stereo_spectrum.bin_count());
    let mut tones = ToneMeter::new(rate);
    let mut trace = [0.0f32; 300];
    let facts = FileFacts { sample_rate_hz: rate, channels: 2, ..FileFacts::default() };
    let mut analyzer = Analyzer::new(facts, 1.0);
    let mut scan = FaultScan::new(rate, 2, None, &Brief::default());
    assert_no_alloc(|| {
        for block in tone.chunks(4410) {
            loudness.push(block, block);
            peak.push(block, block);
            level.push(block);
            levels.push(block, None);
            bars.push(block, block, None);
            let _ = (levels.bits.reading(), bars.reading(0), levels.vu.needle());
            stereo.push(block, block);
            scope.push(block, block);
            bands.iter_mut().for_each(|b| b.push(block, block));
            fold_down.push(block, block);
            low_side.push(block, block);
            points.push(block, block);
            polar.push(block, block);
            spectrum.push(block);
            spectrum.trace_db(&SpectrumView::default(), &mut trace);
            stereo_spectrum.push(block, block, &mut |bins, _| traces.take(bins, Channel::Side, 0.1, 0.99));
            stereo_spectrum.trace_db(&traces.average, &SpectrumView::default(), &mut trace);
            tones.push(block, block);
            let now = loudness.reading();
            psr.push(peak.take_interval()[0], now.short_term_lufs);
            analyzer.push(block, block);
            scan.push(block, block);
        }
        points.set_persistence(1.0);
        stereo.reset();
        loudness.reset();
        peak.reset();
        spectrum.reset();
    });
    assert!(psr.minimum_db().is_some() && scan.finish().clips[0].count > 0);
}
