//! The curve of the equaliser, for editors: magnitude of the filters as they run (in linear phase: of the
//! prototypes the kernel is made from), in dB.

use std::f64::consts::PI;

use super::params::{BandChannel, FREQ, GAIN, OUTPUT, PARAMS_PER_BAND, Q, Shape};
use super::{BANDS, is_linear, running_rate};
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
    let value = |offset| values.get(band * PARAMS_PER_BAND + offset);
    let (count, sections) = Shape::of(values, band).sections(value(GAIN), value(Q));
    if is_linear(values) {
        let analog = |f: &f64| sections[..count].iter().map(|s| s.power_at(f / value(FREQ))).product();
        return freqs_hz.iter().map(|f| db_from_power(analog(f)).max(FLOOR_DB)).collect();
    }
    let rate_hz = running_rate(sample_rate).hz();
    let biquads: Vec<Biquad> = sections[..count].iter().map(|s| s.matched(value(FREQ), rate_hz)).collect();
    freqs_hz
        .iter()
        .map(|f| {
            let w = 2.0 * PI * (f / rate_hz).min(0.5);
            db_from_power(biquads.iter().map(|b| b.power_at(w)).product()).max(FLOOR_DB)
        })
        .collect()
}
