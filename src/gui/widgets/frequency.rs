//! Frequencies in words: hertz and notes, for every panel with a frequency axis.

/// A frequency as written in the trade.
pub fn hz_text(hz: f64) -> String {
    if hz >= 1000.0 {
        format!("{:.2} kHz", hz / 1000.0)
    } else if hz >= 100.0 {
        format!("{hz:.0} Hz")
    } else {
        format!("{hz:.1} Hz")
    }
}

/// The nearest note of the piano (A4 = 440 Hz, equal temperament) and how far off it is in cents.
pub fn note_text(hz: f64) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let exact = 69.0 + 12.0 * (hz / 440.0).log2();
    let nearest = exact.round();
    let cents = ((exact - nearest) * 100.0).round();
    let name = NAMES[(nearest as i64).rem_euclid(12) as usize];
    let octave = (nearest as i64).div_euclid(12) - 1;
    let sign = if cents < 0.0 { "−" } else { "+" };
    format!("{name}{octave} {sign}{:.0} ct", cents.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frequencies of the piano in equal temperament: C4 = 261.626 Hz, A0 = 27.5 Hz.
    #[test]
    fn notes_are_those_of_the_piano() {
        assert_eq!(note_text(440.0), "A4 +0 ct");
        assert_eq!(note_text(261.626), "C4 +0 ct");
        assert_eq!(note_text(27.5), "A0 +0 ct");
        assert_eq!(note_text(440.0 * 2f64.powf(-0.2 / 12.0)), "A4 −20 ct");
        assert_eq!(note_text(3150.0), "G7 +8 ct");
    }

    #[test]
    fn notes_are_named_from_concert_pitch() {
        assert_eq!(note_text(440.0), "A4 +0 ct");
        assert_eq!(note_text(261.63), "C4 +0 ct");
        assert_eq!(note_text(445.0), "A4 +20 ct");
        assert_eq!(note_text(27.5), "A0 +0 ct");
    }
}
