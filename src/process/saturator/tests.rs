//! The saturator against its series, rows N1 and N2 of the targets, and its promises of neutrality.

use super::params::{TAPE_HZ, TRANSFORMER_HZ};
use super::*;
use crate::dsp::fft::RealFft;
use crate::units::gain_from_db;
use std::f64::consts::PI;

const CD: SampleRate = SampleRate::CD;
const SECOND: usize = 44_100;

fn build(given: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
    let mut values = Values::defaults(&PARAMS);
    given.iter().for_each(|&(param, value)| values.set(param, value));
    SaturatorKind.build(&values, &Setup { sample_rate: CD })
}

/// The left output for an input on both channels, without the latency.
fn run(processor: &mut dyn Processor, frames: usize, input: impl Fn(usize) -> f64) -> Vec<f64> {
    let latency = processor.latency().as_len();
    let mut out = Vec::new();
    for start in (0..frames + latency).step_by(QUANTUM) {
        let mut block = Block::silent();
        let (left, right) = block.stereo_mut();
        for (n, (l, r)) in left.iter_mut().zip(right).enumerate() {
            *l = input(start + n);
            *r = *l;
        }
        processor.process(Frames(start as i64), &mut block);
        out.extend_from_slice(block.left());
    }
    out[latency..latency + frames].to_vec()
}

fn sine(hz: f64, peak: f64) -> impl Fn(usize) -> f64 {
    move |n| peak * (2.0 * PI * hz * n as f64 / CD.hz()).sin()
}

/// Peak of every line of 1 Hz of the second half of two seconds.
fn lines(given: &[(ParamIndex, f64)], hz: f64, peak: f64) -> Vec<f64> {
    let out = run(&mut *build(given), 2 * SECOND, sine(hz, peak));
    let mut fft = RealFft::new(SECOND);
    fft.spectrum_of(&mut out[SECOND..].to_vec()).iter().map(|c| 2.0 * c.norm() / SECOND as f64).collect()
}

/// Strongest line above 20 Hz that is no multiple of `hz`, dBFS.
fn strongest_alias_db(lines: &[f64], hz: usize) -> f64 {
    let others = lines.iter().enumerate().skip(20).filter(|(bin, _)| bin % hz != 0);
    20.0 * others.map(|(_, v)| *v).fold(0.0, f64::max).log10()
}

#[test]
fn n1_and_n2_aliases_stay_below_the_targets() {
    let peak = gain_from_db(-1.0);
    for (word, limit_db) in [(0.0, -120.0), (1.0, -120.0), (2.0, -120.0), (3.0, -120.0), (4.0, -85.0)] {
        let given = [(CURVE, word), (DRIVE, 12.0)];
        let alias = strongest_alias_db(&lines(&given, 5001.0, peak), 5001);
        println!("N1/N2 curve {word}: {alias:.1} dBFS");
        assert!(alias <= limit_db, "curve {word}: {alias}");
    }
    let biased = strongest_alias_db(&lines(&[(DRIVE, 12.0), (BIAS, 0.3)], 5001.0, peak), 5001);
    println!("N1 tanh with bias: {biased:.1} dBFS");
    assert!(biased <= -120.0);
}

#[test]
fn harmonics_follow_the_series() {
    let peak = 0.05;
    let (tape, transformer) =
        (Curve::Tape.emphasis(CD).unwrap()[0].clone(), Curve::Transformer.emphasis(CD).unwrap()[0].clone());
    for hz in [50.0, 1000.0, 5000.0] {
        let e = |filter: &Emphasis| filter.magnitude(hz, CD).powi(3) / filter.magnitude(3.0 * hz, CD);
        let expected = [
            (0.0, 0.0, peak * peak / 12.0),
            (1.0, 0.0, peak * peak / 8.0 * e(&tape)),
            (2.0, peak / 8.0, peak * peak * (1.0 / 3.0 - 1.0 / 16.0) / 4.0),
            (3.0, 0.0, peak * peak / 12.0 * e(&transformer)),
            (4.0, 0.0, 0.0),
        ];
        for (word, second, third) in expected {
            let lines = lines(&[(CURVE, word)], hz, peak);
            let relative = |n: usize| lines[n * hz as usize] / lines[hz as usize];
            println!("curve {word} {hz} Hz: {:.3e} {:.3e}", relative(2), relative(3));
            assert!((relative(2) - second).abs() < 0.02 * second + 1e-9, "{word} at {hz}: {}", relative(2));
            assert!((relative(3) - third).abs() < 0.04 * third + 1e-9, "{word} at {hz}: {}", relative(3));
        }
    }
}

#[test]
fn the_emphasis_is_the_analog_one() {
    let shelf =
        |f: f64, zero: f64, pole: f64| ((1.0 + (f / zero).powi(2)) / (1.0 + (f / pole).powi(2))).sqrt();
    let tape = Curve::Tape.emphasis(CD).unwrap()[0].clone();
    let transformer = Curve::Transformer.emphasis(CD).unwrap()[0].clone();
    for f in [20.0, 50.0, 200.0, 1000.0] {
        let ours = tape.magnitude(f, CD) / shelf(f, TAPE_HZ, 2.0 * TAPE_HZ);
        assert!((ours - 1.0).abs() < 2e-3, "tape {f}: {ours}");
        let ours = transformer.magnitude(f, CD) / (4.0 * shelf(f, 4.0 * TRANSFORMER_HZ, TRANSFORMER_HZ));
        assert!((ours - 1.0).abs() < 2e-3, "transformer {f}: {ours}");
    }
    assert!((tape.magnitude(22_050.0, CD) - 2.0).abs() < 1e-9);
    assert!((transformer.magnitude(0.0, CD) - 4.0).abs() < 1e-9);
}

#[test]
fn low_levels_pass_flat_at_every_factor() {
    for (word, factor) in [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 3.0), (4.0, 4.0), (4.0, 0.0)] {
        let given = [(CURVE, word), (OVERSAMPLING, factor)];
        let h = run(&mut *build(&given), 16_384, |n| if n == 200 { 1e-5 } else { 0.0 });
        let mut worst = 0.0f64;
        for i in 1..=40 {
            let w = PI * 0.908 * f64::from(i) / 40.0;
            let (re, im) = h.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
                (re + v * (w * n as f64).cos(), im - v * (w * n as f64).sin())
            });
            // 480 Hz and up: the high-pass against DC takes 0.0005 dB there from the tube.
            worst = worst.max((20.0 * (re.hypot(im) / 1e-5).log10()).abs());
        }
        println!("curve {word} factor word {factor}: {worst:.2e} dB");
        assert!(worst < 1.5e-3, "curve {word}, factor word {factor}: {worst}");
    }
}

#[test]
fn slow_signals_follow_the_curve() {
    type Curve = fn(f64) -> f64;
    let exact: [(f64, Curve); 3] = [
        (0.0, f64::tanh),
        (2.0, |x| ((x + 0.25f64.atanh()).tanh() - 0.25) / (1.0 - 0.0625)),
        (4.0, |x| x.clamp(-1.0, 1.0)),
    ];
    for (word, curve) in exact {
        let input = sine(100.0, 0.9);
        let out = run(&mut *build(&[(CURVE, word), (DRIVE, 6.0)]), SECOND, &input);
        let drive = gain_from_db(6.0);
        let expected: Vec<f64> = (0..SECOND).map(|n| curve(drive * input(n))).collect();
        // Less what the high-pass takes: the mean, and 5 % of the fundamental in quadrature.
        let half = &out[SECOND / 2..];
        let mean = expected.iter().sum::<f64>() / SECOND as f64;
        let worst =
            half.iter().zip(&expected[SECOND / 2..]).map(|(y, e)| (y - (e - mean)).abs()).fold(0.0, f64::max);
        println!("curve {word}: {worst:.2e}, mean {mean:.4}");
        // Hard: the corners ring as any band-limited corner does.
        let tolerance = if word == 0.0 {
            1e-6
        } else if word == 2.0 {
            0.07
        } else {
            0.01
        };
        assert!(worst < tolerance, "curve {word}: {worst}");
        assert!((half.iter().sum::<f64>() / half.len() as f64).abs() < 1e-6, "DC is taken away");
    }
}

#[test]
fn without_a_wet_share_the_delayed_input_passes_bit_for_bit() {
    let input = sine(997.0, 0.8);
    for factor in 0..5 {
        let given = [(MIX, 0.0), (DRIVE, 20.0), (OVERSAMPLING, f64::from(factor))];
        let out = run(&mut *build(&given), 5000, &input);
        assert!((0..5000).all(|n| out[n].to_bits() == input(n).to_bits()), "factor word {factor}");
    }
}

#[test]
fn the_mix_does_not_comb() {
    // Small enough to be linear: half and half must be the whole, at the top of the band too.
    let input = sine(19_000.0, 1e-4);
    let out = run(&mut *build(&[(MIX, 50.0)]), 5000, &input);
    assert!((1000..5000).all(|n| (out[n] - input(n)).abs() < 1e-8));
}

#[test]
fn the_tilts_undo_each_other_and_turn_about_one_kilohertz() {
    let given = [(TONE_BEFORE, 6.0), (TONE_AFTER, -6.0)];
    let input = sine(5000.0, 1e-3);
    let out = run(&mut *build(&given), 20_000, &input);
    assert!((10_000..20_000).all(|n| (out[n] - input(n)).abs() < 1e-8));
    for (hz, db) in [(1000.0, 0.0), (20.0, -6.0), (18_000.0, 6.0)] {
        let lines = lines(&[(TONE_AFTER, 6.0)], hz, 1e-4);
        let gain = 20.0 * (lines[hz as usize] / 1e-4).log10();
        println!("tilt at {hz} Hz: {gain:.3} dB");
        assert!((gain - db).abs() < 0.1, "{hz}: {gain}");
    }
}

#[test]
fn a_hard_clip_that_does_not_clip_passes_every_bit() {
    // Quiet, then clipped for a tenth of a second, then quiet again.
    let input = |n: usize| sine(997.0, if (20_000..24_410).contains(&n) { 0.9 } else { 0.4 })(n);
    let drive = gain_from_db(6.0);
    let out = run(&mut *build(&[(CURVE, 4.0), (DRIVE, 6.0)]), 60_000, input);
    let passes = |n: usize| out[n].to_bits() == (drive * input(n)).to_bits();
    assert!((0..19_700).all(passes), "before");
    assert!(
        out[21_000..24_000].iter().all(|y| y.abs() < 1.07),
        "clipped, but for the ringing of its corners"
    );
    assert!((24_410 + 22_050 + 1400..60_000).all(passes), "half a second after");
    // Nothing jumps where the ways are changed: the second difference stays that of the tone.
    let bend = |n: usize| out[n + 1] - 2.0 * out[n] + out[n - 1];
    let own = drive * 0.4 * (2.0 * PI * 997.0 / CD.hz()).powi(2);
    assert!((19_000..19_900).chain(25_000..60_000 - 1).all(|n| bend(n).abs() < 1.001 * own));
}

/// The lines of a sine through the whole processor are those of one period through the static curve, for the curves
/// without emphasis.
#[test]
fn the_static_curve_makes_the_harmonics_that_are_heard() {
    for (word, bias) in [(0.0, 0.0), (0.0, 0.3), (2.0, 0.0), (4.0, 0.0)] {
        let given = [(CURVE, word), (DRIVE, 6.0), (BIAS, bias), (OUTPUT, -2.0), (MIX, 80.0)];
        let heard = lines(&given, 1000.0, 0.6);
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        let curve = static_curve(&values);
        let mut fft = RealFft::new(1024);
        let mut period: Vec<f64> =
            (0..1024).map(|n| curve(0.6 * (2.0 * PI * n as f64 / 1024.0).sin())).collect();
        let expected: Vec<f64> = fft.spectrum_of(&mut period).iter().map(|c| c.norm() / 512.0).collect();
        for k in (1..=5).filter(|k| expected[*k] > 1e-4) {
            let off_db = 20.0 * (heard[1000 * k] / expected[k]).log10();
            assert!(off_db.abs() < 0.05, "curve {word}, bias {bias}, line {k}: {off_db} dB");
        }
    }
}
