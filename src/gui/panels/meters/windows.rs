//! Meters in windows of their own, for a second screen: the same picture as in the column, as large as the window. Where a
//! window stood and how large it was stays with the machine; windows that were open are there again at the next start.

use std::collections::BTreeMap;

use egui::{Context, Ui, Vec2, ViewportBuilder, ViewportClass, ViewportId, vec2};

use super::places::arrange;
use super::{MeterKind, MeterPanels};
use crate::app::Frame;
use crate::app::meter_settings::WindowPlace;
use crate::gui::keys;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Smallest window, points.
const SMALLEST: Vec2 = vec2(200.0, 180.0);
/// Farther out than any desktop, points.
const FARTHEST: f32 = 32_000.0;
/// A window that was moved is remembered when it has stood still so long, seconds.
const STILL_S: f64 = 0.5;

/// Open windows: where they were opened, and where they have been seen since.
#[derive(Debug, Default)]
pub(super) struct Windows {
    open: BTreeMap<MeterKind, Shown>,
}

#[derive(Debug, Clone)]
struct Shown {
    /// What the window was built with; building it with another size would resize it.
    built: WindowPlace,
    seen: WindowPlace,
    since_s: f64,
}

/// Draws the open windows; one closed by its frame is put away.
pub fn meter_windows_ui(ctx: &Context, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
    let layout = &frame.meter_settings.layout;
    let is_open = |k: &MeterKind| layout.now.in_window(k.id());
    panels.windows.open.retain(|kind, _| is_open(kind));
    for &kind in MeterKind::ALL.iter().filter(|k| is_open(k)) {
        let built = panels.windows.open.entry(kind).or_insert_with(|| Shown::new(frame, kind)).built.clone();
        let mut builder = ViewportBuilder::default()
            .with_title(format!("{} – Glassmaster", kind.label()))
            .with_app_id("glassmaster")
            .with_inner_size(built.size)
            .with_min_inner_size(SMALLEST);
        if let Some(position) = built.position {
            builder = builder.with_position(position);
        }
        let stays = ctx.show_viewport_immediate(ViewportId::from_hash_of(kind), builder, |ui, class| {
            window_ui(ui, class, frame, kind, panels, out)
        });
        if !stays {
            arrange(frame, out, |a| a.windows.retain(|v| v != kind.id()));
        }
    }
}

impl Shown {
    /// Where the window was last, or its usual size; what cannot be on any desktop is not believed.
    fn new(frame: &Frame, kind: MeterKind) -> Self {
        let usual = kind.view().window_size;
        let known = frame.meter_settings.layout.window_place(kind.id()).cloned();
        let mut built = known.unwrap_or_default();
        kind.id().clone_into(&mut built.view);
        let fits = |s: [f32; 2]| s[0] >= SMALLEST.x && s[1] >= SMALLEST.y && s[0].max(s[1]) < FARTHEST;
        if !fits(built.size) {
            built.size = usual;
        }
        built.position = built.position.filter(|p| p.iter().all(|x| x.abs() < FARTHEST));
        Self { seen: built.clone(), built, since_s: 0.0 }
    }

    /// Takes up where the window is; `true` when it has been moved and stands still.
    fn see(&mut self, now: WindowPlace, now_s: f64, known: Option<&WindowPlace>) -> bool {
        if now != self.seen {
            self.seen = now;
            self.since_s = now_s;
        }
        now_s - self.since_s >= STILL_S && known != Some(&self.seen)
    }
}

/// Where a window is now, to whole points.
fn place_of(ui: &Ui, kind: MeterKind) -> WindowPlace {
    let size = ui.ctx().content_rect().size().round();
    let corner = ui.input(|i| i.viewport().outer_rect).map(|r| r.min.round());
    WindowPlace { view: kind.id().to_owned(), position: corner.map(|c| [c.x, c.y]), size: [size.x, size.y] }
}

/// Draws one window; `false` when it is to be closed.
fn window_ui(
    ui: &mut Ui,
    class: ViewportClass,
    frame: &Frame,
    kind: MeterKind,
    panels: &mut MeterPanels,
    out: &mut Outbox,
) -> bool {
    // Space plays whichever window has the focus.
    for action in keys::take_actions(ui.ctx()) {
        if action.refusal(frame).is_none() {
            out.act(action);
        }
    }
    let ground = egui::Frame::NONE.fill(theme().panel).inner_margin(12);
    if class == ViewportClass::EmbeddedWindow {
        ui.set_min_size(kind.view().window_size.into());
        ground.show(ui, |ui| kind.ui(ui, frame, panels, out));
    } else {
        egui::CentralPanel::default().frame(ground).show(ui, |ui| kind.ui(ui, frame, panels, out));
        remember(ui, frame, kind, panels, out);
    }
    !ui.input(|i| i.viewport().close_requested())
}

fn remember(ui: &Ui, frame: &Frame, kind: MeterKind, panels: &mut MeterPanels, out: &mut Outbox) {
    let (now, now_s) = (place_of(ui, kind), ui.input(|i| i.time));
    let ordinary = ui.input(|i| {
        let v = i.viewport();
        v.minimized != Some(true) && v.maximized != Some(true) && v.fullscreen != Some(true)
    });
    let Some(shown) = panels.windows.open.get_mut(&kind).filter(|_| ordinary) else { return };
    let known = frame.meter_settings.layout.window_place(kind.id());
    if now != shown.seen {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(STILL_S + 0.1));
    }
    if shown.see(now, now_s, known) {
        let place = shown.seen.clone();
        out.set_meters(frame, |m| m.layout.set_window_place(place));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::meter_settings::MeterSettings;
    use crate::model::Session;
    use crate::units::SampleRate;

    fn frame_with(place: Option<WindowPlace>) -> Frame {
        let mut frame = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        let mut settings = MeterSettings::default();
        settings.layout.window_places.extend(place);
        frame.meter_settings = Arc::new(settings);
        frame
    }

    fn place(position: [f32; 2], size: [f32; 2]) -> WindowPlace {
        WindowPlace { view: "spectrum".to_owned(), position: Some(position), size }
    }

    #[test]
    fn a_window_opens_where_it_was_and_nonsense_is_not_believed() {
        let kind = MeterKind::Spectrum;
        assert_eq!(Shown::new(&frame_with(None), kind).built.size, kind.view().window_size);
        let known = place([1930.0, -200.0], [1200.0, 700.0]);
        assert_eq!(Shown::new(&frame_with(Some(known.clone())), kind).built, known);
        let broken = Shown::new(&frame_with(Some(place([1e9, 0.0], [3.0, 700.0]))), kind).built;
        assert_eq!((broken.position, broken.size), (None, kind.view().window_size));
    }

    #[test]
    fn a_moved_window_is_remembered_when_it_stands_still() {
        let mut shown = Shown::new(&frame_with(None), MeterKind::Spectrum);
        let (a, b) = (place([0.0, 0.0], [800.0, 400.0]), place([9.0, 0.0], [800.0, 400.0]));
        assert!(!shown.see(a.clone(), 10.0, None));
        assert!(!shown.see(b.clone(), 10.4, None) && !shown.see(b.clone(), 10.8, None));
        assert!(shown.see(b.clone(), 10.91, None));
        assert!(!shown.see(b.clone(), 12.0, Some(&b)));
    }
}
