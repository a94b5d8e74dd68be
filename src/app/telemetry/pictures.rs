//! Pictures of the meters for other threads, without allocating: each is painted over an old one nobody looks at any more.

use std::sync::Arc;

use super::{LevelTrace, Meters};
use crate::app::frame::{MeterView, SpectrumView};

/// Pictures kept of each kind. Only while readers hold on to all of them is another allocated.
const KEPT: usize = 4;

/// A picture of the meters.
#[derive(Debug, Default, Clone)]
pub struct Published {
    /// The readings.
    pub meters: Arc<MeterView>,
    /// The spectrum.
    pub spectrum: Arc<SpectrumView>,
    /// Points of the goniometer as left and right, newest last.
    pub field: Arc<Vec<[f32; 2]>>,
    /// The waveform of the last minute.
    pub trace: Arc<LevelTrace>,
}

/// Paints pictures.
#[derive(Debug, Default)]
pub struct Pictures {
    meters: Pool<MeterView>,
    spectrum: Pool<SpectrumView>,
    field: Pool<Vec<[f32; 2]>>,
}

impl Pictures {
    /// The meters as they stand.
    pub fn paint(&mut self, meters: &mut Meters) -> Published {
        Published {
            meters: self.meters.paint(|view| meters.view_into(view)),
            spectrum: self.spectrum.paint(|view| meters.spectrum_into(view)),
            field: self.field.paint(|points| meters.field_into(points)),
            trace: Arc::clone(meters.trace()),
        }
    }
}

#[derive(Debug)]
struct Pool<T> {
    kept: [Arc<T>; KEPT],
    next: usize,
}

impl<T: Default> Default for Pool<T> {
    fn default() -> Self {
        Self { kept: std::array::from_fn(|_| Arc::default()), next: 0 }
    }
}

impl<T: Default> Pool<T> {
    fn paint(&mut self, fill: impl FnOnce(&mut T)) -> Arc<T> {
        let order = (0..KEPT).map(|i| (self.next + i) % KEPT);
        let free = order.clone().find(|&i| Arc::get_mut(&mut self.kept[i]).is_some());
        let index = free.unwrap_or(self.next);
        self.next = (index + 1) % KEPT;
        let picture = &mut self.kept[index];
        if Arc::get_mut(picture).is_none() {
            *picture = Arc::default();
        }
        if let Some(view) = Arc::get_mut(picture) {
            fill(view);
        }
        Arc::clone(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_nobody_looks_at_are_painted_over_and_others_never() {
        let mut pool = Pool::<Vec<u32>>::default();
        let held: Vec<_> = (0..6).map(|i| pool.paint(|v| *v = vec![i])).collect();
        assert!(held.iter().zip(0..).all(|(v, i)| **v == vec![i]));
        drop(held);
        let places: Vec<_> = (0..8).map(|_| Arc::as_ptr(&pool.paint(|_| {}))).collect();
        assert_eq!(places[..4], places[4..]);
    }
}
