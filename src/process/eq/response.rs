//! The curves of the equaliser, for editors: magnitude, phase and group delay of the filters as they run (in linear phase:
//! of the prototypes the kernel is made from), dynamic bands at their static gain.

use std::f64::consts::PI;

use super::params::{BandChannel, FREQ, GAIN, OUTPUT, PARAMS_PER_BAND, Q, Shape};
use super::{BANDS, is_dynamic, is_linear, running_rate};
use crate::dsp::biquad::Biquad;
use crate::process::Values;
use crate::units::{SampleRate, db_from_power};

/// Lowest value of a curve, dB: the bottom of a notch has no decibels.
const FLOOR_DB: f64 = -300.0;

/// The total of all stereo bands and the output gain, dB at each frequency: what a signal equal on both channels and a
/// signal opposite on both meet alike. See [`response_of_channel_db`] for bands on a part of the signal.
pub fn response_db(values: &Values, sample_rate: SampleRate, freqs_hz: &[f64]) -> Vec<f64> {
    response_of_channel_db(values, sample_rate, BandChannel::Stereo, freqs_hz)
}

/// The total that a signal on `channel` alone meets, dB at each frequency: stereo bands, the bands of this channel, the
/// output gain.
pub fn response_of_channel_db(
    values: &Values,
    sample_rate: SampleRate,
    channel: BandChannel,
    freqs_hz: &[f64],
) -> Vec<f64> {
    let mut total = vec![values.get(OUTPUT); freqs_hz.len()];
    for band in 0..BANDS {
        let shape = Shape::of(values, band);
        if shape.enabled && (shape.channel == BandChannel::Stereo || shape.channel == channel) {
            let curve = band_response_db(values, band, sample_rate, freqs_hz);
            total.iter_mut().zip(curve).for_each(|(sum, db)| *sum += db);
        }
    }
    total
}

/// The curve of one band (from 0) in the part of the signal it works on, as if it were on, dB at each frequency.
pub fn band_response_db(values: &Values, band: usize, sample_rate: SampleRate, freqs_hz: &[f64]) -> Vec<f64> {
    moved_band_response_db(values, band, 0.0, sample_rate, freqs_hz)
}

/// The same with its gain moved by `move_db`, as dynamics move it; of a type whose gain cannot move the curve as it is.
pub fn moved_band_response_db(
    values: &Values,
    band: usize,
    move_db: f64,
    sample_rate: SampleRate,
    freqs_hz: &[f64],
) -> Vec<f64> {
    let value = |offset| values.get(band * PARAMS_PER_BAND + offset);
    let shape = Shape::of(values, band);
    let gain_db = value(GAIN) + if shape.can_be_dynamic() { move_db } else { 0.0 };
    if is_linear(values) {
        let (count, sections) = shape.sections(value(FREQ), gain_db, value(Q));
        let analog = |f: &f64| sections[..count].iter().map(|s| s.power_at(f / value(FREQ))).product();
        return freqs_hz.iter().map(|f| db_from_power(analog(f)).max(FLOOR_DB)).collect();
    }
    let rate_hz = running_rate(sample_rate).hz();
    let biquads = biquads(values, band, gain_db, rate_hz);
    freqs_hz
        .iter()
        .map(|f| {
            let w = angle(*f, rate_hz);
            db_from_power(biquads.iter().map(|b| b.power_at(w)).product()).max(FLOOR_DB)
        })
        .collect()
}

/// Phase of all stereo bands, degrees at each frequency, the latency taken off; a lag is negative. Not wrapped: each
/// section adds its own. In linear phase only dynamic bands have one.
pub fn phase_deg(values: &Values, sample_rate: SampleRate, freqs_hz: &[f64]) -> Vec<f64> {
    total_of(values, sample_rate, freqs_hz, |biquad, w| biquad.phase_at(w).to_degrees())
}

/// Group delay of all stereo bands, milliseconds at each frequency, the latency taken off. See [`phase_deg`].
pub fn group_delay_ms(values: &Values, sample_rate: SampleRate, freqs_hz: &[f64]) -> Vec<f64> {
    let frame_ms = 1000.0 / running_rate(sample_rate).hz();
    total_of(values, sample_rate, freqs_hz, |biquad, w| biquad.group_delay_at(w) * frame_ms)
}

fn total_of(
    values: &Values,
    sample_rate: SampleRate,
    freqs_hz: &[f64],
    of: impl Fn(&Biquad, f64) -> f64,
) -> Vec<f64> {
    let rate_hz = running_rate(sample_rate).hz();
    let runs = |band: &usize| {
        let shape = Shape::of(values, *band);
        let moves_phase = !is_linear(values) || is_dynamic(values, *band);
        shape.enabled && shape.channel == BandChannel::Stereo && moves_phase
    };
    let gain_of = |band: usize| values.get(band * PARAMS_PER_BAND + GAIN);
    let all: Vec<Biquad> =
        (0..BANDS).filter(runs).flat_map(|band| biquads(values, band, gain_of(band), rate_hz)).collect();
    freqs_hz.iter().map(|f| all.iter().map(|b| of(b, angle(*f, rate_hz))).sum()).collect()
}

/// The sections of a band as they run.
fn biquads(values: &Values, band: usize, gain_db: f64, rate_hz: f64) -> Vec<Biquad> {
    let value = |offset| values.get(band * PARAMS_PER_BAND + offset);
    let (count, sections) = Shape::of(values, band).sections(value(FREQ), gain_db, value(Q));
    sections[..count].iter().map(|s| s.matched(value(FREQ), rate_hz)).collect()
}

/// Radians per sample.
fn angle(hz: f64, rate_hz: f64) -> f64 {
    2.0 * PI * (hz / rate_hz).min(0.5)
}
