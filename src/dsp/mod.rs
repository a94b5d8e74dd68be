//! Arithmetic only: no session, no files, no allocation after `new`.

pub mod biquad;
pub mod crossover;
pub mod delay;
pub mod dither;
pub mod elementary;
pub mod envelope;
pub mod fft;
pub mod fir;
pub mod flat_tilt;
pub mod interpolate;
pub mod kweight;
pub mod midside;
pub mod noise;
pub mod oversample;
pub mod oversampler;
pub mod peak_detector;
pub mod resample;
pub mod simd;
pub mod smooth;
pub mod statevar;
pub mod svf;
pub mod waveshape;
pub mod window;
