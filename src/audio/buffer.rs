//! The block every processor works on: planar stereo `f64`, one quantum of the album grid.
//!
//! The renderer runs in quanta of [`QUANTUM`] frames on the absolute album grid whatever block size a device asks for,
//! which is what makes live and export the same bits.

/// Frames in a block.
pub const QUANTUM: usize = 64;

/// Channels in a block: left, right.
pub const CHANNELS: usize = 2;

/// One quantum of planar stereo samples, full scale ±1.0.
#[derive(Debug, Clone, PartialEq)]
#[repr(align(64))]
pub struct Block {
    channels: [[f64; QUANTUM]; CHANNELS],
}

impl Default for Block {
    fn default() -> Self {
        Self::silent()
    }
}

impl Block {
    /// All zeros.
    pub const fn silent() -> Self {
        Self { channels: [[0.0; QUANTUM]; CHANNELS] }
    }

    /// Sets every sample to zero.
    pub fn clear(&mut self) {
        self.channels = [[0.0; QUANTUM]; CHANNELS];
    }

    /// Left channel.
    pub fn left(&self) -> &[f64; QUANTUM] {
        &self.channels[0]
    }

    /// Right channel.
    pub fn right(&self) -> &[f64; QUANTUM] {
        &self.channels[1]
    }

    /// Both channels.
    pub fn channels(&self) -> &[[f64; QUANTUM]; CHANNELS] {
        &self.channels
    }

    /// Both channels, to write.
    pub fn channels_mut(&mut self) -> &mut [[f64; QUANTUM]; CHANNELS] {
        &mut self.channels
    }

    /// Left and right, to write.
    pub fn stereo_mut(&mut self) -> (&mut [f64; QUANTUM], &mut [f64; QUANTUM]) {
        let [left, right] = &mut self.channels;
        (left, right)
    }

    /// Adds another block sample by sample.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.channels.iter_mut().zip(&other.channels) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += *b;
            }
        }
    }

    /// Multiplies every sample.
    pub fn scale(&mut self, gain: f64) {
        for sample in self.channels.iter_mut().flatten() {
            *sample *= gain;
        }
    }

    /// Whether every sample is exactly zero.
    pub fn is_silent(&self) -> bool {
        self.channels.iter().flatten().all(|s| s.to_bits() << 1 == 0)
    }
}
