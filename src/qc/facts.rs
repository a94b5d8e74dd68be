//! What a check starts from: plain facts about a delivered file. Whoever decodes fills them in.

use super::brief::Brief;
use super::faults::Faults;
use crate::meter::analysis::Measurements;

/// What kept a file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFault {
    /// What kind.
    pub kind: ReadFaultKind,
    /// One line for a human.
    pub text: String,
}

/// Kinds of reading faults a check tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFaultKind {
    /// Missing, no permission, or the disk failed.
    Io,
    /// Not audio, or a kind that is not read here.
    Unsupported,
    /// Decoding broke off; what came before it was measured.
    Damaged,
}

/// A file as it was delivered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeliveredFile {
    /// As the user named it.
    pub path: String,
    /// Container and coding, in the words of the reader; empty if unknown.
    pub format: String,
    /// Whether the coding loses information.
    pub lossy: bool,
    /// Hz; 0 if unknown.
    pub sample_rate_hz: u32,
    /// Channels; 0 if unknown.
    pub channels: u32,
    /// Bits of a stored sample; `None` for lossy codings or if unknown.
    pub bits: Option<u32>,
    /// Frames the header promises, where it does.
    pub frames_expected: Option<u64>,
    /// Frames that decoded.
    pub frames_decoded: u64,
    /// What kept it from being read to its end.
    pub read_fault: Option<ReadFault>,
}

/// What the delivered files have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Album {
    /// The rate most of them have, Hz.
    pub sample_rate_hz: Option<u32>,
    /// The depth most of them have.
    pub bits: Option<u32>,
}

/// All a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The file.
    pub file: &'a DeliveredFile,
    /// Its figures, if it could be read.
    pub measurements: Option<&'a Measurements>,
    /// Frame of its highest true peak.
    pub true_peak_frame: Option<u64>,
    /// Its faults with a place, if it could be read.
    pub faults: Option<&'a Faults>,
    /// The delivery it came with.
    pub album: &'a Album,
    /// What was agreed on.
    pub brief: &'a Brief,
}

impl Facts<'_> {
    /// Seconds of a number of frames of the file.
    pub fn seconds(&self, frames: u64) -> f64 {
        frames as f64 / f64::from(self.file.sample_rate_hz.max(1))
    }

    /// Whether the file was read, at least in part.
    pub fn is_read(&self) -> bool {
        match &self.file.read_fault {
            None => true,
            Some(fault) => fault.kind == ReadFaultKind::Damaged && self.file.frames_decoded > 0,
        }
    }
}
