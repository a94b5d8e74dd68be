//! Puts notes into a stereo mix: level, place, and a room.

use super::instruments::{Instrument, render};

/// A stereo mix being made.
#[derive(Debug)]
pub struct Mixdown {
    rate: f64,
    dry: [Vec<f64>; 2],
    send: Vec<f64>,
    notes: u64,
}

/// One note to play.
#[derive(Debug, Clone, Copy)]
pub struct Note {
    /// What plays.
    pub instrument: Instrument,
    /// Start, seconds.
    pub at_s: f64,
    /// MIDI note number (drums do not care).
    pub note: f64,
    /// How long it is held, seconds.
    pub length_s: f64,
    /// Linear level.
    pub level: f64,
    /// −1 left to 1 right.
    pub pan: f64,
    /// How much of it goes into the room, 0 to 1.
    pub room: f64,
}

impl Mixdown {
    /// Silence of a length.
    pub fn new(rate: f64, seconds: f64) -> Self {
        let n = (rate * seconds) as usize;
        Self { rate, dry: [vec![0.0; n], vec![0.0; n]], send: vec![0.0; n], notes: 0 }
    }

    /// Adds a note, panned at constant power.
    pub fn play(&mut self, note: Note) {
        self.notes += 1;
        let samples = render(note.instrument, self.rate, note.note, note.length_s, 7 * self.notes + 1);
        let angle = (note.pan + 1.0) * std::f64::consts::FRAC_PI_4;
        let gains = [note.level * angle.cos(), note.level * angle.sin()];
        let start = (note.at_s * self.rate) as usize;
        for (channel, gain) in self.dry.iter_mut().zip(gains) {
            for (out, s) in channel.iter_mut().skip(start).zip(&samples) {
                *out += gain * s;
            }
        }
        for (out, s) in self.send.iter_mut().skip(start).zip(&samples) {
            *out += note.level * note.room * s;
        }
    }

    /// Adds the room and brings the largest sample to `peak_dbfs`.
    pub fn finished(mut self, decay_s: f64, peak_dbfs: f64) -> [Vec<f64>; 2] {
        let mut room = Room::new(self.rate, decay_s);
        for (i, &s) in self.send.iter().enumerate() {
            let [l, r] = room.next(s);
            self.dry[0][i] += l;
            self.dry[1][i] += r;
        }
        let peak = self.dry.iter().flatten().fold(0.0f64, |m, s| m.max(s.abs()));
        let gain = crate::units::gain_from_db(peak_dbfs) / peak.max(1e-9);
        self.dry.iter_mut().flatten().for_each(|s| *s *= gain);
        self.dry
    }
}

/// Eight delay lines that feed each other through a Householder reflection (Jot and Chaigne 1991), darker as they decay.
struct Room {
    lines: [Line; 8],
    damping: f64,
}

struct Line {
    samples: Vec<f64>,
    at: usize,
    gain: f64,
    damped: f64,
}

/// Lengths without common factors, milliseconds.
const LINES_MS: [f64; 8] = [29.3, 34.1, 39.7, 43.1, 47.9, 53.3, 59.9, 67.3];

impl Room {
    fn new(rate: f64, decay_s: f64) -> Self {
        let line = |ms: f64| Line {
            samples: vec![0.0; (rate * ms / 1000.0) as usize],
            at: 0,
            gain: 10f64.powf(-3.0 * ms / 1000.0 / decay_s),
            damped: 0.0,
        };
        Self { lines: LINES_MS.map(line), damping: (-std::f64::consts::TAU * 5200.0 / rate).exp() }
    }

    fn next(&mut self, input: f64) -> [f64; 2] {
        for line in &mut self.lines {
            let raw = line.samples[line.at] * line.gain;
            line.damped = self.damping * line.damped + (1.0 - self.damping) * raw;
        }
        let sum: f64 = self.lines.iter().map(|l| l.damped).sum::<f64>() / 4.0;
        for line in &mut self.lines {
            line.samples[line.at] = input * 0.35 + line.damped - sum;
            line.at = (line.at + 1) % line.samples.len();
        }
        let [a, b, c, d, e, f, g, h] = &self.lines;
        [a.damped - c.damped + e.damped - g.damped, b.damped - d.damped + f.damped - h.damped]
            .map(|s| 0.6 * s)
    }
}
