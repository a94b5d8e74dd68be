//! Where a song's frames come from: one trait for the blocking file of an export and the prefetched stream of live.
//!
//! Positions are frames of the source *at the session rate*, after conversion, from 0. Both implementations give the
//! same numbers for the same position; only one of them may ever wait.

use crate::units::Frames;

/// Whether the frames asked for were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ReadOutcome {
    /// All frames are the source's own (or the silence before its start and after its end).
    Complete,
    /// The disk was late: what is missing was filled with silence. Only a stream says this, never a file.
    Late,
    /// The source cannot be read (missing, damaged): silence, for as long as it lasts.
    Failed,
}

/// A source of stereo frames at the session rate.
pub trait FrameSource: Send {
    /// Fills `left` and `right` (equal lengths) with the frames from `pos` on. Frames before 0 and after the end are
    /// zero. Live sources are read forwards without gaps; a file may be read anywhere.
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome;

    /// Length in frames at the session rate.
    fn length(&self) -> Frames;
}

/// Opens the sources of a session for a renderer. Files for an export, streams for live.
pub trait OpenSource: Sync {
    /// A source from which reading starts at `from` (it may be read from before 0).
    ///
    /// # Errors
    /// What is wrong with the file; the renderer plays silence in its place and says so.
    fn open(
        &self,
        source: &crate::media::SourceKey,
        from: Frames,
    ) -> Result<Box<dyn FrameSource>, crate::media::SourceError>;
}
