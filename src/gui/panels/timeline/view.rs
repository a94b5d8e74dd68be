//! Which part of the album is shown, and the way between album frames and points on the screen.

use egui::Rect;

use crate::units::{Frames, SampleRate};

/// Fewest frames a point shows: one sample is 40 points wide.
const CLOSEST: f64 = 1.0 / 40.0;

/// The part of the album in sight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Album frame at the left edge.
    pub left_album: f64,
    /// Frames in one point.
    pub frames_per_point: f64,
    /// Height of the waves, 1 shows full scale.
    pub amplitude: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { left_album: 0.0, frames_per_point: 4000.0, amplitude: 1.0 }
    }
}

impl View {
    /// Album frame under a point.
    pub fn album_from_ui(&self, rect: Rect, x_ui: f32) -> f64 {
        self.left_album + f64::from(x_ui - rect.left()) * self.frames_per_point
    }

    /// Point of an album frame.
    pub fn ui_from_album(&self, rect: Rect, pos_album: f64) -> f32 {
        // Far outside is brought near, where f32 still tells points apart.
        let x = (pos_album - self.left_album) / self.frames_per_point;
        rect.left() + x.clamp(-100_000.0, 100_000.0) as f32
    }

    /// Album frame at the right edge.
    pub fn right_album(&self, rect: Rect) -> f64 {
        self.album_from_ui(rect, rect.right())
    }

    /// Shows a range of the album, with a margin.
    pub fn show(&mut self, width: f32, from: f64, to: f64, margin: f64) {
        let length = (to - from).max(64.0);
        self.frames_per_point = (length * (1.0 + 2.0 * margin) / f64::from(width.max(1.0))).max(CLOSEST);
        self.left_album = from - length * margin;
    }

    /// Zooms by a factor (less than 1 is closer) so that the frame under a point stays there.
    pub fn zoom_at(&mut self, rect: Rect, x_ui: f32, factor: f64, album_frames: f64) {
        let under = self.album_from_ui(rect, x_ui);
        let farthest = (album_frames.max(1.0) * 1.5 / f64::from(rect.width().max(1.0))).max(1.0);
        self.frames_per_point = (self.frames_per_point * factor).clamp(CLOSEST, farthest.max(CLOSEST));
        self.left_album = under - f64::from(x_ui - rect.left()) * self.frames_per_point;
    }

    /// Keeps at least a part of the album in sight.
    pub fn keep_inside(&mut self, width: f32, album_frames: f64) {
        let shown = f64::from(width) * self.frames_per_point;
        let least = -shown * 0.5;
        let most = (album_frames - shown * 0.5).max(least);
        self.left_album = self.left_album.clamp(least, most);
    }
}

/// Steps of the ruler in seconds.
const STEPS_S: [f64; 22] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0,
    30.0, 60.0, 120.0, 300.0, 600.0,
];

/// The smallest step of the ruler whose labels are at least `points` apart.
pub fn ruler_step_s(view: &View, rate: SampleRate, points: f64) -> f64 {
    let seconds = points * view.frames_per_point / rate.hz();
    STEPS_S.iter().copied().find(|&s| s >= seconds).unwrap_or(1800.0)
}

/// What the ruler counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RulerUnit {
    /// Minutes and seconds.
    #[default]
    Time,
    /// Minutes, seconds and frames of the disc.
    CdFrames,
    /// Samples at the session rate.
    Samples,
}

impl RulerUnit {
    /// In menu order.
    pub const ALL: [Self; 3] = [Self::Time, Self::CdFrames, Self::Samples];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::CdFrames => "CD frames",
            Self::Samples => "Samples",
        }
    }
}

/// The smallest step of whole CD frames whose labels are at least `points` apart.
pub fn cd_step(view: &View, rate: SampleRate, points: f64) -> i64 {
    const STEPS: [i64; 13] = [1, 5, 15, 25, 75, 150, 375, 750, 1125, 2250, 4500, 9000, 22_500];
    let least = points * view.frames_per_point / rate.frames_per_cd_frame() as f64;
    STEPS.into_iter().find(|&s| s as f64 >= least).unwrap_or(45_000)
}

/// The smallest step of 1, 2 or 5 times a power of ten samples whose labels are at least `points` apart.
pub fn sample_step(view: &View, points: f64) -> i64 {
    let least = (points * view.frames_per_point).max(1.0);
    let decade = 10f64.powi(least.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * decade).find(|&s| s >= least - 1e-9);
    step.map_or(1, |s| s.round() as i64)
}

/// A label of the ruler: `m:ss`, from an hour on `h:mm:ss`, with as many decimals as the step has.
pub fn ruler_label(seconds: f64, step_s: f64) -> String {
    let decimals: usize = if step_s >= 1.0 {
        0
    } else if step_s >= 0.1 {
        1
    } else if step_s >= 0.001 {
        3
    } else {
        4
    };
    let scale = 10f64.powi(decimals as i32);
    let whole = (seconds.abs() * scale).round() / scale;
    let minutes = (whole / 60.0).floor();
    let rest = whole - minutes * 60.0;
    let sign = if seconds < 0.0 && whole > 0.0 { "−" } else { "" };
    let width = if decimals == 0 { 2 } else { 3 + decimals };
    if minutes >= 60.0 {
        format!("{sign}{}:{:02}:{rest:0width$.decimals$}", (minutes / 60.0).floor(), minutes as u64 % 60)
    } else {
        format!("{sign}{minutes}:{rest:0width$.decimals$}")
    }
}

/// A position brought to the grid of CD frames where the session keeps to it.
pub fn snapped(pos_album: f64, snap: bool, rate: SampleRate) -> Frames {
    let pos = Frames(pos_album.round() as i64);
    if snap { pos.round_to(rate.frames_per_cd_frame()) } else { pos }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_points_are_inverses_and_zoom_keeps_the_place() {
        let rect = Rect::from_min_max(egui::pos2(100.0, 0.0), egui::pos2(1100.0, 100.0));
        let mut view = View { left_album: 1e6, frames_per_point: 512.0, amplitude: 1.0 };
        for x in [100.0, 350.0, 1100.0] {
            let back = view.ui_from_album(rect, view.album_from_ui(rect, x));
            assert!((back - x).abs() < 1e-3);
        }
        let under = view.album_from_ui(rect, 700.0);
        view.zoom_at(rect, 700.0, 0.1, 1e8);
        assert!((view.album_from_ui(rect, 700.0) - under).abs() < 1e-6);
        view.zoom_at(rect, 700.0, 1e-9, 1e8);
        assert!((view.frames_per_point - CLOSEST).abs() < 1e-12);
    }

    #[test]
    fn the_ruler_reads_as_a_clock() {
        assert_eq!(ruler_label(383.0, 10.0), "6:23");
        assert_eq!(ruler_label(3723.0, 30.0), "1:02:03");
        assert_eq!(ruler_label(61.25, 0.05), "1:01.250");
        assert_eq!(ruler_label(59.999_99, 0.001), "1:00.000");
        let view = View { left_album: 0.0, frames_per_point: 441.0, amplitude: 1.0 };
        // 84 points of 441 frames are 37,044 frames: 63 CD frames of 588, so a second; in samples the next is 50,000.
        assert_eq!(cd_step(&view, SampleRate::CD, 84.0), 75);
        assert_eq!(sample_step(&view, 84.0), 50_000);
        assert_eq!(sample_step(&View { frames_per_point: 0.025, ..view }, 84.0), 5);
        assert!((ruler_step_s(&view, SampleRate::CD, 80.0) - 1.0).abs() < 1e-12);
    }
}
