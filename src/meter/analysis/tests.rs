//! The pass against formulas.

use super::*;
use crate::audio::format::{f64_from_int, int_from_f64};
use std::f64::consts::PI;

fn facts(channels: u32) -> FileFacts {
    FileFacts {
        path: "mix.wav".to_owned(),
        format: "WAV".to_owned(),
        sample_rate_hz: 48_000,
        channels,
        bits: Some(24),
    }
}

fn sine(amplitude: f64, bits: u32) -> Vec<f64> {
    (0..48_000 * 5)
        .map(|n| {
            let x = amplitude * (2.0 * PI * 997.0 * f64::from(n) / 48_000.0).sin();
            f64_from_int(int_from_f64(x, bits), bits)
        })
        .collect()
}

fn measure(left: &[f64], right: &[f64], block: usize) -> Measurements {
    let mut analyzer = Analyzer::for_frames(facts(2), left.len() as u64);
    for (l, r) in left.chunks(block).zip(right.chunks(block)) {
        analyzer.push(l, r);
    }
    analyzer.finish().measurements
}

fn near(value: Option<f64>, expected: f64, within: f64) {
    let value = value.unwrap();
    assert!((value - expected).abs() <= within, "{value} for {expected}");
}

#[test]
fn a_sine_reads_as_the_standards_say() {
    let x = sine(0.1, 24);
    let m = measure(&x, &x, 1000);
    near(m.integrated_lufs, -20.0, 0.01);
    near(m.true_peak_dbtp, -20.0, 0.01);
    near(m.sample_peak_dbfs, -20.0, 0.01);
    near(m.rms_dbfs, -20.0, 0.001);
    near(m.plr_db, 0.0, 0.02);
    near(m.dr, 0.0, 0.0);
    near(m.loudness_range_lu, 0.0, 0.01);
    near(m.correlation, 1.0, 1e-12);
    near(m.dc_offset, 0.0, 1e-6);
    near(m.bandwidth_hz, 997.0, 80.0);
    assert_eq!(m.effective_bits, Some(24));
    assert_eq!(m.frames, 240_000);
    near(Some(m.duration_s), 5.0, 0.0);
}

#[test]
fn mono_is_one_channel() {
    let x = sine(0.1, 24);
    let mut analyzer = Analyzer::for_frames(facts(1), x.len() as u64);
    analyzer.push(&x, &[]);
    let m = analyzer.finish().measurements;
    near(m.integrated_lufs, -23.01, 0.01);
    near(m.rms_dbfs, -20.0, 0.001);
    assert_eq!(m.correlation, None);
}

#[test]
fn the_way_of_reading_changes_no_bit() {
    let (x, y) = (sine(0.4, 24), sine(0.1, 16));
    assert_eq!(measure(&x, &y, 64), measure(&x, &y, 5000));
}

#[test]
fn lowest_bit_is_found_in_any_container() {
    for bits in [8, 16, 20, 24, 32] {
        let x = sine(0.3, bits);
        assert_eq!(measure(&x, &x, 4096).effective_bits, Some(bits));
    }
    let float: Vec<f64> = sine(0.3, 32).iter().map(|x| x / 3.0).collect();
    assert_eq!(measure(&float, &float, 4096).effective_bits, None);
    let one = [0.0, 0.0, -1.0, 0.0];
    assert_eq!(measure(&one, &one, 4).effective_bits, Some(1));
}

#[test]
fn offset_and_polarity_show() {
    let x: Vec<f64> = sine(0.2, 24).iter().map(|s| s - 0.01).collect();
    let y: Vec<f64> = sine(0.2, 24).iter().map(|s| -s).collect();
    let m = measure(&x, &y, 1024);
    near(m.dc_offset, -0.01, 1e-5);
    assert!(m.correlation.unwrap() < -0.99);
}

#[test]
fn silence_and_nothing_are_null_in_json_and_never_nan() {
    let zeros = vec![0.0; 100_000];
    for x in [&zeros[..], &[]] {
        let m = measure(x, x, 1024);
        let json = serde_json::to_value(&m).unwrap();
        for key in ["integrated_lufs", "true_peak_dbtp", "sample_peak_dbfs", "rms_dbfs", "dr", "correlation"]
        {
            assert!(json[key].is_null(), "{key}: {}", json[key]);
        }
        assert!(json["effective_bits"].is_null() && json["bandwidth_hz"].is_null());
    }
    let mut bad = sine(0.1, 24);
    (bad[7], bad[70_000]) = (f64::NAN, f64::NEG_INFINITY);
    let mut analyzer = Analyzer::for_frames(facts(2), bad.len() as u64);
    analyzer.push(&bad, &bad);
    let analysis = analyzer.finish();
    assert_eq!(analysis.measurements.non_finite_samples, 4);
    near(analysis.measurements.integrated_lufs, -20.0, 0.05);
}

/// A sine of 997 Hz in steps of (seconds, amplitude).
fn steps(steps: &[(f64, f64)]) -> Vec<f64> {
    let mut out = Vec::new();
    for &(seconds, amplitude) in steps {
        let n = (seconds * 48_000.0_f64).round() as usize;
        (0..n).for_each(|_| out.push(amplitude * (2.0 * PI * 997.0 * out.len() as f64 / 48_000.0).sin()));
    }
    out
}

#[test]
fn a_steady_tone_reads_the_same_in_every_window() {
    let x = sine(0.1, 24);
    let m = measure(&x, &x, 1000);
    for level in [
        m.max_rms_600_ms_dbfs,
        m.start_short_term_lufs,
        m.end_short_term_lufs,
        m.first_second_rms_dbfs,
        m.last_second_rms_dbfs,
    ] {
        near(level, -20.0, 0.01);
    }
    near(m.max_k20_db, 0.0, 0.01);
    near(m.max_k14_db, -6.0, 0.01);
    near(m.max_k12_db, -8.0, 0.01);
    near(m.min_psr_db, 0.0, 0.02);
    near(m.mono_loss_db, 0.0, 1e-9);
    assert_eq!(m.per_channel.len(), 2);
    near(m.per_channel[1].true_peak_dbtp, -20.0, 0.01);
    near(m.per_channel[1].rms_dbfs, -20.0, 0.01);
    near(m.third_octaves_dbfs[17], -20.0, 0.05);
    near(m.balance_mid_db, 0.0, 0.01);
}

#[test]
fn maxima_have_their_place_and_silence_before_and_after_is_no_start_or_end() {
    let x = steps(&[(2.0, 0.0), (3.0, 0.1), (4.0, 0.01), (2.0, 0.0)]);
    let m = measure(&x, &vec![0.0; x.len()], 1000);
    near(m.max_short_term_at_s, 2.0, 0.0);
    let at = m.max_momentary_at_s.unwrap();
    assert!((2.0..=4.6).contains(&at), "{at}");
    let at = m.true_peak_at_s.unwrap();
    assert!((2.0..=5.0).contains(&at), "{at}");
    near(m.start_short_term_lufs, -23.01, 0.01);
    near(m.end_short_term_lufs, -43.01, 0.05);
    assert_eq!(m.first_second_rms_dbfs, None);
    near(m.max_rms_600_ms_dbfs, -20.0, 0.02);
    assert_eq!(m.per_channel[1].rms_dbfs, None);
    near(m.mono_loss_db, -3.0103, 1e-3);
}

#[test]
fn the_least_peak_to_loudness_ratio_is_where_no_click_stands_out() {
    let mut x = steps(&[(10.0, 0.1)]);
    for click in [0.5, 1.5, 2.5, 3.5, 4.5] {
        x[(click * 48_000.0) as usize] = 0.8;
    }
    let m = measure(&x, &x, 1000);
    near(m.min_psr_db, 0.0, 0.02);
    let at = m.min_psr_at_s.unwrap();
    assert!((4.6..=7.0).contains(&at), "{at}");
    // A click in every window: the tone can no longer hide that its ratio is 18 dB.
    for click in [5.5, 6.5, 7.5, 8.5, 9.5] {
        x[(click * 48_000.0) as usize] = 0.8;
    }
    near(measure(&x, &x, 1000).min_psr_db, 18.06, 0.3);
}

#[test]
fn samples_at_full_scale_are_counted_in_runs() {
    let top = 1.0 - 2f64.powi(-23);
    let mut x = vec![0.25; 48_000];
    x[10..12].fill(top);
    x[1022..1027].fill(-1.0);
    x[2000..2003].fill(top);
    x[47_998..].fill(top);
    let m = measure(&x, &vec![0.5; x.len()], 333);
    let [left, right] = [m.per_channel[0], m.per_channel[1]];
    assert_eq!((left.full_scale_samples, left.full_scale_runs, left.longest_full_scale_run), (12, 2, 5));
    assert_eq!((right.full_scale_samples, right.full_scale_runs), (0, 0));
}

#[test]
fn balance_splits_the_power_and_mono_loses_what_is_opposite() {
    let tone = |hz: f64, n: u32| 0.1 * (2.0 * PI * hz * f64::from(n) / 48_000.0).sin();
    let left: Vec<f64> = (0..480_000).map(|n| tone(60.0, n) + tone(1000.0, n)).collect();
    let right: Vec<f64> = (0..480_000).map(|n| tone(6000.0, n) + tone(7000.0, n)).collect();
    let m = measure(&left, &right, 1000);
    near(m.balance_low_db, -6.02, 0.02);
    near(m.balance_mid_db, -6.02, 0.02);
    near(m.balance_high_db, -3.01, 0.02);
    near(m.mono_loss_db, -3.01, 0.01);
    let opposite: Vec<f64> = left.iter().map(|x| -x).collect();
    assert_eq!(measure(&left, &opposite, 1000).mono_loss_db, None);
}

#[test]
fn an_album_is_gated_over_the_blocks_of_all_songs() {
    let (loud, soft) = (steps(&[(20.0, 0.1)]), steps(&[(20.0, 0.05)]));
    let analyze = |x: &[f64]| {
        let mut analyzer = Analyzer::for_frames(facts(2), x.len() as u64);
        analyzer.push(x, x);
        analyzer.finish()
    };
    let songs = [analyze(&loud), analyze(&soft)];
    let powers: Vec<f64> = songs.iter().flat_map(|s| s.gating_powers.clone()).collect();
    let expected = 10.0 * ((10f64.powf(-2.0) + 10f64.powf(-2.60206)) / 2.0).log10();
    near(crate::meter::loudness::integrated_lufs(&powers), expected, 0.01);
    let mut short_terms: Vec<f64> = songs.iter().flat_map(|s| s.short_term_powers.clone()).collect();
    let scratch = &mut short_terms.clone()[..];
    near(crate::meter::loudness::range_lu(&short_terms, scratch), 6.02, 0.01);
    short_terms.clear();
    assert_eq!(crate::meter::loudness::range_lu(&short_terms, &mut []), None);
}

#[test]
fn parts_fed_with_large_chunks_give_the_same_bits() {
    let (x, y) = (sine(0.4, 24), sine(0.1, 16));
    let whole = measure(&x, &y, 4000);
    let facts = facts(2);
    let mut parts = Part::all(&facts, hours_for(&facts, x.len() as u64));
    let mut intake = Intake::new(2, 16);
    for (l, r) in x.chunks(777).zip(y.chunks(777)) {
        intake.push(l, r, |chunk| {
            let kept = std::mem::take(chunk);
            parts.iter_mut().for_each(|part| part.push(&kept));
        });
    }
    let (last, _) = intake.finish();
    parts.iter_mut().rev().for_each(|part| part.push(&last));
    assert_eq!(analysis_of(facts, parts, 0).measurements, whole);
}

/// Seven and a half minutes in a file that said it had none: quiet, then loud, where a room of six minutes would end.
#[test]
fn a_file_longer_than_it_said_is_measured_to_its_end() {
    let rate = 8000;
    let x: Vec<f64> = (0..rate * 450)
        .map(|n| (if n < rate * 380 { 0.01 } else { 0.3 }) * (f64::from(n % 997) * 0.13).sin())
        .collect();
    let facts = FileFacts { sample_rate_hz: rate as u32, channels: 1, ..FileFacts::default() };
    let [said, unsaid] = [x.len() as u64, 0].map(|frames| {
        let mut analyzer = Analyzer::for_frames(facts.clone(), frames);
        x.chunks(5000).for_each(|block| analyzer.push(block, &[]));
        analyzer.finish()
    });
    assert_eq!(said, unsaid);
    assert_eq!(unsaid.gating_powers.len(), 4497);
    assert!(unsaid.measurements.max_short_term_at_s.unwrap() > 370.0);
}
