//! Every registered processor, held to the same promises: valid defaults, silence stays silence, reset equals fresh, what
//! is not a number does not stay, latency as reported, the same bits however often, every word builds, values clamp, and
//! no allocation in `process`, `set`, `reset`.

use assert_no_alloc::AllocDisabler;
use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::process::{Kind, ParamKind, Processor, Setup, Values, kinds, values_of};
use glassmaster::units::{Frames, SESSION_RATES_HZ, SampleRate};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const SETUP: Setup = Setup { sample_rate: SampleRate::CD };

/// Uniform noise, the same for the same frame.
fn noise(frame: usize, channel: u64) -> f64 {
    let mut x = (frame as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (channel << 40);
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

fn noise_block(k: usize) -> Block {
    let mut block = Block::silent();
    for (c, samples) in block.channels_mut().iter_mut().enumerate() {
        for (i, s) in samples.iter_mut().enumerate() {
            *s = 0.5 * noise(k * QUANTUM + i, c as u64);
        }
    }
    block
}

/// Runs blocks `from..to` of noise.
fn run_noise(processor: &mut dyn Processor, from: usize, to: usize) -> Vec<Block> {
    (from..to)
        .map(|k| {
            let mut block = noise_block(k);
            processor.process(Frames((k * QUANTUM) as i64), &mut block);
            block
        })
        .collect()
}

fn bits(blocks: &[Block]) -> Vec<u64> {
    blocks.iter().flat_map(|b| b.channels().iter().flatten().map(|s| s.to_bits())).collect()
}

/// Values off their defaults: numbers three tenths up their range (never the end), switches on, the last or first word.
fn busy_values(kind: &dyn Kind, last_word: bool) -> Values {
    let mut values = Values::defaults(kind.params());
    for (index, param) in kind.params().iter().enumerate() {
        let value = match &param.kind {
            ParamKind::Number { min, max, .. } => min + 0.3 * (max - min),
            ParamKind::Switch { .. } => 1.0,
            ParamKind::Choice { words, .. } => {
                if last_word {
                    (words.len() - 1) as f64
                } else {
                    0.0
                }
            }
        };
        values.set(index, value);
    }
    values
}

/// Defaults and busy.
fn settings(kind: &dyn Kind) -> [Values; 3] {
    [Values::defaults(kind.params()), busy_values(kind, false), busy_values(kind, true)]
}

#[test]
fn ids_are_unique_and_defaults_valid() {
    let mut ids: Vec<&str> = kinds().iter().map(|k| k.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), kinds().len());
    for kind in kinds() {
        let mut seen = std::collections::BTreeSet::new();
        for param in kind.params() {
            assert!(seen.insert(param.id.to_string()), "{}: {} twice", kind.id(), param.id);
            let default = param.default_value();
            assert_eq!(param.clamped(default).to_bits(), default.to_bits(), "{} {}", kind.id(), param.id);
            assert_eq!(param.value_from(&param.to_param_value(default)), Ok(default), "{}", param.id);
        }
        let (_, errors) = values_of(*kind, &std::collections::BTreeMap::new());
        assert!(errors.is_empty());
    }
}

#[test]
fn values_clamp_and_nan_becomes_the_default() {
    for kind in kinds() {
        for param in kind.params() {
            assert_eq!(param.clamped(f64::NAN).to_bits(), param.default_value().to_bits());
            for wild in [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY] {
                let value = param.clamped(wild);
                match &param.kind {
                    ParamKind::Number { min, max, .. } => assert!(value >= *min && value <= *max),
                    ParamKind::Switch { .. } => assert!(value.abs() < 1.5),
                    ParamKind::Choice { words, .. } => assert!((value as usize) < words.len()),
                }
            }
        }
    }
}

#[test]
fn silence_stays_silence() {
    for kind in kinds() {
        for values in settings(*kind) {
            let mut processor = kind.build(&values, &SETUP);
            for k in 0..40 {
                let mut block = Block::silent();
                processor.process(Frames(k * QUANTUM as i64), &mut block);
                assert!(block.is_silent(), "{} block {k}", kind.id());
            }
        }
    }
}

#[test]
fn reset_equals_fresh_and_the_bits_repeat() {
    for kind in kinds() {
        for values in settings(*kind) {
            let mut used = kind.build(&values, &SETUP);
            let first = bits(&run_noise(&mut *used, 0, 60));
            used.reset();
            assert!(first == bits(&run_noise(&mut *used, 0, 60)), "{}: reset is not fresh", kind.id());
            let mut fresh = kind.build(&values, &SETUP);
            assert!(first == bits(&run_noise(&mut *fresh, 0, 60)), "{}: not the same bits", kind.id());
        }
    }
}

#[test]
fn set_then_reset_equals_built_so() {
    for kind in kinds() {
        let params = kind.params();
        let (defaults, busy) = (Values::defaults(params), busy_values(*kind, false));
        let mut target = defaults.clone();
        let mut moved = kind.build(&defaults, &SETUP);
        for index in 0..params.len() {
            target.set(index, busy.get(index));
            if kind.needs_rebuild(index, &defaults, &target) {
                target.set(index, defaults.get(index));
            } else {
                moved.set(index, target.get(index));
            }
        }
        run_noise(&mut *moved, 0, 10);
        moved.reset();
        let mut built = kind.build(&target, &SETUP);
        let same = bits(&run_noise(&mut *moved, 0, 40)) == bits(&run_noise(&mut *built, 0, 40));
        assert!(same, "{}: set and reset is not what is built", kind.id());
    }
}

#[test]
fn what_is_not_a_number_does_not_poison_the_next_second() {
    for kind in kinds() {
        for values in settings(*kind) {
            for poison in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut processor = kind.build(&values, &SETUP);
                run_noise(&mut *processor, 0, 4);
                let mut block = noise_block(4);
                block.channels_mut()[0][7] = poison;
                block.channels_mut()[1][50] = poison;
                processor.process(Frames(4 * QUANTUM as i64), &mut block);
                let filled = 5 + processor.latency().as_len().div_ceil(QUANTUM) + 2;
                run_noise(&mut *processor, 5, filled);
                let after = run_noise(&mut *processor, filled, filled + 690);
                let finite = after.iter().all(|b| b.channels().iter().flatten().all(|s| s.is_finite()));
                assert!(finite, "{} after {poison}", kind.id());
                assert!(!after[600].is_silent(), "{} went silent after {poison}", kind.id());
            }
        }
    }
}

#[test]
fn the_latency_is_the_reported_one() {
    for kind in kinds() {
        for rate in SESSION_RATES_HZ {
            let setup = Setup { sample_rate: SampleRate(rate) };
            let mut processor = kind.build(&Values::defaults(kind.params()), &setup);
            let latency = processor.latency().as_len();
            let mut out = Vec::new();
            for k in 0..(latency / QUANTUM + 40) {
                let mut block = Block::silent();
                if k == 0 {
                    block.channels_mut()[0][0] = 0.01;
                    block.channels_mut()[1][0] = 0.01;
                }
                processor.process(Frames((k * QUANTUM) as i64), &mut block);
                out.extend_from_slice(block.left());
            }
            let peak = (0..out.len()).max_by(|a, b| out[*a].abs().total_cmp(&out[*b].abs()));
            assert_eq!(peak, Some(latency), "{} at {rate} Hz", kind.id());
        }
    }
}

#[test]
fn every_word_and_both_ends_build_and_run() {
    for kind in kinds() {
        for (index, param) in kind.params().iter().enumerate() {
            let all: Vec<f64> = match &param.kind {
                ParamKind::Number { min, max, .. } => vec![*min, *max],
                ParamKind::Switch { .. } => vec![0.0, 1.0],
                ParamKind::Choice { words, .. } => (0..words.len()).map(|w| w as f64).collect(),
            };
            // The 24 bands of an equaliser are alike: the first stands for them.
            if index >= 40 && index + 4 < kind.params().len() {
                continue;
            }
            for value in all {
                let mut values = busy_values(*kind, false);
                values.set(index, value);
                let mut processor = kind.build(&values, &SETUP);
                let out = run_noise(&mut *processor, 0, 6);
                let finite = out.iter().all(|b| b.channels().iter().flatten().all(|s| s.is_finite()));
                assert!(finite, "{} {} = {value}", kind.id(), param.id);
            }
        }
    }
}

#[test]
fn nothing_allocates_in_process_set_and_reset() {
    for kind in kinds() {
        for values in settings(*kind) {
            let mut processor = kind.build(&values, &SETUP);
            let params = kind.params();
            let sets: Vec<(usize, f64)> = (0..params.len())
                .filter(|i| !kind.needs_rebuild(*i, &values, &values))
                .map(|i| (i, params[i].clamped(params[i].default_value() + 1.0)))
                .collect();
            let block = noise_block(1);
            assert_no_alloc::assert_no_alloc(|| {
                let _fpu = FpuGuard::new();
                for k in 0..8 {
                    processor.process(Frames(k * QUANTUM as i64), &mut block.clone());
                }
                sets.iter().for_each(|(i, v)| processor.set(*i, *v));
                for k in 8..40 {
                    processor.process(Frames(k * QUANTUM as i64), &mut block.clone());
                }
                processor.reset();
            });
        }
    }
}

/// The negative control: the guard is awake. A violation aborts the process, so it happens in a child, which is this test
/// program run again with the one ignored test below.
#[test]
fn the_allocation_guard_is_awake() {
    let this = std::env::current_exe().unwrap();
    let child = std::process::Command::new(this)
        .args(["--ignored", "--exact", "allocating_inside_the_guard_aborts"])
        .output()
        .unwrap();
    assert!(!child.status.success(), "an allocation inside the guard went unnoticed");
}

#[test]
#[ignore = "aborts on purpose; run by the_allocation_guard_is_awake"]
fn allocating_inside_the_guard_aborts() {
    assert_no_alloc::assert_no_alloc(|| drop(std::hint::black_box(vec![1.0; 100])));
}
