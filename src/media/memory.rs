//! The preloaded way to a renderer: whole sources in memory, for short sessions and for backends that are not paced by a
//! clock and would outrun a disk.

use std::sync::{Arc, Mutex, PoisonError};

use super::file_source::overlap;
use super::library::Library;
use super::pcm::PcmReader;
use super::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
use crate::units::Frames;

/// Planar frames of one source.
type Planes = Arc<[Vec<f64>; 2]>;

/// A source in memory; reading copies and never waits. Several may share one set of frames.
#[derive(Debug, Clone)]
pub struct MemorySource {
    planes: Planes,
}

impl MemorySource {
    /// From planes of equal length; the longer one is read as far as the shorter goes.
    pub fn new(planes: Arc<[Vec<f64>; 2]>) -> Self {
        Self { planes }
    }
}

impl FrameSource for MemorySource {
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
        left.fill(0.0);
        right.fill(0.0);
        if let Some(inside) = overlap(pos, left.len(), self.length()) {
            let at = (pos.0 + inside.start as i64) as usize;
            let from = at..at + inside.len();
            left[inside.clone()].copy_from_slice(&self.planes[0][from.clone()]);
            right[inside].copy_from_slice(&self.planes[1][from]);
        }
        ReadOutcome::Complete
    }

    fn length(&self) -> Frames {
        let frames = self.planes[0].len().min(self.planes[1].len());
        Frames(i64::try_from(frames).unwrap_or(i64::MAX))
    }
}

/// Opens sources of a library from memory; each is loaded when it is first opened and kept.
#[derive(Debug)]
pub struct MemorySources {
    library: Arc<Library>,
    loaded: Mutex<Vec<(SourceKey, Planes)>>,
}

impl MemorySources {
    /// Of this library.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library, loaded: Mutex::default() }
    }

    fn planes(&self, key: &SourceKey) -> Result<Planes, SourceError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, planes)) = loaded.iter().find(|(k, _)| k == key) {
            return Ok(Arc::clone(planes));
        }
        let place = self.library.place(key)?;
        let frames = place.length().as_len();
        let mut planes = [vec![0.0; frames], vec![0.0; frames]];
        let [left, right] = &mut planes;
        PcmReader::open(&place.path, place.layout)?.read(0, left, right)?;
        let planes = Arc::new(planes);
        loaded.push((key.clone(), Arc::clone(&planes)));
        Ok(planes)
    }
}

impl OpenSource for MemorySources {
    fn open(&self, source: &SourceKey, _from: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
        Ok(Box::new(MemorySource::new(self.planes(source)?)))
    }
}
