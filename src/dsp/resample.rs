//! Rate conversion with exact length and no delay. The only file that names rubato.
//!
//! A [`RateConverter`] takes stereo frames in pieces of any size and gives `round(n · to / from)` frames (halves up) for
//! `n` frames in, the first of which stands at the time of the first input frame: the delay of the filter is taken off
//! to the fraction of a sample. The filter is a linear-phase windowed sinc applied by FFT (rubato's synchronous type,
//! squared Blackman-Harris window), as long as one block of the lower rate: flat to 0.97 of the lower Nyquist
//! frequency, stop band below −170 dB from 1.05 of it. Longer blocks are flatter still but ring longer at the edge;
//! 1024 frames is the compromise chosen here.
//!
//! Why the block is even on both sides: the filter is centred on frame `block/2` of the input block, so an odd output
//! block would leave the result half a sample late.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::units::SampleRate;

/// Frames of the lower rate a block has at least.
const BLOCK_MIN_FRAMES: usize = 1024;

/// Lowest and highest rate converted, in hertz.
const RATE_LIMITS_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Why a pair of rates cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// One of the rates is no audio rate.
    #[error("cannot convert from {from} to {to}: rates from 1 kHz to 768 kHz are taken")]
    Rate {
        /// Of the input.
        from: SampleRate,
        /// Of the output.
        to: SampleRate,
    },
    /// The converter refused; a fault of ours.
    #[error("cannot convert from {from} to {to}: {detail}")]
    Setup {
        /// Of the input.
        from: SampleRate,
        /// Of the output.
        to: SampleRate,
        /// Its words.
        detail: String,
    },
}

/// Converts stereo frames from one rate to another. Memory is constant; equal rates pass the bits through.
#[derive(Debug)]
pub struct RateConverter {
    from: SampleRate,
    to: SampleRate,
    /// `None` where the rates are equal.
    blocks: Option<Blocks>,
    /// Frames pushed so far.
    taken: u64,
    /// Frames given so far.
    given: u64,
}

impl RateConverter {
    /// A converter between two rates. Allocates; nothing after it does, where `out` has room.
    ///
    /// # Errors
    /// A rate outside 1 kHz to 768 kHz.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, ResampleError> {
        if !RATE_LIMITS_HZ.contains(&from.0) || !RATE_LIMITS_HZ.contains(&to.0) {
            return Err(ResampleError::Rate { from, to });
        }
        let blocks = if from == to { None } else { Some(Blocks::new(from, to)?) };
        Ok(Self { from, to, blocks, taken: 0, given: 0 })
    }

    /// Frames the output of `input_frames` frames has: `round(n · to / from)`, halves up.
    pub fn output_frames(&self, input_frames: u64) -> u64 {
        let (from, to) = (u128::from(self.from.0), u128::from(self.to.0));
        ((2 * u128::from(input_frames) * to + from) / (2 * from)) as u64
    }

    /// The most frames one `push` of `input_frames` frames appends: what to reserve where allocation is forbidden.
    pub fn max_push_frames(&self, input_frames: usize) -> usize {
        match &self.blocks {
            None => input_frames,
            Some(b) => (input_frames / b.block_in + 1) * b.block_out,
        }
    }

    /// Takes frames of both channels (equal lengths; what one has more is left out) and appends what is ready.
    /// Values that are not finite are taken as 0, where the rates differ.
    pub fn push(&mut self, input: [&[f64]; 2], out: &mut [Vec<f64>; 2]) {
        let frames = input[0].len().min(input[1].len());
        self.taken += frames as u64;
        match &mut self.blocks {
            None => {
                for (to, from) in out.iter_mut().zip(input) {
                    to.extend_from_slice(&from[..frames]);
                }
                self.given += frames as u64;
            }
            Some(blocks) => self.given += blocks.push([&input[0][..frames], &input[1][..frames]], out),
        }
    }

    /// Appends the rest, so that the whole output is [`Self::output_frames`] long, and is then as new.
    pub fn finish(&mut self, out: &mut [Vec<f64>; 2]) {
        let target = self.output_frames(self.taken);
        if let Some(blocks) = &mut self.blocks {
            blocks.flush(target - self.given, out);
        }
        self.reset();
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        (self.taken, self.given) = (0, 0);
        if let Some(blocks) = &mut self.blocks {
            blocks.reset();
        }
    }
}

/// The block converter with its input filled up to a whole block.
struct Blocks {
    fft: Fft<f64>,
    block_in: usize,
    block_out: usize,
    /// One block of input, the first `filled` frames of it valid.
    input: [Vec<f64>; 2],
    filled: usize,
    /// One block of output.
    output: [Vec<f64>; 2],
    /// Frames of output still to drop: the delay of the filter.
    to_drop: usize,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("block_in", &self.block_in)
            .field("block_out", &self.block_out)
            .finish()
    }
}

impl Blocks {
    fn new(from: SampleRate, to: SampleRate) -> Result<Self, ResampleError> {
        let refused = |detail: String| ResampleError::Setup { from, to, detail };
        let (block_in, block_out) = block_sizes(from.0 as usize, to.0 as usize);
        let fft = Fft::new_custom(
            from.0 as usize,
            to.0 as usize,
            block_in,
            1,
            2,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|e| refused(e.to_string()))?;
        if (fft.fft_size_in(), fft.fft_size_out()) != (block_in, block_out) {
            return Err(refused(format!(
                "the block became {} to {} frames instead of {block_in} to {block_out}",
                fft.fft_size_in(),
                fft.fft_size_out()
            )));
        }
        Ok(Self {
            fft,
            block_in,
            block_out,
            input: [vec![0.0; block_in], vec![0.0; block_in]],
            filled: 0,
            output: [vec![0.0; block_out], vec![0.0; block_out]],
            to_drop: block_out / 2,
        })
    }

    /// Returns the number of frames appended.
    fn push(&mut self, input: [&[f64]; 2], out: &mut [Vec<f64>; 2]) -> u64 {
        let (mut at, mut given) = (0, 0);
        while at < input[0].len() {
            let n = (self.block_in - self.filled).min(input[0].len() - at);
            for (block, from) in self.input.iter_mut().zip(input) {
                for (x, &y) in block[self.filled..self.filled + n].iter_mut().zip(&from[at..at + n]) {
                    *x = if y.is_finite() { y } else { 0.0 };
                }
            }
            at += n;
            self.filled += n;
            if self.filled == self.block_in {
                given += self.convert(usize::MAX, out);
            }
        }
        given as u64
    }

    /// Appends exactly `rest` frames, with silence behind the input.
    fn flush(&mut self, rest: u64, out: &mut [Vec<f64>; 2]) {
        let mut rest = usize::try_from(rest).unwrap_or(usize::MAX);
        while rest > 0 {
            for block in &mut self.input {
                block[self.filled..].fill(0.0);
            }
            rest -= self.convert(rest, out);
        }
    }

    /// Converts the block in `input` and appends at most `limit` frames of it; returns how many.
    fn convert(&mut self, limit: usize, out: &mut [Vec<f64>; 2]) -> usize {
        self.filled = 0;
        if !self.run() {
            // Cannot happen with these sizes; silence keeps the length right.
            self.output.iter_mut().for_each(|o| o.fill(0.0));
        }
        let first = self.to_drop.min(self.block_out);
        self.to_drop -= first;
        let n = (self.block_out - first).min(limit);
        for (to, from) in out.iter_mut().zip(&self.output) {
            to.extend_from_slice(&from[first..first + n]);
        }
        n
    }

    fn run(&mut self) -> bool {
        let (Ok(input), Ok(mut output)) = (
            SequentialSliceOfVecs::new(&self.input, 2, self.block_in),
            SequentialSliceOfVecs::new_mut(&mut self.output, 2, self.block_out),
        ) else {
            return false;
        };
        self.fft.process_into_buffer(&input, &mut output, None).is_ok()
    }

    fn reset(&mut self) {
        self.fft.reset();
        self.filled = 0;
        self.to_drop = self.block_out / 2;
    }
}

/// Frames of a block on both sides: even, in the ratio of the rates, the smaller at least [`BLOCK_MIN_FRAMES`].
fn block_sizes(from: usize, to: usize) -> (usize, usize) {
    let divisor = gcd(from, to);
    let (unit_in, unit_out) = (from / divisor, to / divisor);
    let pairs = BLOCK_MIN_FRAMES.div_ceil(2 * unit_in.min(unit_out));
    (2 * pairs * unit_in, 2 * pairs * unit_out)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::window::kaiser_at;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::PI;

    fn tone(freq_hz: f64, rate_hz: u32, frames: usize) -> Vec<f64> {
        (0..frames).map(|n| (2.0 * PI * freq_hz * n as f64 / f64::from(rate_hz)).sin()).collect()
    }

    /// Converts in pieces of changing size.
    fn convert(x: &[f64], from: u32, to: u32) -> Vec<f64> {
        let mut converter = RateConverter::new(SampleRate(from), SampleRate(to)).unwrap();
        let mut out = [Vec::new(), Vec::new()];
        let (mut at, mut piece) = (0, 1);
        while at < x.len() {
            let n = piece.min(x.len() - at);
            let before = out[0].len();
            converter.push([&x[at..at + n], &x[at..at + n]], &mut out);
            assert!(out[0].len() - before <= converter.max_push_frames(n));
            at += n;
            piece = piece * 7 % 5003 + 1;
        }
        converter.finish(&mut out);
        assert_eq!(out[0], out[1]);
        let [left, _] = out;
        left
    }

    /// Amplitude and phase (radians) of a sine at `freq_hz`, by a Kaiser-windowed correlation over the middle.
    fn read_tone(y: &[f64], freq_hz: f64, rate_hz: u32) -> (f64, f64) {
        let skip = y.len() / 8;
        let mid = &y[skip..y.len() - skip];
        let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
        for (i, v) in mid.iter().enumerate() {
            let w = kaiser_at(2.0 * i as f64 / (mid.len() - 1) as f64 - 1.0, 30.0);
            let phase = 2.0 * PI * freq_hz * (i + skip) as f64 / f64::from(rate_hz);
            re += w * v * phase.sin();
            im += w * v * phase.cos();
            sum += w;
        }
        (2.0 * re.hypot(im) / sum, im.atan2(re))
    }

    /// The strongest line of the middle of a signal outside ±`guard_hz` of `except_hz`, in dB re a full-scale sine.
    fn worst_line_db(y: &[f64], rate_hz: u32, except_hz: f64, guard_hz: f64) -> f64 {
        let n = 1 << 15;
        let start = (y.len() - n) / 2;
        let mut sum = 0.0;
        let mut x: Vec<f64> = (0..n)
            .map(|i| {
                let w = kaiser_at(2.0 * i as f64 / (n - 1) as f64 - 1.0, 34.0);
                sum += w;
                w * y[start + i]
            })
            .collect();
        let fft = crate::dsp::fft::RealFftPlanner::<f64>::new().plan_fft_forward(n);
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut x, &mut spectrum).unwrap();
        let worst = spectrum
            .iter()
            .enumerate()
            .filter(|(k, _)| (*k as f64 * f64::from(rate_hz) / n as f64 - except_hz).abs() > guard_hz)
            .map(|(_, c)| c.norm_sqr().sqrt() * 2.0 / sum)
            .fold(0.0, f64::max);
        20.0 * worst.log10()
    }

    const PAIRS: [(u32, u32); 4] = [(96_000, 44_100), (48_000, 44_100), (44_100, 96_000), (44_100, 48_000)];

    #[test]
    fn the_pass_band_is_flat_to_20_khz_and_the_edge_lies_above_21() {
        for (from, to) in PAIRS {
            for (freq_hz, limit_db) in [
                (31.0, 0.001),
                (997.0, 0.001),
                (6001.0, 0.001),
                (12_007.0, 0.001),
                (17_011.0, 0.001),
                (19_000.0, 0.001),
                (20_000.0, 0.001),
                (21_000.0, 0.1),
            ] {
                let y = convert(&tone(freq_hz, from, from as usize / 2), from, to);
                let db = 20.0 * read_tone(&y, freq_hz, to).0.log10();
                assert!(db.abs() <= limit_db, "{from} to {to}: {db} dB at {freq_hz} Hz");
            }
        }
    }

    #[test]
    fn nothing_above_nyquist_comes_back() {
        for (from, to) in [(96_000, 44_100), (48_000, 44_100), (192_000, 44_100), (176_400, 48_000)] {
            let nyquist = f64::from(to) / 2.0;
            for freq_hz in [1.05 * nyquist, 23_999.0, 25_300.0, 31_001.0, 43_900.0, 47_500.0, 66_150.0] {
                if freq_hz < 1.05 * nyquist || freq_hz >= f64::from(from) / 2.0 {
                    continue;
                }
                let y = convert(&tone(freq_hz, from, from as usize), from, to);
                let db = worst_line_db(&y, to, -1e9, 0.0);
                assert!(db <= -170.0, "{from} to {to}: {db} dB from {freq_hz} Hz");
            }
        }
    }

    #[test]
    fn a_tone_brings_no_spur_and_no_image() {
        for (from, to) in PAIRS {
            let limit_db = if from > to { -170.0 } else { -160.0 };
            for freq_hz in [997.0, 5003.0, 15_013.0, 20_000.0] {
                let y = convert(&tone(freq_hz, from, from as usize), from, to);
                let db = worst_line_db(&y, to, freq_hz, 40.0);
                assert!(db <= limit_db, "{from} to {to}: {db} dB beside {freq_hz} Hz");
            }
        }
    }

    #[test]
    fn every_session_pair_has_the_exact_length_and_no_delay() {
        for from in SESSION_RATES_HZ {
            for to in SESSION_RATES_HZ.into_iter().filter(|&to| to != from) {
                let frames = from as usize / 8 + 1;
                let y = convert(&tone(1000.0, from, frames), from, to);
                let exact = frames as f64 * f64::from(to) / f64::from(from);
                assert_eq!(y.len(), (exact + 0.5).floor() as usize, "{from} to {to}");
                let (amplitude, phase) = read_tone(&y, 1000.0, to);
                let degrees = phase.to_degrees();
                assert!(degrees.abs() < 5e-5, "{from} to {to}: {degrees} degrees");
                assert!((amplitude - 1.0).abs() < 1e-6, "{from} to {to}: {amplitude}");
            }
        }
    }

    #[test]
    fn odd_file_rates_keep_length_and_time() {
        for (from, to) in
            [(8_000, 44_100), (22_050, 48_000), (32_000, 96_000), (384_000, 44_100), (44_099, 44_100)]
        {
            let y = convert(&tone(500.0, from, from as usize / 2), from, to);
            assert_eq!(y.len(), (f64::from(to) * (from / 2) as f64 / f64::from(from) + 0.5).floor() as usize);
            assert!(read_tone(&y, 500.0, to).1.to_degrees().abs() < 1e-3, "{from} to {to}");
        }
    }

    #[test]
    fn halves_go_up_and_short_inputs_are_not_lost() {
        let converter = RateConverter::new(SampleRate(96_000), SampleRate(48_000)).unwrap();
        assert_eq!([0, 1, 2, 3].map(|n| converter.output_frames(n)), [0, 1, 1, 2]);
        for n in [0, 1, 2, 1000] {
            assert_eq!(convert(&vec![0.5; n], 96_000, 44_100).len(), (n as f64 * 0.459_375).round() as usize);
        }
    }

    #[test]
    fn equal_rates_pass_the_bits() {
        let x: Vec<f64> = (0..1000).map(|n| f64::from(n).sqrt() * 1e-3).collect();
        assert_eq!(convert(&x, 44_100, 44_100), x);
    }

    #[test]
    fn a_converter_can_be_used_again() {
        let mut converter = RateConverter::new(SampleRate(48_000), SampleRate(44_100)).unwrap();
        let x = tone(100.0, 48_000, 5000);
        let mut first = [Vec::new(), Vec::new()];
        let mut second = [Vec::new(), Vec::new()];
        for out in [&mut first, &mut second] {
            converter.push([&x, &x], out);
            converter.finish(out);
        }
        assert_eq!(first, second);
    }

    #[test]
    fn there_and_back_nulls_below_20_khz() {
        let x: Vec<f64> = tone(3000.0, 44_100, 44_100)
            .iter()
            .zip(tone(17_000.0, 44_100, 44_100))
            .map(|(a, b)| 0.4 * (a + b))
            .collect();
        let back = convert(&convert(&x, 44_100, 96_000), 96_000, 44_100);
        assert_eq!(back.len(), x.len());
        let worst = (4000..40_000).map(|i| (back[i] - x[i]).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-7, "{worst}");
    }

    #[test]
    fn absurd_rates_are_refused_in_one_line() {
        let error = RateConverter::new(SampleRate(0), SampleRate(44_100)).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        assert!(RateConverter::new(SampleRate(44_100), SampleRate(u32::MAX)).is_err());
    }
}
