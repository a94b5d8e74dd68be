//! The four songs: chords, patterns and how loud each mix is.

use super::instruments::Instrument::{self, Bass, Guitar, Hat, Keys, Kick, Lead, Pad, Snare};
use super::mixdown::{Mixdown, Note};
use crate::audio::format::SampleFormat;

/// A song of the demo album as delivered.
#[derive(Debug, Clone, Copy)]
pub struct DemoSong {
    /// Name of the file, without folder.
    pub file_name: &'static str,
    /// Title.
    pub title: &'static str,
    /// Rate of the mix, Hz.
    pub rate_hz: u32,
    /// Word length of the mix.
    pub format: SampleFormat,
    compose: fn(f64) -> [Vec<f64>; 2],
}

impl DemoSong {
    /// The mix: left and right, full scale ±1.
    pub fn render(&self) -> [Vec<f64>; 2] {
        (self.compose)(f64::from(self.rate_hz))
    }
}

/// In running order.
pub const DEMO_SONGS: [DemoSong; 4] = [
    DemoSong {
        file_name: "01 Opening.wav",
        title: "Opening",
        rate_hz: 48_000,
        format: SampleFormat::Int24,
        compose: opening,
    },
    DemoSong {
        file_name: "02 Second Wind.wav",
        title: "Second Wind",
        rate_hz: 44_100,
        format: SampleFormat::Int24,
        compose: second_wind,
    },
    DemoSong {
        file_name: "03 Overpass.wav",
        title: "Overpass",
        rate_hz: 96_000,
        format: SampleFormat::Int24,
        compose: overpass,
    },
    DemoSong {
        file_name: "04 Afterglow.wav",
        title: "Afterglow",
        rate_hz: 44_100,
        format: SampleFormat::Int16,
        compose: afterglow,
    },
];

/// Four-note chords as MIDI numbers, low to high.
type Chord = [f64; 4];

const A_MINOR_9: Chord = [45.0, 60.0, 64.0, 71.0];
const F_MAJOR_7: Chord = [41.0, 57.0, 60.0, 64.0];
const C_MAJOR: Chord = [48.0, 60.0, 64.0, 67.0];
const G_MAJOR: Chord = [43.0, 59.0, 62.0, 67.0];
const D_MINOR_7: Chord = [38.0, 57.0, 60.0, 65.0];
const E_MINOR_7: Chord = [40.0, 59.0, 62.0, 67.0];

fn note(
    instrument: Instrument,
    at_s: f64,
    note: f64,
    length_s: f64,
    level: f64,
    pan: f64,
    room: f64,
) -> Note {
    Note { instrument, at_s, note, length_s, level, pan, room }
}

/// Calm: a pad under broken chords, 26 s; ends into the next song.
fn opening(rate: f64) -> [Vec<f64>; 2] {
    let mut mix = Mixdown::new(rate, 26.0);
    let step = 0.25;
    for (bar, chord) in [A_MINOR_9, F_MAJOR_7, C_MAJOR, G_MAJOR, A_MINOR_9, F_MAJOR_7].into_iter().enumerate()
    {
        let at = 0.3 + bar as f64 * 4.0;
        for (i, &n) in chord.iter().enumerate() {
            mix.play(note(Pad, at, n, 4.6, 0.5, i as f64 * 0.4 - 0.6, 0.5));
        }
        for i in 0..16u32 {
            let n = chord[[1, 2, 3, 2][i as usize % 4]] + if i % 8 == 7 { 12.0 } else { 0.0 };
            let level = 0.5 - 0.15 * f64::from(i % 2);
            mix.play(note(
                Keys,
                at + f64::from(i) * step,
                n + 12.0,
                1.6,
                level,
                0.5 - f64::from(i % 5) * 0.25,
                0.6,
            ));
        }
    }
    mix.finished(2.6, -7.5)
}

/// A band: drums, bass, guitar and a tune, 32 s at 96 beats a minute.
fn second_wind(rate: f64) -> [Vec<f64>; 2] {
    let mut mix = Mixdown::new(rate, 32.0);
    let beat = 60.0 / 96.0;
    let chords = [A_MINOR_9, F_MAJOR_7, C_MAJOR, G_MAJOR, A_MINOR_9, F_MAJOR_7, D_MINOR_7, G_MAJOR];
    let tune =
        [76.0, 74.0, 72.0, 71.0, 69.0, 72.0, 74.0, 71.0, 76.0, 79.0, 77.0, 76.0, 74.0, 72.0, 71.0, 67.0];
    for bar in 0..12 {
        let at = f64::from(bar) * 4.0 * beat;
        let chord = chords[bar as usize % 8];
        drums(&mut mix, at, beat, if bar < 2 { 0.55 } else { 1.0 });
        for i in 0..8 {
            let t = at + f64::from(i) * beat / 2.0;
            mix.play(note(Bass, t, chord[0], beat * 0.48, if i % 4 == 0 { 0.8 } else { 0.6 }, 0.0, 0.02));
            let n = chord[1 + i as usize % 3];
            mix.play(note(Guitar, t, n, beat * 1.2, 0.42, if i % 2 == 0 { -0.7 } else { 0.7 }, 0.2));
        }
        if bar >= 2 {
            for i in 0..2 {
                let n = tune[(bar as usize * 2 + i) % tune.len()];
                mix.play(note(Lead, at + i as f64 * 2.0 * beat, n, beat * 1.9, 0.6, 0.1, 0.45));
            }
        }
    }
    mix.finished(1.6, -4.0)
}

/// Loud and electronic at 128 beats a minute, 30 s; a few samples clip at the height of it.
fn overpass(rate: f64) -> [Vec<f64>; 2] {
    let mut mix = Mixdown::new(rate, 32.0);
    let beat = 60.0 / 128.0;
    let chords = [E_MINOR_7, C_MAJOR, G_MAJOR, D_MINOR_7];
    for bar in 0..16 {
        let at = f64::from(bar) * 4.0 * beat;
        let chord = chords[bar as usize % 4];
        for i in 0..4 {
            mix.play(note(Kick, at + f64::from(i) * beat, 0.0, 0.0, 1.1, 0.0, 0.0));
            mix.play(note(Hat, at + (f64::from(i) + 0.5) * beat, 0.0, 0.0, 0.9, 0.2, 0.05));
        }
        for i in 0..16 {
            let t = at + f64::from(i) * beat / 4.0;
            mix.play(note(Bass, t, chord[0] - 12.0 * f64::from(i % 2 == 0), beat / 4.5, 0.75, 0.0, 0.0));
        }
        for (i, &n) in chord.iter().enumerate().skip(1) {
            mix.play(note(Pad, at, n + 12.0, 4.0 * beat, 1.1, i as f64 * 0.6 - 1.2, 0.4));
        }
        if bar >= 4 {
            for i in 0..8u32 {
                let n = chord[1 + i as usize % 3] + 12.0 * f64::from(1 + i % 2);
                let pan = f64::from(i % 4) * 0.5 - 0.75;
                mix.play(note(Keys, at + f64::from(i) * beat / 2.0, n, 0.5, 0.55, pan, 0.35));
            }
        }
    }
    let mut audio = mix.finished(1.2, 1.2);
    // A mix bus driven a little too far, as they come: soft up to −0.6 dB, and for one beat flat.
    for s in audio.iter_mut().flatten() {
        *s = (*s * 1.25).tanh() * 0.93;
    }
    clip_once(&mut audio, rate, 21.75);
    audio
}

/// Drives ten milliseconds after a time so hard that their highest samples stick at full scale.
fn clip_once(audio: &mut [Vec<f64>; 2], rate: f64, at_s: f64) {
    let (start, length) = ((at_s * rate) as usize, (0.01 * rate) as usize);
    let top = f64::from((1 << 23) - 1) / f64::from(1 << 23);
    for channel in audio {
        let stretch = &mut channel[start..start + length];
        let peak = stretch.iter().fold(1e-9f64, |m, s| m.max(s.abs()));
        stretch.iter_mut().for_each(|s| *s = (*s * 1.15 / peak).clamp(-1.0, top));
    }
}

/// Guitar alone, quiet, 24 s.
fn afterglow(rate: f64) -> [Vec<f64>; 2] {
    let mut mix = Mixdown::new(rate, 26.0);
    for (bar, chord) in
        [C_MAJOR, G_MAJOR, A_MINOR_9, F_MAJOR_7, C_MAJOR, G_MAJOR, C_MAJOR].into_iter().enumerate()
    {
        let at = 0.25 + bar as f64 * 3.2;
        for i in 0..8u32 {
            let n = chord[[0, 1, 2, 3, 2, 1, 3, 2][i as usize]];
            let late = 0.006 * f64::from(i % 3);
            mix.play(note(
                Guitar,
                at + f64::from(i) * 0.4 + late,
                n,
                2.6,
                0.6,
                f64::from(i % 3) * 0.3 - 0.3,
                0.35,
            ));
        }
    }
    mix.finished(1.9, -12.0)
}

fn drums(mix: &mut Mixdown, at: f64, beat: f64, level: f64) {
    for i in 0..8 {
        let t = at + f64::from(i) * beat / 2.0;
        mix.play(note(Hat, t, 0.0, 0.0, 0.5 * level, 0.35, 0.1));
    }
    for b in [0.0, 1.5, 2.0] {
        mix.play(note(Kick, at + b * beat, 0.0, 0.0, 0.95 * level, 0.0, 0.02));
    }
    for b in [1.0, 3.0] {
        mix.play(note(Snare, at + b * beat, 0.0, 0.0, 0.8 * level, -0.1, 0.25));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn afterglow_is_quiet_finite_and_the_same_every_time() {
        let song = &DEMO_SONGS[3];
        let [left, right] = song.render();
        let peak = left.iter().chain(&right).fold(0.0f64, |m, s| m.max(s.abs()));
        assert!((crate::units::db_from_gain(peak) + 12.0).abs() < 1e-9);
        assert_eq!(left, song.render()[0]);
        assert!(left.len() == 26 * 44_100 && right.iter().all(|s| s.is_finite()));
    }
}
