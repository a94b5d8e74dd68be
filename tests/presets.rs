//! Every preset of the program: known parameters in range, finite sound at every rate, modest levels, honest delay, and
//! the same through the command line as from a file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{assert_one_line, run, run_json, text, write_wav};
use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::model::{Chain, Preset, PresetFor};
use glassmaster::process::slot::SlotRunner;
use glassmaster::process::{Setup, find, values_of};
use glassmaster::store::presets::factory;
use glassmaster::units::{Frames, SESSION_RATES_HZ, SampleRate};

/// Uniform noise, the same for the same frame.
fn noise(frame: usize, channel: u64) -> f64 {
    let mut x = (frame as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (channel << 40);
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

/// Pink noise of an rms level, both channels half alike (P. Kellet's filter of 1999, within 0.05 dB above 9 Hz).
fn pink(frames: usize, rms_dbfs: f64) -> [Vec<f64>; 2] {
    let one = |channel: u64| -> Vec<f64> {
        let mut b = [0.0f64; 7];
        (0..frames)
            .map(|n| {
                let white = noise(n, channel);
                b[0] = 0.99886 * b[0] + white * 0.055_517_9;
                b[1] = 0.99332 * b[1] + white * 0.075_075_9;
                b[2] = 0.96900 * b[2] + white * 0.153_852;
                b[3] = 0.86650 * b[3] + white * 0.310_485_6;
                b[4] = 0.55000 * b[4] + white * 0.532_952_2;
                b[5] = -0.7616 * b[5] - white * 0.016_898;
                let sum = b.iter().sum::<f64>() + white * 0.5362;
                b[6] = white * 0.115_926;
                sum
            })
            .collect()
    };
    let (mid, side) = (one(1), one(2));
    let mut out: [Vec<f64>; 2] = [
        mid.iter().zip(&side).map(|(m, s)| m + 0.5 * s).collect(),
        mid.iter().zip(&side).map(|(m, s)| m - 0.5 * s).collect(),
    ];
    let gain = 10f64.powf(rms_dbfs / 20.0) / rms(&out);
    out.iter_mut().flatten().for_each(|s| *s *= gain);
    out
}

fn rms(channels: &[Vec<f64>; 2]) -> f64 {
    let count = channels[0].len() + channels[1].len();
    (channels.iter().flatten().map(|s| s * s).sum::<f64>() / count as f64).sqrt()
}

/// A chain running.
struct Rack(Vec<SlotRunner>);

impl Rack {
    fn new(preset: &Preset, rate: u32) -> Self {
        let setup = Setup { sample_rate: SampleRate(rate) };
        Self(preset.chain.slots.iter().map(|slot| SlotRunner::new(slot, &setup).0).collect())
    }

    fn latency(&self) -> usize {
        self.0.iter().map(|slot| slot.latency().as_len()).sum()
    }

    fn run(&mut self, input: &[Vec<f64>; 2]) -> [Vec<f64>; 2] {
        let _fpu = FpuGuard::new();
        let mut out = [Vec::new(), Vec::new()];
        for start in (0..input[0].len() - QUANTUM + 1).step_by(QUANTUM) {
            let mut block = Block::silent();
            for (samples, input) in block.channels_mut().iter_mut().zip(input) {
                samples.copy_from_slice(&input[start..start + QUANTUM]);
            }
            self.0.iter_mut().for_each(|slot| slot.process(Frames(start as i64), &mut block));
            for (out, samples) in out.iter_mut().zip(block.channels()) {
                out.extend_from_slice(samples);
            }
        }
        out
    }
}

#[test]
fn every_parameter_is_known_and_in_range() {
    for (what, shelved) in factory().iter() {
        for slot in &shelved.preset.chain.slots {
            let kind = find(&slot.kind).unwrap_or_else(|| panic!("{what:?} {}: {}", shelved.id, slot.kind));
            let (_, errors) = values_of(kind, &slot.params);
            assert!(errors.is_empty(), "{what:?} {}: {errors:?}", shelved.id);
            let audition = |id: &String| kind.params().iter().any(|p| p.id == id.as_str() && p.audition);
            assert!(!slot.params.keys().any(audition), "{what:?} {} listens", shelved.id);
            assert!(slot.enabled && slot.id.0 == 0 && slot.extra.is_empty());
        }
        assert!(shelved.preset.chain.extra.is_empty(), "{what:?} {}", shelved.id);
    }
}

#[test]
fn every_processor_has_two_to_five_and_the_chains_are_there() {
    for kind in glassmaster::process::kinds() {
        let count = factory().of(&PresetFor::Slot(kind.id().to_owned())).len();
        assert!((2..=5).contains(&count), "{} has {count}", kind.id());
    }
    let chains: Vec<_> = factory().of(&PresetFor::Chain).iter().map(|p| p.id.as_str()).collect();
    let wanted = ["acoustic", "band", "electronic", "classical", "voice", "vinyl", "loud", "gentle"];
    assert_eq!(chains, wanted);
}

#[test]
fn noise_and_a_tone_come_out_finite_at_every_rate() {
    for (what, shelved) in factory().iter() {
        for rate in SESSION_RATES_HZ {
            let mut rack = Rack::new(&shelved.preset, rate);
            let frames = rack.latency() + rate as usize / 8;
            let tone = |n: usize| 0.5 * (std::f64::consts::TAU * 1000.0 * n as f64 / f64::from(rate)).sin();
            let signals: [[Vec<f64>; 2]; 2] = [
                [0, 1].map(|c| (0..frames).map(|n| 1.9 * noise(n, c)).collect()),
                [0, 1].map(|_| (0..frames).map(tone).collect()),
            ];
            for input in signals {
                let out = rack.run(&input);
                assert!(out.iter().flatten().all(|s| s.is_finite() && s.abs() < 8.0));
                assert!(rms(&out) > 1e-4, "{what:?} {} at {rate} is silent", shelved.id);
            }
        }
    }
}

#[test]
fn chains_keep_the_level_of_pink_noise_within_three_decibels() {
    let input = pink(6 * 48_000, -18.0);
    for shelved in factory().of(&PresetFor::Chain) {
        let mut rack = Rack::new(&shelved.preset, 48_000);
        let skip = rack.latency() + 48_000;
        let settled = rack.run(&input).map(|c| c[skip..].to_vec());
        let change_db = 20.0 * rms(&settled).log10() + 18.0;
        println!("{:12} {change_db:+.2} dB", shelved.id);
        let most = if shelved.id == "loud" { 9.0 } else { 3.0 };
        assert!(change_db.abs() < most, "{}: {change_db:+.2} dB", shelved.id);
    }
}

#[test]
fn the_delay_is_the_reported_one() {
    for (what, shelved) in factory().iter() {
        for rate in SESSION_RATES_HZ {
            let mut rack = Rack::new(&shelved.preset, rate);
            let latency = rack.latency();
            let mut input = [vec![0.0; latency + 4096], vec![0.0; latency + 4096]];
            // Loud enough for a gate; below every ceiling.
            input.iter_mut().for_each(|c| c[0] = 0.25);
            let out = &rack.run(&input)[0];
            let peak = (0..out.len()).max_by(|a, b| out[*a].abs().total_cmp(&out[*b].abs())).unwrap();
            // A high cut bends the impulse by a few frames.
            let off = peak.abs_diff(latency);
            assert!(
                off * 44_100 <= 4 * rate as usize,
                "{what:?} {} at {rate}: {peak}, not {latency}",
                shelved.id
            );
        }
    }
}

#[test]
fn the_command_line_lists_them_and_takes_them_by_name() {
    let dir = tempfile::tempdir().unwrap();
    write_wav(&dir.path().join("in.wav"), 44_100, 1.0, |n, c| 0.3 * noise(n, c as u64));
    let listed = run_json(dir.path(), &["processors", "--chains", "--json"]);
    let presets = listed["presets"].as_array().unwrap();
    assert_eq!(presets.len(), factory().iter().count());
    let band = presets.iter().find(|p| p["chain"] == "factory:band").unwrap();
    assert!(band["name"] == "Band" && band["about"].as_str().unwrap().contains("threshold"));
    let said = run(dir.path(), &["processors", "--chains"]);
    assert!(text(&said.stdout).contains("factory:eq/air – Air"));
    // The same slots from a file give the same bits.
    let chain: Chain = serde_json::from_value(band.clone()).unwrap();
    assert!(chain.slots.len() > 2);
    std::fs::write(dir.path().join("chain.json"), band.to_string()).unwrap();
    let process = |out: &str, chain: &str| {
        let args = ["process", "in.wav", out, "--chain", chain, "--bits", "32f", "--json"];
        run_json(dir.path(), &args)["tap_hash"].clone()
    };
    assert_eq!(process("a.wav", "factory:band"), process("b.wav", "chain.json"));
    assert_ne!(process("c.wav", "factory:gentle"), process("d.wav", "factory:eq/air"));
    let unknown = run(dir.path(), &["process", "in.wav", "x.wav", "--chain", "factory:polka"]);
    assert_one_line(&unknown, 2, "acoustic, band");
}
