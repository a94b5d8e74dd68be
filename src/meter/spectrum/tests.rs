use std::f64::consts::TAU;

use super::*;
use crate::units::SESSION_RATES_HZ;

const FLAT: SpectrumView =
    SpectrumView { low_hz: 20.0, high_hz: 20_000.0, smoothing: Smoothing::None, slope_db_per_octave: 0.0 };

/// White noise of variance 1/3.
fn white(n: usize) -> Vec<f64> {
    let mut seed = 5u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn sine(rate_hz: u32, hz: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| (TAU * hz * i as f64 / f64::from(rate_hz) + 0.4).sin()).collect()
}

/// A kept analysis of a stereo signal.
struct Kept {
    spectrum: StereoSpectrum,
    traces: Traces,
}

fn analysed(
    (rate_hz, size, window): (u32, FftSize, WindowKind),
    channel: Channel,
    signal: [&[f64]; 2],
) -> Kept {
    let mut spectrum = StereoSpectrum::new(rate_hz, size, window);
    let mut traces = Traces::new(spectrum.bin_count());
    spectrum.push(signal[0], signal[1], &mut |bins, _| traces.take(bins, channel, 0.0, 1.0));
    assert!(!traces.is_empty());
    Kept { spectrum, traces }
}

impl Kept {
    fn trace(&self, powers: &[f64], view: &SpectrumView, points: usize) -> Vec<f32> {
        let mut out = vec![0.0; points];
        self.spectrum.trace_db(powers, view, &mut out);
        out
    }
}

fn top(trace: &[f32]) -> f64 {
    f64::from(trace.iter().fold(-300.0f32, |a, &b| a.max(b)))
}

/// Tones on bins, between bins and anywhere, from one end of the axis to the other.
fn tones_for(bin_hz: f64) -> [f64; 8] {
    let bin = |k: f64| k * bin_hz;
    let near = |hz: f64| (hz / bin_hz).round();
    [
        20.0,
        50.0,
        bin(near(440.0)),
        bin(near(440.0) + 0.5),
        bin(near(3000.0) + 0.25),
        997.0,
        bin(near(12_000.0) - 0.5),
        20_000.0,
    ]
}

/// The heart of the calibration: every size, every window, six rates, tones anywhere. One thing no window can do: seven
/// terms at 4096 have a lobe of 75 Hz to each side, in which a tone of 20 Hz meets its mirror at −20 Hz; that pair is held to
/// the limit from 40 Hz on.
#[test]
fn a_full_scale_sine_reads_zero_in_every_size_window_and_rate() {
    let mut worst = [0.0f64; 2];
    for rate in SESSION_RATES_HZ {
        for size in FftSize::ALL {
            // Sizes keep their bins' width at multiples of a rate: the largest are shown at the base rates.
            if rate > 48_000 && size > FftSize::N16384 {
                continue;
            }
            let length = size.length(rate);
            for window in WindowKind::ALL {
                let bin_hz = f64::from(rate) / length as f64;
                let lowest_hz = if window == WindowKind::SevenTerm { 3.4 * bin_hz } else { 0.0 };
                for hz in tones_for(bin_hz).into_iter().filter(|hz| *hz >= lowest_hz) {
                    let x = sine(rate, hz, length + length / 2);
                    let kept = analysed((rate, size, window), Channel::Stereo, [&x, &x]);
                    // The tone alone, at its own place and drawn: a wide and a narrow plot.
                    let tone =
                        strongest_tone(&kept.traces.average, bin_hz, kept.spectrum.lobe(), 10.0).unwrap();
                    let drawn = top(&kept.trace(
                        &kept.traces.average,
                        &SpectrumView { low_hz: 10.0, high_hz: 22_000.0, ..FLAT },
                        640,
                    ));
                    let case = format!("{rate} Hz, {size:?}, {window:?}, {hz} Hz: {tone:?}, drawn {drawn}");
                    assert!(tone.level_db.abs() < 0.1, "{case}");
                    assert!(drawn.abs() < 0.1, "{case}");
                    assert!((tone.hz - hz).abs() < 0.15 * bin_hz, "{case}");
                    worst = [worst[0].max(tone.level_db.abs()), worst[1].max(drawn.abs())];
                }
            }
        }
    }
    println!("largest error: {:.3} dB at its place, {:.3} dB drawn", worst[0], worst[1]);
}

/// The formula of the lobe against the transform of the window itself.
#[test]
fn the_shape_of_a_sine_is_that_of_its_window() {
    for window in WindowKind::ALL {
        let length = 4096;
        let w = window.scaled(length);
        let (sum, squares) = (w.iter().sum::<f64>(), w.iter().map(|w| w * w).sum::<f64>());
        assert!((sum - 2.0).abs() < 1e-9);
        assert!((squares * length as f64 / (sum * sum) - window.noise_bins()).abs() < 1e-9);
        for away in [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.3] {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, w) in w.iter().enumerate() {
                let turn = TAU * away * (n as f64 - length as f64 / 2.0) / length as f64;
                (re, im) = (re + w * turn.cos(), im + w * turn.sin());
            }
            let expected = (re * re + im * im) / (sum * sum);
            assert!((window.lobe_power(away) - expected).abs() < 1e-6, "{window:?} at {away}");
        }
    }
    // Harris 1978, table 1.
    let half_bin_db = |w: WindowKind| 10.0 * w.lobe_power(0.5).log10();
    assert!((half_bin_db(WindowKind::Hann) + 1.42).abs() < 0.01);
    assert!((half_bin_db(WindowKind::BlackmanHarris) + 0.83).abs() < 0.01);
    assert!((WindowKind::BlackmanHarris.noise_bins() - 2.0).abs() < 0.01);
}

/// Ten bins from a full-scale tone: with seven terms under −120 dB wherever the tone lies; with four on a bin, and under the
/// window's −92 dB side lobes between bins.
#[test]
fn the_floor_beside_a_tone_is_that_of_the_window() {
    let length = FftSize::N8192.length(48_000);
    let bin_hz = 48_000.0 / length as f64;
    for (window, off_bin_db) in [(WindowKind::BlackmanHarris, -92.0), (WindowKind::SevenTerm, -170.0)] {
        for (bin, floor_db) in [(700.0, -120.0), (700.5, off_bin_db), (700.37, off_bin_db)] {
            let x = sine(48_000, bin * bin_hz, length);
            let kept = analysed((48_000, FftSize::N8192, window), Channel::Left, [&x, &x]);
            let far = |k: &usize| (*k as f64 - bin).abs() >= 10.0;
            let highest = (2..length / 2).filter(far).map(|k| kept.traces.now[k]).fold(0.0, f64::max);
            assert!(10.0 * highest.log10() < floor_db, "{window:?}, bin {bin}: {}", 10.0 * highest.log10());
        }
    }
}

/// White noise has power `2·variance / (length/2) · noise bandwidth` in a bin, in every size, window and smoothing.
#[test]
fn white_noise_reads_its_density_and_rises_with_the_slope() {
    let x = white(48_000 * 12);
    for (size, window) in [
        (FftSize::N4096, WindowKind::Hann),
        (FftSize::N8192, WindowKind::SevenTerm),
        (FftSize::N16384, WindowKind::BlackmanHarris),
        (FftSize::N65536, WindowKind::Hann),
    ] {
        let kept = analysed((48_000, size, window), Channel::Stereo, [&x, &x]);
        let expected = 10.0 * (2.0 / 3.0 * window.noise_bins() / (size.base() as f64 / 2.0)).log10();
        for smoothing in [Smoothing::Octave(3), Smoothing::Octave(6), Smoothing::Octave(1)] {
            let view =
                SpectrumView { low_hz: 1000.0, high_hz: 16_000.0, smoothing, slope_db_per_octave: 3.0 };
            let trace = kept.trace(&kept.traces.average, &view, 9);
            for (point, value) in trace.iter().enumerate() {
                // Two points an octave, 3 dB an octave.
                let error = f64::from(*value) - expected - 1.5 * point as f64;
                assert!(error.abs() < 0.35, "{size:?} {window:?} {smoothing:?} at {point}: {error}");
            }
        }
    }
}

/// Pink noise: white through the sum of sines is too few, so tones of equal power in equal parts of an octave stand for it,
/// many to a bin and with phases at random: exactly 1/f in power.
#[test]
fn pink_noise_is_flat_at_three_decibels_an_octave_in_every_size() {
    let rate = 48_000u32;
    let n = rate as usize * 12;
    let length = n.next_power_of_two();
    // Amplitudes 1/√f on a comb finer than any bin, made by one inverse transform of random phases.
    let mut fft = crate::dsp::fft::RealFft::new(length);
    let mut spectrum = vec![crate::dsp::fft::Complex::new(0.0, 0.0); fft.bins()];
    for (k, (bin, phase)) in spectrum.iter_mut().zip(white(length / 2 + 1)).enumerate().skip(1) {
        let (sin, cos) = (std::f64::consts::PI * phase).sin_cos();
        *bin = crate::dsp::fft::Complex::new(cos, sin) / (k as f64).sqrt();
    }
    spectrum.last_mut().unwrap().im = 0.0;
    let mut x = vec![0.0; length];
    fft.inverse(&mut spectrum, &mut x);
    x.truncate(n);
    for size in FftSize::ALL {
        let kept = analysed((rate, size, WindowKind::Hann), Channel::Stereo, [&x, &x]);
        let view = SpectrumView {
            low_hz: 125.0,
            high_hz: 16_000.0,
            smoothing: Smoothing::Octave(3),
            slope_db_per_octave: 3.0103,
        };
        let trace = kept.trace(&kept.traces.average, &view, 29);
        let mean = trace.iter().sum::<f32>() / 29.0;
        for (point, value) in trace.iter().enumerate() {
            // A third of an octave at 125 Hz is 29 Hz wide: 12 s give some 350 looks, 0.24 dB of deviation; four of them.
            let looks = 12.0 * view.hz_at(point, 29) * 0.2316;
            let limit = 0.05 + 4.0 * 4.34 / looks.sqrt();
            assert!(f64::from((value - mean).abs()) < limit, "{size:?} at {point}: {}", value - mean);
        }
    }
}

#[test]
fn every_channel_shows_its_own_signal() {
    // 1 kHz in the middle, 3 kHz at the sides, 8 kHz on the left alone.
    let n = 16_384;
    let [mid, side, left] = [1000.0, 3000.0, 8000.0].map(|hz| sine(48_000, hz, n));
    let l: Vec<f64> = (0..n).map(|i| 0.5 * mid[i] + 0.25 * side[i] + 0.1 * left[i]).collect();
    let r: Vec<f64> = (0..n).map(|i| 0.5 * mid[i] - 0.25 * side[i]).collect();
    let db = |x: f64| 20.0 * x.log10();
    let half_power = |x: f64| db(x) - 3.0103;
    for (channel, expected) in [
        (Channel::Stereo, [db(0.5), db(0.25), half_power(0.1)]),
        (Channel::Left, [db(0.5), db(0.25), db(0.1)]),
        (Channel::Right, [db(0.5), db(0.25), -200.0]),
        (Channel::Mid, [db(0.5), -200.0, db(0.05)]),
        (Channel::Side, [-200.0, db(0.25), db(0.05)]),
    ] {
        let kept = analysed((48_000, FftSize::N8192, WindowKind::BlackmanHarris), channel, [&l, &r]);
        for (hz, expected) in [1000.0, 3000.0, 8000.0].into_iter().zip(expected) {
            let view = SpectrumView { low_hz: hz * 0.99, high_hz: hz * 1.01, ..FLAT };
            let found = top(&kept.trace(&kept.traces.now, &view, 9));
            let fits = if expected < -100.0 { found < -90.0 } else { (found - expected).abs() < 0.1 };
            assert!(fits, "{channel:?} at {hz} Hz: {found}, not {expected}");
        }
    }
}

/// A sine smoothed over 1/n octave reads its power spread over the band: `noise bandwidth / bins of the band`.
#[test]
fn smoothing_spreads_a_tone_over_its_band_and_leaves_no_steps() {
    let hz = 4000.0;
    let x = sine(48_000, hz, 3 * 8192);
    let kept = analysed((48_000, FftSize::N8192, WindowKind::Hann), Channel::Stereo, [&x, &x]);
    for n in [1u32, 3, 6, 12] {
        let view = SpectrumView { smoothing: Smoothing::Octave(n), low_hz: 3999.0, high_hz: 4001.0, ..FLAT };
        let half = 2f64.powf(0.5 / f64::from(n));
        let bins = hz * (half - 1.0 / half) / kept.spectrum.bin_hz();
        let found = top(&kept.trace(&kept.traces.average, &view, 3));
        assert!((found - 10.0 * (1.5 / bins).log10()).abs() < 0.1, "1/{n}: {found}");
    }
    // In the bass of noise, points half a bin apart and less: each step is small against the way from bin to bin.
    let x = white(9000);
    let kept = analysed((48_000, FftSize::N8192, WindowKind::Hann), Channel::Stereo, [&x, &x]);
    for smoothing in [Smoothing::None, Smoothing::Octave(48), Smoothing::Octave(12)] {
        let view = SpectrumView { smoothing, low_hz: 20.0, high_hz: 60.0, ..FLAT };
        let trace = kept.trace(&kept.traces.now, &view, 2000);
        let step = trace.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0f32, f32::max);
        assert!(step < 0.6, "{smoothing:?}: a step of {step} dB");
    }
}

#[test]
fn averages_holds_and_minima_keep_what_they_say() {
    let (rate, setup) = (48_000, (48_000, FftSize::N4096, WindowKind::Hann));
    let mut spectrum = StereoSpectrum::new(setup.0, setup.1, setup.2);
    assert_eq!(spectrum.hop(), 1024, "75 % is finer than 30 Hz here");
    assert_eq!(StereoSpectrum::new(rate, FftSize::N65536, WindowKind::Hann).hop(), 1600, "30 Hz is finer");
    let mut traces = Traces::new(spectrum.bin_count());
    let loud = sine(rate, 46.875 * 20.0, 96_000);
    let soft: Vec<f64> = loud.iter().map(|x| 0.1 * x).collect();
    let (bin, step) = (80, spectrum.step_for(1.0));
    let feed = |spectrum: &mut StereoSpectrum, traces: &mut Traces, x: &[f64], fall| {
        spectrum.push(x, x, &mut |bins, _| traces.take(bins, Channel::Mid, step, fall));
    };
    feed(&mut spectrum, &mut traces, &loud, 1.0);
    feed(&mut spectrum, &mut traces, &soft, 1.0);
    let db = |power: f64| 10.0 * power.log10();
    assert!(db(traces.peak[bin]).abs() < 0.01 && (db(traces.now[bin]) + 20.0).abs() < 0.01);
    assert!(db(traces.minimum[bin]) < -19.99);
    // Two seconds after the level fell by 20 dB, with a time constant of 1 s: e⁻² of 0 dB, the rest −20 dB.
    let expected = db((-2.0f64).exp() + 0.01 * (1.0 - (-2.0f64).exp()));
    assert!((db(traces.average[bin]) - expected).abs() < 0.3, "{}", db(traces.average[bin]));
    traces.restart_average();
    feed(&mut spectrum, &mut traces, &soft[..4096], 1.0);
    assert!((db(traces.average[bin]) + 20.0).abs() < 0.01, "nothing is left from before");
    // A peak that falls 6 dB a second.
    traces.reset_holds();
    feed(&mut spectrum, &mut traces, &loud[..8192], 1.0);
    let fall = 10f64.powf(-0.6 * 1024.0 / 48_000.0);
    feed(&mut spectrum, &mut traces, &vec![0.0; 48_000], fall);
    assert!((db(traces.peak[bin]) + 6.0).abs() < 0.6, "{}", db(traces.peak[bin]));
    // After a break no spectrum holds what was before.
    spectrum.restart();
    let mut seen = 0;
    spectrum.push(&soft[..4095], &soft[..4095], &mut |_, _| seen += 1);
    assert_eq!(seen, 0);
}

/// A curve of white noise has the density of white noise at every rate; levelled curves are equally loud.
#[test]
fn curves_of_files_are_densities_and_can_be_levelled() {
    for rate in [44_100u32, 96_000] {
        let mut meter = BandMeter::new(rate);
        let x = white(rate as usize * 8);
        x.chunks(1000).for_each(|x| meter.push(x, x));
        let curve = meter.finish().unwrap();
        // Variance 1/3 is power 2/3 of a full-scale sine, spread over half the rate.
        let expected = 10.0 * (2.0 / 3.0 / (0.5 * f64::from(rate))).log10();
        for hz in [200.0, 1000.0, 15_000.0] {
            let found = f64::from(curve.at(hz).unwrap());
            assert!((found - expected).abs() < 0.6, "{rate} Hz at {hz} Hz: {found}, not {expected}");
        }
        assert!((curve.levelled(-20.0).level_db() + 20.0).abs() < 1e-3);
        assert!(curve.at(19.0).is_none() && curve.at(20_001.0).is_none() && curve.at(20_000.0).is_some());
    }
    assert!(BandMeter::new(48_000).finish().is_none(), "nothing was read");
    let mut silent = BandMeter::new(48_000);
    silent.push(&[0.0; 40_000], &[0.0; 40_000]);
    assert!(silent.finish().is_none());
}

#[test]
fn the_spread_is_of_tone_and_not_of_level() {
    let curve = |tilt: f32, level: f32| {
        let at = |p: usize| level + tilt * (curve_hz(p) / 1000.0).log2() as f32;
        BandCurve::new((0..CURVE_POINTS).map(at).collect()).unwrap()
    };
    let same = Spread::of(&[&curve(-3.0, -60.0), &curve(-3.0, -40.0)]).unwrap();
    assert!(same.spread_db.iter().all(|s| *s < 1e-3) && same.count == 2);
    let (a, b) = (curve(-3.0, -50.0), curve(-4.0, -50.0));
    let both = Spread::of(&[&a, &b]).unwrap();
    // Two curves a dB an octave apart: deviation |difference|/√2, levelled.
    let shift = (b.level_db() - a.level_db()) as f32;
    for point in [0, 60, 180] {
        let apart = a.density_db()[point] - b.density_db()[point] + shift;
        assert!((both.spread_db[point] - apart.abs() / 2f32.sqrt()).abs() < 1e-3);
    }
    assert!(Spread::of(&[]).is_none());
    assert!(BandCurve::new(vec![0.0; 3]).is_none() && BandCurve::new(vec![f32::NAN; CURVE_POINTS]).is_none());
}
